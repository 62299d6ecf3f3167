"""The rules compared with the alert table in `alerts.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import promql_parser

from tests.rules.rendered import Place, Rule, alerts, resolved

TABLE = Path(__file__).with_name("alerts.md")
BASE = Place("performance", None)
HEADING = re.compile(r"## .+ \(`(?P<group>\w+)`\)")
ROW = re.compile(r"\| `(?P<alert>\w+)` \| (?P<severity>\w+) \| (?P<threshold>.+) \| (?P<duration>\w+) \|")
THRESHOLD = re.compile(r"\w+ (?P<op>[<>]) (?P<number>[\d.]+)(?P<unit>\D*)")
FACTORS = {
    "": Fraction(1), "%": Fraction(1, 100), "/s": Fraction(1), "s": Fraction(1), "ms": Fraction(1, 1000),
    "GB": Fraction(2**30),
}  # fmt: skip


class Row(NamedTuple):
    """An alert: its group, its name, its severity and its condition."""

    group: str
    alert: str
    severity: str
    op: str
    threshold: float
    duration: str


def table() -> Iterator[Row]:
    group = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if heading := HEADING.fullmatch(line):
            group = heading["group"]
        elif row := ROW.fullmatch(line):
            op, threshold = condition(row["threshold"])
            yield Row(group, row["alert"], row["severity"], op, threshold, row["duration"])


def condition(text: str) -> tuple[str, float]:
    """Return the operator and the threshold in base units: `any unhealthy` is `> 0`."""
    if text.startswith("any "):
        return ">", 0.0
    match = THRESHOLD.fullmatch(text)
    assert match, text
    return match["op"], float(Fraction(match["number"]) * FACTORS[match["unit"]])


def row_of(rule: Rule) -> Row:
    tree = rule.tree
    assert isinstance(tree, promql_parser.BinaryExpr)
    assert isinstance(tree.rhs, promql_parser.NumberLiteral)
    data = rule.data
    return Row(
        rule.group, data["alert"], data["labels"]["severity"], str(tree.op), tree.rhs.val, data.get("for", "")
    )


def test_rules_equal_the_table() -> None:
    """Group, name, severity, threshold and duration of every alert are those of the table, in its order."""
    meta = resolved(BASE).meta
    assert meta is not None
    rendered = [row_of(rule) for rule in alerts(BASE) if rule.group != meta.group]
    assert rendered == list(table())


def test_table_is_read_completely() -> None:
    """The table has 23 alerts in 6 groups, so that a row in another format does not go unnoticed."""
    rows = list(table())
    assert len(rows) == len({row.alert for row in rows}) == 23
    assert len({row.group for row in rows}) == 6
