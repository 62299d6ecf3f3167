"""Labels that are read where no series has them, and labels that get lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.inference.labels import ABSENT, Key, Labels
from victor_monitoring.promql.regular_expressions import compiled
from victor_monitoring.promql.review.matching import differing, of_vectors
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Text, Vector, vectors

_PATTERN: Final = re.compile(r"\.[*+]|\w\|\w|\[[^\]]+\][*+]")


def _missing(labels: Labels, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of labels that no series can have."""
    return tuple(name for name in sorted(names) if labels[name] == ABSENT)


def absent_label(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the clauses that name a label which the series do not have."""
    for expr, _ in reviewed.places():
        match expr:
            case Aggregate(op, inner, by) if by:
                excluded = {each.label for vector in vectors(inner) for each in vector.matchers}
                for name in _missing(reviewed.of(inner).labels, set(by) - excluded):
                    message = f"`by ({name})` groups by a label that the aggregated series do not have"
                    yield Remark(span_of(expr, len(op)), message, "leave it out, or keep it further inside")
            case Call("label_replace", (inner, _, _, Text(source), Text(pattern))):
                if source and _missing(reviewed.of(inner).labels, (source,)) and not _takes_none(pattern):
                    message = f"`label_replace` reads the label `{source}`, which its series do not have"
                    yield Remark(span_of(expr.arguments[3]), message, "read a label that they have")
            case Vector(_, matchers):
                labels = facts_of(expr, reviewed.facts).labels_of(expr.metric)
                for each in matchers:
                    if _missing(labels, (each.label,)) and each.op in ("!=", "!~") and each.matches(""):
                        message = f"`{expr.metric}` has no label `{each.label}`: the matcher excludes nothing"
                        yield Remark(span_of(each), message, "leave it out, or match a label that it has")
    for operation, key in of_vectors(reviewed):
        yield from _of_matching(reviewed, operation, key)


def _takes_none(pattern: str) -> bool:
    return compiled(pattern).fullmatch("") is not None


def _of_matching(reviewed: Reviewed, expr: Binary, key: Key) -> Iterator[Remark]:
    left, right = reviewed.of(expr.left), reviewed.of(expr.right)
    if reviewed.of(expr).empty == "always":
        return
    for which, side, other in (("left", left, expr.right), ("right", right, expr.left)):
        wanted = expr.on if expr.on is not None else filter(key.has, differing(reviewed, other))
        for name in () if expr.op == "or" else _missing(side.labels, wanted):
            message = f"the {which} side has no label `{name}`: only series without it can match"
            yield Remark(span_of(expr), message, "match on labels that both sides have")
    if expr.many is not None:
        one, which = (right, "right") if expr.many == "left" else (left, "left")
        for name in _missing(one.labels, set(expr.include) - {NAME}):
            message = f"`group_{expr.many} ({name})` copies a label that the {which} side does not have"
            yield Remark(span_of(expr), message, f"leave it out, or keep it on the {which} side")


def pattern_as_text(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the written matchers of equality with a value that looks like a regular expression."""
    for expr, _ in reviewed.places():
        for each in expr.matchers if isinstance(expr, Vector) else ():
            if each.span and each.op in ("=", "!=") and _PATTERN.search(each.value):
                message = f"`{each.op}` takes `{each.value}` as a text, not as a regular expression"
                yield Remark(span_of(each), message, f"write `{each.label}{each.op[0]}~..`")
