"""The changes between two rules files, of which only one has a spec."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.rules.rendered import Place, artifacts, compiled, rule_files
from victor_monitoring.changes.documents import rule_changes

PLACE = Place("performance", None)
SPEC = compiled("performance").base
assert SPEC is not None
LIVE = next(document for path, document in rule_files(artifacts(PLACE)) if path.suffix == ".yaml")


def changed(name: str, **fields: Any) -> Any:
    """Return the rendered rules with fields of one rule replaced; without fields, the rule is removed."""
    document = yaml.safe_load(yaml.safe_dump(LIVE))
    for group in document["groups"]:
        for rule in list(group["rules"]):
            if name in (rule.get("alert"), rule.get("record")):
                rule.update(fields)
                if not fields:
                    group["rules"].remove(rule)
    return document


def rule(name: str) -> Any:
    """Return the rendered alert of that name."""
    return next(each for group in LIVE["groups"] for each in group["rules"] if each.get("alert") == name)


def described(before: Any, after: Any) -> list[str]:
    """Return each change as one line."""
    assert SPEC is not None
    return [each.words() for each in rule_changes(before, after, SPEC)]


def test_nothing() -> None:
    """Equal files have no changes."""
    assert described(LIVE, LIVE) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("HighCacheMissRate", "< 0.4", "< 0.3", "`< 40%` becomes `< 30%`: loosened"),
        ("HighCacheMissRate", "< 0.4", "< 0.455", "`< 40%` becomes `< 45.5%`: tightened"),
        ("HighMemoryUsage", "> 1073741824", "> 2147483648", "`> 1GiB` becomes `> 2GiB`: loosened"),
        ("HighThreadCount", "> 100", "> 50", "`> 100` becomes `> 50`: tightened"),
    ],
)
def test_a_threshold(name: str, old: str, new: str, words: str) -> None:
    """A threshold is described once, in the unit of the spec, in both directions, without the summary."""
    expr = rule(name)["expr"]
    assert old in expr
    live = changed(name, expr=expr.replace(old, new), annotations={"summary": "another"})
    assert described(LIVE, live) == [f"alert {name}: {words}"]
    back = words.split("`")
    turned = "tightened" if "loosened" in words else "loosened"
    assert described(live, LIVE) == [f"alert {name}: `{back[3]}` becomes `{back[1]}`: {turned}"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("1e400", "`> 1GiB` becomes `> infGiB`: loosened"),
        ("-1e400", "`> 1GiB` becomes `> -infGiB`: tightened"),
        ("1e99999999", "the expression differs"),
        ("9" * 5_000, "the expression differs"),
    ],
)
def test_a_threshold_beyond_numbers(number: str, words: str) -> None:
    """A huge number in a live file is described without long computation."""
    expr = rule("HighMemoryUsage")["expr"]
    after = changed("HighMemoryUsage", expr=f"{expr[: expr.rindex('>')]}> {number}")
    assert described(LIVE, after)[0].endswith(words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"for": "10m"}, "`for` of `5m` becomes `10m`: loosened"),
        ({"for": None}, "`for` of `5m` removed: tightened"),
        ({"keep_firing_for": "5m"}, "`keep_firing_for` of `5m` added: tightened"),
        ({"expr": "vector(1)"}, "the expression differs"),
        ({"annotations": {"summary": "x"}}, "the annotations differ"),
        ({"annotations": "x"}, "the annotations differ"),
    ],
)
def test_a_field(fields: dict[str, Any], words: str) -> None:
    """Each field has its own description, and its effect if it has one."""
    assert described(LIVE, changed("HighCacheMissRate", **fields)) == [f"alert HighCacheMissRate: {words}"]


def test_a_label() -> None:
    """Each label has a change of its own."""
    labels = {**rule("HighCacheMissRate")["labels"], "severity": "critical", "extra": "x"}
    assert described(LIVE, changed("HighCacheMissRate", labels=labels)) == [
        "alert HighCacheMissRate: the label `severity` `warning` becomes `critical`",
        "alert HighCacheMissRate: the label `extra` `x` added",
    ]


def test_a_rule_more_or_less() -> None:
    """A rule on one side only is added or removed; for alerts, this tightens or loosens."""
    without = changed("HighCacheMissRate")
    assert described(without, LIVE) == ["alert HighCacheMissRate: added: tightened"]
    assert described(LIVE, without) == ["alert HighCacheMissRate: removed: loosened"]


@pytest.mark.parametrize("document", [None, [], "x", {}, {"groups": 1}, {"groups": [1, {"rules": [1, {}]}]}])
def test_not_a_rules_file(document: Any) -> None:
    """Compared with any other content, every rule is added."""
    count = sum(len(group["rules"]) for group in LIVE["groups"])
    assert len(described(document, LIVE)) == count
