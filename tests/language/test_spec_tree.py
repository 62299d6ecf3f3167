"""The located tree: values, positions and parts."""

from __future__ import annotations

import datetime

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from victor_monitoring.base.diagnostics import Source, Span
from victor_monitoring.language.syntax import build
from victor_monitoring.language.syntax.load import load
from victor_monitoring.language.syntax.offsets import within_block
from victor_monitoring.language.syntax.tree import MapNode, Node, ScalarNode, at, plain, span_at

SPEC = """\
service: &service
  name: victor   # a comment
  'title': "A \\"wide\\" 😀 title"
alerts:
  - {signal: cpu, when: '> 5', by: [a, b]}
  - *service

promql: |
  rate(x[5m])

    > 1

last: 2026-12-31
"""


def tree(text: str) -> MapNode:
    """Return the tree of a text without mistakes."""
    loaded = load(Source("s.yaml", text))
    assert loaded.diagnostics == []
    assert loaded.tree is not None
    return loaded.tree


def scalar(text: str) -> ScalarNode:
    """Return the scalar at `k` of a text without mistakes."""
    node = at(tree(text), ("k",))
    assert isinstance(node, ScalarNode)
    return node


def words(span: Span) -> str:
    """Return the text of a span."""
    if span.line == span.end_line:
        return span.source.line(span.line)[span.column - 1 : span.end_column - 1]
    rows = [span.source.line(number) for number in range(span.line, span.end_line + 1)]
    rows[-1] = rows[-1][: span.end_column - 1]
    rows[0] = rows[0][span.column - 1 :]
    return "\n".join(rows)


def test_plain_values() -> None:
    """A tree becomes the data of its text."""
    assert plain(tree(SPEC)) == {
        "service": {"name": "victor", "title": 'A "wide" 😀 title'},
        "alerts": [
            {"signal": "cpu", "when": "> 5", "by": ["a", "b"]},
            {"name": "victor", "title": 'A "wide" 😀 title'},
        ],
        "promql": "rate(x[5m])\n\n  > 1\n",
        "last": datetime.date(2026, 12, 31),
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[("~", None), ("null", None), ("", None), ("true", True), ("FALSE", False)],
        *[("0", 0), ("-12", -12), ("+3", 3), ("1.50", 1.5), (".5", 0.5), ("-2.", -2.0)],
        *[("5m", "5m"), ("40%", "40%"), ("1.2.3", "1.2.3"), ("2026-1-2", "2026-1-2")],
        *[("'1'", "1"), ('"true"', "true"), ("nonsense", "nonsense"), ("< 5", "< 5"), ("a#b", "a#b")],
    ],
)
def test_scalar_values(written: str, value: object) -> None:
    """A scalar has the one value that YAML's versions agree on."""
    found = scalar(f"k: {written}").value
    assert (found, type(found)) == (value, type(value))


def test_shared_alias_is_one_object() -> None:
    """A part that an alias repeats is one object in the plain data."""
    data = plain(tree("a: &a [1]\nb: *a\n"))
    assert isinstance(data, dict)
    assert data["a"] is data["b"]


def test_merge_keys() -> None:
    """Own entries take precedence over merged ones, and earlier merged ones over later ones."""
    text = "a: &a {x: 1, z: 1}\nb: &b {x: 2, w: 2}\nc: {<<: [*a, *b], z: 3}\nd: {z: 4, <<: *b}\n"
    data = plain(tree(text))
    assert isinstance(data, dict)
    assert data["c"] == {"x": 1, "z": 3, "w": 2}
    assert data["d"] == {"x": 2, "w": 2, "z": 4}


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        (("service",), True, "service"),
        (("service", "name"), False, "victor"),
        (("service", "title"), True, "'title'"),
        (("service", "title"), False, '"A \\"wide\\" 😀 title"'),
        (("service",), False, 'name: victor   # a comment\n  \'title\': "A \\"wide\\" 😀 title"'),
        (("alerts", 0), False, "{signal: cpu, when: '> 5', by: [a, b]}"),
        (("alerts", 0, "by"), False, "[a, b]"),
        (("alerts", 0, "by", 1), False, "b"),
        (("alerts", 0, "by", 9), False, "by"),  # the key of the nearest parent
        (
            ("alerts", 0, "missing", "x"),
            False,
            "{signal: cpu, when: '> 5', by: [a, b]}",
        ),  # an item has no key
        (("service", "missing"), True, "service"),
        (("promql",), False, "|\n  rate(x[5m])\n\n    > 1"),
    ],
)
def test_span_at(path: tuple[str | int, ...], key: bool, expected: str) -> None:
    """A path leads to its value, its key, or its nearest existing parent."""
    found = words(span_at(tree(SPEC), path, key=key))
    assert found.removeprefix("&service\n  ") == expected


def test_at_missing_path() -> None:
    """A path that does not exist leads to nothing."""
    root = tree(SPEC)
    paths: list[tuple[str | int, ...]] = [
        ("x",),
        ("alerts", 7),
        ("alerts", -1),
        ("service", 0),
        ("last", "x"),
    ]
    assert [at(root, path) for path in paths] == [None] * len(paths)


CHARACTERS = st.text(st.sampled_from("ab{}=\"'\\\t: é😀#,"), max_size=12)
LINES = st.text(st.sampled_from("ab \"'#{}é😀:"), min_size=1, max_size=8)


def hexadecimal(character: str) -> str:
    """Return the longest escape of a character."""
    return f"\\U{ord(character):08X}"


@given(CHARACTERS, st.integers(0, 12), st.integers(0, 12), st.booleans())
def test_part_of_double_quoted(text: str, start: int, end: int, escape_all: bool) -> None:
    """Each part of a double-quoted text is found as it is written, with escapes or without."""
    simple = {'"': '\\"', "\\": "\\\\", "\t": "\\t"}
    written = [hexadecimal(each) if escape_all else simple.get(each, each) for each in text]
    node = scalar(f'k: "{"".join(written)}" # c\n')
    assert node.text == text
    assert words(node.part(start, end)) == "".join(written[start:end])


@given(CHARACTERS.filter(lambda text: "\\" not in text), st.integers(0, 12), st.integers(0, 12))
def test_part_of_single_quoted(text: str, start: int, end: int) -> None:
    """Each part of a single-quoted text is found as it is written."""
    node = scalar(f"k: '{text.replace(chr(39), chr(39) * 2)}'\n")
    assert words(node.part(start, end)) == text[start:end].replace("'", "''")


@given(st.text(st.sampled_from("ab{}=é😀\"' "), max_size=12), st.integers(0, 14), st.integers(0, 14))
def test_part_of_plain(text: str, start: int, end: int) -> None:
    """Each part of a plain text is found, after an anchor too."""
    node = scalar(f"k: &anchor x{text}x   # c\n")
    assert words(node.part(start, end)) == node.text[start:end]


@given(
    st.lists(st.one_of(LINES, st.just("")), min_size=1, max_size=4).filter(
        lambda lines: bool(lines[0].strip())
    ),
    st.integers(1, 4),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from(["\n", "\r\n"]),
)
def test_part_of_block(lines: list[str], indent: int, start: int, end: int, newline: str) -> None:
    """Each part of a literal block is found, over several lines too."""
    body = newline.join(" " * indent + line if line else "" for line in lines)
    node = scalar(f"k: |{indent}{newline}{body}{newline}z: 1{newline}")
    start, end = min(start, len(node.text)), min(end, len(node.text))
    span = node.part(start, end)
    rows = words(span).split("\n")
    found = "\n".join([rows[0], *[row[indent:] for row in rows[1:]]])
    assert found == node.text[start:end].removesuffix("\n")
    assert span.line == node.line + 1 + node.text.count("\n", 0, min(start, len(node.text) - 1))


@pytest.mark.parametrize("text", ["k: >\n  a b\n  c\n", "k: a\n  b\n", 'k: "a\n  b"\n', "k: |\n\n\n"])
def test_part_of_folded(text: str) -> None:
    """If folding hides the position, the part is the whole scalar."""
    node = scalar(text)
    assert node.part(0, 1) == node.span


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_count_characters(parser: str, newline: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers count characters, not bytes, with either line end."""
    monkeypatch.setattr(build, "_Loader", getattr(yaml, parser))
    root = tree(newline.join(["é: {😀: '😀', ü: x}", "k: z", ""]))
    assert words(span_at(root, ("é", "ü"))) == "x"
    assert words(span_at(root, ("é", "😀"))) == "'😀'"
    assert str(span_at(root, ("k",))) == "s.yaml:2:4"


def test_part_of_block_that_does_not_match() -> None:
    """Lines that do not contain the text give no position rather than a wrong one."""
    assert within_block(["k: |", "  abc", "  xyz"], 2, "abc\nxyz\n", 4, 7) == (3, 3, 3, 6)
    assert within_block(["k: |", "  abc", "  other"], 2, "abc\nxyz\n", 0, 1) is None


def nodes(node: Node) -> list[Node]:
    """Return the node and all nodes below it."""
    if isinstance(node, ScalarNode):
        return [node]
    below = [entry.node for entry in node.entries.values()] if isinstance(node, MapNode) else node.items
    return [node, *(deeper for each in below for deeper in nodes(each))]


DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-999, 999), st.text("ab :#'\"\\-{}\n😀", max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), DATA, min_size=1), st.booleans())
@example({"a": [{"b": "x" * 70, "c": "-\\ d"}]}, True)  # folded behind the backslash
def test_load_reads_what_pyyaml_writes(data: dict[str, object], flow: bool) -> None:
    """Data that PyYAML writes is read back, and the position of each scalar contains the scalar."""
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=True)
    root = tree(text)
    assert plain(root) == data
    for node in nodes(root):
        if isinstance(node, ScalarNode) and isinstance(node.value, int):
            assert words(node.span) == node.text
