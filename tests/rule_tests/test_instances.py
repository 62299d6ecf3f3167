"""Derived cases of services whose `select` has the label `instance`, as one value or as a pattern."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import victor_mon, with_promtool
from tests.rules.rendered import compiled_text
from victor_monitoring.rule_tests.derive import Cases, derive
from victor_monitoring.signals.select import Select

SPEC = """\
victor_mon: 1
service: {name: db, title: Database, owner: ops, scope: [zone], select: {job: db, instance: OWN}}
severities: [warning, critical]
components:
  server:
    external: true
    metrics:
      db_open: {type: gauge, help: Open., labels: {pool: [a, b]}}
      db_calls_total: {type: counter, help: Calls., labels: {code: [ok, bad]}}
  exporter:
    external: true
    select: {job: exporter, instance: OTHER}
    metrics:
      exporter_seconds: {type: histogram, unit: seconds, help: Time., buckets: [1s, 2s, 5s]}
  proxy:
    external: true
    select: {job: proxy}
    metrics:
      proxy_up: {type: gauge, help: Up.}
signals:
  open: {unit: count, by: [instance, pool], value: {of: db_open, agg: max}}
  raw: {unit: count, value: {of: db_open}}
  bad: {unit: ratio, ratio: {of: 'db_calls_total{code="bad"}', over: db_calls_total}}
  slow: {unit: seconds, quantile: {q: 0.9, of: exporter_seconds}}
  proxied: {unit: count, value: {of: proxy_up, agg: max}}
  health:
    unit: score
    score:
      - {signal: bad, weight: 60, worst: 50%, best: 0%}
      - {signal: open, weight: 40, worst: "100", best: "0", reduce: max}
alerts:
  db:
    Open: {signal: open, when: "> 10", severity: warning, for: 1m, summary: "{instance}", unless: GUARD}
    Raw: {signal: raw, when: "> 10", severity: warning, for: 1m, summary: "{value}"}
    Bad: {signal: bad, when: "> 5%", severity: warning, for: 1m, summary: "{instance} {value}"}
    Worse: {signal: bad, when: "> 50%", severity: critical, for: 1m, summary: "{value}"}
    Slow: {signal: slow, when: "> 2s", severity: warning, for: 1m, summary: "{instance} {value}"}
    Proxied: {signal: proxied, when: "> 2", severity: warning, for: 1m, summary: "{value}"}
    Ill: {signal: health, when: "< 50", severity: warning, for: 1m, summary: "{value}"}
    Here: {signal: open, when: present, severity: null, for: 1m, summary: Here}
contexts:
  prod: {select: {instance: "=~db-[12]:9100", zone: eu}}
"""
GUARD = '{signal: bad, when: "> 90%"}'


def text(own: str, other: str) -> str:
    """Return the spec with these instances of its service and of the exporter."""
    return SPEC.replace("GUARD", GUARD).replace("OWN", own).replace("OTHER", other)


def derived(own: str, other: str = "db1:9187") -> Cases:
    """Return the cases of base."""
    base = compiled_text(text(own, other)).base
    assert base is not None
    return derive(base)


def kinds(found: Cases, alert: str) -> set[str]:
    """Return the kinds of the cases of an alert."""
    return {each.kind for each in found.cases if each.alert == alert}


@pytest.mark.parametrize(
    ("own", "other"),
    [("db1:9100", "db1:9187"), ('"=~db.*:9100"', '"=~db1:.*"'), ('"=~db1:9100"', '"=~.+"'), ("b", "a")],
)
def test_promtool_confirms_all_cases(own: str, other: str, promtool: Path, tmp_path: Path) -> None:
    """Rules that select an instance behave as the cases expect, in base and in a context of two machines."""
    (tmp_path / "spec.yaml").write_text(text(own, other), encoding="utf-8")
    ended = victor_mon(tmp_path, "test", "--spec", "spec.yaml", env=with_promtool(promtool))
    assert (ended.status, ended.err.count("none failed")) == (0, 2), ended.out + ended.err


def test_one_machine_has_no_replicas() -> None:
    """There is one target of an instance; without it, and of a pattern, there are several."""
    one = derived("db1:9100")
    assert "replicas" not in {kind for alert in ("Open", "Bad", "Slow", "Ill") for kind in kinds(one, alert)}
    assert "replicas" in kinds(one, "Proxied")
    assert one.skipped == ()
    assert {"fires", "part", "vanished", "never-there", "elsewhere"} <= kinds(one, "Ill")
    assert "replicas" in kinds(derived('"=~db[12]:9100"'), "Bad")
    assert "replicas" not in kinds(derived('"=~db1:9100"'), "Bad")


def test_every_target_has_a_selected_instance() -> None:
    """The series of a job are of its selected instance, or of one that is outside of `select`."""
    found: dict[str, set[str]] = {}
    for case in derived("db1:9100").cases:
        for phase in case.script.phases:
            for stream in phase.streams:
                labels = dict(stream.labels)
                found.setdefault(labels["job"], set()).add(labels["instance"])
    assert {job: instances - {"elsewhere"} for job, instances in found.items() if job != "elsewhere"} == {
        "db": {"db1:9100"},
        "exporter": {"db1:9187"},
        "proxy": {"a", "b"},
    }


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ({"job": "db"}, ["a", "b"]),
        ({"instance": "db1"}, ["db1"]),
        ({"instance": "=~b|c"}, ["b", "c"]),
        ({"instance": "=~db1"}, ["db1"]),
        ({"instance": "=~db[78]"}, ["db7", "db8"]),
        ({"instance": "=~.+"}, ["a", "b"]),
    ],
)
def test_targets_have_the_given_instances_where_they_are_selected(
    select: dict[str, str], expected: list[str]
) -> None:
    """Given instances are taken where `select` matches them, else others that it matches, each once."""
    assert [each["instance"] for each in Select.of(select).targets("a", "b")] == expected
