"""Parts of an expression that mix series of different scopes, such as those of two deployments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.promql.grammar import ABSENCE
from victor_monitoring.promql.inference.labels import ABSENT
from victor_monitoring.promql.review.matching import of_vectors
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Aggregate, Call, Expr

_OF_ALL: Final = ABSENCE | {"scalar"}
_CHOOSING: Final = frozenset({"topk", "bottomk"})


def lost_scope(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the aggregations, functions and operators by which labels of the scope get lost."""
    for expr, _ in reviewed.places():
        match expr:
            case Aggregate(op, inner):
                for name in _scopes(reviewed, inner):
                    if not _is_kept(reviewed, expr, name):
                        message = f"`{op}` mixes series that differ by `{name}`, a label of the scope"
                        yield Remark(span_of(expr, len(op)), message, f"keep it: `{op} by ({name}, ..)`")
            case Call(function, (inner,)) if function in _OF_ALL:
                for name in _scopes(reviewed, inner):
                    message = f"`{function}` mixes series that differ by `{name}`, a label of the scope"
                    yield Remark(span_of(expr, len(function)), message, f'select one: `{{{name}=".."}}`')
    for operation, key in of_vectors(reviewed):
        for name in _scopes(reviewed, operation.left):
            if not key.has(name) and name in _scopes(reviewed, operation.right):
                message = f"series match that differ by `{name}`, a label of the scope"
                yield Remark(span_of(operation), message, f"match on it, too: `on ({name}, ..)`")


def _scopes(reviewed: Reviewed, expr: Expr) -> list[str]:
    """Return the labels of the scope by which the series of a vector can differ."""
    options = {name: reviewed.of(expr).labels[name].options for name in reviewed.scope}
    return [name for name, each in options.items() if each is None or len(each) > 1]


def _is_kept(reviewed: Reviewed, expr: Aggregate, name: str) -> bool:
    """Return whether the groups of an aggregation differ by a label."""
    if expr.op not in _CHOOSING:
        return reviewed.of(expr).labels[name] != ABSENT
    return name not in expr.without if expr.without is not None else name in (expr.by or ())
