"""Diagnostics in each format: whole documents, without characters that control a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victor_monitoring.base.diagnostics import Diagnostic, Severity, Source, Span
from victor_monitoring.reporters import FORMATS, reporter

SOURCE = Source("specs\\x.yaml", "alerts:\n  cpu:\n    signal: cpu_utl\n    when: '> 5'\n")
FOUND = [
    Diagnostic(
        *("VM101", "unknown-signal", Severity.ERROR, "unknown signal `cpu_utl`"),
        Span(SOURCE, 3, 13, 3, 20),
        "did you mean `cpu_util`?",
    ),
    Diagnostic("VM102", "no-owner", Severity.WARNING, "100%, no owner:\nnone", Span(SOURCE, 2, 3, 4, 16)),
    Diagnostic("VM103", "long-for", Severity.NOTE, "long", Span(SOURCE, 1, 1, 1, 7), "shorten it"),
]


def write(name: str, text: str, span: tuple[int, int, int, int], message: str = "m") -> list[str]:
    """Return the lines of a report with one diagnostic about `span` of `text`."""
    place = Span(Source("x", text), *span)
    return reporter(name)([Diagnostic("VM1", "n", Severity.ERROR, message, place)]).split("\n")


def test_formats() -> None:
    """Each public module is a format with a reporter."""
    assert FORMATS == ("github", "json", "sarif", "text")
    assert all(callable(reporter(name)) for name in FORMATS)


def test_unknown_format() -> None:
    """Any other name is refused and not imported."""
    with pytest.raises(KeyError):
        reporter("_visible")


def test_text() -> None:
    """The text has the location, the line with carets below the token, and the hint."""
    assert (
        reporter("text")(FOUND)
        == """\
specs/x.yaml:3:13: error[VM101] unknown-signal: unknown signal `cpu_utl`
3 |     signal: cpu_utl
  |             ^^^^^^^
hint: did you mean `cpu_util`?

specs/x.yaml:2:3: warning[VM102] no-owner: 100%, no owner:\\x0anone
2 |   cpu:
  |   ^^^^

specs/x.yaml:1:1: note[VM103] long-for: long
1 | alerts:
  | ^^^^^^
hint: shorten it

1 error, 1 warning, 1 note
"""
    )


def test_text_of_nothing() -> None:
    """Without diagnostics, the text is empty."""
    assert reporter("text")([]) == ""
    assert reporter("github")([]) == ""


def test_text_counts() -> None:
    """Counts above 1 have a plural noun."""
    assert reporter("text")(FOUND * 2).endswith("\n\n2 errors, 2 warnings, 2 notes\n")


def test_text_in_colour() -> None:
    """Colours are optional, and add only escape sequences to the text."""
    coloured = reporter("text")(FOUND[:1], colour=True)
    assert coloured.split("\n")[:3] == [
        "specs/x.yaml:3:13: \x1b[1;31merror[VM101]\x1b[0m unknown-signal: unknown signal `cpu_utl`",
        "\x1b[1;34m3 |\x1b[0m     signal: cpu_utl",
        "\x1b[1;34m  |\x1b[0m             \x1b[1;31m^^^^^^^\x1b[0m",
    ]


@pytest.mark.parametrize(
    ("text", "columns", "line", "carets"),
    [
        ("a: 😀b c", (5, 6), "a: 😀b c", "     ^"),  # an emoji takes two columns
        ("a: 漢字", (5, 6), "a: 漢字", "     ^^"),
        ("e\u0301: b", (5, 6), "e\u0301: b", "   ^"),  # a combining accent takes none
        ("\ta: b", (2, 3), "    a: b", "    ^"),
        ("a:\tb", (3, 5), "a:    b", "  ^^^^^"),
        ("a: \x1b[31mb", (4, 5), "a: \\x1b[31mb", "   ^^^^"),
        ("ab\udce9", (3, 4), "ab\\udce9", "  ^^^^^^"),
        ("abc", (4, 4), "abc", "   ^"),  # an empty span still has one caret
        ("", (1, 1), "", "^"),
    ],
)
def test_text_carets(text: str, columns: tuple[int, int], line: str, carets: str) -> None:
    """The carets are below the token as a terminal shows it."""
    found = write("text", text, (1, columns[0], 1, columns[1]))
    assert found[1:3] == [f"1 | {line}".rstrip(), f"  | {carets}"]


@pytest.mark.parametrize(
    ("start", "length"), [(0, 5), (50, 5), (97, 5), (150, 5), (295, 5), (300, 0), (100, 200), (0, 300)]
)
def test_text_long_line(start: int, length: int) -> None:
    """A long line is cut around the token, and the carets are still below it."""
    text = "".join(chr(ord("a") + number % 26) for number in range(300))
    _, line, carets, *_ = write("text", text, (1, start + 1, 1, start + length + 1))
    first, last = carets.index("^"), carets.rindex("^") + 1
    assert len(line) <= 104
    assert len(carets) <= 105
    assert text[start : start + length].startswith(line[first:last]) or not length
    assert (last - first == length) if length < 90 and length else last - first >= 1
    assert line.startswith("1 | ...") == (start >= 50)


def test_text_long_line_around_carets() -> None:
    """The text before and after the token is shown in equal parts."""
    found = write("text", "<" * 150 + "token" + ">" * 150, (1, 151, 1, 156))
    assert found[1:3] == [f"1 | ...{'<' * 44}token{'>' * 45}...", f"  | {' ' * 47}^^^^^"]


def test_text_line_numbers() -> None:
    """The gutter is as wide as the line number."""
    assert write("text", "\n" * 119 + "abc", (120, 2, 120, 3))[1:3] == ["120 | abc", "    |  ^"]


def test_json() -> None:
    """The JSON document has all fields of the diagnostics, and the counts."""
    document = json.loads(reporter("json")(FOUND))
    assert document["version"] == 1
    assert document["counts"] == {"error": 1, "warning": 1, "note": 1}
    assert document["diagnostics"][0] == {
        "code": "VM101",
        "name": "unknown-signal",
        "severity": "error",
        "message": "unknown signal `cpu_utl`",
        "hint": "did you mean `cpu_util`?",
        "file": "specs/x.yaml",
        "line": 3,
        "column": 13,
        "endLine": 3,
        "endColumn": 20,
    }
    assert document["diagnostics"][1]["message"] == "100%, no owner:\nnone"


def test_json_of_nothing() -> None:
    """Without diagnostics, there is still a document."""
    assert (
        reporter("json")([])
        == """\
{
  "version": 1,
  "diagnostics": [],
  "counts": {
    "error": 0,
    "warning": 0,
    "note": 0
  }
}
"""
    )


def test_github() -> None:
    """GitHub commands have columns for spans on one line only, and GitHub's own escapes."""
    assert reporter("github")(FOUND) == (
        "::error file=specs/x.yaml,line=3,endLine=3,col=13,endColumn=20,title=VM101 unknown-signal"
        "::unknown signal `cpu_utl`%0Ahint: did you mean `cpu_util`?\n"
        "::warning file=specs/x.yaml,line=2,endLine=4,title=VM102 no-owner::100%25, no owner:\\x0anone\n"
        "::notice file=specs/x.yaml,line=1,endLine=1,col=1,endColumn=7,title=VM103 long-for"
        "::long%0Ahint: shorten it\n"
    )


def test_github_properties() -> None:
    """A colon or a comma in a path does not end the property."""
    place = Span(Source("a,b:c%.yaml", "x"), 1, 1, 1, 2)
    written = reporter("github")([Diagnostic("VM1", "n", Severity.ERROR, "m", place)])
    assert written == "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=1,endColumn=2,title=VM1 n::m\n"


def test_sarif() -> None:
    """The SARIF document has the violated rules, and a result with its location for each diagnostic."""
    second = Diagnostic(
        "VM101", "unknown-signal", Severity.NOTE, "m", Span(Source("a b.yaml", "x"), 1, 1, 1, 2)
    )
    document = json.loads(reporter("sarif")([FOUND[1], FOUND[0], second]))
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run = document["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"] == {
        "name": "victor-mon",
        "rules": [{"id": "VM101", "name": "unknown-signal"}, {"id": "VM102", "name": "no-owner"}],
    }
    assert [(each["ruleId"], each["ruleIndex"], each["level"]) for each in run["results"]] == [
        ("VM102", 1, "warning"),
        ("VM101", 0, "error"),
        ("VM101", 0, "note"),
    ]
    assert run["results"][1] == {
        "ruleId": "VM101",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "unknown signal `cpu_utl`\ndid you mean `cpu_util`?"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "specs/x.yaml"},
                    "region": {"startLine": 3, "startColumn": 13, "endLine": 3, "endColumn": 20},
                }
            }
        ],
    }
    assert run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a%20b.yaml"}


def test_sarif_of_a_url() -> None:
    """A URL is already a URI reference, and is not changed."""
    url = "http://[::1]:80/federate?match[]=up%20&x=a"
    document = json.loads(
        reporter("sarif")([Diagnostic("VM1", "n", Severity.ERROR, "m", Span(Source(url, "x"), 1, 1, 1, 2))])
    )
    location = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": url}


@given(st.text(), st.text(), st.text(), st.integers(1, 9), st.integers(1, 9))
def test_nothing_reaches_the_terminal_raw(name: str, text: str, message: str, column: int, end: int) -> None:
    """For any content of a spec, no format writes control characters, and the output can be encoded."""
    place = Span(Source(name, text), 1, column, 1, max(column, end))
    found = [Diagnostic("VM1", "n", Severity.ERROR, message, place, message)]
    for each in FORMATS:
        written = reporter(each)(found)
        written.encode("utf-8")
        assert written.replace("\n", "").isprintable() or not any(
            character < " " or "\x7f" <= character < "\xa0" or character in "\u2028\u2029\u202e\ufeff"
            for character in written.replace("\n", "")
        )


@pytest.mark.parametrize("character", list("\u200b\u2060\ufff9\ufffe\uffff"))
def test_a_character_that_no_terminal_shows(character: str) -> None:
    """It is printed by its code, with the carets below the code."""
    place = Span(Source("s.yaml", f"a{character}b"), 1, 2, 1, 3)
    printed = reporter("text")([Diagnostic("VM012", "bad-character", Severity.ERROR, "a", place, "b")])
    code = f"\\u{ord(character):04x}"
    assert printed.splitlines()[1:3] == [f"1 | a{code}b", f"  |  {'^' * len(code)}"]


def test_golden_text_is_text() -> None:
    """This file itself contains no control characters, only escapes."""
    assert "\x1b" not in Path(__file__).read_text(encoding="utf-8")
