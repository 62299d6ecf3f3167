"""The words and operators of PromQL, which its reader and its printer share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

NAME: Final = "__name__"  # the label that holds the name of a series
LEGACY_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LEGACY_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

# The power is right-associative, all others are left-associative. A sign binds like a product.
PRECEDENCE: Final[Mapping[str, int]] = {
    "or": 1, "and": 2, "unless": 2,
    "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "</": 3, ">/": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip
SIGN: Final = PRECEDENCE["*"]
POWER: Final = PRECEDENCE["^"]
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
TRIMS: Final = frozenset({"</", ">/"})
# Functions of what is not there: their result has the labels of the selector as it is written.
ABSENCE: Final = frozenset({"absent", "absent_over_time"})

# Aggregations, with the number of their parameters before the aggregated vector.
AGGREGATIONS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"), 0),
    **dict.fromkeys(("topk", "bottomk", "count_values", "quantile"), 1),
}
# Words that are no metric's name; all other keywords are one where no keyword can stand.
NUMBER_WORDS: Final = frozenset({"inf", "nan"})
ALWAYS_KEYWORDS: Final = NUMBER_WORDS | {"atan2", "bool", "on", "ignoring", "group_left", "group_right"}

_ESCAPES: Final = str.maketrans(
    {
        **{chr(code): f"\\x{code:02x}" for code in (*range(32), 127)},
        "\\": "\\\\",
        '"': '\\"',
        "\n": "\\n",
        "\t": "\\t",
        "\r": "\\r",
    }
)


def quoted(value: str) -> str:
    """Return a string in double quotes, with what these do not take escaped."""
    return f'"{value.translate(_ESCAPES)}"'


def label_text(name: str) -> str:
    """Return a label's name as it is written, in quotes unless it has letters, digits and `_` alone."""
    return name if LEGACY_LABEL.fullmatch(name) else quoted(name)
