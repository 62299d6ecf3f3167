"""Expositions are read as prometheus_client reads them, each word with its place, and never a traceback."""

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

# Values as a service may have them: escapes, quotes, braces, other scripts, ends of lines of other systems.
VALUES = st.text(st.sampled_from('ab"\\n\n\r{},= #\t\u2028é漢😀'), max_size=8)


def text_of(write: Callable[..., bytes], registry: CollectorRegistry) -> str:
    """What the client writes in one of its formats, whose functions have no types."""
    return write(registry).decode()


def read(exposition: Exposition) -> list[Series]:
    """The samples as they are compared; NaN has no equal."""
    return [
        (each.name.text, frozenset((name.text, value.text) for name, value in each.labels), repr(each.value))
        for each in exposition.samples
    ]


def judged(parser: Callable[[str], Iterable[Metric]], text: str) -> list[Series]:
    """The same of prometheus_client."""
    return [
        (sample.name, frozenset(sample.labels.items()), repr(float(sample.value)))
        for family in parser(text)
        for sample in family.samples
    ]


@given(st.lists(st.tuples(VALUES, st.floats()), max_size=4), VALUES.map(lambda text: text.replace("\r", "")))
def test_what_a_client_writes_is_read_as_its_own_parser_reads_it(values, hint) -> None:
    """Any help, label values and values come back, in both formats, without a fault."""
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
    assert (exposition.faults, read(exposition)) == ((), judged(text_families, text))
    text = text_of(generate_openmetrics, registry)
    exposition = parse(Source("text", text))
    assert (exposition.faults, read(exposition)) == ((), judged(openmetrics_families, text))
    assert exposition.helps["a_ratio"].said.text == hint.strip(" \t")


@pytest.mark.parametrize("how", RIGHT)
def test_every_word_has_its_place(how) -> None:
    """A name or a value without escapes is the very text at its place."""
    exposition = parse(Source("text", RIGHT[how].read_text(encoding="utf-8")))
    assert exposition.openmetrics == (how == "openmetrics")
    words = [each.name for each in exposition.samples]
    words += [word for each in exposition.samples for pair in each.labels for word in pair]
    for lines in (exposition.types, exposition.units):
        words += [word for meta in lines.values() for word in (meta.name, meta.said)]
    assert len(words) > 60
    for word in words:
        assert exposition.source.line(word.line)[word.column - 1 : word.end - 1] == word.text


def test_names_in_quotes() -> None:
    """Names that Prometheus 3 puts into quotes are read, with the place inside of the quotes."""
    (sample,) = parse(Source("text", '{"a.b","c.d"="e"} 1\n')).samples
    assert (sample.name, sample.labels) == (
        ExpositionToken("a.b", 1, 3, 6),
        ((ExpositionToken("c.d", 1, 9, 12), ExpositionToken("e", 1, 15, 16)),),
    )


# What a scrape refuses: a text, and line, column and message of the one fault in it.
MALFORMED = [
    ("a 1", 1, 4, "the last line does not end"),
    ("a\n", 1, 2, "the line ends where a value is wanted"),
    ("a one\n", 1, 3, "`one` stands where a value is wanted"),
    ("a 1_000\n", 1, 3, "`1_000` stands where a value is wanted"),
    ("a 1 now\n", 1, 5, "`now` stands where a timestamp is wanted"),
    ("a 1 1.5\n", 1, 5, "`1.5` is no timestamp"),
    ("a 1 2 3\n", 1, 7, "`3` stands where the end of the line is wanted"),
    ('a 1 # {b="c"} 1\n', 1, 5, "`#` stands where the end of the line is wanted"),
    ("1a 1\n", 1, 1, "`1a` stands where the name of a metric is wanted"),
    ("a-b 1\n", 1, 1, "`a-b` stands where the name of a metric is wanted"),
    ('{b="c"} 1\n', 1, 9, "the name of a metric is wanted"),
    ('a{b="c} 1\n', 1, 5, "the quote is not closed"),
    ("a{b=c} 1\n", 1, 5, "`c` stands where a value in double quotes is wanted"),
    ('a{b:"c"} 1\n', 1, 4, '`:"c"` stands where `=` is wanted'),
    ('a{b="c" d="e"} 1\n', 1, 9, "`d` stands where `,` is wanted"),
    ('a{b="c",b="d"} 1\n', 1, 9, "the label `b` stands here twice"),
    ('a{b="c"\n', 1, 8, "the line ends where `,` is wanted"),
    ("# TYPE a speed\na 1\n", 1, 10, "`speed` is no type of a metric"),
    ("# TYPE a gauge\n# TYPE a counter\na 1\n", 2, 10, "`a` is a gauge since line 1"),
    ("a 1\r\na{b=\"c\"} 1\n", 1, 4, "the line ends in CR and LF"),
]  # fmt: skip
MALFORMED_OPENMETRICS = [
    ("a 1\n\n# EOF\n", 2, 1, "OpenMetrics has no empty lines"),
    ("# a comment\na 1\n# EOF\n", 1, 1, "OpenMetrics has no comments"),
    ("a 1\n", 1, 4, "there is no `# EOF`: the exposition was cut short"),
    ("a 1\n# EOF\nb 1\n", 3, 1, "there is text behind `# EOF`"),
    ("a 1 # b\n# EOF\n", 1, 7, "`b` stands where an exemplar's value is wanted"),
    ("# TYPE a untyped\na 1\n# EOF\n", 1, 10, "`untyped` is no type of a metric"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), MALFORMED)
def test_what_is_malformed_is_told_in_its_place(text, line, column, message) -> None:
    """A mistake in the text format is one fault, at the text that is wrong."""
    told = [(each.place.line, each.place.column, each.message) for each in parse(Source("text", text)).faults]
    assert told == [(line, column, message)]


@pytest.mark.parametrize(("text", "line", "column", "message"), MALFORMED_OPENMETRICS)
def test_what_openmetrics_forbids_is_told_in_its_place(text, line, column, message) -> None:
    """A mistake in OpenMetrics is one fault, and its own parser refuses the text too."""
    exposition = parse(Source("text", text), openmetrics=True)
    told = [(each.place.line, each.place.column, each.message) for each in exposition.faults]
    assert told == [(line, column, message)]
    with pytest.raises(ValueError, match=r"\w"):
        judged(openmetrics_families, text)


@pytest.mark.parametrize("text", [row[0] for row in MALFORMED])
def test_what_is_malformed_is_refused_by_promtool(text, promtool: Path) -> None:
    """Prometheus' own reader of the format refuses each text of the table."""
    run = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )
    assert (run.returncode, b"error while linting" in run.stderr) == (1, True)


def test_a_series_twice() -> None:
    """A series that stands there a second time is told, whatever the order of its labels."""
    text = 'a{b="c",d="e"} 1\na{d="e",b="c",f=""} 2\na{b="c",d="e"} 3 5\n'
    (fault,) = parse(Source("text", text)).faults
    assert (fault.place.line, fault.message) == (2, "this series of `a` is on line 1 already")


def test_bytes_that_are_not_utf8() -> None:
    """They are told in their place, and the other lines are read."""
    text = b'a{b="\xff"} 1\nc 1\n'.decode("utf-8", "surrogateescape")
    exposition = parse(Source("text", text))
    assert [(each.place.column, each.message) for each in exposition.faults] == [(6, "this is not UTF-8")]
    assert [each.name.text for each in exposition.samples] == ["c"]


LINES = [line for path in RIGHT.values() for line in path.read_text(encoding="utf-8").splitlines()]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Lines of right expositions, in any order, with characters cut out and put in."""
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
def test_nothing_is_a_traceback(text: str) -> None:
    """Whatever a target answers, there are findings in places that exist, and every format writes them."""
    diagnostics = found(text)
    for each in diagnostics:
        source, span = each.span.source, each.span
        assert 1 <= span.line <= len(source.lines)
        assert 1 <= span.column <= span.end_column <= len(source.line(span.line)) + 1
    for how in FORMATS:
        reporter(how)(diagnostics).encode()
