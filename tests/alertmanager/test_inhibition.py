"""The inhibition rules in a real Alertmanager."""

from __future__ import annotations

import functools
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager.host import fragment, hosted
from tests.end_to_end.live import alerting, until

Labels = Mapping[str, str]
MILL = {"service": "mill", "owner": "millers", "job": "mill", "valley": "north"}
UPPER = {"service": "mill", "owner": "millers", "job": "sluice", "side": "upper", "valley": "north"}

DUCTS = {"service": "mill", "owner": "millers", "component": "ducts", "side": "upper"}
DRAINS = {**DUCTS, "component": "drains"}


def alert(name: str, of: Labels = MILL, **labels: str) -> dict[str, str]:
    """Return the labels of an alert of the spec."""
    return {"alertname": name, **of, **labels}


BUSY, HIGH, FULL = (
    functools.partial(alert, name, signal="load", severity=severity)
    for name, severity in (("Busy", "info"), ("High", "warning"), ("Full", "critical"))
)
FLOOD = functools.partial(alert, "Flood", UPPER, signal="open", severity="critical")
WARM, HOT = (
    functools.partial(alert, name, UPPER, signal="heat", severity=severity)
    for name, severity in (("Warm", "warning"), ("Hot", "critical"))
)
DOWN = functools.partial(alert, "TargetDown", signal="target", severity="critical")
ABSENT = functools.partial(alert, "ServiceAbsent", signal="service", severity="critical")
MISSING = functools.partial(alert, "MetricMissing", signal="metric", severity="critical")

# The firing alerts of each scene, and the muted ones among them.
SCENES: dict[str, tuple[list[dict[str, str]], list[dict[str, str]]]] = {
    "the highest mutes all lower ones": (
        [BUSY(wheel="left"), HIGH(wheel="left"), FULL(wheel="left")],
        [BUSY(wheel="left"), HIGH(wheel="left")],
    ),
    "a middle one mutes the lowest": ([BUSY(wheel="left"), HIGH(wheel="left")], [BUSY(wheel="left")]),
    "another wheel is not muted": ([HIGH(wheel="left"), FULL(wheel="right")], []),
    "another valley is not muted": ([HIGH(wheel="left"), FULL(wheel="left", valley="south")], []),
    "another season is not muted": (
        [HIGH(wheel="left", season="summer"), FULL(wheel="left", season="winter")],
        [],
    ),
    "another signal is not muted": ([HIGH(wheel="left"), FULL(wheel="left", signal="other")], []),
    "an alert on an open signal is not muted by another severity": (
        [WARM(bearing="a"), HOT(bearing="a"), HOT(bearing="b")],
        [],
    ),
    "a target that is down mutes its own": (
        [DOWN(UPPER, instance="a"), FLOOD(instance="a"), MISSING(UPPER, instance="a"), FLOOD(instance="b")],
        [FLOOD(instance="a"), MISSING(UPPER, instance="a")],
    ),
    "a target that is down mutes nothing without an instance": (
        [DOWN(instance="a"), FULL(wheel="left"), DOWN(instance="b")],
        [],
    ),
    "a service that is absent mutes all of its select": (
        [ABSENT(), DOWN(instance="a"), FULL(wheel="left"), FLOOD(instance="b"), DOWN(UPPER, instance="c")],
        [DOWN(instance="a"), FULL(wheel="left")],
    ),
    "an absent service mutes the alerts of all jobs that its pattern matches": (
        [
            ABSENT(DUCTS), DOWN(DUCTS, job="duct-a", instance="a"), DOWN(DUCTS, job="duct-b", instance="a"),
            DOWN(DUCTS, job="drain", instance="a"), DOWN(DUCTS, job="duct-a", side="lower"),
            DOWN(UPPER, instance="b"), DOWN(MILL, instance="c"),
        ],
        [DOWN(DUCTS, job="duct-a", instance="a"), DOWN(DUCTS, job="duct-b", instance="a")],
    ),
    "an absent service of one pattern mutes none of another": (
        [ABSENT(DRAINS), DOWN(DUCTS, job="duct-a"), DOWN(DUCTS, job="gully")],
        [DOWN(DUCTS, job="gully")],
    ),
    "alerts of different services do not mute each other": (
        [
            FULL(wheel="left"),
            HIGH(wheel="left", service="other"),
            {"alertname": "Foreign", "severity": "warning", "signal": "load"},
            FULL(wheel="right", service="other"),
            HIGH(wheel="right"),
            {"alertname": "Foreign", "severity": "critical", "signal": "load", "job": "mill"},
            ABSENT(service="other"),
        ],
        [],
    ),
    "an alert without a signal neither mutes nor is muted": (
        [FULL(signal="", wheel="left"), HIGH(signal="", wheel="left")],
        [],
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager."""

    url: str

    def post(self, alerts: list[dict[str, str]]) -> None:
        """Post alerts that fire from now on."""
        body = json.dumps([{"labels": {k: v for k, v in each.items() if v}} for each in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, headers)  # noqa: S310 - our own
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - our own

    def alerts(self, scene: str) -> list[dict[str, Any]]:
        """Return the alerts of a scene."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=30) as answer:  # noqa: S310 - our own
            return [each for each in json.load(answer) if each["labels"].get("scene") == scene]


@pytest.fixture(scope="module")
def running(alertmanager: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    folder = tmp_path_factory.mktemp("alertmanager")
    config = folder / "alertmanager.yml"
    host = hosted([fragment(None)])
    for rule in host["inhibit_rules"]:
        rule["equal"].append("scene")  # the scenes share an Alertmanager
    config.write_text(yaml.safe_dump(host), encoding="utf-8")
    with alerting(alertmanager, config) as url:
        yield Alertmanager(url)


@pytest.mark.parametrize("scene", SCENES)
def test_inhibition(running, scene):
    """Of the firing alerts, exactly the expected ones are muted."""
    firing, muted = SCENES[scene]
    running.post([{**each, "scene": scene} for each in firing])

    def settled() -> list[dict[str, Any]]:
        found = running.alerts(scene)
        states = [each["status"]["state"] for each in found]
        is_settled = len(found) == len(firing) and "unprocessed" not in states
        return found if is_settled and states.count("suppressed") == len(muted) else []

    found = {_key(each["labels"]) for each in until(settled) if each["status"]["inhibitedBy"]}
    assert found == {_key({**each, "scene": scene}) for each in muted}


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())
