"""Alerts with guards: lists of them, on values, presence and absence, alone and on shared series."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import victor_mon, with_promtool
from tests.rules.rendered import compiled_text
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.derive import derive

SPEC = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning]
components:
  api:
    metrics:
      shop_requests_total: {type: counter, help: Requests., labels: {code: [ok, bad]}}
      shop_queue: {type: gauge, merge: sum, help: Queue., labels: {queue: [a, b]}}
      shop_heat: {type: gauge, merge: max, help: Heat.}
      shop_threads: {type: gauge, merge: sum, help: Threads.}
      shop_state: {type: gauge, merge: max, help: State., labels: {kind: [planned, unplanned]}}
      shop_leader: {type: gauge, merge: max, help: Leader.}
  calendar: {external: true, select: {}, metrics: {closed: {type: gauge, help: Closed.}}}
signals:
  requests: {unit: per_second, rate: {of: shop_requests_total}}
  by_code: {unit: per_second, by: [code], rate: {of: shop_requests_total}}
  bad: {unit: ratio, ratio: {of: 'shop_requests_total{code="bad"}', over: shop_requests_total}}
  queue: {unit: count, by: [queue], value: {of: shop_queue, agg: max}}
  each_heat: {unit: count, by: [instance], value: {of: shop_heat, agg: max}}
  heat: {unit: count, window: 10m, value: {of: shop_heat, agg: max, over_time: avg}}
  threads: {unit: count, value: {of: shop_threads, agg: sum}}
  planned: {unit: count, value: {of: 'shop_state{kind="planned"}', agg: max}}
  leader: {unit: count, value: {of: shop_leader, agg: max}}
  closed: {unit: count, value: {of: closed, agg: max}}
  health:
    unit: score
    score:
    - {signal: bad, weight: 60, worst: 100%, best: 0%}
    - {signal: threads, weight: 40, worst: "300", best: "0"}
alerts:
  shop:
    TwoRequired:
      signal: queue
      when: "> 5"
      only_if: [{signal: requests, when: "> 1/s"}, {signal: threads, when: "< 100"}]
      for: 5m
      severity: warning
      summary: "{queue} has {value}"
    TwoExcluded:
      signal: queue
      when: "> 6"
      unless: [{signal: heat, when: ">= 50"}, {signal: planned, when: "== 1"}]
      severity: warning
      summary: "{queue} has {value}"
    NotPlanned:
      signal: bad
      when: "> 5%"
      unless: {signal: planned, when: present}
      severity: warning
      summary: "{value}"
    Headless:
      signal: bad
      when: "> 6%"
      only_if: {signal: leader, when: absent}
      severity: warning
      summary: "{value}"
    Led:
      signal: bad
      when: "> 7%"
      only_if: {signal: leader, when: present}
      unless: [{signal: threads, when: absent}, {signal: closed, when: any}]
      severity: warning
      summary: "{value}"
    Shared:
      signal: bad
      when: "> 8%"
      only_if: {signal: requests, when: "> 1000/s"}
      unless: {signal: requests, when: "> 5000/s"}
      severity: warning
      summary: "{value}"
    Proportional:
      signal: by_code
      when: "> 10/s"
      unless: {signal: requests, when: "> 100/s"}
      severity: warning
      summary: "{code} {value}"
    SharedByGuards:
      signal: queue
      when: "> 7"
      only_if: [{signal: requests, when: "> 1/s"}, {signal: bad, when: "> 5%"}]
      severity: warning
      summary: "{value}"
    Band:
      signal: threads
      when: "> 200"
      unless: {signal: threads, when: "> 300"}
      severity: warning
      summary: "{value}"
    Ill:
      signal: health
      when: "< 50"
      unless: {signal: leader, when: "> 3"}
      severity: warning
      summary: "{value}"
    Hot:
      signal: each_heat
      when: "> 80"
      unless: {signal: threads, when: "> 100"}
      severity: warning
      summary: "{instance} has {value}"
    Gone:
      signal: leader
      when: absent
      only_if: {signal: requests, when: "> 1/s"}
      unless: [{signal: planned, when: any}, {signal: threads, when: absent}]
      severity: warning
      summary: Gone
    There:
      signal: leader
      when: present
      only_if: {signal: requests, when: "> 1/s"}
      unless: {signal: planned, when: present}
      severity: warning
      summary: "{value}"
"""
GUARDS = [  # the cases of some alerts, each with the states of the alert
    ("TwoRequired", [
        "`only_if: requests > 1/s` is not met: silent",
        "`only_if: requests > 1/s` is not met by replicas that differ: silent",
        "`only_if: requests > 1/s` is a millionth short of its threshold: silent",
        "the data of `requests` is gone: silent, firing, silent",
        "`only_if: threads < 100` is not met: silent",
        "`only_if: threads < 100` is not met by replicas that differ: silent",
        "`only_if: threads < 100` is at its threshold: silent",
        "the data of `threads` is gone: silent, firing, silent",
    ]),
    ("NotPlanned", [
        "`unless: planned present` is met: silent",
        "`unless: planned present` is met, next to other series of its metrics: silent",
        "`unless: planned present` is met by replicas that differ: silent",
        "the data of `planned` is gone: silent, firing",
    ]),
    ("Headless", [
        "`only_if: leader absent` is not met: silent",
        "`only_if: leader absent` is not met by replicas that differ: silent",
        "the data of `leader` is gone: silent, firing",
    ]),
    ("Shared", [
        "`only_if: requests > 1000/s` is not met: silent",
        "`only_if: requests > 1000/s` is not met by replicas that differ: silent",
        "`only_if: requests > 1000/s` is a millionth short of its threshold: silent",
        "`unless: requests > 5000/s` is met: silent",
        "`unless: requests > 5000/s` is met by replicas that differ: silent",
        "`unless: requests > 5000/s` is at its threshold: silent, firing",
    ]),
    ("Proportional", [
        "`unless: requests > 100/s` is met: silent",
        "`unless: requests > 100/s` is met by replicas that differ: silent",
        "`unless: requests > 100/s` is a millionth short of its threshold: silent, firing",
    ]),
    ("Band", [
        "`unless: threads > 300` is met: silent",
        "`unless: threads > 300` is met by replicas that differ: silent",
        "`unless: threads > 300` is at its threshold: firing",
    ]),
]  # fmt: skip


def base(text: str = SPEC) -> Resolved:
    spec = compiled_text(text).base
    assert spec is not None
    return spec


def states(case: Case) -> str:
    """Return the states of the alert at the expected times, each once while it lasts."""
    found = ["firing" if each.firing else "silent" for each in case.expectations if each.alert == case.alert]
    return ", ".join(one for one, before in zip(found, [None, *found], strict=False) if one != before)


@pytest.mark.parametrize(("alert", "expected"), GUARDS)
def test_each_guard_alone_decides(alert: str, expected: list[str]) -> None:
    """Without data `only_if` is silent and `unless` lets the alert fire; an absence is then met."""
    cases = [case for case in derive(base()).cases if case.alert == alert and case.kind == "guard"]
    assert [f"{case.about}: {states(case)}" for case in cases] == expected


def test_no_case_is_left_out() -> None:
    """Levels are found for all guards together, also where signals read the same series."""
    found = derive(base())
    assert (found.skipped, found.unproven) == ((), {})


@pytest.mark.parametrize(
    ("guards", "reason"),
    [
        ('unless: {signal: threads, when: "> 100"}', "`unless: threads > 100` is never met where"),
        ("only_if: {signal: threads, when: present}", "`only_if: threads present` is always met where"),
    ],
)
def test_a_guard_that_decides_nothing_is_reported(guards: str, reason: str) -> None:
    """No levels bring the alert's condition and the guard's to what a case of the guard needs."""
    spec = SPEC.replace('unless: {signal: threads, when: "> 300"}', guards)
    assert spec != SPEC
    skipped = {
        each.reason for each in derive(base(spec)).skipped if (each.alert, each.kind) == ("Band", "guard")
    }
    assert [each.startswith(reason) for each in skipped] == [True]


@pytest.mark.minutes(1)
def test_every_mutant_is_noticed(promtool: Path, tmp_path: Path) -> None:
    """Promtool agrees with all cases; a guard that is left out, turned round or moved is noticed."""
    (tmp_path / "shop.yaml").write_text(SPEC, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--mutate", "--spec", "shop.yaml", env=with_promtool(promtool))
    assert run.status == 0, run.out + run.err
    assert " 0 survived" in run.err
