"""Expansion of templates with the labels and the value of an alert, without a Prometheus."""

from __future__ import annotations

import itertools
from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from victor_monitoring.promql.cursor import MOST_NESTED
from victor_monitoring.promql.prometheus_version import NEWEST
from victor_monitoring.signals.go_template.calls import called, is_true
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.printing import NotExpandedError, Value, printed
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.go_template.tree import (
    Action,
    Branch,
    Command,
    Dot,
    Field,
    Function,
    GoTemplate,
    Inclusion,
    Literal,
    Node,
    Operand,
    Pipe,
    Text,
    Variable,
)

_Scope: TypeAlias = ChainMap[str, "Value | Data"]


class Data:
    """The data of a template: the labels of an alert, and its value unless it is None."""

    def __init__(self, labels: Mapping[str, str], value: float | None) -> None:
        known: dict[str, Value] = {} if value is None else {"Value": float(value)}
        self.fields: Final[Mapping[str, Value]] = {"Labels": labels, **known}


class _Jumped(Exception):
    """A `break` or `continue`."""


def expanded(template: GoTemplate, labels: Mapping[str, str], value: float | None) -> str:
    """Return the text that Prometheus makes of a template.

    Raise NotExpandedError if it depends on more than labels and value, such as a query or a value that is
    None, or if it fails.
    """
    data = Data(labels, value)
    expansion = _Expansion(template)
    variables = {f"${name.lower()}": found for name, found in data.fields.items()}
    expansion.nodes(template.nodes, data, ChainMap({"$": data, **variables}))
    return "".join(expansion.texts)


def expanded_text(text: str, labels: Mapping[str, str], value: float) -> str:
    """Return the text that Prometheus makes of a label or an annotation; as written if it is unknown."""
    if "{{" not in text:
        return text
    try:
        return expanded(read(text, NEWEST), labels, value)
    except (GoTemplateError, NotExpandedError):
        return text


class _Expansion:
    def __init__(self, template: GoTemplate) -> None:
        self.texts: list[str] = []
        self._definitions = template.definitions
        self._depth = 0

    def nodes(self, nodes: Iterable[Node], dot: Value | Data, scope: _Scope) -> None:
        """Expand nodes whose `.` is `dot`; variables that they declare are added to the scope."""
        for node in nodes:
            if isinstance(node, Text):
                self.texts.append(node.text)
            elif isinstance(node, Action):
                found = self._pipe(node.pipe, dot, scope)
                if not node.pipe.declares:
                    self.texts.append(printed(_value(found)))
            elif isinstance(node, Branch):
                self._branch(node, dot, scope.new_child())
            elif isinstance(node, Inclusion):
                self._include(node, None if node.pipe is None else self._pipe(node.pipe, dot, scope))
            else:
                raise _Jumped(node.keyword)

    def _branch(self, branch: Branch, dot: Value | Data, scope: _Scope) -> None:
        found = self._pipe(branch.pipe, dot, scope)
        if branch.keyword == "range" and isinstance(found, Mapping):
            self._range(branch, found, scope)
        elif branch.keyword == "range":
            raise NotExpandedError
        elif isinstance(found, Data) or is_true(found):
            self.nodes(branch.body, found if branch.keyword == "with" else dot, scope)
        if not isinstance(found, Data) and not is_true(found):
            self.nodes(branch.otherwise, dot, scope)

    def _range(self, branch: Branch, labels: Mapping[str, str], scope: _Scope) -> None:
        for name in sorted(labels):
            pair = (name, labels[name])[-len(branch.pipe.declares) :]
            inner = scope.new_child(dict(zip(branch.pipe.declares, pair, strict=False)))
            try:
                self.nodes(branch.body, labels[name], inner)
            except _Jumped as jumped:
                if str(jumped) == "break":
                    return

    def _include(self, node: Inclusion, data: Value | Data) -> None:
        self._depth += 1
        if node.name not in self._definitions or self._depth > MOST_NESTED // 3:
            raise NotExpandedError
        self.nodes(self._definitions[node.name], data, ChainMap({"$": data}))
        self._depth -= 1

    def _pipe(self, pipe: Pipe, dot: Value | Data, scope: _Scope) -> Value | Data:
        piped: list[Value | Data] = []
        for command in pipe.commands:
            piped = [self._command(command, dot, scope, piped)]
        for name in pipe.declares:
            if pipe.assigns and name not in scope:
                raise NotExpandedError
            place = next(each for each in scope.maps if name in each) if pipe.assigns else scope
            place[name] = piped[0]
        return piped[0]

    def _command(
        self, command: Command, dot: Value | Data, scope: _Scope, piped: list[Value | Data]
    ) -> Value | Data:
        first, *rest = command
        if not isinstance(first.base, Function):
            if rest or piped or (isinstance(first.base, Literal) and first.base.value is None):
                raise NotExpandedError
            return self._operand(first, dot, scope)
        if first.fields:
            raise NotExpandedError
        arguments = (self._operand(each, dot, scope) for each in rest)
        if first.base.name in ("and", "or"):
            return _first(itertools.chain(arguments, piped), first.base.name == "or")
        return called(first.base.name, [_value(each) for each in (*arguments, *piped)])

    def _operand(self, operand: Operand, dot: Value | Data, scope: _Scope) -> Value | Data:
        base = operand.base
        found: Value | Data
        match base:
            case Dot():
                found = dot
            case Variable():
                found = _variable(base, scope)
            case Pipe():
                found = self._pipe(base, dot, scope)
            case Function():
                found = called(base.name, [])
            case Literal():
                found = _constant(base)
        for field in operand.fields:
            found = _read(found, field)
        return found


def _first(values: Iterable[Value | Data], wanted: bool) -> Value | Data:
    """Return the first value that is as true as wanted, else the last one; compute none behind it."""
    found: list[Value | Data] = []
    for value in values:
        found = [value]
        if is_true(_value(value)) == wanted:
            break
    if not found:
        raise NotExpandedError
    return found[0]


def _variable(variable: Variable, scope: _Scope) -> Value | Data:
    if variable.name not in scope:  # such as that of a server's external labels
        raise NotExpandedError
    return scope[variable.name]


def _value(found: Value | Data) -> Value:
    if isinstance(found, Data):
        raise NotExpandedError
    return found


def _constant(literal: Literal) -> Value:
    value = literal.value
    if isinstance(value, complex) and not isinstance(value, float | int):
        raise NotExpandedError
    if isinstance(value, int) and value >= 2**63:
        raise NotExpandedError
    return value


def _read(found: Value | Data, field: Field) -> Value:
    if isinstance(found, Data) and field.name in found.fields:
        return found.fields[field.name]
    if isinstance(found, Mapping):
        return found.get(field.name, "")
    raise NotExpandedError
