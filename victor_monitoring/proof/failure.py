"""What a failed case means, in words, at the line of the spec that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from victor_monitoring.cases.case import Case, Expectation
from victor_monitoring.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.proof.promtool import Verdict
from victor_monitoring.signals.duration import duration_text, parse_duration
from victor_monitoring.spec.tree import MapNode, span_at

FAILED_CASE: Final = Pattern(
    "VM701",
    "failed-case",
    Severity.ERROR,
    """A rule does not do what the spec says, by a case that is derived from the spec.

The case is run by promtool on the rules as they are rendered. Either the rules were not made by this
version of victor-mon, or victor-mon has a defect: please report it with the spec.""",
)

_TIMED = re.compile(r'(?:alertname: (?P<alert>\S+)|expr: "(?P<expr>.*)"), time: (?P<time>\w+),')
_UNEVALUATED = re.compile(r"rule: (?P<rule>\S+), time: (?P<time>\w+), err: (?P<error>.*)")
_LABELS = re.compile(r"Labels:(\{.*\})")
_NOTHING = ("[]", "nil")


def diagnostics(verdict: Verdict, tree: MapNode) -> Iterator[Diagnostic]:
    """What went wrong, one finding for each case, with every moment at which it did."""
    case = verdict.case
    path = (*case.path, "when") if case.path[0] == "alerts" else case.path
    moments = list(dict.fromkeys((*_errors(verdict.said), *_moments(case, verdict.said))))
    moments = moments or [verdict.said.splitlines()[0]]
    yield FAILED_CASE.at(
        span_at(tree, path, key=True),
        f"`{case.alert}` fails in the case `{case.kind}` ({case.about}): {'; '.join(moments)}",
        "render the rules anew with `victor-mon generate`; if it stays, the compiler is wrong",
    )


def _errors(said: str) -> Iterator[str]:
    """Each evaluation that Prometheus refuses, in its own words."""
    for match in _UNEVALUATED.finditer(said):
        at = duration_text(parse_duration(match["time"]))
        yield f"at {at} Prometheus cannot evaluate `{match['rule']}`: {match['error']}"


def _moments(case: Case, said: str) -> Iterator[str]:
    """Each moment at which something else was seen, and what."""
    found = list(_TIMED.finditer(said))
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(said)
        got = said[match.start() : end].partition("got:")[2].strip()
        at, expr = parse_duration(match["time"]), match["expr"]
        if expr is None or expr.startswith("ALERTS{"):
            expected = next(each for each in case.expectations if each.at == at and _is_about(each, match))
            yield f"at {duration_text(at)} {_difference(expected, got)}"
        else:
            yield f"at {duration_text(at)} {_recording(case, expr)}"


def _is_about(expectation: Expectation, match: re.Match[str]) -> bool:
    name = expectation.alert
    return match["alert"] == name or f'alertname=\\"{name}\\"' in (match["expr"] or "")


def _difference(expected: Expectation, got: str) -> str:
    name, wanted = expected.alert, len(expected.firing)
    fired = 0 if got in _NOTHING else len(_LABELS.findall(got)) or 1
    if not wanted:
        return f"`{name}` fires and should be silent"
    summary = expected.firing[0].annotations.get("summary")
    words = f": {summary}" if summary else ""
    if not fired:
        return f"`{name}` is silent and should fire{words}"
    if fired != wanted:
        return f"`{name}` fires {fired} times and should fire {wanted} times"
    return f"`{name}` fires, and says something else than it should{words}"


def _recording(case: Case, expr: str) -> str:
    others = next((each for each in case.unrecorded if f'{each.label}=\\"{each.value}\\"' in expr), None)
    record = next(name for name in sorted(case.records, key=len, reverse=True) if name in expr)
    if others is not None:
        return f"`{record}` is recorded of targets whose {others.label} is another"
    return f"`{record}` is not recorded, or not with the value that it should have"
