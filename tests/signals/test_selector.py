"""Selectors: positions of tokens, refused texts, and selected series."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.signals.metric import Label, Metric, Selector
from victor_monitoring.signals.metric_types.counter import Counter
from victor_monitoring.signals.metric_types.histogram import Histogram
from victor_monitoring.signals.selector import parse_selector
from victor_monitoring.signals.units import SECONDS

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)
SPACES = st.sampled_from(["", " ", "  ", "\t"])
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\"'\\\n\0"), max_size=6)
MATCHERS = st.lists(st.tuples(NAMES, st.sampled_from(["=", "!="]), PLAIN, st.sampled_from("\"'")), max_size=3)


@given(NAMES, MATCHERS, st.lists(SPACES, min_size=20, max_size=20))
@settings(max_examples=200)
def test_every_token_has_its_position(metric, matchers, spaces):
    """The range of each token is its text in the selector, for any spacing and quoting."""
    gaps = iter(spaces)
    inner = ",".join(
        f"{next(gaps)}{label}{next(gaps)}{op}{next(gaps)}{quote}{value}{quote}{next(gaps)}"
        for label, op, value, quote in matchers
    )
    text = f"{next(gaps)}{metric}{next(gaps)}{{{inner}}}{next(gaps)}"
    selector = parse_selector(text)
    tokens = [selector.metric, *(token for each in selector.matchers for token in (each.label, each.value))]
    assert [text[slice(*token.part)] for token in tokens] == [token.text for token in tokens]
    assert [(each.label.text, each.op, each.value.text) for each in selector.matchers] == [
        (label, op, value) for label, op, value, _ in matchers
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a{b="\\d"}', r"\d"),
        (r'a{b="\""}', '"'),
        (r"a{b='\''}", "'"),
        (r'a{b="x\ny"}', "x\ny"),
        (r"a{b=`\d`}", r"\d"),
    ],
)
def test_escapes_are_resolved(text, value):
    """Escapes are resolved in a value, but not between backticks."""
    assert parse_selector(text).matchers[0].value.text == value


@pytest.mark.parametrize(
    ("text", "culprit", "told"),
    [
        ("", "", "expected a metric name, found the end"),
        ("min(1, x)", "(", "`min(` is an expression, and a selector is wanted"),
        ("x[5m]", "[", "a selector has no window"),
        ("x + y", "+", "a selector is wanted, and this is an expression"),
        ("5x", "5x", "`5x` is neither a number nor a duration"),
        ('{code="5"}', "{", "expected a metric name, found `{`"),
        ("x{", "{", "expected a label or `}`, found the end"),
        ("x{code}", "}", "expected `=`, `!=`, `=~` or `!~` after `code`, found `}`"),
        ("x{code=5}", "5", "expected a quoted value, found `5`"),
        ('x{code=="5"}', "==", "expected `=`, `!=`, `=~` or `!~` after `code`, found `==`"),
        ('x{code="5}', '"5}', "the string does not end"),
        (r'x{code="\d"}', r"\d", r"unknown escape `\d`"),
        ("x offset 5m", "offset", "a selector has no `offset`"),
        ("x @ 1", "@", "a selector has no `@`"),
        ('x{a="1" b="2"}', "b", "expected `,` or `}` after a matcher"),
        ('x{a="1"', '"', "expected `,` or `}` after a matcher"),
        ('x{a=~"("}', "(", "`(` is not a regular expression"),
    ],
)
def test_a_mistake_has_its_position(text, culprit, told):
    """The range of an error is the unexpected character, or the last one at the end of the text."""
    with pytest.raises(PromqlError) as error:
        parse_selector(text)
    assert error.value.message.startswith(told)
    assert text[slice(*error.value.part)] == culprit
    assert error.value.hint


@given(st.text(max_size=12) | st.text("ab{}=~!\",'\\ (5[", max_size=12))
@settings(max_examples=300)
def test_any_text_is_read_or_refused_at_a_place_in_it(text):
    """Any text is parsed or refused with a PromqlError whose range is within the text."""
    try:
        parse_selector(text)
    except PromqlError as error:
        start, end = error.part
        assert 0 <= start <= end <= len(text)


CODES = ("200", "404", "500", "503")
RESULTS = ("hit", "miss")
METRIC = Metric(
    "requests_total", Counter(), labels=(Label("code", CODES), Label("result", RESULTS), Label("tool", None))
)
TOOLS = ("", "200", "a", "b", "hit")
SERIES = [
    dict(zip(("code", "result", "tool"), v, strict=True)) for v in itertools.product(CODES, RESULTS, TOOLS)
]
SELECTORS = st.lists(
    st.builds(
        Matcher,
        st.sampled_from(["code", "result", "tool", "missing"]),
        st.sampled_from(["=", "!=", "=~", "!~"]),
        st.sampled_from(
            [*CODES, *RESULTS, "a", "", "5..", "200|404", "hit|miss", ".*", ".+", "[45].*", "a|b"]
        ),
    ),
    max_size=3,
).map(lambda matchers: Selector(METRIC, tuple(matchers)))


def selected(selector: Selector) -> list[dict[str, str]]:
    return [labels for labels in SERIES if selector.matches(labels)]


@given(SELECTORS, SELECTORS)
@settings(max_examples=300)
def test_a_claimed_subset_is_one(part, whole):
    """If `is_subset_of` is true, every selected series is also selected by the other selector."""
    if part.is_subset_of(whole):
        assert [labels for labels in selected(part) if labels not in selected(whole)] == []


def test_a_selector_of_another_metric_is_no_subset():
    """Equal matchers on two metrics are no subsets of each other."""
    other = Selector(Metric("other_total", Counter(), labels=METRIC.labels))
    assert not other.is_subset_of(Selector(METRIC))


@pytest.mark.parametrize(
    ("part", "whole", "is_subset"),
    [
        ('{code="500"}', "", True),
        ('{code="500"}', '{code=~"5.."}', True),
        ('{code=~"5.."}', '{code=~"500|503"}', True),
        ('{code!="200"}', '{code=~"[45].*"}', True),
        ('{code="500",result="hit"}', '{code="500"}', True),
        ('{tool="a"}', '{tool=~"a|b"}', True),
        ('{tool=~"a|b"}', '{tool=~"a|b"}', True),
        ("", '{code="500"}', False),
        ('{result="hit"}', '{tool="hit"}', False),
        ('{code="500"}', '{code="503"}', False),
        ('{code=~"5.."}', '{code="500"}', False),
        ('{tool!="a"}', '{tool="b"}', False),
    ],
)
def test_the_subsets_of_common_ratios_are_recognised(part, whole, is_subset):
    """Equal matchers, closed sets and single values prove a subset."""
    selectors = (parse_selector(f"requests_total{text}") for text in (part, whole))
    of, over = (Selector(METRIC, tuple(each.matcher for each in it.matchers)) for it in selectors)
    assert of.is_subset_of(over) is is_subset


@given(SELECTORS)
@settings(max_examples=200)
def test_label_sets_are_all_the_selected_ones_of_closed_labels(selector):
    """All label sets are selected ones; closed labels take all allowed values, open ones at least one."""
    sets = list(selector.label_sets())
    assert all(selector.matches(labels) for labels in sets)
    closed = {(labels["code"], labels["result"]) for labels in sets}
    assert closed <= set(itertools.product(CODES, RESULTS))
    if not any(matcher.label in {"tool", "missing"} for matcher in selector.matchers):
        assert closed == {(labels["code"], labels["result"]) for labels in selected(selector)}


@pytest.mark.parametrize(
    ("matcher", "meeting"),
    [
        (Matcher("code", "=", "200"), ["200"]),
        (Matcher("code", "!=", "200"), ["404", "500", "503"]),
        (Matcher("code", "=~", "5.."), ["500", "503"]),
        (Matcher("code", "=~", "5"), []),
        (Matcher("code", "!~", "5..|404"), ["200"]),
        (Matcher("missing", "=", ""), list(CODES)),
        (Matcher("missing", "!=", ""), []),
    ],
)
def test_a_matcher_meets_whole_values(matcher, meeting):
    """Regexes are anchored, and a missing label is empty."""
    selector = Selector(METRIC, (matcher,))
    assert [code for code in CODES if selector.matches({"code": code})] == meeting


@pytest.mark.parametrize(
    ("matchers", "tools"),
    [
        ([], ["example"]),
        ([Matcher("tool", "=", "a")], ["a"]),
        ([Matcher("tool", "!=", "a")], ["example"]),
        ([Matcher("tool", "=~", "a|b")], ["a", "b"]),
        ([Matcher("tool", "=~", "5..")], ["500"]),
        ([Matcher("tool", "=~", "[45].*")], ["40", "4"]),
        ([Matcher("code", "=", "200"), Matcher("result", "=~", "hit")], ["example"]),
    ],
)
def test_an_open_label_takes_the_values_that_its_matchers_name(matchers, tools):
    """An open label takes values that its matchers name, or an example if they name none."""
    assert (
        list(dict.fromkeys(each["tool"] for each in Selector(METRIC, tuple(matchers)).label_sets())) == tools
    )


def test_a_histogram_is_selected_by_its_counters_too():
    """`_count` has the unit `count`, `_sum` that of the histogram, and neither has buckets."""
    metric = Metric("duration_seconds", Histogram(), SECONDS, buckets=(Fraction(1),))
    series = metric.series()
    assert {name: (str(each.type), str(each.unit), each.buckets) for name, each in series.items()} == {
        "duration_seconds": ("histogram", "seconds", (Fraction(1),)),
        "duration_seconds_count": ("counter", "count", ()),
        "duration_seconds_sum": ("counter", "seconds", ()),
    }


@pytest.mark.parametrize(
    "regex", ["5..", "(?i)a|b", "(?:a)+", "[*++]", r"a\\.b", "(?P<n>a)", r"\\d+", "a+?", r"[\\]*+]"]
)
def test_regexes_of_prometheus_are_read(regex: str) -> None:
    """RE2 syntax is accepted."""
    assert parse_selector(f'm{{l=~"{regex}"}}').matchers


@pytest.mark.parametrize(
    "regex", ["(?!5)..", r"(a)\\1", "(?P<n>a)(?P=n)", "(?<=a)b", "a++", "(?>a)", "[+]*+"]
)
def test_regexes_that_only_python_knows_are_refused(regex: str) -> None:
    """A regex that RE2 rejects, which would make the rule file fail to load, is an error at its position."""
    with pytest.raises(PromqlError) as told:
        parse_selector(f'm{{l=~"{regex}"}}')
    assert told.value.part == (6, 6 + len(regex))
