"""Rule groups in YAML: of rules files, and of Kubernetes objects that contain rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from victor_monitoring.app.importing.patterns import UNREAD_TEMPLATE
from victor_monitoring.base.diagnostics import Diagnostic, Severity, Source, Span
from victor_monitoring.language.syntax.load import load
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode, at, child

_MARK = re.compile(r"(---|\.\.\.)(?=\s|$)")
# Prometheus has neither statements in `{% %}`, nor values, includes and escaped braces in `{{ }}`.
_TEMPLATE = re.compile(
    r"\{%|\{\{-?\s*(?:\$?\.(?:Values|Release|Chart|Files|Capabilities)\b|include\s|toYaml\s|`)"
)
_ACTION = re.compile(r"^\s*\{\{.*\}\}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """The nodes of the rule groups of a file, or of a Kubernetes object with its kind, namespace and labels.

    `key` is that of the groups in the data of a ConfigMap.
    """

    groups: tuple[MapNode, ...]
    kind: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def rule_documents(sources: Sequence[Source]) -> tuple[list[RuleDocument], list[Diagnostic]]:
    """Return the files and objects with rule groups, in order, and mistakes and templates in the sources."""
    found: list[RuleDocument] = []
    diagnostics: list[Diagnostic] = []
    for source in sources:
        if template := _template(source):
            diagnostics.append(template)
            continue
        for document in _documents(source):
            objects, mistakes = _documents_in(document)
            found += objects
            diagnostics += mistakes
    return found, diagnostics


def _template(source: Source) -> Diagnostic | None:
    """Return a diagnostic if the text has templates that another program expands."""
    found = _TEMPLATE.search(source.text)
    if found is None and (action := _ACTION.search(source.text)) and _is_broken(source):
        found = action
    if found is None:
        return None
    line = source.text.count("\n", 0, found.start()) + 1
    column = found.start() - source.text.rfind("\n", 0, found.start())
    span = Span(source, line, column, line, column + len(found[0].strip()))
    message = "the file has templates of Helm or Jinja, and was not imported"
    return UNREAD_TEMPLATE.at(
        span, message, "expand them first, as by `helm template`, and import the result"
    )


def _is_broken(source: Source) -> bool:
    return any(
        each.severity is Severity.ERROR for part in _documents(source) for each in load(part).diagnostics
    )


def _documents(source: Source) -> Iterator[Source]:
    """Yield each YAML document of a text, on the lines that it has there."""
    lines, start = list(source.lines), 0
    marks = [(number, found) for number, line in enumerate(lines) if (found := _MARK.match(line))]
    for number, found in marks:
        lines[number] = " " * found.end() + lines[number][found.end() :]
    for end in (*(number for number, _ in marks), len(lines)):
        part = lines[start:end]
        if any(line.strip() and not line.lstrip().startswith(("#", "%")) for line in part):
            yield Source(source.name, "\n" * start + "\n".join(part) + "\n")
        start = end


def _documents_in(source: Source) -> tuple[list[RuleDocument], list[Diagnostic]]:
    loaded = load(source)
    mistakes = [each for each in loaded.diagnostics if each.severity is Severity.ERROR]
    if loaded.tree is None or mistakes:
        return [], mistakes
    found: list[RuleDocument] = []
    for node in _objects(loaded.tree):
        kind, labels = _text(child(node, "kind")), at(node, ("metadata", "labels"))
        entries = labels.entries.items() if isinstance(labels, MapNode) else ()
        texts = {name: _text(entry.node) for name, entry in entries}
        named = RuleDocument((), kind, _text(at(node, ("metadata", "namespace"))), texts)
        if kind == "ConfigMap":
            for key, text in _embedded(node):
                files, wrong = _documents_in(text)
                found += (replace(named, groups=each.groups, key=key) for each in files)
                mistakes += wrong
        else:
            held = at(node, ("spec", "groups") if kind == "PrometheusRule" else ("groups",))
            groups = tuple(each for each in _items(held) if isinstance(each, MapNode))
            found.append(replace(named, groups=groups))
    return [each for each in found if each.groups], mistakes


def _objects(node: MapNode) -> Iterator[MapNode]:
    """Yield the Kubernetes objects of a list, or the node itself."""
    items = child(node, "items")
    if _text(child(node, "kind")).endswith("List") and isinstance(items, ListNode):
        for item in items.items:
            if isinstance(item, MapNode):
                yield from _objects(item)
    else:
        yield node


def _embedded(node: MapNode) -> Iterator[tuple[str, Source]]:
    """Yield the keys and texts of a ConfigMap's data that may be rules files, on the lines that they have."""
    data = child(node, "data")
    for key, entry in data.entries.items() if isinstance(data, MapNode) else ():
        value = entry.node
        if isinstance(value, ScalarNode) and re.search(r"^groups:", value.text, re.MULTILINE):
            first = value.line + (value.style in ("|", ">"))
            yield key, Source(value.source.name, "\n" * (first - 1) + value.text)


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, ListNode) else []


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""
