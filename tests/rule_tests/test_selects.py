"""Derived cases of targets that are selected by patterns, and of selects that match the same targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import victor_mon, with_promtool
from tests.rules.rendered import compiled_text
from victor_monitoring.rule_tests.derive import derive

SPEC = """\
victor_mon: 1
service: {name: hosts, title: Hosts, owner: ops, select: {job: "=~node.*", zone: eu}}
severities: [warning]
components:
  node:
    external: true
    metrics:
      node_load1: {type: gauge, help: Load.}
      node_requests_total: {type: counter, help: Requests., labels: {mode: [idle, user]}}
  dns:
    external: true
    select: {job: SELECT}
    metrics:
      dns_up: {type: gauge, help: Up.}
      dns_seconds: {type: histogram, unit: seconds, help: Time., buckets: [1s, 2s, 5s]}
signals:
  load: {unit: count, by: [instance], value: {of: node_load1, agg: max}}
  rate: {unit: per_second, by: [mode], rate: {of: node_requests_total}}
  slow: {unit: seconds, quantile: {q: 0.9, of: dns_seconds}}
  dns: {unit: count, value: {of: dns_up}}
  health: {unit: score, score: [{signal: load, weight: 100, worst: "100", best: "0", reduce: max}]}
alerts:
  hosts:
    High: {signal: load, when: "> 10", severity: warning, for: 1m, summary: "{job} {value}"}
    Fast: {signal: rate, when: "> 80/s", severity: warning, for: 1m, summary: "{job} {value}"}
    Slow: {signal: slow, when: "> 2s", severity: warning, for: 1m, summary: "{job} {value}"}
    Dns: {signal: dns, when: "> 2", severity: warning, for: 1m, summary: "{job} {value}"}
    Ill: {signal: health, when: "< 50", severity: warning, for: 1m, summary: "{job} {value}"}
    Gone: {signal: dns, when: absent, severity: warning, for: 1m, summary: Gone}
contexts:
  prod: {select: {place: "=~prod-[0-9]+"}}
"""


# Apart from the other select, a part of it, and with targets in common.
@pytest.mark.parametrize("select", ['"=~core-?dns.*"', "node-dns", '"=~.*dns"'])
def test_promtool_confirms_all_cases(select: str, promtool: Path, tmp_path: Path) -> None:
    """Rules of patterns behave as the cases expect; meta alerts of overlapping selects fire together."""
    text = SPEC.replace("SELECT", select)
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    ended = victor_mon(tmp_path, "test", "--spec", "spec.yaml", env=with_promtool(promtool))
    assert (ended.status, ended.err.count("none failed")) == (0, 2), ended.out + ended.err


def test_each_value_of_a_pattern_has_its_own_alert() -> None:
    """Two targets that differ in a label with a pattern both fire; outside of the pattern none does."""
    base = compiled_text(SPEC.replace("SELECT", '"=~core-?dns.*"')).base
    assert base is not None
    found = {(each.alert, each.about) for each in derive(base).cases}
    assert ("High", "two values of job are beyond the threshold") in found
    assert ("High", "another job is far beyond the threshold") in found
    assert ("High", "two values of zone are beyond the threshold") not in found


UNSELECTED = """\
victor_mon: 1
service: {name: hosts, title: Hosts, owner: ops}
severities: [warning]
meta: null
components:
  node:
    external: true
    honor_labels: true
    select: {}
    metrics:
      node_backup_timestamp_seconds: {type: gauge, unit: timestamp, help: End of the last backup.}
      node_requests_total: {type: counter, help: Requests.}
signals:
  age: {unit: seconds, age: {of: node_backup_timestamp_seconds, agg: max}}
  rate: {unit: per_second, rate: {of: node_requests_total}}
alerts:
  hosts:
    Old: {signal: age, when: "> 26h", severity: warning, summary: "{value}"}
    OldForLong: {signal: age, when: "> 30h", for: 10m, severity: warning, summary: "{value}"}
    Fast: {signal: rate, when: "> 80/s", severity: warning, summary: "{value}"}
outputs: {dashboard: null, registry: null, alertmanager: null, kubernetes: null}
"""


def test_gauges_without_a_look_back_bridge_no_failed_scrape(promtool: Path, tmp_path: Path) -> None:
    """Failed scrapes interrupt an alert on an unselected gauge: only with `for` is there a case of them."""
    base = compiled_text(UNSELECTED).base
    assert base is not None
    missed = {case.alert for case in derive(base).cases if case.kind == "missed-scrape"}
    assert missed == {"OldForLong", "Fast"}
    (tmp_path / "hosts.yaml").write_text(UNSELECTED, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--spec", "hosts.yaml", env=with_promtool(promtool))
    assert run.status == 0, run.out + run.err
