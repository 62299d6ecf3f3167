"""The reader of PromQL accepts what a real Prometheus does, and its errors have a place and a hint."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import version
from tests.promql.differential import Asked, asked
from tests.promql.expressions import all_words, any_types, broken, fresh
from tests.promql.parsed import comparable, tree
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion, parse_version
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.signatures import RANGE, SCALAR, VECTOR, ValueType
from victor_monitoring.promql.tree import Expr, Number, Vector

DRAWN, BROKEN = 2500, 2500
TYPES: tuple[ValueType, ...] = (VECTOR, VECTOR, VECTOR, SCALAR, RANGE)
NEWEST_TEXTS = broken(any_types(all_words(NEWEST), TYPES, 3))
# What a version takes and no rule can use: durations of the query's step, or none that is longer than 0.
UNUSABLE = re.compile(r"depends on the query|greater than 0")
# Texts whose acceptance differs between versions, or that are unusual.
TEXTS = r"""
up[300]
up[5m+1h]
up[2*(1m+30s)]
up[5m:300]
up offset -5m
up offset -5m * 2
up offset (5m)
up offset (5m) / 0
up offset - -5m
up offset - -5m / 0
up offset -5m / 0
up[- -5m ^ 2]
up offset 0s
up offset 1h offset 1h
up offset 1h[5m:]
up offset 1h [5m]
5m
5m > bool up
1_000
0x1F
017
1e400
{"http.requests"}
{"http.requests", job="x"}
up{"http.status"="x"}
sum by ("http.status") (up)
sum(up) by (job,)
sum by (job) (up) by (job)
up{job="a",}
up{,}
up{job='it\'s'}
up{job="it\'s"}
up{job=`\d`}
up{job="\\d"}
up{job="\\x41\\u00e9\\101"}
up{job=~"("}
up{job=~"(?=a)"}
{job!="x"}
{job=~".*"}
{job=~".+"}
{__name__="up"}
up{__name__="up"}
bool
offset
inf{job="x"}
SUM(up) BY (job)
RATE(up[5m])
up AND ON (job) up
-1 ^ 2
up @ -1
up @ start() offset 1m
up @ 1 @ 2
up @ 1m
up @ inf
(up) offset 5m
(up)[5m]
(up)[5m:]
up[5m:][5m:]
rate(up)
rate(up[5m],)
rate(up[5m]) # how often
# nothing
topk(up, up)
topk(1)
count_values(1, up)
1 == 1
1 and up
up and bool up
up + on (job) 1
1 == on () up
1 + on () group_left (job) up
1 and on () up
up + on (job) group_left (job) up
up + group_left up
up or on (job) group_left up
-"a"
+up[5m]
holt_winters(up[5m], 0.5, 0.5)
first_over_time(up[5m])
mad_over_time(up[5m])
absent(up, up)
up </ 1
up =~ "x"
up = 1
up ! 1
up up
sum(up)>1and(up)
((up
up)
up}
ünicode
""".strip().splitlines()


@dataclass(frozen=True)
class Parser:
    """A Prometheus that parses expressions, and its version."""

    asked: Asked
    version: PrometheusVersion

    def accepts(self, expression: str) -> bool:
        """Return whether it accepts a text as an expression; AssertionError if our reader does otherwise."""
        error, accepts = error_of(expression, self.version), self.asked.accepts(expression)
        if accepts and error is not None:
            assert UNUSABLE.search(error.message), f"{expression!r} is accepted, and we say: {error.message}"
        assert accepts or error is not None, f"{expression!r} is refused"
        return accepts


@pytest.fixture(scope="module")
def parser(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parser]:
    with asked(prometheus, tmp_path_factory.mktemp("parser")) as found:
        yield Parser(found, parse_version(version(prometheus)))


def error_of(expression: str, version: PrometheusVersion | None) -> PromqlError | None:
    """Return why a text is no expression; None if it is one."""
    try:
        read(expression, version)
    except PromqlError as error:
        return error
    return None


@pytest.mark.parametrize("expression", TEXTS)
def test_unusual_texts_are_read_or_refused_as_by_prometheus(parser: Parser, expression: str) -> None:
    """Each form of literals, modifiers and keywords, and each kind of mistake."""
    parser.accepts(expression)


@pytest.mark.hypothesis
def test_drawn_expressions_are_accepted_by_prometheus_and_read_again(parser: Parser) -> None:
    """What is printed is PromQL, and is read to the same tree; so are two of its own printings.

    From 3.0 on Prometheus shows the tree that it parses, and it is the same.
    """

    @settings(max_examples=DRAWN, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(any_types(all_words(parser.version), TYPES, 3)))
    def check(expr: Expr) -> None:
        printed = text(expr)
        again = read(printed, parser.version)
        assert text(again) == printed
        assert again == expr, printed
        if parser.version.is_before_3:
            assert parser.accepts(printed)
        else:
            theirs = parser.asked.answer("parse_query", query=printed)
            assert theirs["status"] == "success", printed
            assert tree(theirs["data"]) == comparable(expr), printed

    check()


@pytest.mark.hypothesis
def test_broken_texts_are_read_or_refused_as_by_prometheus(parser: Parser) -> None:
    """A token too many, too few or of another kind; both sorts are there."""
    counts: Counter[bool] = Counter()

    @settings(max_examples=BROKEN, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(broken(any_types(all_words(parser.version), TYPES, 3))))
    def check(expression: str) -> None:
        counts[parser.accepts(expression)] += 1

    check()
    assert counts[False] > BROKEN / 10
    assert counts[True] > BROKEN / 20


@settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))
@given(fresh(NEWEST_TEXTS), st.integers(0, 100), st.sampled_from((None, OLDEST, NEWEST)))
def test_any_error_is_within_the_text_and_has_a_hint(
    whole: str, percent: int, prometheus: PrometheusVersion | None
) -> None:
    """Whatever is cut out of expressions, the reader raises no other error, and a caret has a place."""
    cut = whole[: len(whole) * percent // 100]
    error = error_of(cut, prometheus)
    if error is not None:
        start, end = error.part
        assert 0 <= start <= end <= max(len(cut), 1)
        assert error.message
        assert error.hint


@pytest.mark.parametrize(
    "endless",
    ["(" * 2000, "-" * 2000 + "a", "a" + " + a" * 2000, "a[" + "(" * 2000, "a[" + "-" * 2000, "sum(" * 2000],
)
def test_what_nests_too_deeply_is_refused(endless: str) -> None:
    """The limit is the same wherever the reader is called, and no recursion error."""
    with pytest.raises(PromqlError, match="levels of nesting"):
        read(endless, NEWEST)


def test_a_duration_without_a_value_is_refused() -> None:
    """Arithmetic in a duration can overflow, or divide by 0."""
    for wrong in ("a[10m^640]", "a[5m/0]", "a[5m%0s]", "a[(0-5m)^2]"):
        with pytest.raises(PromqlError, match=r"no value|too long|no duration"):
            read(wrong, NEWEST)


def test_what_only_one_version_takes_needs_the_version() -> None:
    """Without a version, an expression must be one for all of them."""
    for only_new in ("up[300]", "5m", '{"a.b"}', "first_over_time(up[5m])"):
        read(only_new, NEWEST)
        with pytest.raises(PromqlError, match="from 3"):
            read(only_new)
    read("holt_winters(up[5m], 0.5, 0.5)", OLDEST)
    with pytest.raises(PromqlError, match="from 3"):
        read("holt_winters(up[5m], 0.5, 0.5)")


def test_nodes_know_where_they_were_read() -> None:
    """The range of a node is its text, an operator's is the operator."""
    whole = "  sum(rate(a[5m]))  /  1e3 "
    expr = read(whole)
    spans = {"/": expr.span, "1e3": expr.right.span, "sum(rate(a[5m]))": expr.left.span}  # type: ignore[union-attr]
    for part, span in spans.items():
        assert span is not None
        assert whole[slice(*span)] == part


def test_equal_expressions_are_equal_wherever_they_are_read() -> None:
    """Positions do not count, nor do spaces, parentheses or the case of keywords."""
    assert read("a AND (b)") == read("(a)  and b")
    assert read("a[1h30m]") == read("a[90m]") == Vector("a", window=5_400_000)
    assert read("-nan") == read("NaN") == Number(math.nan)
