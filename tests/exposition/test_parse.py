"""Expositions are read as prometheus_client reads them, each token with its position, without tracebacks."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from tests.exposition.shop import RIGHT, found
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.live.exposition.exposition import Exposition, ExpositionToken
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.reporters import FORMATS, reporter

Series = tuple[str, frozenset[tuple[str, str]], str]

# Values that a service may have: escapes, quotes, braces, other scripts, other systems' line ends.
VALUES = st.text(st.sampled_from('ab"\\n\n\r{},= #\t\u2028é漢😀'), max_size=8)


def text_of(write: Callable[..., bytes], registry: CollectorRegistry) -> str:
    """Return the text that a client's untyped function writes."""
    return write(registry).decode()


def read(exposition: Exposition) -> list[Series]:
    """Return the samples for a comparison, values as text since NaN equals nothing."""
    return [
        (each.name.text, frozenset((name.text, value.text) for name, value in each.labels), repr(each.value))
        for each in exposition.samples
    ]


def reference(parser: Callable[[str], Iterable[Metric]], text: str) -> list[Series]:
    """Return the same as prometheus_client reads it."""
    return [
        (sample.name, frozenset(sample.labels.items()), repr(float(sample.value)))
        for family in parser(text)
        for sample in family.samples
    ]


@given(st.lists(st.tuples(VALUES, st.floats()), max_size=4), VALUES.map(lambda text: text.replace("\r", "")))
def test_a_client_text_is_read_as_by_the_client_parser(values, hint) -> None:
    """Any help, label value and value is read back, in both formats, without a fault."""
    registry = CollectorRegistry()
    gauge = Gauge("a_ratio", hint, ["one", "two"], registry=registry)
    counter = Counter("b_total", hint, ["one"], registry=registry)
    histogram = Histogram("c_seconds", hint, ["one"], registry=registry, buckets=[0.1, 2])
    for value, number in values:
        gauge.labels(value, "x").set(number)
        counter.labels(value).inc(0 if math.isnan(number) else abs(number))
        histogram.labels(value).observe(0 if math.isnan(number) else abs(number))
    text = text_of(generate_latest, registry)
    exposition = parse(Source("text", text))
    assert (exposition.faults, read(exposition)) == ((), reference(text_families, text))
    text = text_of(generate_openmetrics, registry)
    exposition = parse(Source("text", text))
    assert (exposition.faults, read(exposition)) == ((), reference(openmetrics_families, text))
    assert exposition.helps["a_ratio"].value.text == hint.strip(" \t")


@pytest.mark.parametrize("how", RIGHT)
def test_every_token_has_its_position(how) -> None:
    """A name or a value without escapes equals the text at its position."""
    exposition = parse(Source("text", RIGHT[how].read_text(encoding="utf-8")))
    assert exposition.openmetrics == (how == "openmetrics")
    tokens = [each.name for each in exposition.samples]
    tokens += [token for each in exposition.samples for pair in each.labels for token in pair]
    for lines in (exposition.types, exposition.units):
        tokens += [token for meta in lines.values() for token in (meta.name, meta.value)]
    assert len(tokens) > 60
    for token in tokens:
        assert exposition.source.line(token.line)[token.column - 1 : token.end - 1] == token.text


def test_names_in_quotes() -> None:
    """Names that Prometheus 3 quotes are read, with the position inside the quotes."""
    (sample,) = parse(Source("text", '{"a.b","c.d"="e"} 1\n')).samples
    assert (sample.name, sample.labels) == (
        ExpositionToken("a.b", 1, 3, 6),
        ((ExpositionToken("c.d", 1, 9, 12), ExpositionToken("e", 1, 15, 16)),),
    )


# Texts that a scrape rejects, each with the line, column and message of its only fault.
MALFORMED = [
    ("a\n", 1, 2, "expected a value, found the end of the line"),
    ("a one\n", 1, 3, "expected a value, found `one`"),
    ("a 1_000\n", 1, 3, "expected a value, found `1_000`"),
    ("a 1 now\n", 1, 5, "`now` is not a timestamp of the text format"),
    ("a 1 1.5\n", 1, 5, "`1.5` is not a timestamp of the text format"),
    ("a 1 2 3\n", 1, 7, "expected the end of the line, found `3`"),
    ('a 1 # {b="c"} 1\n', 1, 5, "`#` is not a timestamp of the text format"),
    ("1a 1\n", 1, 1, "expected the name of a metric, found `1a`"),
    ("a-b 1\n", 1, 2, "expected a value, found `-b`"),
    ('{b="c"} 1\n', 1, 9, "expected the name of a metric"),
    ('a{b="c} 1\n', 1, 5, "the quote is not closed"),
    ("a{b=c} 1\n", 1, 5, "expected a value in double quotes, found `c`"),
    ('a{b:"c"} 1\n', 1, 4, 'expected `=`, found `:"c"`'),
    ('a{b="c",,d="e"} 1\n', 1, 9, "expected the name of a label, found `,`"),
    ('a{b="c",b="d"} 1\n', 1, 9, "the label `b` occurs twice"),
    ('a{b="c"\n', 1, 8, "expected the name of a label, found the end of the line"),
    ("# TYPE a speed\na 1\n", 1, 10, "`speed` is no type of the text format"),
    ("# TYPE a gauge\n# TYPE a counter\na 1\n", 2, 10, "`a` has the type gauge on line 1"),
    ("a 1\r\na{b=\"c\"} 1\n", 1, 4, "the line ends in CR and LF"),
]  # fmt: skip
MALFORMED_OPENMETRICS = [
    ("a 1\n\n# EOF\n", 2, 1, "OpenMetrics has no empty lines"),
    ("# a comment\na 1\n# EOF\n", 1, 1, "OpenMetrics has no comments"),
    ("a 1\n", 1, 4, "`# EOF` is missing: the exposition is truncated"),
    ("a 1\n# EOF\nb 1\n", 3, 1, "text follows `# EOF`"),
    ("a 1 # b\n# EOF\n", 1, 5, "an exemplar begins with ` # {`, with one blank each"),
    ("# TYPE a untyped\na 1\n# EOF\n", 1, 10, "`untyped` is no type of OpenMetrics"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), MALFORMED)
def test_a_malformed_text_has_one_fault(text, line, column, message) -> None:
    """A mistake in the text format is one fault, at the text that is wrong."""
    faults = parse(Source("text", text)).faults
    assert [(each.place.line, each.place.column, each.message) for each in faults] == [
        (line, column, message)
    ]


@pytest.mark.parametrize("text", [each[0] for each in (*MALFORMED, *MALFORMED_OPENMETRICS)])
def test_every_fault_has_a_hint(text: str) -> None:
    """A hint says how the line is written."""
    assert all(
        each.hint
        for openmetrics in (False, True)
        for each in parse(Source("text", text), openmetrics=openmetrics).faults
    )


@pytest.mark.parametrize(("text", "line", "column", "message"), MALFORMED_OPENMETRICS)
def test_a_malformed_openmetrics_text_has_one_fault(text, line, column, message) -> None:
    """A mistake in OpenMetrics is one fault, and the client's parser rejects the text too."""
    exposition = parse(Source("text", text), openmetrics=True)
    found = [(each.place.line, each.place.column, each.message) for each in exposition.faults]
    assert found == [(line, column, message)]
    with pytest.raises(ValueError, match=r"\w"):
        reference(openmetrics_families, text)


@pytest.mark.parametrize("text", [row[0] for row in MALFORMED])
def test_promtool_rejects_malformed_texts(text, promtool: Path) -> None:
    """Prometheus' own parser rejects each text of the table."""
    run = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )
    assert (run.returncode, b"error while linting" in run.stderr) == (1, True)


def test_a_duplicate_series() -> None:
    """A series that occurs twice is one fault, in any order of its labels."""
    text = 'a{b="c",d="e"} 1\na{d="e",b="c",f=""} 2\na{b="c",d="e"} 3 5\n'
    (fault,) = parse(Source("text", text)).faults
    assert (fault.place.line, fault.message) == (2, "this series of `a` is already on line 1")


def test_bytes_that_are_not_utf8() -> None:
    """They are a fault at their position, and the other lines are read."""
    text = b'a{b="\xff"} 1\nc 1\n'.decode("utf-8", "surrogateescape")
    exposition = parse(Source("text", text))
    assert [(each.place.column, each.message) for each in exposition.faults] == [(6, "this is not UTF-8")]
    assert [each.name.text for each in exposition.samples] == ["c"]


LINES = [line for path in RIGHT.values() for line in path.read_text(encoding="utf-8").splitlines()]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Draw lines of matching expositions, in any order, with characters removed and inserted."""
    text = "\n".join(draw(st.lists(st.sampled_from(LINES), max_size=12)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 3)))
        text = text[:start] + draw(st.text(max_size=2) | st.sampled_from('{}",\\# \t\n\r=')) + text[end:]
    return text + draw(st.sampled_from(["", "\n", "\r\n", "\n# EOF\n"]))


@given(damaged() | st.text())
@example("# TYPE\n# HELP\n# UNIT \n# EOF")
@example("# EOF\n# EOF\n")
@example('a{b="\\')
@example('shop_wait_seconds_bucket 1\nshop_wait_seconds_bucket{le="nan"} 1\n')
def test_no_text_causes_a_traceback(text: str) -> None:
    """Every diagnostic of any text has a position that exists, and every format can print it."""
    diagnostics = found(text)
    for each in diagnostics:
        source, span = each.span.source, each.span
        assert 1 <= span.line <= len(source.lines)
        assert 1 <= span.column <= span.end_column <= len(source.line(span.line)) + 1
    for how in FORMATS:
        reporter(how)(diagnostics).encode()
