"""The cases of a spec: for every alert, those of each kind that applies to it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from victor_monitoring.language.resolved.meta import META_ALERTS
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.rules import Rule, RuleFile
from victor_monitoring.rule_tests.annotations import UnknownLabelError, firing
from victor_monitoring.rule_tests.case import Case, Expectation, Recorded, Unrecorded
from victor_monitoring.rule_tests.case_template import CaseKind, CaseTemplate, case_kinds
from victor_monitoring.rule_tests.fixture import TOO_LONG, AlertFixture, is_too_long
from victor_monitoring.rule_tests.meta_cases import meta_cases
from victor_monitoring.rule_tests.oracle import FiringMoment, Oracle, states_of
from victor_monitoring.rule_tests.script import Script
from victor_monitoring.signals.signal import LabelPairs
from victor_monitoring.signals.synthesis import has_synthesis


@dataclass(frozen=True, slots=True)
class SkippedCase:
    """A kind of case that applies to an alert and could not be made, and the reason.

    It `is_wrong` if series could be made, and the alert does not go through the states that are required.
    """

    alert: str
    kind: str
    reason: str
    path: Path
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Cases:
    """All cases of a spec, alert by alert, and the skipped ones."""

    spec: Resolved
    cases: tuple[Case, ...]
    skipped: tuple[SkippedCase, ...]
    unproven: Mapping[Alert, str]  # the alerts of which no cases can be derived, each with the reason
    unknown: Mapping[str, frozenset[str]]  # by the id of an alert, the annotations that no case can expect

    def rules(self) -> RuleFile:
        """Return the rules on which the cases hold: without annotations that no case can expect."""
        groups = rule_file(self.spec).groups
        return RuleFile(tuple(replace(each, rules=tuple(map(self._rule, each.rules))) for each in groups))

    def _rule(self, rule: Rule) -> Rule:
        unknown = self.unknown.get(rule.id) if rule.kind == "alert" else None
        if not unknown:
            return rule
        return replace(rule, annotations=tuple(pair for pair in rule.annotations if pair[0] not in unknown))


_TOO_MANY: Final = "a rule would have more alerts or series than the limit of its group"


class _WrongBehaviour(Exception):
    """The oracle computes other states of the alert than the kind of case requires."""


def derive(spec: Resolved) -> Cases:
    """Return every case of the spec, in the order of its alerts; those of meta alerts come last."""
    found: list[Case] = []
    skipped: list[SkippedCase] = []
    unproven = _unproven(spec)
    for alert in spec.alerts:
        if alert not in unproven:
            try:
                own, rest = _cases(spec, alert, unproven)
            except UnknownLabelError as error:
                unproven[alert] = str(error)
            else:
                found += own
                skipped += rest
    found += meta_cases(spec)
    unknown = _unknown(found)
    found = [_expectable(case, unproven, unknown) for case in found]
    cases = []
    limits = _limits(spec)
    for case in found:
        if is_too_long(case.script, case.evaluate):
            skipped.append(SkippedCase(case.alert, case.kind, TOO_LONG, case.path))
        elif any(len(each.firing) > limits[each.alert] for each in case.expectations):
            skipped.append(SkippedCase(case.alert, case.kind, _TOO_MANY, case.path))
        else:
            cases.append(case)
    in_order = {alert: unproven[alert] for alert in spec.alerts if alert in unproven}
    return Cases(spec, tuple(cases), tuple(skipped), in_order, unknown)


def _cases(spec: Resolved, alert: Alert, unproven: Collection[Alert]) -> tuple[list[Case], list[SkippedCase]]:
    """Return the cases of an alert, and those that could not be made.

    Raise UnknownLabelError if there are none because no text of a label is known.
    """
    found: list[Case] = []
    skipped: list[SkippedCase] = []
    unknown: UnknownLabelError | None = None
    fixture = AlertFixture(spec, alert)
    for kind in case_kinds():
        try:
            if kind.applies(fixture):
                found += [_case(fixture, kind, template, unproven) for template in kind.templates(fixture)]
        except (ValueError, _WrongBehaviour) as error:
            unknown = error if isinstance(error, UnknownLabelError) else unknown
            is_wrong = isinstance(error, _WrongBehaviour)
            skipped.append(SkippedCase(alert.id, kind.name, str(error), alert.path, is_wrong))
    fires = any(each.firing for case in found for each in case.expectations if each.alert == alert.id)
    if unknown is not None and not fires:
        raise unknown
    return found, skipped


def _unknown(cases: Iterable[Case]) -> Mapping[str, frozenset[str]]:
    """Return the annotations whose texts are known in no expectation, by the ids of their alerts."""
    found: dict[str, frozenset[str]] = {}
    for case in cases:
        for expected in case.expectations:
            for each in expected.firing if expected.has_annotations else ():
                found[expected.alert] = found.get(expected.alert, each.unknown) & each.unknown
    return found


def _expectable(case: Case, unproven: Collection[Alert], unknown: Mapping[str, frozenset[str]]) -> Case:
    """Return the case without unproven alerts, and with annotations only where all in its rules are known."""
    ids = {alert.id for alert in unproven}
    expectations = []
    for expected in case.expectations:
        left_out = unknown.get(expected.alert, frozenset())
        firing = tuple(replace(each, unknown=each.unknown - left_out) for each in expected.firing)
        found = replace(expected, firing=firing)
        if expected.alert not in ids:
            expectations.append(replace(found, has_annotations=found.has_annotations and found.is_known))
    return replace(case, expectations=tuple(expectations))


def _unproven(spec: Resolved) -> dict[Alert, str]:
    """Return the alerts of which no cases can be derived, each with the reason."""
    alike: dict[str, list[Alert]] = {}
    for alert in spec.alerts:
        alike.setdefault(alert.name, []).append(alert)
    reasons = {alert: _unproven_reason(alert, alike[alert.name]) for alert in spec.alerts}
    return {alert: reason for alert, reason in reasons.items() if reason}


def _unproven_reason(alert: Alert, alike: Iterable[Alert]) -> str:
    """Return why no cases of the alert can be derived, given all of its name; empty if they can."""
    for signal in alert.signals:
        if not has_synthesis(signal):
            return f"no series are known that bring `{signal.name}` to a level"
    for other in alike:
        if other.id != alert.id and not _are_told_apart(alert, other):
            return f"its labels and those of `{other.id}`, of the same name, may be equal"
    return ""


def _are_told_apart(one: Alert, other: Alert) -> bool:
    """Return whether the labels without templates select the instances of one of two alerts."""
    if one.static_labels == one.labels and other.static_labels == other.labels:
        return True
    return all(
        any(
            dict(second.labels).get(label) != value and label not in _templated(second)
            for label, value in first
        )
        for first, second in ((one.static_labels, other), (other.static_labels, one))
    )


def _templated(alert: Alert) -> Set[str]:
    return dict(alert.labels).keys() - dict(alert.static_labels).keys()


def _limits(spec: Resolved) -> Mapping[str, float]:
    """Return the largest number of instances that each alert may have, by its id."""
    groups = {alert.id: alert.group for alert in spec.alerts}
    if spec.meta:
        groups |= dict.fromkeys(META_ALERTS, spec.meta.group)
    return {alert: spec.group(group).limit or math.inf for alert, group in groups.items()}


def _case(fixture: AlertFixture, kind: CaseKind, template: CaseTemplate, unproven: Collection[Alert]) -> Case:
    script = fixture.script(*template.phases)
    course = fixture.oracle.moments(script)
    _require_states(fixture.alert, template, course)
    _require_limit(fixture, script)
    others = [each for each in template.others if each[0] not in unproven]
    expectations = list(_expectations_at_changes(fixture, script, course))
    for alert, fires in others:
        with suppress(UnknownLabelError):
            expectations.append(_other_alert_expectation(fixture, alert, script, fires))
    namesakes = {each.id: each.static_labels for each, _ in others if each.name == fixture.alert.name}
    if namesakes:
        namesakes[fixture.alert.id] = fixture.alert.static_labels
        expectations = [each.by_labels(namesakes.get(each.alert, ())) for each in expectations]
    end = course_end(script, fixture.alert.evaluate)
    expectations += [Expectation(end, name, alerts) for name, alerts in template.meta_alerts]
    unrecorded = (
        Unrecorded(end, record, label, fixture.signal.select.outside[label])
        for label, records in template.unrecorded
        for record in records
    )
    return Case(
        kind.name,
        fixture.alert.id,
        template.about,
        fixture.alert.path,
        fixture.alert.evaluate,
        script,
        tuple(expectations),
        tuple(unrecorded),
        tuple(_recorded(fixture, script)) if template.records else (),
    )


def _recorded(fixture: AlertFixture, script: Script) -> Iterator[Recorded]:
    """Yield the recorded series at the last evaluation, where all versions of Prometheus agree."""
    select = fixture.signal.select.only(fixture.signal.labels)
    for record, values in fixture.recorded(script):
        yield Recorded(course_end(script, fixture.alert.evaluate), record, select, values)


def course_end(script: Script, every: int) -> int:
    """Return the time of the last evaluation of a script, in milliseconds."""
    return script.end // every * every


def _require_states(alert: Alert, template: CaseTemplate, course: list[FiringMoment | None]) -> None:
    """Raise _WrongBehaviour unless the alert goes through the states of the template.

    The series are made without the signal's expression, and the states computed by it: they check each other.
    """
    states, wanted = states_of(course), template.states
    if wanted is None or states == wanted or (not alert.pending and states == wanted[1:]):
        return
    words = ", then ".join("firing" if fires else "silent" for fires in states) or "uncertain"
    raise _WrongBehaviour(f"{template.about}, the alert would be {words}")


def _require_limit(fixture: AlertFixture, script: Script) -> None:
    """Raise ValueError if a rule of the alert would have more alerts or series than its group allows."""
    limit = fixture.spec.group(fixture.alert.group).limit
    if limit is not None:
        counts = (fixture.oracle.most(script), *(len(values) for _, values in fixture.recorded(script)))
        if max(counts) > limit:
            raise ValueError(_TOO_MANY)


def _expectations_at_changes(
    fixture: AlertFixture, script: Script, course: list[FiringMoment | None]
) -> Iterator[Expectation]:
    """Yield the expectations right before and after every change, and at the end.

    They are as near to a change as all versions of Prometheus agree. While the same alerts keep firing, their
    annotations are expected once, at the later evaluation only the labels.
    """
    for index, (keys, run) in enumerate(itertools.groupby(course, key=_keys)):
        if keys is None:
            continue
        agreed = [moment for moment in run if moment is not None]
        last = _expected(fixture, fixture.oracle, script, agreed[-1])
        if index and len(agreed) > 1:
            first = _expected(fixture, fixture.oracle, script, agreed[0])
            yield first
            is_repeated = bool(first.firing) and first.has_annotations and first.is_known
            last = replace(last, has_annotations=last.has_annotations and not is_repeated)
        yield last


def _keys(moment: FiringMoment | None) -> frozenset[LabelPairs] | None:
    return None if moment is None else frozenset(moment.firing)


def _expected(fixture: AlertFixture, oracle: Oracle, script: Script, moment: FiringMoment) -> Expectation:
    values = oracle.values(script, moment)
    has_annotations = None not in values.values()
    alert = oracle.alert
    alerts = (firing(alert, dict(key), values[key]) for key in sorted(values))
    return Expectation(moment.at, alert.id, tuple(alerts), has_annotations, alert.name)


def _other_alert_expectation(fixture: AlertFixture, alert: Alert, script: Script, fires: bool) -> Expectation:
    """Return the expectation about another alert on the same signal at the last evaluation.

    Raise ValueError unless it is firing, or silent, as `fires` says: a guard of its own may differ.
    """
    oracle = Oracle(alert, fixture.alert.evaluate, fixture.settling)
    last = oracle.moments(script)[-1]
    if last is None or bool(last.firing) != fires:
        raise ValueError(f"`{alert.id}` would be {'silent' if fires else 'firing'}")
    return _expected(fixture, oracle, script, last)
