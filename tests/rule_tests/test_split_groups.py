"""Groups with more rules than a ruler accepts: split where a context renders them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.small_spec import compiled, diagnosed
from tests.signals.judge import judged
from victor_monitoring.app.pipeline import Compiled
from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.rules import Rule, RuleFile, RuleGroup
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases

BODY = """\
components:
  till:
    metrics:
      shop_calls_total: {type: counter, help: Calls., labels: {code: [ok, bad]}}
signals:
  bad: {title: Bad, unit: ratio, ratio: {of: 'shop_calls_total{code="bad"}', over: shop_calls_total}}
  calls: {title: Calls, unit: per_second, rate: {of: shop_calls_total}}
SIGNALS
groups: {web: {evaluate_every: 1m}}
alerts:
  web:
ALERTS
contexts:
  cloud: {labels: {place: cloud}, targets: [ruler: {url: "https://mimir", LIMIT}]}
  local: {labels: {place: local}}
"""


def record(name: str, expr: str = "sum(x)") -> Rule:
    return Rule("record", name, judged(expr))


def alert(name: str, expr: str) -> Rule:
    return Rule("alert", name, judged(expr))


def split(rules: list[Rule], most: int) -> list[list[str]]:
    """Return the names of the rules of each part."""
    return [[rule.name for rule in part] for part in RuleGroup("web", None, tuple(rules)).split(most)]


def pairs(count: int) -> list[Rule]:
    """Return recordings, each followed by the alert that reads it."""
    numbers = range(count)
    return [rule for n in numbers for rule in (record(f"r{n}"), alert(f"A{n}", f"r{n} > 1"))]


def spec(count: int, limit: str = "tenant: a") -> Compiled:
    """Return a spec whose group has two rules for each of `count` alerts."""
    signals = (
        f"  calls{n}: {{title: C{n}, unit: per_second, window: {6 + n}m, rate: {{of: shop_calls_total}}}}"
        for n in range(count)
    )
    alerts = (
        f'    Many{n}: {{signal: calls{n}, when: "> 5/s", for: 4m, severity: warning, summary: "{{value}}"}}'
        for n in range(count)
    )
    parts = {"SIGNALS": signals, "ALERTS": alerts}
    text = BODY.replace("LIMIT", limit)
    for name, lines in parts.items():
        text = text.replace(name, "\n".join(lines))
    found = compiled(text)
    assert not found.has_errors, found.diagnostics
    return found


def sizes(found: Compiled, context: str) -> dict[str, int]:
    """Return the number of rules in each rendered group of a context."""
    return {group.name: len(group.rules) for group in rule_file(found.contexts[context]).groups}


@pytest.mark.parametrize(
    ("rules", "most", "expected"),
    [
        (pairs(2), 4, [["r0", "A0", "r1", "A1"]]),
        (pairs(2), 3, [["r0", "A0"], ["r1", "A1"]]),
        (pairs(2), 1, [["r0"], ["A0"], ["r1"], ["A1"]]),
        (
            [record("r"), alert("A", "r > 1"), alert("B", "r > 2"), alert("C", "y > 1")],
            3,
            [["r", "A", "B"], ["C"]],
        ),
        (
            [
                record("r"),
                alert("A", "r > 1"),
                record("s", "sum(r)"),
                alert("B", "s > 1"),
                alert("C", "r > 1"),
            ],
            3,
            [["r", "s", "A"], ["B", "C"]],
        ),
        (
            [alert("A", "y > 1"), record("r"), alert("B", "r > 1"), alert("C", "y > 2")],
            2,
            [["A"], ["r", "B"], ["C"]],
        ),
        ([record("loss"), record("loss"), alert("A", "loss > 1")], 3, [["loss", "loss", "A"]]),
        ([record("a"), record("b"), alert("A", "a > b")], 2, [["a", "b"], ["A"]]),
    ],
    ids=["fits", "pairs", "one", "shared", "larger than a part", "order", "one name", "two read"],
)
def test_a_part_reads_no_recording_of_a_later_one(
    rules: list[Rule], most: int, expected: list[list[str]]
) -> None:
    """Rules that depend on each other stay together; where they do not fit, recordings come first."""
    assert split(rules, most) == expected


@pytest.mark.parametrize(("count", "parts"), [(20, [20]), (21, [20, 1]), (41, [20, 20, 1])])
def test_independent_rules_fill_each_part(count: int, parts: list[int]) -> None:
    """20 rules are one group at a limit of 20, 21 are two, and 41 three."""
    assert [len(each) for each in split([alert(f"A{n}", "x > 1") for n in range(count)], 20)] == parts


def test_a_part_takes_no_name_of_another_group() -> None:
    """A part is numbered past the names that the file has, and keeps interval and limit."""
    rules = tuple(alert(f"A{n}", "x > 1") for n in range(3))
    found = RuleFile((RuleGroup("web", 60_000, rules, 7), RuleGroup("web-2", None, rules[:1]))).split(1)
    assert [(group.name, group.interval, group.limit) for group in found.groups] == [
        ("web", 60_000, 7),
        ("web-3", 60_000, 7),
        ("web-4", 60_000, 7),
        ("web-2", None, None),
    ]


def test_the_context_of_a_ruler_has_groups_that_mimir_takes() -> None:
    """By default at most 20 rules; other contexts and base have whole groups."""
    found = spec(11)
    assert sizes(found, "cloud") == {"web": 20, "web-2": 2, "shop_meta": 3}
    assert sizes(found, "local") == {"web": 22, "shop_meta": 3}
    assert found.base is not None
    assert rule_file(found.base).names == ["web", "shop_meta"]


@pytest.mark.parametrize(
    ("limit", "parts"), [("max_rules_per_group: 22", 1), ("max_rules_per_group: null", 1), ("tenant: a", 2)]
)
def test_the_limit_is_that_of_the_target(limit: str, parts: int) -> None:
    """`max_rules_per_group` sets the limit, and null means none."""
    assert len([name for name in sizes(spec(11, limit), "cloud") if name.startswith("web")]) == parts


def test_a_limit_of_zero_is_a_mistake() -> None:
    """The limit is at least 1."""
    text = BODY.replace("SIGNALS\n", "").replace(
        "ALERTS\n", '    A: {signal: bad, when: "> 5%", severity: null}\n'
    )
    found = diagnosed(text.replace("LIMIT", "max_rules_per_group: 0"))
    assert [line for line in found if "VM042" in line] == [
        "15:96 VM042 `max_rules_per_group` is too small; write a number above 0"
    ]


def test_a_recording_in_another_part_adds_an_interval_to_the_detection() -> None:
    """With one rule in a group, each alert reads its signal from another group."""
    for limit, words in (
        ("tenant: a", "scrape 15s, window 6m, evaluation 1m, for 4m, group wait 30s"),
        (
            "max_rules_per_group: 1",
            "scrape 15s, window 6m, recording 1m, evaluation 1m, for 4m, group wait 30s",
        ),
    ):
        cloud = spec(2, limit).contexts["cloud"]
        assert detection(cloud, cloud.alerts[0]).words() == words


@pytest.mark.parametrize("limit", ["tenant: a", "max_rules_per_group: 1"])
def test_every_case_passes_on_split_groups(limit: str, promtool: Path) -> None:
    """The derived cases hold for the parts in their order."""
    cloud = spec(11, limit).contexts["cloud"]
    derived = derive(cloud)
    assert len(derived.cases) > 100
    results = run_cases(Promtool.at(promtool), derived.cases, rule_file(cloud), lambda count: None)
    assert [(each.case.name, each.failure) for each in results if not each.passed] == []
