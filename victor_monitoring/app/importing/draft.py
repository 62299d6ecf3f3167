"""The draft of a spec: its sections as plain data, and the rule that each alert and record is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from victor_monitoring.app.importing.metrics import Declaration, KnownMetrics, declarations
from victor_monitoring.app.importing.objects import RuleObjects
from victor_monitoring.app.importing.patterns import LEFT_OUT_RULE
from victor_monitoring.app.importing.read import FoundGroup, FoundRule, FoundRules
from victor_monitoring.app.importing.recognition import Recognised, recognised
from victor_monitoring.app.importing.spec_text import Block, Commented, Data, commented
from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.language.model.fields import SEVERITY_SHAPE
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Binary, Call, Expr, Number, Vector, vectors
from victor_monitoring.promql.types import type_of
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.quantity import ABSENT, OPERATORS, PRESENT, parse_quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.units import COUNT, UNITS, Unit

_WINDOW: Final = 300_000  # milliseconds: the default of the language
_MILD_TO_SEVERE: Final = (
    "none", "info", "notice", "low", "minor", "ticket", "warning", "moderate", "major", "high", "error",
    "critical", "page", "disaster", "emergency",
)  # fmt: skip


@dataclass
class Draft:
    """A spec in the making. `rules` are the rules of its alerts by id, `records` those of its records.

    `origins` are the rules that signals are made from. `objects` are those that the rules were read from,
    None if they are files. `left_out` counts the reasons of rules left out.
    """

    name: str
    groups: tuple[FoundGroup, ...]
    signals: dict[str, Data] = field(default_factory=dict)
    alerts: dict[str, dict[str, Data]] = field(default_factory=dict)
    metrics: dict[str, Declaration] = field(default_factory=dict)
    rules: dict[str, FoundRule] = field(default_factory=dict)
    records: dict[str, FoundRule] = field(default_factory=dict)
    origins: dict[str, FoundRule] = field(default_factory=dict)
    objects: RuleObjects | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def severities(self) -> list[str]:
        """The words for severities that the alerts have, from mild to severe as far as words show it."""
        found = dict.fromkeys(dict(each.rule.labels).get("severity", "") for each in self.rules.values())
        order = {word: place for place, word in enumerate(_MILD_TO_SEVERE)}
        words = [each for each in found if _is_word(each)]
        return sorted(words, key=lambda each: order.get(each.lower(), len(order)))

    @property
    def acknowledged(self) -> list[str]:
        """The alerts with an acknowledgement, of their own or of their signal."""
        return [
            key
            for alerts in self.alerts.values()
            for key, alert in alerts.items()
            if "ack" in _keys(alert) or "ack" in _keys(self.signals[str(_keys(alert)["signal"])])
        ]

    def leave_out(self, found: FoundRule, reason: str, hint: str) -> None:
        """Name a rule that is left out, and count its reason."""
        self.left_out[reason] += 1
        self.diagnostics.append(LEFT_OUT_RULE.at(found.place, f"`{found.rule.name}` {reason}", hint))

    def acknowledge(self, findings: Iterable[tuple[Pattern, Finding]]) -> None:
        """Accept the findings of checks as warnings about the rules, which had these mistakes before."""
        for pattern, finding in findings:
            match finding.path:
                case ("signals", str(key), *_):
                    node, found = self.signals[key], self.origins[key]
                case ("alerts", str(group), str(key), *_):
                    node, found = self.alerts[group][key], self.rules[key]
                case _:
                    continue
            acks = _keys(node).setdefault("ack", {})
            assert isinstance(acks, dict)
            acks[pattern.name] = _REASON
            accepted = replace(pattern, severity=Severity.WARNING)
            self.diagnostics.append(accepted.at(found.place, finding.message, finding.hint))


def draft(rules: FoundRules, name: str, known: KnownMetrics) -> Draft:
    """Return the draft of a spec with all rules that can be written in one."""
    made = Draft(name, rules.groups)
    records: dict[str, FoundRule] = {}
    for each in rules.of("record"):
        if reason := _obstacle(each, records):
            made.leave_out(each, reason, _ELSEWHERE)
        else:
            records[each.rule.name] = each
    kept = []
    for group in rules.groups:
        for each in group.rules:
            if each.rule.kind != "alert":
                continue
            if reason := _obstacle(each, {}):
                made.leave_out(each, reason, "write it by hand: name the metrics that it reads")
            else:
                kept.append((group, each))
    series = declarations([each.rule for each in (*(each for _, each in kept), *records.values())], known)
    made.metrics = {each.metric.name: each for name, each in series.items() if name not in records}
    writer = _Writer(made)
    for each in records.values():
        writer.record(each)
    for group, each in kept:
        writer.alert(group, each)
    return made


_REASON: Final = "imported as it was: look into it"
_ELSEWHERE: Final = "keep it in a rules file of its own, which Prometheus loads as well"


def _obstacle(found: FoundRule, records: Mapping[str, object]) -> str:
    """Return why a rule cannot be written in a spec; empty if it can."""
    if found.rule.kind == "record" and found.rule.labels:
        return "adds labels to what it records"
    if found.rule.kind == "record" and found.rule.name in found.rule.reads:
        return "reads the series that it records"
    if found.rule.name in records:
        return "is recorded by another rule, too"
    if any(not each.metric for each in vectors(found.rule.expr)):
        return "reads series without the name of a metric"
    return "" if type_of(found.rule.expr) == VECTOR else "is no instant vector"


class _Writer:
    """Writes rules into a draft; equal expressions become one signal."""

    def __init__(self, made: Draft) -> None:
        self._made, metrics = made, [each.metric for each in made.metrics.values()]
        self._selectable = {name: metric for each in metrics for name, metric in each.series().items()}
        self._facts = {name: facts for each in metrics for name, facts in each.facts().items()}
        self._names: dict[Expr, str] = {}
        self._units: dict[str, Unit] = {}

    def record(self, found: FoundRule) -> None:
        """Add the signal of a recording rule."""
        name = self._free(_snake(found.rule.name))
        self._made.records[found.rule.name] = found
        self._names[Vector(found.rule.name)] = name
        expr = found.rule.expr
        data = {**self._signal(expr, self._kind(expr), found, name), "record": found.rule.name}
        self._made.signals[name] = commented(data, found.comments)
        self._made.origins[name] = found

    def alert(self, group: FoundGroup, found: FoundRule) -> None:
        """Add an alert and its signal."""
        expr, when, threshold = _condition(found.rule.expr)
        name = self._names.get(expr)
        if name is None:
            kind = self._kind(expr)
            wanted = _metric_name(kind)
            is_free = wanted is not None and wanted not in self._made.signals
            name = self._free(wanted if wanted and is_free else _snake(found.rule.name))
            self._names[expr] = name
            self._made.signals[name] = self._signal(expr, kind, found, name)
            self._made.origins[name] = found
        if threshold is not None:
            when = f"{when} {quantity(threshold, self._units[name])}"
        key = self._key(found)
        self._made.rules[key] = found
        alerts = self._made.alerts.setdefault(group.name, {})
        alerts[key] = commented(_alert(found, key, name, when), found.comments)

    def _kind(self, expr: Expr) -> Recognised | None:
        """Return the kind that computes the expression of the metrics as they are declared."""
        found = recognised(expr)
        if found is None:
            return None
        for name, types in found.types.items():
            vector = found.parameters[name]
            assert isinstance(vector, Vector)
            metric = self._selectable.get(vector.metric)
            if metric is None or metric.type.NAME not in types:
                return None
        return found

    def _signal(self, expr: Expr, kind: Recognised | None, found: FoundRule, name: str) -> dict[str, Data]:
        if kind is not None:
            built = kind.kind(**{key: self._parameter(value) for key, value in kind.parameters.items()})
            units = built.units()
            if units and not any(
                built.faults(Signal(name, "", COUNT, built, Select(), (), (), _WINDOW, 1000, ""))
            ):
                self._units[name] = units[0]
                written: dict[str, Data] = {key: _written(value) for key, value in kind.parameters.items()}
                by = {"by": list(kind.by)} if kind.by else {}
                window = {"window": duration_text(kind.window)} if kind.window not in (None, _WINDOW) else {}
                return {"unit": units[0].name, **by, **window, kind.kind.NAME: written}
        dimension = inferred(expr, self._facts).dimension
        fitting = (
            []
            if dimension is None or dimension.scale is None
            else [unit for unit in UNITS.values() if unit.dimension == dimension and not unit.is_moment]
        )
        unit = self._units[name] = COUNT if not fitting or COUNT in fitting else fitting[0]
        return {"unit": unit.name, "expr": _expression(expr, found)}

    def _parameter(self, value: object) -> object:
        return (
            Selector(self._selectable[value.metric], value.matchers) if isinstance(value, Vector) else value
        )

    def _key(self, found: FoundRule) -> str:
        """Return a key for the alert: its name, or its name and severity, or with a number."""
        name = re.sub(r"[^a-zA-Z0-9_-]+", "-", found.rule.name).strip("-") or "alert"
        name = name if re.match(r"[a-zA-Z_]", name) else f"_{name}"
        severity = dict(found.rule.labels).get("severity", "")
        options: tuple[str, ...] = (name, *([f"{name}-{severity}"] if _is_word(severity) else ()))
        numbered = (f"{name}-{number}" for number in range(2, len(self._made.rules) + 3))
        return next(each for each in (*options, *numbered) if each not in self._made.rules)

    def _free(self, name: str) -> str:
        numbered = (f"{name}_{number}" for number in range(2, len(self._made.signals) + 3))
        return next(each for each in (name, *numbered) if each not in self._made.signals)


def _metric_name(kind: Recognised | None) -> str | None:
    """Return the name of a signal after the one metric that its kind reads."""
    metrics = [] if kind is None else [each for each in kind.parameters.values() if isinstance(each, Vector)]
    if kind is None or len(metrics) != 1:
        return None
    stem = _snake(metrics[0].metric.removesuffix("_total"))
    return stem if kind.kind is Value else f"{stem}_{kind.kind.NAME}"


def _condition(expr: Expr) -> tuple[Expr, str, Fraction | None]:
    """Return the watched expression, and the condition on it: an operator with a threshold, or a word."""
    match expr:
        case Call("absent", (inner,)) if type_of(inner) == VECTOR:
            return inner, ABSENT, None
        case Binary(op, left, Number(Fraction() as value), as_bool=False) if (
            op in OPERATORS and type_of(left) == VECTOR and _is_short(value)
        ):
            return left, op, value
    return expr, PRESENT, None


def _is_short(value: Fraction) -> bool:
    """Return whether the number has so few digits that a spec can have it."""
    try:
        parse_quantity(COUNT.quantity(value))
    except ValueError:
        return False
    return True


def quantity(value: Fraction, unit: Unit) -> str:
    """Return an amount in the largest unit in which it is a short number."""
    if unit.is_bare or value <= 0:
        return unit.quantity(value)
    sizes = sorted(dict(UNITS[unit.base].suffixes).items(), key=lambda pair: -pair[1])
    for suffix, size in sizes:
        count = value * unit.scale / size
        if count >= 1 and count.denominator == 1 and suffix not in ("us", "µs"):
            return f"{count.numerator}{suffix}"
    return unit.quantity(value)


def _written(value: object) -> Data:
    # All but selectors is as the spec writes it: a number, a word of the kind, or null.
    return text(value) if isinstance(value, Vector) else value  # type: ignore[return-value]


def _expression(expr: Expr, found: FoundRule) -> str:
    """Return the expression on one line, or as it was written if that has several."""
    whole = found.text.strip()
    if expr.span is not None and not isinstance(expr, Binary) and expr is not found.rule.expr:
        whole = found.text[slice(*expr.span)]
    elif expr is not found.rule.expr:
        return text(expr)
    return Block("\n".join(line.rstrip() for line in whole.split("\n"))) if "\n" in whole else text(expr)


def _alert(found: FoundRule, key: str, signal: str, when: str) -> dict[str, Data]:
    rule = found.rule
    labels, texts = dict(rule.labels), dict(rule.annotations)
    severity = labels.pop("severity", None) if _is_word(labels.get("severity", "")) else None
    own: dict[str, Data] = {
        name: texts.pop(name)
        for name in ("summary", "description")
        if texts.get(name) and not re.search(r"[{}]", texts[name]) and name not in found.blocks
    }
    runbook = texts.get("runbook_url", "")
    page: dict[str, Data] = {"runbook": texts.pop("runbook_url")} if runbook and "{{" not in runbook else {}
    rest: dict[str, Data] = {
        name: Block(value) if name in found.blocks and "\n" in value else value
        for name, value in texts.items()
    }
    return {
        **({"name": rule.name} if key != rule.name else {}),
        "signal": signal,
        "when": when,
        **({"for": duration_text(rule.pending)} if rule.pending else {}),
        **({"keep_firing_for": duration_text(rule.keep_firing)} if rule.keep_firing else {}),
        "severity": severity,
        **({"labels": dict(labels)} if labels else {}),
        **own,
        **({"annotations": rest} if rest else {}),
        **page,
    }


def _keys(node: Data) -> dict[str, Data]:
    """Return the keys of an alert or a signal."""
    data = node.data if isinstance(node, Commented) else node
    assert isinstance(data, dict)
    return data


def _is_word(severity: str) -> bool:
    return re.fullmatch(SEVERITY_SHAPE, severity) is not None


def _snake(name: str) -> str:
    """Return a name as that of a signal: lower-case words joined by underscores."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name)
    found = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "signal"
    return found if found[0].isalpha() else f"signal_{found}"
