"""Failed and skipped cases as diagnostics, at the line of the spec that they are about."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.language.syntax.tree import MapNode, span_at
from victor_monitoring.promql.duration import duration_text, parse_duration
from victor_monitoring.rule_tests.case import Case, CasePart, Recorded, Unrecorded
from victor_monitoring.rule_tests.derive import SkippedCase
from victor_monitoring.rule_tests.failing_templates import FailingTemplate
from victor_monitoring.rule_tests.promtool import CaseResult
from victor_monitoring.rule_tests.test_file import queries
from victor_monitoring.signals.synthesis import has_synthesis

FAILED_CASE: Final = Pattern(
    "VM701",
    "failed-case",
    Severity.ERROR,
    """A rule does not behave as the spec says, in a case that is derived from the spec.

promtool runs the case on the rendered rules, or the signal's own expression rules out what the case requires.
Either another version of victor-mon rendered the rules, or victor-mon has a defect: please report it with the
spec.""",
)

_TIMED = re.compile(r'(?:alertname: (?P<alert>.+?)|expr: "(?P<expr>.*)"), time: (?P<time>\w+),')
_UNEVALUATED = re.compile(r"rule: (?P<rule>\S+), time: (?P<time>\w+), err: (?P<error>.*)")
_LABELS = re.compile(r"Labels:(\{.*\})")
_NOTHING = ("[]", "nil")


def diagnostics(verdict: CaseResult, tree: MapNode) -> Iterator[Diagnostic]:
    """Yield one diagnostic for a failed case, with every evaluation at which it failed."""
    case = verdict.case
    path = (*case.path, "when") if case.path[0] == "alerts" else case.path
    moments = list(dict.fromkeys((*_errors(verdict.failure), *_moments(case, verdict.failure))))
    moments = moments or [verdict.failure.splitlines()[0]]
    yield FAILED_CASE.at(
        span_at(tree, path, key=True),
        f"`{case.alert}` fails in the case `{case.kind}` ({case.about}): {'; '.join(moments)}",
        "render the rules again with `victor-mon generate`; if it still fails, the compiler is wrong",
    )


def _errors(failure: str) -> Iterator[str]:
    """Yield each evaluation that failed, with Prometheus' own error message."""
    for match in _UNEVALUATED.finditer(failure):
        at = duration_text(parse_duration(match["time"]))
        yield f"at {at} Prometheus cannot evaluate `{match['rule']}`: {match['error']}"


def _moments(case: Case, failure: str) -> Iterator[str]:
    """Yield each evaluation with an unexpected result, and the difference."""
    found = list(_TIMED.finditer(failure))
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(failure)
        got = failure[match.start() : end].partition("got:")[2].strip()
        at, alert = parse_duration(match["time"]), match["alert"]
        parts: list[CasePart] = [each for each in case.expectations if each.alertname == alert]
        if alert is None:
            expr = json.loads(f'"{match["expr"]}"')
            parts = [each for each, query in queries(case) if query["expr"] == expr]
        expected = next(each for each in parts if each.at == at)
        yield f"at {duration_text(at)} {_difference(expected, got)}"


def _difference(expected: CasePart, got: str) -> str:
    if isinstance(expected, Unrecorded):
        return f"`{expected.record}` is recorded for targets with another {expected.label}"
    if isinstance(expected, Recorded):
        return f"`{expected.record}` is not recorded, or not with the expected value"
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
    return f"`{name}` fires with other labels or annotations than it should{words}"


MISSING_CASE = Pattern(
    "VM702",
    "missing-case",
    Severity.WARNING,
    """A kind of case applies to an alert, and no series can be made for it.

The behaviour that this kind of case tests stays untested for the alert. Causes are a threshold at the very
edge of the signal's range, and a guard whose condition is always met.""",
)


UNPROVEN_ALERT: Final = Pattern(
    "VM704",
    "unproven-alert",
    Severity.WARNING,
    """No cases can be derived for an alert: its signal or one of its labels cannot be computed.

No series are known that bring raw expressions to a level, nor scores and guards that read one. A template in
a label is not computed if it needs a Prometheus, such as for a query, or if it reads `$value` and the alert
has `for` or `keep_firing_for`. The rule is rendered, and nothing shows that it can fire.

Bad: `expr: sum by (job) (rate(shop_calls_total[5m]))`. Good: `rate: {of: shop_calls_total}`.""",
)


def unproven_alert(alert: Alert, reason: str, tree: MapNode) -> Diagnostic:
    """Return the diagnostic for an alert that has no cases."""
    message = f"no case makes `{alert.id}` fire: {reason}"
    if all(map(has_synthesis, alert.signals)):
        hint = "write a label that follows from others, such as `{{ $labels.NAME }}`, or try the rule by hand"
    else:
        hint = "use another kind of signal if one says the same, and try the rule by hand if none does"
    return UNPROVEN_ALERT.at(span_at(tree, alert.path, key=True), message, hint)


FAILING_TEMPLATE: Final = Pattern(
    "VM705",
    "failing-template",
    Severity.ERROR,
    """Templates in labels or annotations of an alert fail when Prometheus expands them.

Prometheus loads the rule, and shows the error in place of the text. promtool expands each template with
labels and values that the alert may have; templates that query Prometheus, or read its address, are not
tried.

Bad: `{{ humanizeDuration $labels.tool }}`. Good: `{{ humanizeDuration $value }}`.""",
)


def failing_template(failing: FailingTemplate, tree: MapNode) -> Diagnostic:
    """Return the diagnostic for a template that fails."""
    *_, key, name = failing.path
    place = f"`{failing.place}` in " if failing.place else ""
    message = (
        f"{place}the {str(key).removesuffix('s')} `{name}` of `{failing.alert.id}` fails: {failing.reason}"
    )
    hint = "print the value as it is, or test it by `if`; Prometheus shows the error in place of the text"
    return FAILING_TEMPLATE.at(span_at(tree, failing.path), message, hint)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The number of cases, by alert and by kind, and of those that failed."""

    by_alert: Mapping[str, Mapping[str, int]]
    by_kind: Mapping[str, int]
    failed: int

    @property
    def count(self) -> int:
        """The number of all cases."""
        return sum(self.by_kind.values())


def coverage(verdicts: Sequence[CaseResult]) -> Coverage:
    """Return the coverage of the cases that were run."""
    by_alert: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        by_alert.setdefault(verdict.case.alert, Counter())[verdict.case.kind] += 1
    by_kind = sum(by_alert.values(), Counter())
    return Coverage(by_alert, by_kind, sum(not verdict.passed for verdict in verdicts))


def skipped_case(skipped: SkippedCase, tree: MapNode) -> Diagnostic:
    """Return the diagnostic for a kind of case that an alert has no case of."""
    place = span_at(tree, skipped.path, key=True)
    if skipped.is_wrong:
        message = f"`{skipped.alert}` fails in a case of the kind `{skipped.kind}`: {skipped.reason}"
        return FAILED_CASE.at(place, message, "please report it with the spec: the compiler is wrong")
    message = f"`{skipped.alert}` has no case of the kind `{skipped.kind}`: {skipped.reason}"
    return MISSING_CASE.at(
        place, message, "move the threshold or the guard, or shorten the alert's durations"
    )


def table(found: Coverage) -> Iterator[str]:
    """Yield the coverage as lines of text: one for each alert, and one for all of them."""
    width = max(map(len, found.by_alert), default=0)
    for alert, kinds in found.by_alert.items():
        counts = ", ".join(kind if count == 1 else f"{kind} {count}" for kind, count in kinds.items())
        yield f"{alert:<{width}}  {sum(kinds.values()):>4}  {counts}"
    counts = ", ".join(f"{kind} {count}" for kind, count in found.by_kind.items())
    yield f"{'all':<{width}}  {found.count:>4}  {counts}"
