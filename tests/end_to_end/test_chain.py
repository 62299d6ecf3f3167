"""The whole chain of a spec at a sixtieth of its times: service, Prometheus, Alertmanager, whoever is told.

One Prometheus and one Alertmanager live through the whole story of a spec: every alert's fault at once, each
in a deployment of its own beside one that stays healthy; then one target dies, then all of them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.crowd import crowd
from tests.end_to_end.live import until
from tests.rules.rendered import SPECS, compiled
from victor_monitoring.app.pipeline import time_scaled
from victor_monitoring.demo.chain import Chain, chain
from victor_monitoring.demo.monitoring import Held
from victor_monitoring.demo.programs import Programs
from victor_monitoring.demo.receiver import Notification
from victor_monitoring.demo.simulation.faults import TARGET_DOWN as DOWN
from victor_monitoring.demo.targets import ScrapeTarget
from victor_monitoring.language.resolved.meta import SERVICE_ABSENT, TARGET_DOWN, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Resolved

pytestmark = pytest.mark.clock

PATIENCE = 300  # seconds for a chapter, on a machine that is busy
HEALTHY, PAIR = "healthy", "pair"  # deployments; the others are named after their alert
FLIGHT = timedelta(seconds=1)  # what was sent before a mute may still arrive

Labels = Mapping[str, str]


@dataclass
class Story:
    """What happened, chapter by chapter."""

    spec: Resolved
    chain: Chain
    states: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    active_since: dict[tuple[str, str], set[datetime]] = field(default_factory=dict)
    broken: list[Held] = field(default_factory=list)
    one_down: list[Held] = field(default_factory=list)
    down: ScrapeTarget | None = None
    up: ScrapeTarget | None = None
    told_of_one: list[Notification] = field(default_factory=list)
    before_all_down: int = 0
    told: list[Notification] = field(default_factory=list)
    """All that was delivered."""

    def deployment(self, labels: Labels) -> str:
        """The name of the deployment that an alert's labels tell."""
        return labels.get(self.spec.service.scope[0], "")

    def deliveries(self, name: str, deployment: str, status: str = "firing") -> list[Notification]:
        """What was told of an alert in a deployment."""
        return [
            each
            for each in self.told
            if each.status == status
            and each.labels["alertname"] == name
            and self.deployment(each.labels) == deployment
        ]

    def live(self, is_over: Callable[[], object]) -> None:
        """Lets time pass until it is over, and notes every new state of every alert."""

        def snapshot() -> object:
            self._note()
            self.told = self.chain.receiver.deliveries()
            return is_over()

        until(snapshot, PATIENCE, every=0.5)

    def _note(self) -> None:
        for rule in self.chain.prometheus.alerts():
            found: dict[str, str] = {}
            for each in rule["alerts"]:
                place = self.deployment(each["labels"])
                found[place] = max(found.get(place, ""), each["state"], key=["", "pending", "firing"].index)
                since = self.active_since.setdefault((rule["name"], place), set())
                since.add(datetime.fromisoformat(each["activeAt"]))
            for place in self.places:
                seen = self.states.setdefault((rule["name"], place), [])
                state = found.get(place, "inactive")
                if seen[-1:] != [state]:
                    seen.append(state)

    @property
    def places(self) -> list[str]:
        """Every deployment."""
        return [*(alert.name for alert in self.spec.alerts), HEALTHY, PAIR]

    @property
    def escalations(self) -> list[tuple[Alert, Alert]]:
        """Every two alerts of which the second, more severe one says all that the first says."""
        return [
            (milder, severer)
            for milder, severer in itertools.permutations(self.spec.alerts, 2)
            if milder.signal.name == severer.signal.name
            and self.spec.severities.index(milder.severity) < self.spec.severities.index(severer.severity)
        ]


def foreign_rules(spec: Resolved) -> str:
    """Rules of others, whose alerts have the labels of ours but another service, or none."""
    ours = f'ALERTS{{service="{spec.service.name}",alertstate="firing"}}'
    rules = [
        {
            "alert": f"Foreign{severity.title()}{number}",
            "expr": once(ours),
            "labels": {"severity": severity, "service": service},
        }
        for severity in (spec.severities[0], spec.severities[-1])
        for number, service in enumerate(("neighbour", ""))
    ]
    group = {"name": "foreign", "interval": f"{spec.evaluate}ms", "rules": rules}
    return json.dumps({"groups": [group]})


def once(alerts: str) -> str:
    """The labels of alerts, which two of the same signal share."""
    return f"max without (alertname, alertstate, severity) ({alerts})"


def outlasting_rules(spec: Resolved) -> str:
    """An alert of ours that outlasts its target, as one with a long `keep_firing_for` does."""
    series = f'ALERTS{{service="{spec.service.name}",signal!="",instance!="",alertstate="firing"}}'
    pair = f'{spec.service.scope[0]}="{PAIR}"'
    expr = once(f'last_over_time({series[:-1]},{pair},alertname!~"Outlasting|TargetDown"}}[1m])')
    rule = {"alert": "Outlasting", "expr": expr, "labels": {"severity": spec.severities[-1]}}
    group = {"name": "outlasting", "interval": f"{spec.evaluate}ms", "rules": [rule]}
    return json.dumps({"groups": [group]})


@pytest.fixture(scope="module", params=SPECS)
def story(prometheus: Path, alertmanager: Path, request: pytest.FixtureRequest) -> Iterator[Story]:
    spec = time_scaled(compiled(request.param), 60)
    assert spec.time_scale == 60
    programs = Programs(str(prometheus), str(alertmanager))
    names = [*(alert.name for alert in spec.alerts), HEALTHY, PAIR, PAIR]
    places = [dict.fromkeys(spec.service.scope, name) for name in names]
    rules = [foreign_rules(spec), outlasting_rules(spec)]
    with crowd(spec, places) as targets, chain(spec, programs, targets, rules=rules) as running:
        found = Story(spec, running)
        be_healthy(found)
        break_each(found)
        heal(found)
        lose_one(found)
        lose_all(found)
        yield found


def be_healthy(story: Story) -> None:
    """Every window fills; what alerts say of the first few samples does not count."""
    end = datetime.now().astimezone() + timedelta(
        milliseconds=max(signal.window for signal in story.spec.signals.values())
    )
    story.live(lambda: datetime.now().astimezone() > end)
    story.states.clear()
    story.live(lambda: story.states)


def break_each(story: Story) -> None:
    """Each alert's fault, until each is delivered, and all that a more severe one says is muted."""
    for alert, target in zip(story.spec.alerts, story.chain.targets, strict=False):
        target.have([alert.name])
    wanted = {(milder.name, severer.name) for milder, severer in story.escalations}
    muted: set[tuple[str, str]] = set()

    def is_over() -> bool:
        story.broken = story.chain.alertmanager.alerts()
        muted.update(
            (each.labels["alertname"], by["alertname"]) for each in story.broken for by in each.muted_by
        )
        foreign = {each.labels["alertname"] for each in story.broken if is_foreign(each)}
        delivered = all(story.deliveries(alert.name, alert.name) for alert in story.spec.alerts)
        return delivered and wanted <= muted and len(foreign) == 4

    story.live(is_over)


def is_foreign(held: Held) -> bool:
    return held.labels["alertname"].startswith("Foreign")


def heal(story: Story) -> None:
    """Health again, until each alert's end is delivered."""
    for target in story.chain.targets:
        target.have([])
    story.live(
        lambda: all(story.deliveries(alert.name, alert.name, "resolved") for alert in story.spec.alerts)
    )


def lose_one(story: Story) -> None:
    """Of two targets with a fault one dies, until that is delivered."""
    story.down, story.up = story.chain.targets[-2:]
    fault = by_instance(story.spec) or story.spec.alerts[0]
    for target in (story.down, story.up):
        target.have([fault.name])
    wanted = 2 if by_instance(story.spec) else 1
    story.live(lambda: len(story.deliveries(fault.name, PAIR)) == wanted)
    story.down.have([DOWN])
    down = len(selects(story.spec))

    def is_over() -> bool:
        story.one_down = story.chain.alertmanager.alerts()
        return len(story.deliveries(TARGET_DOWN, PAIR)) >= down

    story.live(is_over)
    story.told_of_one = story.deliveries(TARGET_DOWN, PAIR)


def lose_all(story: Story) -> None:
    """Health again, then every target dies, until that is delivered, and as long again as any `for`."""
    for target in story.chain.targets:
        target.have([])
    ours = {alert.name for alert in story.spec.alerts} | {TARGET_DOWN}
    story.live(lambda: not ours & {each.labels["alertname"] for each in story.chain.alertmanager.alerts()})
    story.before_all_down = len(story.chain.receiver.deliveries())
    for target in story.chain.targets:
        target.have([DOWN])
    story.live(lambda: len(story.deliveries(SERVICE_ABSENT, "")) == len(selects(story.spec)))
    longest = max(alert.pending for alert in story.spec.alerts) + 2 * story.spec.routing.group_interval
    end = datetime.now().astimezone() + timedelta(milliseconds=longest)
    story.live(lambda: datetime.now().astimezone() > end)


def by_instance(spec: Resolved) -> Alert | None:
    """The most severe alert that names its target."""
    found = [alert for alert in spec.alerts if "instance" in alert.signal.by]
    return max(found, key=lambda alert: spec.severities.index(alert.severity), default=None)


def selects(spec: Resolved) -> set[Any]:
    """Every select, each with a TargetDown and a ServiceAbsent of its own."""
    return {alert.select for alert in meta_alerts(spec)}


def test_each_alert_goes_through_all_states(story):
    """Inactive, pending, firing, delivered, inactive, resolved: each alert in its deployment."""
    for alert in story.spec.alerts:
        states = story.states[alert.name, alert.name]
        assert states[0] == "inactive", alert.name
        assert "pending" in states[: states.index("firing")], alert.name
        assert "inactive" in states[states.index("firing") :], alert.name
        (fires, *_), (resolved, *_) = (
            story.deliveries(alert.name, alert.name, status) for status in ("firing", "resolved")
        )
        assert fires.at < resolved.at, alert.name


def test_no_alert_fires_before_its_time(story):
    """Its condition was met for as long as `for` says."""
    for alert in story.spec.alerts:
        for told in story.deliveries(alert.name, alert.name):
            since = max(each for each in story.active_since[alert.name, alert.name] if each < told.starts_at)
            assert told.starts_at - since >= timedelta(milliseconds=alert.pending - 1), alert.name


def test_what_is_delivered_says_all_there_is_to_know(story):
    """The labels of the alert and of its series, no others, and the address of the runbook."""
    for alert in story.spec.alerts:
        for told in story.deliveries(alert.name, alert.name):
            expected = {"alertname": alert.name, **dict(alert.labels)}
            assert expected.items() <= told.labels.items()
            assert set(told.labels) == {*expected, *alert.signal.labels}, alert.name
            assert {told.labels[label] for label in story.spec.service.scope} == {alert.name}
            for matcher in alert.signal.select:
                assert told.labels[matcher.label] == matcher.value
            assert told.annotations["runbook_url"] == f"{story.spec.service.runbooks}/{alert.name}"
            assert told.annotations["summary"]


def test_health_is_silent(story):
    """For as long as everything else burns, no alert of the healthy deployment is even pending."""
    for alert in story.spec.alerts:
        assert story.states[alert.name, HEALTHY] == ["inactive"], alert.name
        assert story.deliveries(alert.name, HEALTHY) == []


def test_a_critical_says_it_for_the_lower_severities(story):
    """While it fires nothing of its signal and labels is newly delivered; before and after, it may be."""
    for milder, severer in story.escalations:
        for told in story.deliveries(milder.name, severer.name):
            times = list(episodes(story, severer, told.labels))
            assert not any(start + FLIGHT < told.at < end for start, end in times), milder.name


def episodes(story: Story, alert: Alert, labels: Labels) -> Iterator[tuple[datetime, datetime]]:
    """From when to when an alert with these labels was delivered as firing."""

    def own(told: Notification) -> list[str | None]:
        return [told.labels.get(label) for label in alert.signal.labels]

    mine = [labels.get(label) for label in alert.signal.labels]
    over = {
        each.starts_at: each.ends_at
        for each in story.deliveries(alert.name, alert.name, "resolved")
        if own(each) == mine
    }
    for each in story.deliveries(alert.name, alert.name):
        if own(each) == mine:
            yield each.starts_at, over.get(each.starts_at, each.at)


def test_foreign_alerts_mute_none_of_ours_and_ours_none_of_theirs(story):
    """Though all their labels but the service's are those of ours."""
    foreign = [each for each in story.broken if is_foreign(each)]
    assert len({each.labels["severity"] for each in foreign}) == 2
    assert [each.labels for each in foreign if each.muted_by] == []
    for each in story.broken:
        assert {by.get("service") for by in each.muted_by} <= {story.spec.service.name}


def test_one_target_that_dies_is_named_and_mutes_its_own_alerts_only(story):
    """The alert that outlasts it is muted, the same one of the other target is not."""
    assert {each.labels["instance"] for each in story.told_of_one} == {story.down.address}
    ours = [each for each in story.one_down if each.labels.get("service") == story.spec.service.name]
    muted = [each.labels for each in ours if any(by["alertname"] == TARGET_DOWN for by in each.muted_by)]
    assert {each["instance"] for each in muted} <= {story.down.address}
    if by_instance(story.spec) is not None:
        assert "Outlasting" in {each["alertname"] for each in muted}
        free = [each.labels for each in ours if not each.muted_by]
        assert ("Outlasting", story.up.address) in {
            (each["alertname"], each.get("instance")) for each in free
        }


def test_where_all_targets_die_only_that_is_delivered(story):
    """No alert of any deployment is told of beside it.

    A target that is seen down a whole evaluation before the last one is told of: `group_wait` is as long.
    """
    new = [each for each in story.told[story.before_all_down :] if each.status == "firing"]
    ours = [each for each in new if each.labels.get("service") == story.spec.service.name]
    absent = [each for each in ours if each.labels["alertname"] == SERVICE_ABSENT]
    assert {each.labels["job"] for each in absent} == {select[0].value for select in selects(story.spec)}
    for each in absent:
        assert each.annotations["runbook_url"] == f"{story.spec.service.runbooks}/{SERVICE_ABSENT}"
    evaluation = timedelta(milliseconds=story.spec.evaluate)
    for each in ours:
        if each not in absent:
            (all_down,) = (other for other in absent if other.labels["job"] == each.labels["job"])
            assert each.labels["alertname"] == TARGET_DOWN
            assert all_down.starts_at - each.starts_at >= evaluation
