"""The rules of groups in YAML, read into trees, with their texts and comments."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from victor_monitoring.app.importing.patterns import BAD_RULE
from victor_monitoring.base.diagnostics import Diagnostic, Source, Span
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode, child
from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.prometheus_version import NEWEST, PrometheusVersion
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import Expr


@dataclass(frozen=True, slots=True)
class FoundRule:
    """A rule as it was found; `text` is its expression as written, `place` that of its name.

    `blocks` are the annotations that are written over several lines, `needs` the version of Prometheus that
    the expression needs.
    """

    rule: Rule
    text: str
    blocks: frozenset[str]
    comments: tuple[str, ...]
    needs: PrometheusVersion | None
    place: Span


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A rule group as it was found; `interval` is in milliseconds, None is that of the server."""

    name: str
    interval: int | None
    limit: int | None
    rules: tuple[FoundRule, ...]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundRules:
    """The groups that were found, and the mistakes for which rules are left out."""

    groups: tuple[FoundGroup, ...]
    diagnostics: tuple[Diagnostic, ...]

    def of(self, kind: str) -> list[FoundRule]:
        """Return the alerting or the recording rules, in order."""
        return [each for group in self.groups for each in group.rules if each.rule.kind == kind]


class _Bad(Exception):
    """A part of a rule that Prometheus refuses."""

    def __init__(self, span: Span, message: str, hint: str) -> None:
        super().__init__(message)
        self.diagnostic = BAD_RULE.at(span, message, hint)


def read_rules(nodes: Sequence[MapNode]) -> FoundRules:
    """Return the rules of all groups; a rule with a mistake is left out."""
    diagnostics: list[Diagnostic] = []
    groups = []
    ends: dict[Source, int] = {}
    for node in nodes:
        above = _comments(node.source, ends.get(node.source, 0) + 1, node.line - 1)
        try:
            groups.append(_group(node, above, diagnostics))
        except _Bad as bad:
            diagnostics.append(bad.diagnostic)
        ends[node.source] = _last_line(node)
    return FoundRules(tuple(groups), tuple(diagnostics))


def _group(node: MapNode, comments: tuple[str, ...], diagnostics: list[Diagnostic]) -> FoundGroup:
    name = _scalar(node, "name").text
    interval = _duration(node, "interval")
    limit = child(node, "limit")
    found = child(node, "rules")
    rules = []
    end = node.line
    for item in found.items if isinstance(found, ListNode) else ():
        try:
            rules.append(_rule(item, end))
        except _Bad as bad:
            diagnostics.append(bad.diagnostic)
        end = _last_line(item)
    most = limit.value if isinstance(limit, ScalarNode) and isinstance(limit.value, int) else None
    return FoundGroup(name, interval, most or None, tuple(rules), comments)


def _rule(node: Node, after: int) -> FoundRule:
    if not isinstance(node, MapNode):
        raise _Bad(node.span, "a rule is a mapping", "write `alert:` or `record:`, and `expr:`")
    is_alert = "alert" in node.entries
    name = _scalar(node, "alert" if is_alert else "record")
    written = _scalar(node, "expr")
    expr, needs = _expression(written)
    annotations = child(node, "annotations")
    texts = annotations.entries if isinstance(annotations, MapNode) else {}
    blocks = frozenset(
        key for key, each in texts.items() if isinstance(each.node, ScalarNode) and each.node.style == "|"
    )
    keep_firing = _duration(node, "keep_firing_for")
    rule = Rule(
        "alert" if is_alert else "record",
        name.text,
        expr,
        _pairs(node, "labels"),
        _pairs(node, "annotations"),
        _duration(node, "for") or 0,
        keep_firing or None,
    )
    return FoundRule(rule, written.text, blocks, _comments_of(node, after), needs, name.span)


def _expression(node: ScalarNode) -> tuple[Expr, PrometheusVersion | None]:
    try:
        return read(node.text), None
    except PromqlError as error:
        try:
            return read(node.text, NEWEST), NEWEST
        except PromqlError:
            raise _Bad(node.part(*error.part), error.message, error.hint) from None


def _scalar(node: MapNode, key: str) -> ScalarNode:
    found = child(node, key)
    if isinstance(found, ScalarNode) and found.value is not None and found.text:
        return found
    raise _Bad(node.span if found is None else found.span, f"there is no text at `{key}`", f"add `{key}: ..`")


def _duration(node: MapNode, key: str) -> int | None:
    found = child(node, key)
    if not isinstance(found, ScalarNode) or found.value is None:
        return None
    try:
        return 0 if found.text == "0" else parse_duration(found.text)
    except ValueError as error:
        raise _Bad(found.span, str(error), "write a duration such as `30s` or `5m`") from None


def _pairs(node: MapNode, key: str) -> tuple[tuple[str, str], ...]:
    found = child(node, key)
    entries = found.entries if isinstance(found, MapNode) else {}
    return tuple(
        (name, each.node.text) for name, each in entries.items() if isinstance(each.node, ScalarNode)
    )


def _comments_of(node: MapNode, after: int) -> tuple[str, ...]:
    """Return the comments above the rule, and those between its keys."""
    covered = {line for each in _scalars(node) for line in range(each.line + 1, _end(each) + 1)}
    return _comments(node.source, after + 1, _last_line(node), covered)


def _last_line(node: Node) -> int:
    """Return the last line of a node's texts: the node itself ends before the next one, after comments."""
    return max((_end(each) for each in _scalars(node)), default=node.line)


def _end(node: ScalarNode) -> int:
    if node.style in ("|", ">"):
        last = node.line
        for number in range(node.line + 1, node.end_line + 1):
            line = node.source.line(number)
            if line.strip() and (number < node.end_line or node.end_column > 1):
                last = number
        return last
    return node.end_line


def _scalars(node: Node) -> Iterator[ScalarNode]:
    match node:
        case MapNode():
            for entry in node.entries.values():
                yield from _scalars(entry.node)
        case ListNode():
            for item in node.items:
                yield from _scalars(item)
        case _:
            yield node


def _comments(source: Source, first: int, last: int, covered: Collection[int] = ()) -> tuple[str, ...]:
    """Return the comments that have lines of their own, without their `#`."""
    lines = (source.line(number).strip() for number in range(first, last + 1) if number not in covered)
    return tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
