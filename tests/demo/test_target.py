"""A simulated target, scraped for longer than the longest window of its alerts."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from tests.demo.samples import Clock, Scraped, firing
from tests.runtime.patience import LONG
from tests.signals.shipped import PATHS, resolved
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.scrape_targets import target
from victor_monitoring.demo.simulation.faults import fault_names, faults
from victor_monitoring.demo.simulation.scrapes import Scrapes
from victor_monitoring.demo.simulation.states import implied
from victor_monitoring.demo.simulation.target import SimulatedMetrics
from victor_monitoring.language.resolved.spec import Alert, Resolved

BASES = [resolved(path)[0] for path in PATHS]
FAST = resolved(PATHS[0])[-1]
ALERTS = [(spec, alert) for spec in (*BASES, FAST) for alert in spec.alerts]


def name(each: object) -> str:
    return f"{each.service.name}-{each.context or 'base'}" if isinstance(each, Resolved) else str(each)


def longest(spec: Resolved) -> int:
    return max(signal.window for signal in spec.signals.values())


def watched(spec: Resolved, names: list[str], seed: int = 3) -> list[set[str]]:
    """Return the alerts that fire at each of several evaluations, after a whole window."""
    clock = Clock()
    target = SimulatedMetrics(spec, seed=seed, clock=clock, faults=faults(spec, names))
    scraped = Scraped(spec)
    found, start = [], clock.now
    window = longest(spec)
    for at in range(0, window * 5 // 2, spec.scrape):
        clock.now = start + at / 1000
        scraped.scrape(target, at)
        if at > window and at % (window // 5) < spec.scrape:
            found.append(firing(spec, scraped.samples, at))
    assert len(found) > 5
    return found


@pytest.mark.parametrize("spec", [*BASES, FAST], ids=name)
def test_a_healthy_target_fires_nothing(spec):
    """Its levels move, and the condition of no alert is met."""
    assert set().union(*watched(spec, [])) == set()


@pytest.mark.parametrize(
    ("spec", "alert"), ALERTS, ids=lambda each: each.name if isinstance(each, Alert) else name(each)
)
def test_a_fault_persists(spec, alert):
    """The condition of its alert is met at every evaluation, so that `for` does not start again."""
    allowed = {each.name for each in implied(spec, alert)}
    for found in watched(spec, [alert.name]):
        assert alert.name in found
        assert found <= allowed


@pytest.mark.parametrize("spec", [*BASES, FAST], ids=name)
def test_no_traffic_fires_nothing(spec):
    """Ratios without data are silent."""
    assert set().union(*watched(spec, ["no-traffic"])) == set()


def text(spec: Resolved, seed: int, clock: Clock, names: tuple[str, ...] = ()) -> str:
    registry = CollectorRegistry()
    registry.register(SimulatedMetrics(spec, seed=seed, clock=clock, faults=faults(spec, names)))
    clock.now += 60
    return generate_latest(registry).decode()


@pytest.mark.parametrize("spec", BASES, ids=name)
def test_the_same_seed_and_clock_give_the_same_text(spec):
    """A different seed gives a different text."""
    assert text(spec, 1, Clock()) == text(spec, 1, Clock())
    assert text(spec, 1, Clock()) != text(spec, 2, Clock())


@pytest.mark.parametrize("spec", BASES, ids=name)
def test_both_formats_have_every_metric(spec):
    """Each declared metric has samples, with its type and help, in the text format and in OpenMetrics."""
    registry = CollectorRegistry()
    registry.register(SimulatedMetrics(spec, seed=1, clock=Clock()))
    for families in (
        list(text_families(generate_latest(registry).decode())),
        list(openmetrics_families(openmetrics.generate_latest(registry).decode())),  # type: ignore[no-untyped-call]  # the client's
    ):
        found = {each.name: each for each in families}
        for declared in spec.declared:
            family = found[declared.metric.name.removesuffix("_total")]
            assert (family.type, family.documentation) == (declared.metric.type.NAME, declared.metric.help)
            assert family.samples


@pytest.mark.parametrize("spec", BASES, ids=name)
def test_levels_move_and_capacities_do_not(spec):
    """Over a day every gauge has several values, except capacities, states and small counts."""
    clock = Clock()
    target = SimulatedMetrics(spec, seed=1, clock=clock)
    seen: dict[str, set[float]] = {}
    for _ in range(50):
        clock.now += 150
        for family in target.collect():
            if family.type == "gauge":
                seen.setdefault(family.name, set()).add(family.samples[0].value)
    capacities = {
        reading.selector.metric.name
        for signal in spec.signals.values()
        for reading in signal.kind.readings()[1:]
        if reading.selector.metric.type.NAME == "gauge"
    }
    assert capacities
    assert {each for each in capacities if len(seen[each]) > 1} == set()
    fixed = {each for each in seen.keys() - capacities if len(seen[each]) == 1}
    assert [each for each in fixed if max(seen[each]) >= 5] == []


def test_counters_only_grow_and_events_are_whole():
    """Counters grow even when a fault begins or ends."""
    spec, clock = BASES[0], Clock()
    target = SimulatedMetrics(spec, seed=1, clock=clock)
    before: dict[object, float] = {}
    for names in ([], ["HighToolErrorRate"], ["no-traffic"], []):
        target.set_faults(faults(spec, names))
        for _ in range(5):
            clock.now += 15
            for family in target.collect():
                for sample in family.samples if family.type != "gauge" else ():
                    key = sample.name, tuple(sample.labels.items())
                    assert sample.value >= before.get(key, 0)
                    assert sample.value == int(sample.value) or "seconds" in family.name
                    before[key] = sample.value


class TestScrapes:
    """The faults of scrapes."""

    def scraped(self, *names: str, clock: Clock | None = None) -> Scrapes:
        spec, clock = BASES[0], clock or Clock()
        chosen = faults(spec, names)
        target = SimulatedMetrics(spec, seed=1, clock=clock, faults=chosen)
        return Scrapes(target, clock=clock, reset_every=600, faults=chosen)

    def test_without_a_fault_scrapes_are_unchanged(self):
        """The families equal those of the source."""
        clock = Clock()
        assert list(self.scraped(clock=clock).collect()) == list(
            SimulatedMetrics(BASES[0], seed=1, clock=clock).collect()
        )

    def test_a_missing_metric_is_left_out(self):
        """Only the missing metric is left out."""
        missing = BASES[0].components["tool_execution"].metrics[1].metric.name
        all_names = {family.name for family in self.scraped().collect()}
        left = {family.name for family in self.scraped(f"metric-missing:{missing}").collect()}
        assert all_names - left == {missing.removesuffix("_total")}

    def test_counters_are_reset_again_and_again(self):
        """Each counter falls to 0 and grows from there; no family is lost."""
        clock = Clock()
        scrapes = self.scraped("counter-reset", clock=clock)

        def total() -> float:
            return sum(s.value for f in scrapes.collect() for s in f.samples if s.name.endswith("_total"))

        seen = [total()]
        for _ in range(100):
            clock.now += 15
            seen.append(total())
        falls = [index for index in range(1, 101) if seen[index] < seen[index - 1]]
        assert falls == [40, 80]
        assert [seen[index] for index in (0, *falls)] == [0, 0, 0]
        assert {family.name for family in scrapes.collect()} == {f.name for f in self.scraped().collect()}

    def test_a_target_can_be_down(self):
        """The server of the scrapes can see that they must fail."""
        assert self.scraped("target-down").is_down
        assert not self.scraped().is_down


def test_faults_have_names():
    """Each alert and each metric has a fault, any service has three; other names are refused with a hint."""
    spec = BASES[0]
    names = fault_names(spec)
    assert {"target-down", "counter-reset", "no-traffic", *(alert.name for alert in spec.alerts)} <= set(
        names
    )
    assert len(names) == len(spec.alerts) + 3 + len(list(spec.declared))
    with pytest.raises(UserError, match="there is no fault `HighCacheMisRate`") as raised:
        faults(spec, ["HighCacheMisRate"])
    assert raised.value.hint == "did you mean `HighCacheMissRate`?"


def test_a_served_target_answers_head_without_a_body() -> None:
    """HEAD has the headers of GET, and the next request on the connection is answered."""
    spec = BASES[-1]
    with target(spec, labels={}, seed=3) as served:
        connection = HTTPConnection(served.address, timeout=LONG)
        with closing(connection):
            for method in ("HEAD", "GET", "HEAD"):
                connection.request(method, "/metrics")
                answer = connection.getresponse()
                length = int(answer.headers["Content-Length"])
                assert length > 0
                assert len(answer.read()) == (length if method == "GET" else 0)
