"""The loader raises for no text, and reports each mistake with its position."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from victor_monitoring.base.diagnostics import Diagnostic, Severity, Source, UserError
from victor_monitoring.base.spec_file import MAX_BYTES, read
from victor_monitoring.language.syntax import build
from victor_monitoring.language.syntax.load import load
from victor_monitoring.language.syntax.tree import Node, at, plain
from victor_monitoring.language.syntax.wanted import (
    cut_comment,
    list_wanted_hint,
    mapping_wanted_hint,
    text_wanted_hint,
)


def diagnosed(text: str) -> list[str]:
    """Return the diagnostics of the text: position, code and message."""
    return [
        f"{d.span.line}:{d.span.column} {d.code} {d.message}"
        for d in load(Source("s.yaml", text)).diagnostics
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1", "2:1 VM011 the line is indented with a tab"),
        ("a:\n  b: 1\n  \tc: 1", "3:3 VM011 the line is indented with a tab"),
        ("a:\n  - \tb: 1\n", "2:5 VM011 a tab instead of a space"),
        ("a: \x0c1\nb: \x0c2", "1:4 VM012 the text contains U+000C (control character), 2 times"),
        ("a: b\ufeff", "1:5 VM012 the text contains U+FEFF (zero width no-break space)"),
        ("a: 1\u2028b: 2", "1:5 VM012 the text contains U+2028 (line separator)"),
        ("a: \u202eb", "1:4 VM012 the text contains U+202E (right-to-left override)"),
        ("aaaa: 1\x00", "1:8 VM012 the text contains U+0000 (control character)"),
        ("a: 1\rb: 2", "1:5 VM014 a line ends in a carriage return alone"),
        ("a: 1\r\nb: 1\r\nb: 2\r\n", "3:1 VM002 the key `b` is already in this mapping, on line 2"),
    ],
)
def test_characters(text: str, expected: str) -> None:
    """An invalid character is reported at its first position."""
    assert diagnosed(text) == [expected]


@pytest.mark.parametrize(
    "character", list("\t ~\xa0\u2027\u202f\u2065\u206a\ud7ff\ue000\ufefe\uff00\ufffd\U00010000")
)
def test_characters_at_the_edges(character: str) -> None:
    """The characters next to the invalid ranges are accepted."""
    assert diagnosed(f"a: 'x{character}y'") == []


@pytest.mark.parametrize(
    "character", list("\x08\x0b\x0c\x0e\x1f\x7f\x9f\u2028\u202e\u2066\u2069\ud800\ufeff\ufffe\uffff")
)
def test_characters_beyond_the_edges(character: str) -> None:
    """The first and the last character of each invalid range are reported."""
    assert [each.split()[1] for each in diagnosed(f"a: 'x{character}y'")] == ["VM012"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfa: 1", []),
        ("a: 1".encode("utf-16"), ["1:1 VM013 the file is in UTF-16, and a spec is in UTF-8"]),
        ("a: 1".encode("utf-16-be"), ["1:1 VM013 the file is in UTF-16, and a spec is in UTF-8"]),
        ("a: 1\nb: café à".encode("cp1252"), ["2:7 VM013 the byte 0xE9 is not UTF-8, and 1 more"]),
    ],
)
def test_encodings(content: bytes, expected: list[str], tmp_path: Path) -> None:
    """A file that is not UTF-8 is reported at its first such byte; a leading byte order mark is accepted."""
    file = tmp_path / "s.yaml"
    file.write_bytes(content)
    loaded = load(read(file, "s.yaml"))
    assert [f"{d.span.line}:{d.span.column} {d.code} {d.message}" for d in loaded.diagnostics] == expected


def test_read_names_the_source() -> None:
    """A source carries the name that the user gave."""
    assert read(Path(__file__), "tests/x.py").name == "tests/x.py"


def test_read_missing(tmp_path: Path) -> None:
    """A missing file is a user error with a hint."""
    with pytest.raises(UserError, match=r"there is no spec `a\.yaml`") as error:
        read(tmp_path / "a.yaml", "a.yaml")
    assert "--spec" in error.value.hint


def test_read_directory(tmp_path: Path) -> None:
    """A directory is a user error."""
    with pytest.raises(UserError, match="`specs` is a directory"):
        read(tmp_path, "specs")


def test_read_forbidden(ordinary_folder: Path) -> None:
    """A file that may not be read is a user error."""
    file = ordinary_folder / "a.yaml"
    file.touch(mode=0)
    with pytest.raises(UserError, match="may not be read"):
        read(file, "a.yaml")


def test_read_odd_path() -> None:
    """A path that the system refuses is a user error."""
    with pytest.raises(UserError, match="cannot be read"):
        read(Path("x" * 5000), "x")


def test_read_too_large(tmp_path: Path) -> None:
    """A file above the limit is a user error, and is not read whole."""
    file = tmp_path / "a.yaml"
    with file.open("wb") as empty:
        empty.truncate(MAX_BYTES + 1)
    with pytest.raises(UserError, match="larger than 16 MiB"):
        read(file, "a.yaml")


@pytest.mark.parametrize("opening", ["[", "{", "- ", "{a: ", "? ", "&a [", "[a, ", "[\n", "[?"])
@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
def test_deep_nesting(opening: str, parser: str) -> None:
    """100,000 levels are reported, and do not crash the interpreter."""
    script = f"""
import sys, yaml
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.syntax import build
from victor_monitoring.language.syntax.load import load
build._Loader = yaml.{parser}
print([each.code for each in load(Source("s", sys.stdin.read())).diagnostics])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=opening * 100_000, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) in [(0, "['VM007']\n"), (0, "['VM005', 'VM007']\n")]


def test_byte_order_mark_hint() -> None:
    """A byte order mark inside a text is invisible, so the hint says how some editors show it."""
    (found,) = load(Source("s.yaml", "a: b\ufeff")).diagnostics
    assert found.hint == "delete it; some editors show it as `<feff>`"


def test_deep_nesting_below_aliases() -> None:
    """Levels inside a part that an alias repeats count, those of inner collections too."""
    lines = ["a0: &a0 [[1]]"] + [f"a{n}: &a{n} [[*a{n - 1}]]" for n in range(1, 100)]
    assert diagnosed("\n".join(lines)) == ["25:13 VM007 this is nested more than 50 levels deep"]


def test_deep_nesting_through_aliases() -> None:
    """Levels that aliases add count too."""
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)]
    assert diagnosed("\n".join(lines)) == ["50:12 VM007 this is nested more than 50 levels deep"]


def test_alias_bomb() -> None:
    """Aliases of aliases of aliases are stopped before they fill the memory."""
    lines = ["a0: &a0 [1, 1]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    start = time.monotonic()
    assert diagnosed("\n".join(lines)) == ["7:15 VM006 aliases repeat more than 1,000,000 values up to here"]
    assert time.monotonic() - start < 5


def test_aliases_within_reason() -> None:
    """A part that is repeated ten thousand times is accepted."""
    text = "a: &a {b: [1, 2, 3]}\nc:\n" + "  - *a\n" * 10_000
    assert diagnosed(text) == []


def test_all_mistakes_of_one_run() -> None:
    """Mistakes that do not stop the parser are all reported, in the order of the text, with a tree."""
    loaded = load(Source("s.yaml", "a: on\nb: 010\na: 2\nc: *x\nd: != 0\ne: 1e3\n---\nf: 1\n"))
    codes = [(d.span.line, d.code) for d in loaded.diagnostics]
    assert codes == [
        (1, "VM016"),
        (2, "VM017"),
        (3, "VM002"),
        (4, "VM005"),
        (5, "VM004"),
        (6, "VM017"),
        (7, "VM008"),
    ]
    assert loaded.tree is not None
    assert plain(loaded.tree) == {"a": "on", "b": 10, "c": "*x", "d": "!= 0", "e": 1000}


def test_mistakes_before_a_stop() -> None:
    """Mistakes above the one that stops the parser are reported with it."""
    loaded = load(Source("s.yaml", "a: on\nb: @c\n"))
    assert [d.code for d in loaded.diagnostics] == ["VM016", "VM020"]
    assert loaded.tree is None


def inside(diagnostic: Diagnostic, text: str) -> bool:
    """Return whether the span is inside the text, and its end not before its start."""
    lines = text.replace("\r\n", "\n").split("\n")
    span = diagnostic.span
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return start <= end and all(
        1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for line, column in (start, end)
    )


def check_any(text: str) -> None:
    """Load any text, and assert the properties of all diagnostics."""
    loaded = load(Source("s.yaml", text))
    assert loaded.tree is not None or loaded.diagnostics
    for each in loaded.diagnostics:
        assert inside(each, text), each
        assert each.severity is Severity.ERROR
        assert each.message
        assert each.hint
    if loaded.tree is not None:
        plain(loaded.tree)


# Pieces of YAML syntax, so that random texts reach every branch of the parser.
PIECES = [
    *[
        "a",
        "b: ",
        "c:",
        "- ",
        "-",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "\n\t",
        " ",
        "  ",
        "\t",
        "# x",
        " # y",
    ],
    *[
        "{",
        "}",
        "[",
        "]",
        ",",
        "&a ",
        "*a",
        "*",
        "&",
        "!",
        "!!str ",
        "!= ",
        "|",
        ">",
        "|2\n",
        ">-\n",
        "%",
        "@",
    ],
    *[
        "`",
        "'",
        '"',
        "\\",
        "\\x4",
        "\\n",
        "'x'",
        '"y"',
        "---",
        "...",
        "\n---\n",
        "\n...\n",
        "<<: ",
        "<<<<<<< ",
    ],
    *[
        "1",
        "010",
        "1e3",
        "1:30",
        "on",
        "~",
        "2020-01-01",
        ".inf",
        "\r\n",
        "\r",
        "\x00",
        "\ufeff",
        "\u2028",
        "é",
        "😀",
    ],
    *["\udce9", "%YAML 1.2\n", "%TAG ! a\n", "\xa0"],
]


@given(st.text())
@example("a: |\n  b")
@example("- ? ")  # libyaml puts the empty value on a line after the last
@example("\n\0\0a")  # the first character is a line's end
@example("k:\n   >9\n")
def test_load_any_text(text: str) -> None:
    """No text makes the loader raise, and every diagnostic is inside the text."""
    check_any(text)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_load_any_pieces(text: str) -> None:
    """No sequence of pieces of YAML makes the loader raise."""
    check_any(text)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_load_any_pieces_with_python_parser(text: str) -> None:
    """The same is true without the C parser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_Loader", yaml.SafeLoader)
        check_any(text)


@given(st.binary())
def test_load_any_bytes(content: bytes) -> None:
    """No bytes make the loader raise."""
    check_any(content.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5,
        "a: " + "1" * 5,
        'a: "' + "x" * 5,
        "a: {b: " + "w" * 5 + "{}",
        "<<<<<<< a\n" * 5,
        "x" + " " * 5 + ": b: c",
    ],
)
def test_garbage_of_5_mb(text: str) -> None:
    """Five megabytes of one mistake are reported within seconds, in messages of a readable length."""
    middle = text[len(text) // 2]
    large = text.replace(middle, middle * 2**20, 1)
    start = time.monotonic()
    found = load(Source("s.yaml", large)).diagnostics
    assert time.monotonic() - start < 10
    assert all(len(each.message) < 250 and len(each.hint) < 250 for each in found)


def node(text: str) -> Node:
    """Return the node at `k`."""
    loaded = load(Source("s.yaml", text))
    assert loaded.tree is not None
    found = at(loaded.tree, ("k",))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("k: x", ""),
        ("k: true", 'a bare `true` is a boolean in YAML: quote it, `"true"`'),
        ("k: 5", 'a bare `5` is a number in YAML: quote it, `"5"`'),
        ("k: 2026-12-31", 'a bare `2026-12-31` is a date in YAML: quote it, `"2026-12-31"`'),
        ("k: null", 'a bare `null` is nothing in YAML: quote it, `"null"`'),
        ("k:", 'write a text, or `""` for an empty one'),
        (
            'k: {operation="hit"}',
            "a bare `{` starts a mapping in YAML: quote the whole text, `'{operation=\"hit\"}'`",
        ),
        ("k: [a] ", 'a bare `[` starts a list in YAML: quote the whole text, `"[a]"`'),
        ("k:\n  - a", "write one text here, not a list"),
        ("k:\n  a: b", "write one text here, not a mapping"),
    ],
)
def test_text_wanted_hint(text: str, hint: str) -> None:
    """If text is required, the hint names the type that YAML read."""
    assert text_wanted_hint(node(text)) == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("k: [a]", ""),
        ("k: a", "put it into brackets: `[a]`"),
        ("k: 'a, b'", 'put it into brackets: `["a, b"]`'),
        ("k:\n  -a", "put a space after the dash: `- a`"),
        ("k:", "write a list such as `[a, b]`"),
        ("k: {a: b}", "put `- ` in front of each item"),
    ],
)
def test_list_wanted_hint(text: str, hint: str) -> None:
    """If a list is required, the hint says how to write one."""
    assert list_wanted_hint(node(text)) == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("k: {a: b}", ""),
        ("k:\n  name:x\n  owner:y", "put a space after the colon: `name: x`"),
        ("k: a", "write `key: value` lines below it, indented"),
        ("k: [a]", "write `key: value` lines without dashes"),
    ],
)
def test_mapping_wanted_hint(text: str, hint: str) -> None:
    """If a mapping is required, the hint says how to write one."""
    assert mapping_wanted_hint(node(text)) == hint


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("k: 50% # of it", 8),
        ("k: 50%  # of it", None),  # two spaces: a comment as formatters write them
        ("k: 50%# of it", None),
        ("k: '50%' # of it", None),
        ("k: # of it", None),
        ("k:\n  50% of\n  it # all", 6),
    ],
)
def test_cut_comment(text: str, column: int | None) -> None:
    """A comment one space after a plain text is found, because it may be lost text."""
    span = cut_comment(node(text))
    assert (span.column if span else None) == column
    assert span is None or span.source.line(span.line)[span.column - 1 : span.end_column - 1].startswith("# ")
