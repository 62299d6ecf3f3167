"""The whole chain of a spec with times divided by 60: service, Prometheus, Alertmanager, receiver.

One Prometheus and one Alertmanager run through all phases of a spec: the faults of all alerts at once, each
in its own deployment, next to a healthy deployment; then one target dies, then all of them.
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
from victor_monitoring.demo.processes import ActiveAlert
from victor_monitoring.demo.programs import Programs
from victor_monitoring.demo.receiver import Notification
from victor_monitoring.demo.scrape_targets import ScrapeTarget
from victor_monitoring.demo.simulation.faults import TARGET_DOWN as DOWN
from victor_monitoring.language.resolved.meta import SERVICE_ABSENT, TARGET_DOWN, meta_alerts
from victor_monitoring.language.resolved.spec import Alert, Resolved

pytestmark = [pytest.mark.clock, pytest.mark.minutes(3.5)]

PATIENCE = 300  # seconds for a phase, on a busy machine
HEALTHY, PAIR = "healthy", "pair"  # deployments; the others are named after their alert
FLIGHT = timedelta(seconds=1)  # notifications sent before an alert is muted may still arrive

Labels = Mapping[str, str]


@dataclass
class Story:
    """The events of all phases."""

    spec: Resolved
    chain: Chain
    states: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    active_since: dict[tuple[str, str], set[datetime]] = field(default_factory=dict)
    broken: list[ActiveAlert] = field(default_factory=list)
    one_down: list[ActiveAlert] = field(default_factory=list)
    down: ScrapeTarget | None = None
    up: ScrapeTarget | None = None
    delivered_of_one: list[Notification] = field(default_factory=list)
    before_all_down: int = 0
    delivered: list[Notification] = field(default_factory=list)
    """All notifications so far."""

    def deployment(self, labels: Labels) -> str:
        """Return the name of the deployment in an alert's labels."""
        return labels.get(self.spec.service.scope[0], "")

    def deliveries(self, name: str, deployment: str, status: str = "firing") -> list[Notification]:
        """Return the notifications about an alert in a deployment."""
        return [
            each
            for each in self.delivered
            if each.status == status
            and each.labels["alertname"] == name
            and self.deployment(each.labels) == deployment
        ]

    def observe(self, is_over: Callable[[], object]) -> None:
        """Record every new state of every alert until the phase is over."""

        def snapshot() -> object:
            self._note()
            self.delivered = self.chain.receiver.deliveries()
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
        """Every pair of alerts of the same signal, the second one more severe."""
        return [
            (milder, severer)
            for milder, severer in itertools.permutations(self.spec.alerts, 2)
            if milder.signal.name == severer.signal.name
            and self.spec.severities.index(milder.severity) < self.spec.severities.index(severer.severity)
        ]


def foreign_rules(spec: Resolved) -> str:
    """Return foreign rules whose alerts have the labels of the spec's, but another service or none."""
    own = f'ALERTS{{service="{spec.service.name}",alertstate="firing"}}'
    rules = [
        {
            "alert": f"Foreign{severity.title()}{number}",
            "expr": once(own),
            "labels": {"severity": severity, "service": service},
        }
        for severity in (spec.severities[0], spec.severities[-1])
        for number, service in enumerate(("neighbour", ""))
    ]
    group = {"name": "foreign", "interval": f"{spec.evaluate}ms", "rules": rules}
    return json.dumps({"groups": [group]})


def once(alerts: str) -> str:
    """Return PromQL for one series per label set, shared by alerts of the same signal."""
    return f"max without (alertname, alertstate, severity) ({alerts})"


def outlasting_rules(spec: Resolved) -> str:
    """Return the rule of an own alert that outlasts its target, as with a long `keep_firing_for`."""
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
        fill_windows(found)
        break_each(found)
        heal(found)
        lose_one(found)
        lose_all(found)
        yield found


def fill_windows(story: Story) -> None:
    """Wait until every window is filled, and ignore the states of alerts until then."""
    end = datetime.now().astimezone() + timedelta(
        milliseconds=max(signal.window for signal in story.spec.signals.values())
    )
    story.observe(lambda: datetime.now().astimezone() > end)
    story.states.clear()
    story.observe(lambda: story.states)


def break_each(story: Story) -> None:
    """Cause the faults of all alerts until each is delivered, and each escalation mutes the milder alert."""
    for alert, target in zip(story.spec.alerts, story.chain.targets, strict=False):
        target.set_faults([alert.name])
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

    story.observe(is_over)


def is_foreign(held: ActiveAlert) -> bool:
    return held.labels["alertname"].startswith("Foreign")


def heal(story: Story) -> None:
    """End all faults, until each alert is delivered as resolved."""
    for target in story.chain.targets:
        target.set_faults([])
    story.observe(
        lambda: all(story.deliveries(alert.name, alert.name, "resolved") for alert in story.spec.alerts)
    )


def lose_one(story: Story) -> None:
    """Let one of two targets with a fault die, until that is delivered."""
    story.down, story.up = story.chain.targets[-2:]
    fault = by_instance(story.spec) or story.spec.alerts[0]
    for target in (story.down, story.up):
        target.set_faults([fault.name])
    wanted = 2 if by_instance(story.spec) else 1
    story.observe(lambda: len(story.deliveries(fault.name, PAIR)) == wanted)
    story.down.set_faults([DOWN])
    down = len(selects(story.spec))

    def is_over() -> bool:
        story.one_down = story.chain.alertmanager.alerts()
        return len(story.deliveries(TARGET_DOWN, PAIR)) >= down

    story.observe(is_over)
    story.delivered_of_one = story.deliveries(TARGET_DOWN, PAIR)


def lose_all(story: Story) -> None:
    """End all faults, then let every target die, until that is delivered and the longest `for` has passed."""
    for target in story.chain.targets:
        target.set_faults([])
    names = {alert.name for alert in story.spec.alerts} | {TARGET_DOWN}
    story.observe(
        lambda: not names & {each.labels["alertname"] for each in story.chain.alertmanager.alerts()}
    )
    story.before_all_down = len(story.chain.receiver.deliveries())
    for target in story.chain.targets:
        target.set_faults([DOWN])
    story.observe(lambda: len(story.deliveries(SERVICE_ABSENT, "")) == len(selects(story.spec)))
    longest = max(alert.pending for alert in story.spec.alerts) + 2 * story.spec.routing.group_interval
    end = datetime.now().astimezone() + timedelta(milliseconds=longest)
    story.observe(lambda: datetime.now().astimezone() > end)


def by_instance(spec: Resolved) -> Alert | None:
    """Return the most severe alert that names its target, if any."""
    found = [alert for alert in spec.alerts if "instance" in alert.signal.by]
    return max(found, key=lambda alert: spec.severities.index(alert.severity), default=None)


def selects(spec: Resolved) -> set[Any]:
    """Return the selects, each of which has its own TargetDown and ServiceAbsent."""
    return {alert.select for alert in meta_alerts(spec)}


def test_each_alert_goes_through_all_states(story):
    """In its deployment each alert is inactive, pending, firing, delivered, inactive, resolved."""
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
    """The condition of a delivered alert was met for the duration of `for`."""
    for alert in story.spec.alerts:
        for notification in story.deliveries(alert.name, alert.name):
            since = max(
                each for each in story.active_since[alert.name, alert.name] if each < notification.starts_at
            )
            assert notification.starts_at - since >= timedelta(milliseconds=alert.pending - 1), alert.name


def test_notifications_are_complete(story):
    """They have exactly the labels of the alert and its series, the URL of the runbook, and a summary."""
    for alert in story.spec.alerts:
        for notification in story.deliveries(alert.name, alert.name):
            expected = {"alertname": alert.name, **dict(alert.labels)}
            assert expected.items() <= notification.labels.items()
            assert set(notification.labels) == {*expected, *alert.signal.labels}, alert.name
            assert {notification.labels[label] for label in story.spec.service.scope} == {alert.name}
            for matcher in alert.signal.select:
                assert notification.labels[matcher.label] == matcher.value
            assert notification.annotations["runbook_url"] == f"{story.spec.service.runbooks}/{alert.name}"
            assert notification.annotations["summary"]


def test_a_healthy_deployment_is_silent(story):
    """While all other deployments fail, no alert of the healthy one is even pending."""
    for alert in story.spec.alerts:
        assert story.states[alert.name, HEALTHY] == ["inactive"], alert.name
        assert story.deliveries(alert.name, HEALTHY) == []


def test_a_severe_alert_mutes_the_milder_one(story):
    """While it fires, no milder alert of its signal and labels is delivered; before and after, it may be."""
    for milder, severer in story.escalations:
        for notification in story.deliveries(milder.name, severer.name):
            times = list(episodes(story, severer, notification.labels))
            assert not any(start + FLIGHT < notification.at < end for start, end in times), milder.name


def episodes(story: Story, alert: Alert, labels: Labels) -> Iterator[tuple[datetime, datetime]]:
    """Yield the start and the end of each time in which an alert with these labels was firing."""

    def own(notification: Notification) -> list[str | None]:
        return [notification.labels.get(label) for label in alert.signal.labels]

    mine = [labels.get(label) for label in alert.signal.labels]
    over = {
        each.starts_at: each.ends_at
        for each in story.deliveries(alert.name, alert.name, "resolved")
        if own(each) == mine
    }
    for each in story.deliveries(alert.name, alert.name):
        if own(each) == mine:
            yield each.starts_at, over.get(each.starts_at, each.at)


def test_own_and_foreign_alerts_do_not_mute_each_other(story):
    """Foreign alerts have the same labels except the service, and neither mute own alerts nor are muted."""
    foreign = [each for each in story.broken if is_foreign(each)]
    assert len({each.labels["severity"] for each in foreign}) == 2
    assert [each.labels for each in foreign if each.muted_by] == []
    for each in story.broken:
        assert {by.get("service") for by in each.muted_by} <= {story.spec.service.name}


def test_one_target_that_dies_is_named_and_mutes_its_own_alerts_only(story):
    """The alert that outlasts the dead target is muted, that of the other target is not."""
    assert {each.labels["instance"] for each in story.delivered_of_one} == {story.down.address}
    own = [each for each in story.one_down if each.labels.get("service") == story.spec.service.name]
    muted = [each.labels for each in own if any(by["alertname"] == TARGET_DOWN for by in each.muted_by)]
    assert {each["instance"] for each in muted} <= {story.down.address}
    if by_instance(story.spec) is not None:
        assert "Outlasting" in {each["alertname"] for each in muted}
        free = [each.labels for each in own if not each.muted_by]
        assert ("Outlasting", story.up.address) in {
            (each["alertname"], each.get("instance")) for each in free
        }


def test_where_all_targets_die_only_that_is_delivered(story):
    """No other alert of any deployment is delivered.

    The exception is TargetDown of a target that is down at least one evaluation before the last target:
    `group_wait` is as long as an evaluation interval.
    """
    new = [each for each in story.delivered[story.before_all_down :] if each.status == "firing"]
    own = [each for each in new if each.labels.get("service") == story.spec.service.name]
    absent = [each for each in own if each.labels["alertname"] == SERVICE_ABSENT]
    jobs = {select.matchers[0].value for select in selects(story.spec)}
    assert {each.labels["job"] for each in absent} == jobs
    for each in absent:
        assert each.annotations["runbook_url"] == f"{story.spec.service.runbooks}/{SERVICE_ABSENT}"
    evaluation = timedelta(milliseconds=story.spec.evaluate)
    for each in own:
        if each not in absent:
            (all_down,) = (other for other in absent if other.labels["job"] == each.labels["job"])
            assert each.labels["alertname"] == TARGET_DOWN
            assert all_down.starts_at - each.starts_at >= evaluation
