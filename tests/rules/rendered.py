"""The rendered artifacts of this repository's specs, read back: documents, rules, expressions, selectors."""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import promql_parser
import yaml

from victor_monitoring.app.pipeline import Compiled, compile_spec, render
from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.rule_tests.derive import Cases, derive

ROOT = Path(__file__).resolve().parents[2]
PERFORMANCE = ROOT / "specs" / "performance.yaml"
CHECKOUT = ROOT / "tests" / "checkout.yaml"
SPECS = {path.stem: path for path in (PERFORMANCE, CHECKOUT)}
EXAMPLES = {path.stem: path for path in sorted((ROOT / "specs" / "examples").glob("*.yaml"))}
_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), *\w+\)")
_SUFFIX = re.compile(r"_(bucket|count|sum)$")

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A spec in base (`context` None) or in one of its contexts."""

    spec: str
    context: str | None

    def __str__(self) -> str:
        return f"{self.spec}-{self.context or 'base'}"


@dataclass(frozen=True)
class Rule:
    """A rule read back from a file, with its group."""

    group: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the alert or of the recorded series."""
        return str(self.data.get("alert") or self.data["record"])

    @property
    def tree(self) -> Any:
        """The expression as parsed by promql-parser."""
        return promql_parser.parse(self.data["expr"])


@dataclass(frozen=True)
class Selected:
    """A selector in an expression; `metric` without a histogram's suffix."""

    series: str
    matchers: frozenset[str]

    @property
    def metric(self) -> str:
        """The name under which a spec would declare the series."""
        return _SUFFIX.sub("", self.series)

    def carries(self, select: Iterable[Matcher]) -> bool:
        """Return whether the selector has all of these matchers."""
        return set(map(str, select)) <= self.matchers


def compiled_text(text: str, name: str = "spec.yaml") -> Compiled:
    """Return the compiled spec, after asserting that it has no errors."""
    found = compile_spec(Source(name, text), today=datetime.date(2026, 1, 1))
    assert not found.has_errors, found.diagnostics
    return found


@functools.cache
def compiled(spec: str) -> Compiled:
    """Return a spec of this repository, compiled."""
    path = {**SPECS, **EXAMPLES}[spec]
    return compiled_text(path.read_text(encoding="utf-8"), path.name)


@functools.cache
def artifacts(place: Place) -> tuple[Artifact, ...]:
    """Return the artifacts of a spec in one place."""
    found = render(compiled(place.spec))
    return tuple(each for each in found if each.context == place.context)


def resolved(place: Place) -> Resolved:
    """Return the resolved spec in one place."""
    whole = compiled(place.spec)
    base = whole.base if place.context is None else whole.contexts[place.context]
    assert base is not None
    return base


@functools.cache
def derived(place: Place) -> Cases:
    """Return the cases derived from a spec in one place."""
    return derive(resolved(place))


def places(specs: Iterable[str] = tuple(SPECS)) -> list[Place]:
    """Return the specs, in base and in each of their contexts."""
    return [Place(spec, context) for spec in specs for context in (None, *compiled(spec).contexts)]


def documents(of: tuple[Artifact, ...]) -> Iterator[tuple[PurePosixPath, Document]]:
    """Yield the rules files, dashboards and Kubernetes objects, each ConfigMap followed by its files."""
    for artifact in of:
        if artifact.output in ("rules", "dashboard", "kubernetes"):
            document = _loaded(artifact.path.name, artifact.text)
            yield artifact.path, document
            if document.get("kind") == "ConfigMap":
                for key, text in document["data"].items():
                    yield artifact.path / key, _loaded(key, text)


def _loaded(name: str, text: str) -> Document:
    document = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def rule_files(of: tuple[Artifact, ...]) -> Iterator[tuple[PurePosixPath, Document]]:
    """Yield every document with rule groups: a file, a ConfigMap's content, or an operator's `spec`."""
    for path, document in documents(of):
        if document.get("kind") == "PrometheusRule":
            yield path, document["spec"]
        elif "groups" in document:
            yield path, document


def rules_in(document: Document) -> list[Rule]:
    """Return the rules of a file, group by group."""
    return [Rule(group["name"], rule) for group in document["groups"] for rule in group["rules"]]


@functools.cache
def rules(place: Place) -> tuple[Rule, ...]:
    """Return the rules of a spec in one place, after asserting that all its files have the same rules."""
    (first, *others) = [rules_in(document) for _, document in rule_files(artifacts(place))]
    assert all(each == first for each in others)
    return tuple(first)


def alerts(place: Place) -> list[Rule]:
    """Return the alerting rules of a spec in one place."""
    return [rule for rule in rules(place) if "alert" in rule.data]


def recordings(place: Place) -> list[Rule]:
    """Return the recording rules of a spec in one place."""
    return [rule for rule in rules(place) if "record" in rule.data]


def expressions(document: Any) -> Iterator[str]:
    """Yield every PromQL expression in a document: of rules, panels, annotations and variables' queries."""
    if isinstance(document, list):
        for each in document:
            yield from expressions(each)
    elif isinstance(document, dict):
        if isinstance(document.get("expr"), str):
            yield document["expr"]
        if document.get("type") == "query" and "query" in document:
            query = document["query"]
            match = _LABEL_VALUES.fullmatch(query if isinstance(query, str) else query["query"])
            assert match, query
            yield match["series"]
        for each in document.values():
            yield from expressions(each)


def selectors(expr: str) -> list[Selected]:
    """Return the selectors in an expression."""
    return list(_selectors(promql_parser.parse(expr)))


def _selectors(node: Any) -> Iterator[Selected]:
    match node:
        case promql_parser.VectorSelector():
            yield Selected(str(node.name), frozenset(map(str, node.matchers.matchers)))
        case promql_parser.MatrixSelector():
            yield from _selectors(node.vector_selector)
        case promql_parser.BinaryExpr():
            yield from _selectors(node.lhs)
            yield from _selectors(node.rhs)
        case promql_parser.AggregateExpr():
            yield from _selectors(node.expr)
            yield from _selectors(node.param)
        case promql_parser.Call():
            for each in node.args:
                yield from _selectors(each)
        case promql_parser.ParenExpr():
            yield from _selectors(node.expr)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral() | None:
            return
        case _:
            raise AssertionError(f"no such expression is rendered: {node}")
