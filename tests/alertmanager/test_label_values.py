"""Values of labels that are hard to quote: amtool and a real Alertmanager route them as the spec says."""

from __future__ import annotations

import json
import os
import urllib.request
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest
import yaml

from tests.alertmanager.host import FIXTURE, hosted
from tests.end_to_end.live import alerting, until
from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.amtool import Amtool
from victor_monitoring.live.apply.environment import ApplyEnvironment

VALUES = [
    "grain and flour", " before", "after ", "two  blanks", "a,b", 'say "grain"', '"', "it's", "`grain`",
    "a=b", "=~a", "!=", "a&b", "a|b", "{grain}", "{", "}", "[a]", "(a", "a.b*", "^a$", "\\", "C:\\grain\\new",
    "\\n", "\\t", "\\x41", "a\nb", "a\tb", "a\n", "Мука", "grain🌾", "$1", "%s", "--help", "-", "#", "a;b",
    "a/b", "\u00a0", "true", "1e3",
]  # fmt: skip


def configuration() -> str:
    """Return a host's configuration with the routes of a spec: a receiver and an alert for each value."""
    spec = yaml.safe_load(FIXTURE.read_text(encoding="utf-8"))
    webhooks = [{"url": "http://127.0.0.1:9/"}]
    spec["alerts"] = {
        "values": {
            f"Hard{index}": {
                **spec["alerts"]["mill"]["Hot"],
                "when": f"> {index}°C",
                "labels": {"grade": value},
            }
            for index, value in enumerate(VALUES)
        }
    }
    spec["contexts"] = {
        "hard": {
            "labels": {"season": "hard frost"},
            "receivers": {
                f"r{index}": {"labels": {"grade": value}, "webhook_configs": webhooks}
                for index, value in enumerate(VALUES)
            },
        }
    }
    compiled = compiled_text(json.dumps(spec, ensure_ascii=False))
    (artifact,) = render(compiled, outputs=["alertmanager"], context="hard")
    return yaml.safe_dump(hosted([artifact.text]))


def by_amtool(path: Path, alerts: list[dict[str, str]]) -> list[frozenset[str]]:
    """Return the receivers of each alert, as amtool routes it."""
    with ExitStack() as held:
        amtool = Amtool(ApplyEnvironment(path.parent, print, held))
        return [amtool.receivers(path, each, path.name) for each in alerts]


def by_alertmanager(url: str, alerts: list[dict[str, str]]) -> list[frozenset[str]]:
    """Return the receivers of each alert, as Alertmanager has routed it."""
    body = json.dumps([{"labels": each} for each in alerts]).encode()
    form = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/api/v2/alerts", body, form)  # noqa: S310 - our own
    urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310 - our own

    def routed() -> dict[str, frozenset[str]]:
        with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:  # noqa: S310 - our own
            found = json.load(answer)
        names = {
            each["labels"]["alertname"]: frozenset(to["name"] for to in each["receivers"]) for each in found
        }
        return names if len(names) == len(alerts) else {}

    names = until(routed)
    return [names[each["alertname"]] for each in alerts]


def test_amtool_and_alertmanager_route_by_every_value(
    amtool: Path, alertmanager: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The alert with a value reaches the receiver with this value, and no other."""
    monkeypatch.setenv("PATH", str(amtool.parent), prepend=os.pathsep)
    path = tmp_path / "alertmanager.yml"
    path.write_text(configuration(), encoding="utf-8")
    alerts = [
        {"alertname": f"Hard{index}", "service": "mill", "season": "hard frost", "grade": value}
        for index, value in enumerate(VALUES)
    ]
    wanted = {value: {f"mill/hard/r{index}"} for index, value in enumerate(VALUES)}
    assert dict(zip(VALUES, by_amtool(path, alerts), strict=True)) == wanted
    with alerting(alertmanager, path) as url:
        assert dict(zip(VALUES, by_alertmanager(url, alerts), strict=True)) == wanted


@pytest.mark.parametrize("status", [0, 1])
def test_the_last_line_and_the_status_of_amtool_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    """Other lines are no receivers, and what a failed amtool prints is a reason."""
    program = tmp_path / "amtool"
    program.write_text(
        f"#!/bin/sh\necho 'level=WARN msg=\"new, parser\"'\necho mill/hard/r1,host\nexit {status}\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with nullcontext() if status == 0 else pytest.raises(UserError) as failed:
        assert by_amtool(tmp_path / "host.yml", [{"alertname": "Hot"}]) == [{"mill/hard/r1", "host"}]
    if failed is not None:
        assert str(failed.value) == (
            'amtool cannot route alerts by `host.yml`: level=WARN msg="new, parser" mill/hard/r1,host'
        )
