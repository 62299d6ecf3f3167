"""Rules written into a draft: each alert with its signal, of a kind where one renders the expression."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from typing import Final

from victor_monitoring.app.importing.alerts import alert_data, alert_key, plain_texts
from victor_monitoring.app.importing.conditions import condition, quantity
from victor_monitoring.app.importing.draft import Draft, keys_of
from victor_monitoring.app.importing.metrics import KnownMetrics, declarations, passing
from victor_monitoring.app.importing.read import FoundGroup, FoundRule, FoundRules
from victor_monitoring.app.importing.recognition import Recognised, recognised
from victor_monitoring.app.importing.spec_text import Block, Data, commented
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.inference.facts import SeriesFacts
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.inference.labels import ABSENT as NO_VALUES
from victor_monitoring.promql.inference.labels import NO_LABELS, Labels
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Binary, Expr, Vector, vectors
from victor_monitoring.promql.types import type_of
from victor_monitoring.signals.kinds.expr import RawExpression
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.quantity import ABSENT, PRESENT
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.units import COUNT, RATIO, UNITS, Unit

_BY_PROMETHEUS: Final = ("alertname", "alertstate")  # labels that every alert has
_WINDOW: Final = 300_000  # milliseconds: the default of the language


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
    writer = _Writer(
        made, {name: each.metric.name for name, each in series.items()}, [each for _, each in kept]
    )
    for each in records.values():
        writer.record(each)
    for group, each in kept:
        writer.alert(group, each)
    return made


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

    def __init__(self, made: Draft, families: Mapping[str, str], alerts: Collection[FoundRule]) -> None:
        self._made, self._families = made, families
        metrics = [each.metric for each in made.metrics.values()]
        self._selectable = {name: metric for each in metrics for name, metric in each.series().items()}
        self._facts = {name: facts for each in metrics for name, facts in each.facts().items()}
        self._names: dict[Expr, str] = {}
        self._exprs: dict[str, Expr] = {}
        self._recognised: set[str] = set()
        watched = [condition(each.rule.expr) for each in alerts]
        self._absent = {expr for expr, when, _ in watched if when == ABSENT}
        self._set = frozenset((*_BY_PROMETHEUS, *(label for each in alerts for label, _ in each.rule.labels)))
        self._units: dict[str, Unit] = {}

    def record(self, found: FoundRule) -> None:
        """Add the signal of a recording rule."""
        name, expr = self._free(_snake(found.rule.name)), found.rule.expr
        self._made.records[found.rule.name] = found
        self._names[Vector(found.rule.name)] = name
        self._add(name, found, expr, self._computed(expr))
        keys_of(self._made.signals[name])["record"] = found.rule.name
        values = inferred(expr, self._facts)
        labels = values.labels.unnamed()
        self._facts[found.rule.name] = SeriesFacts(labels.named, labels.open, values.dimension)
        self._made.signals[name] = commented(self._made.signals[name], found.comments)

    def alert(self, group: FoundGroup, found: FoundRule) -> None:
        """Add an alert and its signal."""
        expr, when, threshold = condition(found.rule.expr)
        if threshold is not None and self._is_moment(expr):  # which has no thresholds
            expr, when, threshold = found.rule.expr, PRESENT, None
        name = self._names.get(expr)
        if name is None:
            computed = self._computed(expr)
            wanted = None if computed is None else _metric_name(computed[1])
            is_free = wanted is not None and wanted not in self._made.signals
            name = self._names[expr] = self._free(wanted if wanted and is_free else _snake(found.rule.name))
            self._add(name, found, expr, computed)
        if threshold is not None:
            when = f"{when} {quantity(threshold, self._units[name])}"
        key = alert_key(found, self._made.rules)
        self._made.rules[key] = found
        texts = self._texts(found, name)
        data = alert_data(found, key=key, signal=name, when=when, texts=texts)
        self._made.alerts.setdefault(group.name, {})[key] = commented(data, found.comments)

    def _texts(self, found: FoundRule, signal: str) -> dict[str, str]:
        """Return the annotations that can be keys of the alert; the signal then promises their labels."""
        passed = self._promisable(self._exprs[signal])
        chosen = [
            each
            for each in plain_texts(found, self._units[signal])
            if all(passed[label] != NO_VALUES for label in each.labels)
        ]
        for label in dict.fromkeys(label for each in chosen for label in each.labels):
            self._promise(signal, label)
        return {each.key: each.text for each in chosen}

    def _promisable(self, expr: Expr) -> Labels:
        """Return the labels that a signal may promise, and all of its alerts leave as they are."""
        is_known = all(each.metric in self._facts for each in vectors(expr))
        if expr in self._absent or not is_known:
            return NO_LABELS
        passed = inferred(expr, self._facts).labels.without(self._set)
        reads_records = any(each.metric in self._made.records for each in vectors(expr))
        return passed.only(passed.possible) if reads_records else passed

    def _promise(self, signal: str, label: str) -> None:
        """Add a label to `by` of a signal, and to a metric from which the values have it."""
        data = keys_of(self._made.signals[signal])
        by = data.get("by", [])
        assert isinstance(by, list)
        if label in by:
            return
        rest = {key: each for key, each in data.items() if key not in ("unit", "by")}
        unit = data["unit"]
        data.clear()
        data.update(unit=unit, by=[*by, label], **rest)
        expr = self._exprs[signal]
        for vector in (
            vectors(expr) if signal in self._recognised else itertools.islice(passing(expr, label), 1)
        ):
            metric = self._families[vector.metric]
            if metric not in self._made.metrics:  # recorded by an imported rule
                continue
            self._made.metrics[metric] = self._made.metrics[metric].with_labels([label], are_guesses=True)

    def _computed(self, expr: Expr) -> tuple[Recognised, Signal] | None:
        """Return the kind that computes the expression of the metrics as declared, and a signal of it."""
        found = recognised(expr)
        if found is None:
            return None
        for name, types in found.types.items():
            vector = found.parameters[name]
            assert isinstance(vector, Vector)
            metric = self._selectable.get(vector.metric)
            if metric is None or metric.type.NAME not in types:
                return None
        kind = found.kind(**{key: self._parameter(value) for key, value in found.parameters.items()})
        unit = next(iter(kind.units() or ()), None)
        if unit is None:
            return None
        signal = Signal("", "", unit, kind, Select(), (), found.by, found.window or _WINDOW, 1000, "")
        return None if any(kind.faults(signal)) else (found, signal)

    def _add(
        self, name: str, found: FoundRule, expr: Expr, computed: tuple[Recognised, Signal] | None
    ) -> None:
        """Add the signal of an expression: of its kind, or of raw PromQL."""
        data: dict[str, Data]
        if computed is None:
            unit = self._unit(expr, found)
            data = {"unit": unit.name, RawExpression.NAME: _expression(expr, found)}
        else:
            kind, signal = computed
            unit = signal.unit
            by = {"by": list(kind.by)} if kind.by else {}
            window = {"window": duration_text(kind.window)} if kind.window not in (None, _WINDOW) else {}
            parameters: dict[str, Data] = {key: _written(value) for key, value in kind.parameters.items()}
            data = {"unit": unit.name, **by, **window, kind.kind.NAME: parameters}
            self._recognised.add(name)
        self._exprs[name], self._units[name] = expr, unit
        self._made.signals[name], self._made.origins[name] = data, found

    def _unit(self, expr: Expr, found: FoundRule) -> Unit:
        """Return a unit of the dimension that follows from the metrics: that in which texts print the value.

        Where they do not, shares that are compared with less than 1 are ratios, and others counts.
        """
        dimension = inferred(expr, self._facts).dimension
        is_known = dimension is not None and dimension.scale is not None
        fitting = [unit for unit in UNITS.values() if not is_known or unit.dimension == dimension]
        texts = [each for _, each in found.rule.annotations]
        printed = [unit for unit in fitting if any(unit.format.template() in each for each in texts)]
        if printed:
            return max(printed, key=lambda unit: len(unit.format.template()))
        _, _, threshold = condition(found.rule.expr)
        is_share = isinstance(expr, Binary) and expr.op == "/" and threshold is not None and 0 < threshold < 1
        if is_known and is_share and RATIO in fitting:
            return RATIO
        return COUNT if not fitting or COUNT in fitting else fitting[0]

    def _is_moment(self, expr: Expr) -> bool:
        dimension = inferred(expr, self._facts).dimension
        return dimension is not None and dimension.is_moment

    def _parameter(self, value: object) -> object:
        return (
            Selector(self._selectable[value.metric], value.matchers) if isinstance(value, Vector) else value
        )

    def _free(self, name: str) -> str:
        numbered = (f"{name}_{number}" for number in range(2, len(self._made.signals) + 3))
        return next(each for each in (name, *numbered) if each not in self._made.signals)


def _metric_name(signal: Signal) -> str | None:
    """Return the name of a signal after the one metric that it reads, and what it computes of it."""
    metrics = [each.selector.metric for each in signal.kind.readings()]
    if len(metrics) != 1:
        return None
    stem, operation = _snake(metrics[0].type.family(metrics[0].name)), signal.kind.operation(signal)
    return f"{stem}_{operation}" if operation else stem


def _written(value: object) -> Data:
    # All but selectors is as the spec writes it: a number, a word of the kind, or null.
    return text(value) if isinstance(value, Vector) else value  # type: ignore[return-value]


def _expression(expr: Expr, found: FoundRule) -> Data:
    """Return the expression on one line, or as it was written if that has several or is commented."""
    whole = found.text.strip() if expr is found.rule.expr else _part(expr, found)
    if "\n" not in whole:
        return text(expr)
    lines = "\n".join(line.rstrip() for line in whole.split("\n"))
    return Block(lines, None if "#" in whole else text(expr))


def _part(expr: Expr, found: FoundRule) -> str:
    """Return the text of a part of a rule's expression; empty if it cannot be cut out."""
    match found.rule.expr:
        case Binary(left=left, span=(end, _)) if left is expr:  # the span is that of the operator
            part = found.text[:end].strip()
        case _ if expr.span is not None and not isinstance(expr, Binary):
            part = found.text[slice(*expr.span)]
        case _:
            return ""
    try:
        return part if read(part, found.needs) == expr else ""
    except PromqlError:
        return ""


def _snake(name: str) -> str:
    """Return a name as that of a signal: lower-case words joined by underscores."""
    apart = re.sub(r"([a-z])(\d+)(?=[A-Z])", r"\1_\2", name)
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", apart)
    found = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "signal"
    return found if found[0].isalpha() else f"signal_{found}"
