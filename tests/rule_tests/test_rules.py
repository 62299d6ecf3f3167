"""How the rules of a file depend on each other, by the series in their expressions."""

from __future__ import annotations

from tests.signals.judge import judged
from victor_monitoring.promql.rules import Rule, RuleFile, RuleGroup

LOAD = Rule("record", "load", judged("max by (busy) (x)"))
BUSY = Rule("record", "busy", judged("load / clamp(y, 0, 1)"), labels=(("part", "load"),))
HOT = Rule("alert", "Hot", judged("busy > 1 and on (busy) z"))
COLD = Rule("alert", "Cold", judged("load < 1"))
FILE = RuleFile((RuleGroup("one", 15_000, (LOAD, COLD)), RuleGroup("two", 15_000, (BUSY, HOT))))


def test_a_case_needs_the_rules_that_its_alerts_are_computed_from() -> None:
    """Recordings of recordings are included, groups without a needed rule are not."""
    assert FILE.needed_by(["Cold"]).groups == (RuleGroup("one", 15_000, (LOAD, COLD)),)
    assert FILE.needed_by(["Hot"]).groups == (RuleGroup("one", 15_000, (LOAD,)), FILE.groups[1])
    assert FILE.needed_by([], ["load"]).rules == (LOAD,)


def test_the_alerts_on_a_recording_are_found_through_other_recordings() -> None:
    """A label or a function that is named like a recording is no use of it."""
    assert FILE.alerts_reading(LOAD) == ["Cold", "Hot"]
    assert FILE.alerts_reading(BUSY) == ["Hot"]
    assert FILE.alerts_reading(COLD) == ["Cold"]
    group = RuleGroup("one", 15_000, (BUSY, Rule("alert", "Odd", judged("max by (busy) (x) > 1"))))
    assert RuleFile((group,)).alerts_reading(BUSY) == []


def test_a_recording_is_named_with_its_labels() -> None:
    """Several recordings of one name differ in the labels that they add."""
    assert [str(rule) for rule in FILE.rules] == ["load", "Cold", "busy{part=load}", "Hot"]


def test_a_group_follows_those_that_it_reads() -> None:
    """A group follows the groups whose recorded series it reads, except in a cycle."""
    rules = {
        "alerts": Rule("alert", "A", judged("job:a:rate > job:b:rate")),
        "b": Rule("record", "job:b:rate", judged("sum(job:a:rate)")),
        "a": Rule("record", "job:a:rate", judged("sum(rate(a[5m]))")),
        "x": Rule("record", "x", judged("y")),
        "y": Rule("record", "y", judged("x")),
    }
    found = RuleFile(tuple(RuleGroup(name, 1000, (rule,)) for name, rule in rules.items()))
    assert [each.name for each in found.in_order()] == ["a", "b", "alerts", "y", "x"]
