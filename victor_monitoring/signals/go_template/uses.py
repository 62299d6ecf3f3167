"""The labels that a Go template reads, and the values that it prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from victor_monitoring.signals.go_template.functions import VARIABLES
from victor_monitoring.signals.go_template.tree import (
    Action,
    Branch,
    Command,
    Dot,
    Function,
    GoTemplate,
    Inclusion,
    Literal,
    Node,
    Operand,
    Pipe,
    Span,
    Variable,
)


@dataclass(frozen=True, slots=True)
class LabelUse:
    """A label of the alert's values, by its name, with the range of the name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Uses:
    """The labels that a template reads, in order, and the operands behind the values that it prints.

    Such a value changes while the alert is active: its own, that of a query, or the time. `needs_server`
    if it queries Prometheus or reads its address.
    """

    labels: tuple[LabelUse, ...]
    values: tuple[Span, ...]
    needs_server: bool


class _Source(Enum):
    DATA = auto()
    LABELS = auto()
    VALUE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class _Result:
    source: _Source
    span: Span = (0, 0)


_DATA: Final = _Result(_Source.DATA)
_OTHER: Final = _Result(_Source.OTHER)
_FIELDS: Final = {"Labels": _Source.LABELS, "Value": _Source.VALUE}
_OF_SERVER: Final = ("externalURL", "pathPrefix", "query")
_CHANGING: Final = ("now", "strvalue", "value")
# Their result is one of two, or does not change with each value.
_JUDGING: Final = ("eq", "ge", "gt", "le", "len", "lt", "match", "ne", "not")


def uses(template: GoTemplate) -> Uses:
    """Return the uses of labels and values, as far as they can be followed: not through lists and maps."""
    walk = _Walk(template)
    walk.nodes(template.nodes, _DATA)
    return Uses(tuple(dict.fromkeys(walk.labels)), tuple(dict.fromkeys(walk.values)), walk.needs_server)


class _Walk:
    def __init__(self, template: GoTemplate) -> None:
        self.labels: list[LabelUse] = []
        self.values: list[Span] = []
        self.needs_server = False
        self._definitions = dict(template.definitions)
        known = {name: _Result(_FIELDS.get(field, _Source.OTHER)) for name, field in VARIABLES.items()}
        self._variables = {"$": _DATA, **known}

    def nodes(self, nodes: Iterable[Node], dot: _Result) -> None:
        """Follow nodes whose `.` is `dot`."""
        for node in nodes:
            if isinstance(node, Action):
                found = self._pipe(node.pipe, dot)
                if found.source is _Source.VALUE and not node.pipe.declares:
                    self.values.append(found.span)
            elif isinstance(node, Branch):
                found = self._pipe(node.pipe, dot)
                inner = {"if": dot, "with": found}.get(node.keyword, _OTHER)
                if node.keyword == "range":
                    self._variables |= dict.fromkeys(node.pipe.declares, _OTHER)
                self.nodes(node.body, inner)
                self.nodes(node.otherwise, dot)
            elif isinstance(node, Inclusion):
                self._include(node, _OTHER if node.pipe is None else self._pipe(node.pipe, dot))

    def _include(self, node: Inclusion, data: _Result) -> None:
        """Follow another template, which may include itself."""
        nodes = self._definitions.pop(node.name, ())
        outer, self._variables = self._variables, {"$": data}
        self.nodes(nodes, data)
        self._variables = outer
        self._definitions[node.name] = nodes

    def _pipe(self, pipe: Pipe, dot: _Result) -> _Result:
        found: _Result | None = None
        for command in pipe.commands:
            found = self._command(command, dot, found)
        result = found or _OTHER
        self._variables |= dict.fromkeys(pipe.declares, result)
        return result

    def _command(self, command: Command, dot: _Result, piped: _Result | None) -> _Result:
        first, *rest = command
        if not isinstance(first.base, Function):
            return self._operand(first, dot)
        self.needs_server |= first.base.name in _OF_SERVER
        arguments = [self._operand(each, dot) for each in rest]
        if first.base.name == "index" and arguments and arguments[0].source is _Source.LABELS:
            self._index(rest[1:])
        if first.base.name in _CHANGING:
            return _Result(_Source.VALUE, first.span)
        if first.base.name in _JUDGING:
            return _OTHER
        arguments += [piped] if piped else []
        return next((each for each in arguments if each.source is _Source.VALUE), _OTHER)

    def _index(self, keys: Iterable[Operand]) -> None:
        for key in keys:
            if isinstance(key.base, Literal) and isinstance(key.base.value, str):
                start, end = key.span
                self.labels.append(LabelUse(key.base.value, (start + 1, end - 1)))

    def _operand(self, operand: Operand, dot: _Result) -> _Result:
        if isinstance(operand.base, Variable):
            found = self._variables.get(operand.base.name, _OTHER)
        elif isinstance(operand.base, Pipe):
            found = self._pipe(operand.base, dot)
        elif isinstance(operand.base, Function):
            found = self._command((Operand(operand.base, (), operand.span),), dot, None)
        else:
            found = dot if isinstance(operand.base, Dot) else _OTHER
        source = found.source
        for field in operand.fields:
            if source is _Source.LABELS:
                self.labels.append(LabelUse(field.name, field.span))
            is_value = field.name == "Value" and source is _Source.OTHER  # of a query's result
            source = _FIELDS.get(field.name, _Source.OTHER) if source is _Source.DATA else _Source.OTHER
            source = _Source.VALUE if is_value else source
        return _Result(source, found.span if found.span != (0, 0) and not operand.fields else operand.span)
