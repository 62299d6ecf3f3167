"""What differs between two rules files of which only one has a spec."""

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
    """The rendered rules, with fields of one rule replaced; None removes the rule."""
    document = yaml.safe_load(yaml.safe_dump(LIVE))
    for group in document["groups"]:
        for rule in list(group["rules"]):
            if name in (rule.get("alert"), rule.get("record")):
                rule.update(fields)
                if not fields:
                    group["rules"].remove(rule)
    return document


def rule(name: str) -> Any:
    """The rendered rule of that name."""
    return next(each for group in LIVE["groups"] for each in group["rules"] if each.get("alert") == name)


def told(before: Any, after: Any) -> list[str]:
    """Each change in one line."""
    assert SPEC is not None
    return [each.words() for each in rule_changes(before, after, SPEC)]


def test_nothing() -> None:
    """Equal files differ in nothing."""
    assert told(LIVE, LIVE) == []


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
    """It is told once, in the unit of the spec, whichever side is the spec's; the summary differs too."""
    expr = rule(name)["expr"]
    assert old in expr
    live = changed(name, expr=expr.replace(old, new), annotations={"summary": "another"})
    assert told(LIVE, live) == [f"alert {name}: {words}"]
    back = words.split("`")
    turned = "tightened" if "loosened" in words else "loosened"
    assert told(live, LIVE) == [f"alert {name}: `{back[3]}` becomes `{back[1]}`: {turned}"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("1e400", "`> 1GiB` becomes `> infGiB`: loosened"),
        ("-1e400", "`> 1GiB` becomes `> -infGiB`: tightened"),
        ("1e99999999", "what it computes differs"),
        ("9" * 5_000, "what it computes differs"),
    ],
)
def test_a_threshold_beyond_numbers(number: str, words: str) -> None:
    """What somebody has written who does not mean well is told in no time."""
    expr = rule("HighMemoryUsage")["expr"]
    after = changed("HighMemoryUsage", expr=f"{expr[: expr.rindex('>')]}> {number}")
    assert told(LIVE, after)[0].endswith(words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"for": "10m"}, "a wait of `5m` becomes `10m`: loosened"),
        ({"for": None}, "a wait of `5m` removed: tightened"),
        ({"keep_firing_for": "5m"}, "firing on for `5m` added: tightened"),
        ({"expr": "vector(1)"}, "what it computes differs"),
        ({"annotations": {"summary": "x"}}, "what people are told differs"),
        ({"annotations": "x"}, "what people are told differs"),
    ],
)
def test_a_field(fields: dict[str, Any], words: str) -> None:
    """Each field has its own words, and its verdict where it has one."""
    assert told(LIVE, changed("HighCacheMissRate", **fields)) == [f"alert HighCacheMissRate: {words}"]


def test_a_label() -> None:
    """Labels differ one by one."""
    labels = {**rule("HighCacheMissRate")["labels"], "severity": "critical", "extra": "x"}
    assert told(LIVE, changed("HighCacheMissRate", labels=labels)) == [
        "alert HighCacheMissRate: the label `severity` `warning` becomes `critical`",
        "alert HighCacheMissRate: the label `extra` `x` added",
    ]


def test_a_rule_more_or_less() -> None:
    """A rule that only one side has is added or removed; of alerts that tightens or loosens."""
    without = changed("HighCacheMissRate")
    assert told(without, LIVE) == ["alert HighCacheMissRate: added: tightened"]
    assert told(LIVE, without) == ["alert HighCacheMissRate: removed: loosened"]


@pytest.mark.parametrize("document", [None, [], "x", {}, {"groups": 1}, {"groups": [1, {"rules": [1, {}]}]}])
def test_what_is_no_rules_file(document: Any) -> None:
    """Against anything else every rule is added."""
    count = sum(len(group["rules"]) for group in LIVE["groups"])
    assert len(told(document, LIVE)) == count
