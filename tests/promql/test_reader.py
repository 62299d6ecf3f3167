"""The reader of PromQL accepts what a real promtool does, and its errors have a place and a hint."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.promql.expressions import Drawn, broken
from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion, parse_version
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.tree import Number, Vector

SEED = 20261202
DRAWN, BROKEN = 2500, 2500
# What a version takes and no rule can use: durations of the query's step, or none that is longer than 0.
UNUSABLE = re.compile(r"depends on the query|greater than 0")
REFUSED = re.compile(r"rule (\d+), \"r:\d+\": could not parse")
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


def refused(promtool: Path, folder: Path, texts: list[str]) -> set[int]:
    """Return which of the texts promtool refuses as an expression, by their place in the list."""
    # The last one is always refused: else it would go unnoticed if refusals were said in other words.
    rules = [{"record": f"r:{place}", "expr": each} for place, each in enumerate((*texts, "("))]
    path = folder / "rules.yaml"
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}, indent=0), encoding="utf-8")
    command = [str(promtool), "check", "rules", "--lint=none", str(path)]
    found = subprocess.run(command, capture_output=True, check=False, text=True)
    places = {int(each) - 1 for each in REFUSED.findall(found.stdout + found.stderr)}
    assert len(texts) in places
    return places - {len(texts)}


def version_of(promtool: Path) -> PrometheusVersion:
    """Return the version of a promtool."""
    shown = subprocess.run([str(promtool), "--version"], capture_output=True, check=True, text=True)
    found = re.search(r"version (\S+)", shown.stdout + shown.stderr)
    assert found is not None
    return parse_version(found[1])


def differences(promtool: Path, folder: Path, texts: list[str]) -> list[str]:
    """Return the texts that are read and promtool refuses, or the other way round."""
    version, theirs = version_of(promtool), refused(promtool, folder, texts)
    found = []
    for place, each in enumerate(texts):
        error = error_of(each, version)
        if error is None and place in theirs:
            found.append(f"{each!r}: promtool refuses it")
        if error is not None and place not in theirs and not UNUSABLE.search(error.message):
            found.append(f"{each!r}: promtool accepts it, and we say: {error.message}")
    return found


def error_of(expression: str, version: PrometheusVersion | None) -> PromqlError | None:
    """Return why a text is no expression; None if it is one."""
    try:
        read(expression, version)
    except PromqlError as error:
        return error
    return None


def test_unusual_texts_are_read_or_refused_as_by_promtool(promtool: Path, tmp_path: Path) -> None:
    """Each form of literals, modifiers and keywords, and each kind of mistake."""
    assert not differences(promtool, tmp_path, TEXTS)


def test_drawn_expressions_are_accepted_by_promtool_and_read_again(promtool: Path, tmp_path: Path) -> None:
    """What is printed is PromQL, and is read to the same tree; so are two of its own printings."""
    version = version_of(promtool)
    drawn = Drawn(Random(SEED), version)
    expressions = [drawn.expression() for _ in range(DRAWN)]
    texts = [text(each) for each in expressions]
    again = [read(each, version) for each in texts]
    assert [text(each) for each in again] == texts
    changed = [one for one, other in zip(expressions, again, strict=True) if one != other]
    assert not [text(each) for each in changed]
    assert not refused(promtool, tmp_path, texts)


def test_broken_texts_are_read_or_refused_as_by_promtool(promtool: Path, tmp_path: Path) -> None:
    """A token too many, too few or of another kind; both sorts are there."""
    dice = Random(SEED)
    drawn = Drawn(dice, version_of(promtool))
    texts = [broken(dice, text(drawn.expression(3))) for _ in range(BROKEN)]
    assert not differences(promtool, tmp_path, texts)
    assert BROKEN / 10 < len(refused(promtool, tmp_path, texts)) < BROKEN


@pytest.mark.parametrize("seed", range(20))
def test_any_error_is_within_the_text_and_has_a_hint(seed: int) -> None:
    """Whatever is cut out of expressions, the reader raises no other error, and a caret has a place."""
    dice = Random(seed)
    drawn = Drawn(dice, NEWEST)
    for _ in range(50):
        whole = broken(dice, text(drawn.expression(3)))
        cut = whole[: dice.randint(0, len(whole))]
        error = error_of(cut, dice.choice((None, OLDEST, NEWEST)))
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
