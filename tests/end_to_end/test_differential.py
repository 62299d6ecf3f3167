"""Signals and alerts evaluated in process against a real Prometheus, over the samples that it has scraped.

Two processes of two services run under random load: they restart, lose series, and are idle for longer than a
window. At every instant the evaluation gives the same answer as Prometheus.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.end_to_end import history
from tests.end_to_end.comparison import Comparison, compared, values
from tests.end_to_end.history import Labels
from tests.end_to_end.scene import Scene, Service, scraped
from tests.programs import version
from tests.rules.rendered import PERFORMANCE, compiled_text
from victor_monitoring.promql.samples import SampleSet
from victor_monitoring.runtime.alert_states import AlertState, AlertStates
from victor_monitoring.signals.alert import AlertRule
from victor_monitoring.signals.evaluation import SamplesAt
from victor_monitoring.signals.quantity import ABSENT, Condition
from victor_monitoring.signals.signal import LabelPairs, Signal

pytestmark = pytest.mark.clock

INACTIVE = "inactive"
KINDS = Path(__file__).parent / "kinds.yaml"
SPECS = ("mill", "performance")
STEP = 127  # milliseconds between instants: a prime, so that they fall anywhere between scrapes
LEAST = 100  # finite comparisons of each signal whose value has changed
LEAST_STATES = 400  # of a series at an evaluation, compared and not in doubt
CHANGES = (
    "inactive to pending", "pending to inactive", "pending to pending", "pending to firing",
    "firing to firing", "firing to inactive",
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    running = version(prometheus)
    mill = compiled_text(with_version(running, KINDS)).base
    performance = compiled_text(with_version(running, PERFORMANCE)).contexts["fast"]
    assert mill is not None
    folder = tmp_path_factory.mktemp("differential")
    with scraped(prometheus, folder, dict(zip(SPECS, (mill, performance), strict=True))) as found:
        yield found


def with_version(running: str, path: Path) -> str:
    """Return the spec's text with the version of the running Prometheus."""
    return path.read_text("utf-8").replace("\nservice:\n", f'\nservice:\n  prometheus: "{running}"\n', 1)


def instants(scene: Scene, samples: SampleSet, step: int = STEP) -> range:
    """Return the compared instants: from a target's first sample to the end."""
    return range(samples.series("up")[0].times[0], scene.end, step)


def mistakes(comparisons: list[Comparison]) -> list[str]:
    """Return the wrong values, and print the counts."""
    print()
    for each in comparisons:
        print(each)
    return [line for each in comparisons for line in each.wrong]


@pytest.mark.parametrize("name", SPECS)
def test_every_signal_is_what_prometheus_answers(scene: Scene, name: str) -> None:
    """At the same instants over the same samples, every signal has the same values for the same labels."""
    service, samples = scene.services[name], scene.samples(name)
    comparisons = [
        compared(
            scene.prometheus,
            signal,
            history.whole_query(signal),
            instants(scene, samples),
            lambda signal, at: values(signal, samples, at),
        )
        for signal in service.bound.signals.values()
    ]
    assert mistakes(comparisons) == []
    assert [str(each) for each in comparisons if each.changed < LEAST] == []


@pytest.mark.parametrize("name", SPECS)
def test_a_process_answers_for_its_own_part(scene: Scene, name: str) -> None:
    """The values evaluated by a process over its own samples are those of the signal by instance.

    The instants are a target's scrapes, so that its samples are at both ends of the windows.
    """
    service, samples = scene.services[name], scene.samples(name)
    at_scrapes = instants(scene, samples, service.spec.scrape)
    own = {each: history.of_instance(samples, each) for each in service.instances}

    def cut(signal: Signal, at: int) -> dict[Labels, float]:
        return {
            labels | {("instance", instance)}: value
            for instance, mine in own.items()
            for labels, value in values(signal, mine, at).items()
        }

    comparisons = [
        compared(scene.prometheus, signal, history.whole_query(history.by_instance(signal)), at_scrapes, cut)
        for signal in service.bound.signals.values()
    ]
    assert mistakes(comparisons) == []


def active(states: tuple[AlertState, ...]) -> dict[Labels, str]:
    """Return the states of the active series by label set."""
    return {frozenset(one.labels.items()): one.state for each in states for one in each.series}


def active_in_prometheus(scene: Scene, service: Service) -> dict[int, dict[Labels, str]]:
    """Return Prometheus' active series of the service's alerts, by evaluation time."""
    names = {alert.name for alert in service.bound.alerts.values()}
    selector = f'ALERTS{{service="{service.spec.service.name}"}}'
    found: dict[int, dict[Labels, str]] = {}
    for series in history.raw(scene.prometheus, selector, 120, scene.end / 1000).get("ALERTS", []):
        labels = dict(series.labels)
        state = labels.pop("alertstate")
        if labels["alertname"] in names:
            for at in series.times:
                found.setdefault(at, {})[frozenset(labels.items())] = state
    return found


def labelled(alert: AlertRule, keys: Iterable[LabelPairs]) -> set[Labels]:
    """Return the label sets of the alert's series."""
    own = {**dict(alert.labels), "alertname": alert.name}
    return {frozenset({**dict(key), **own}.items()) for key in keys}


def possible(signal: Signal, choices: list[SampleSet], at: int) -> dict[LabelPairs, set[float | None]]:
    """Return the possible values of a signal over each choice of samples; None for no value.

    Each part of a score has its own rule, which may have seen later samples than the rules of other parts.
    """
    moments = [SamplesAt(samples, at) for samples in choices]
    each = [moment.values(signal) for moment in moments]
    found: dict[LabelPairs, set[float | None]] = {
        key: {values.get(key) for values in each} for key in dict.fromkeys(key for one in each for key in one)
    }
    losses = [moment.losses(signal) for moment in moments]
    names = {name for lost in losses for name in lost}
    for key, outcomes in found.items() if names else ():
        for pick in (min, max):
            outcomes.add(
                100 - sum(pick(lost.get(name, {}).get(key, 0.0) for lost in losses) for name in names)
            )
    return found


def doubtful(alerts: Iterable[AlertRule], choices: list[SampleSet], at: int) -> set[Labels]:
    """Return the series of alerts whose condition depends on the samples that its rules have seen."""
    found: set[Labels] = set()
    for alert in alerts if len(choices) > 1 else ():
        guards = [(guard, possible(guard.signal, choices, at)) for guard in alert.guards]
        for key, outcomes in possible(alert.signal, choices, at).items():
            verdicts = [{value is not None and alert.condition.is_met(value) for value in outcomes}]
            for guard, values_of_guard in guards:
                others = values_of_guard.get(
                    tuple(each for each in key if each[0] in guard.signal.labels), {None}
                )
                verdicts.append({guard.allows(is_met=is_met(guard.condition, value)) for value in others})
            if {False} not in verdicts and {True, False} in verdicts:
                found |= labelled(alert, [key])
    return found


def is_met(condition: Condition, value: float | None) -> bool:
    """Return whether a value, or having none, meets the condition."""
    return condition.op == ABSENT if value is None else condition.is_met(value)


def kept_firing(states: AlertStates, choices: list[SampleSet], at: int) -> set[Labels]:
    """Return the series that fire although their condition may not be met any more."""
    found: set[Labels] = set()
    for state in states.states():
        if state.alert.keep_firing:
            met = (
                labelled(state.alert, state.alert.met_values(SamplesAt(samples, at))) for samples in choices
            )
            found |= active((state,)).keys() - set.intersection(*met)
    return found


@pytest.mark.parametrize("name", SPECS)
def test_alerts_have_the_states_that_prometheus_has(scene: Scene, name: str) -> None:
    """Stepped at Prometheus' evaluations over the samples known then, alerts have the same states."""
    service, samples = scene.services[name], scene.samples(name)
    alerts = service.bound.alerts.values()
    theirs, evaluations, states = (
        active_in_prometheus(scene, service),
        scene.evaluations(name),
        AlertStates(alerts),
    )
    seen: Counter[str] = Counter()
    doubts = kept_series = 0
    before: dict[Labels, str] = {}
    in_doubt: set[Labels] = set()
    wrong: list[str] = []
    for index, at in enumerate(evaluations.times):
        choices = [history.until(samples, known) for known in evaluations.known(at)]
        states.step(choices[-1], at)
        mine, expected = active(states.states()), theirs.get(at, {})
        in_doubt |= doubtful(alerts, choices, at)
        # In its first evaluations Prometheus records no states: it restores those of an earlier run.
        differs = {each for each, _ in mine.items() ^ expected.items()} - in_doubt if index >= 3 else set()
        wrong += [f"{dict(each)} at {at}: {mine.get(each)}, not {expected.get(each)}" for each in differs]
        certain, kept = {*before, *mine} - in_doubt, kept_firing(states, choices, at)
        seen.update(f"{before.get(each, INACTIVE)} to {mine.get(each, INACTIVE)}" for each in certain)
        doubts += len(in_doubt)
        kept_series += len(kept)
        # A series is certain if it is inactive on both sides, or fires on both and is not kept firing.
        in_doubt &= {each for each in {*mine, *expected} if each in kept or is_open(each, mine, expected)}
        before = mine
    print(f"\n{name}: {dict(seen)}; kept firing: {kept_series}, in doubt: {doubts}")
    assert wrong == []
    assert [change for change in CHANGES if not seen[change]] == []
    assert kept_series or not any(alert.keep_firing for alert in alerts)
    # The share in doubt grows with the load of the machine: more scrapes end while rules are evaluated.
    assert seen.total() > LEAST_STATES


def is_open(labels: Labels, mine: Mapping[Labels, str], theirs: Mapping[Labels, str]) -> bool:
    """Return whether a series does not fire on both sides."""
    return not mine.get(labels) == theirs.get(labels) == "firing"


@pytest.mark.parametrize("name", SPECS)
def test_the_live_deviation_is_printed(scene: Scene, name: str) -> None:
    """A process samples itself at other times than Prometheus; the deviation of its values is printed."""
    service = scene.services[name]
    first = history.of_instance(scene.samples(name), service.instances[0])
    deviations: dict[str, list[float]] = {}
    for at, found in service.live:
        for signal in service.bound.signals.values():
            for labels, value in values(signal, first, at).items():
                own = frozenset(each for each in labels if each[0] not in service.spec.service.scope)
                live = found[signal.name].get(own, math.nan)
                if value and math.isfinite(live - value):
                    deviations.setdefault(signal.name, []).append(abs(live - value) / abs(value))
    print(f"\n{name}: how far live values are from Prometheus', median and 95th percentile")
    for signal_name, each in deviations.items():
        each.sort()
        print(
            f"{signal_name}: {statistics.median(each):.1%}, {each[int(len(each) * 0.95)]:.1%} of {len(each)}"
        )
    assert deviations
