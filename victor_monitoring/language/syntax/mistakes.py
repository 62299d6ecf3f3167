"""Text as it is shown to a user: quoted for YAML, and cut to a length that can be read."""

from __future__ import annotations

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity, Span


def quoted(text: str) -> str:
    """`text` as a YAML scalar that means just this text."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def shown(text: str, width: int = 60) -> str:
    """`text` in backticks on one line, its middle left out where it is longer than `width`."""
    line = " ".join(text.split())
    if len(line) > width:
        line = f"{line[: width - 20]} ... {line[-15:]}"
    return f"`{line}`"


def _mistake(code: str, name: str, doc: str) -> Pattern:
    """A pattern that is always an error: nobody can mean it."""
    return Pattern(code, name, Severity.ERROR, doc)


YAML_SYNTAX = _mistake(
    "VM001",
    "yaml-syntax",
    """The text is not YAML, in a way that has no code of its own.

Nothing after such a mistake can be read, so it hides others.
Bad: `labels: [a b: c]`. Good: `labels: [a, b]`.""",
)
DUPLICATE_KEY = _mistake(
    "VM002",
    "duplicate-key",
    """A mapping has the same key twice.

YAML tools keep one of the two without a word, so half of what was written would be lost.
Bad: two alerts of one name in a group. Good: a name for each.""",
)
KEY_NOT_TEXT = _mistake(
    "VM003",
    "key-not-text",
    """A key is something else than text: a number, a boolean, a date, a list or a mapping.

Bad: `labels: {1: a, on: b}`. Good: `labels: {"1": a, "on": b}`.""",
)
YAML_TAG = _mistake(
    "VM004",
    "yaml-tag",
    """A value starts with `!`, which makes the word a tag of YAML and no part of the value.

Tags can name code to run, so none is accepted. Bad: `when: != 0`. Good: `when: "!= 0"`.""",
)
BAD_ALIAS = _mistake(
    "VM005",
    "bad-alias",
    """A value starts with `*` or `&`, YAML's alias and anchor, and does not work as one.

An alias must follow its anchor, and not stand inside of it. Bad: `promql: *foo`. Good: `promql: "*foo"`.""",
)
TOO_LARGE = _mistake(
    "VM006",
    "too-large",
    """The aliases of the text repeat so much that it would grow beyond reason.

A few lines of aliases of aliases fill any memory. Write the repeated parts out, or fewer of them.""",
)
TOO_DEEP = _mistake(
    "VM007",
    "too-deep",
    """Brackets or indentation nest deeper than any spec does; mostly a bracket was not closed.""",
)
MANY_DOCUMENTS = _mistake(
    "VM008",
    "many-documents",
    """The file holds a second YAML document, after `---` or `...`.

One file is one spec; the rest would be ignored. Put the second document into a file of its own.""",
)
EMPTY_SPEC = _mistake(
    "VM009",
    "empty-spec",
    """The file holds nothing, or comments only. A spec starts with `victor_mon: 1`.""",
)
NOT_A_MAPPING = _mistake(
    "VM010",
    "not-a-mapping",
    """The file is YAML, and its top level is a list or a single value instead of keys with values.

Bad: `- service: x`. Good: `service: x`.""",
)
TAB = _mistake(
    "VM011",
    "tab-indentation",
    """A line is indented with a tab. YAML allows spaces only, because tabs have no fixed width.""",
)
BAD_CHARACTER = _mistake(
    "VM012",
    "bad-character",
    """The text holds a character that nobody sees and nobody means: a control character, a NUL, a byte
order mark inside of the text, a mark that reverses the direction of writing, a separator of lines that
editors do not count.

It would travel into queries and dashboards and be looked for there.""",
)
NOT_UTF8 = _mistake(
    "VM013",
    "not-utf8",
    """The file is not in UTF-8: UTF-16 of some Windows editors, or an old 8-bit encoding.

Save it as UTF-8.""",
)
LINE_ENDS = _mistake(
    "VM014",
    "line-ends",
    """Lines end in a lone carriage return, as on very old Macs. Write LF or CR LF.""",
)
MERGE_CONFLICT = _mistake(
    "VM015",
    "merge-conflict",
    """A marker that git leaves behind in a merge that is not finished: `<<<<<<<`, `=======`, `>>>>>>>`.""",
)
AMBIGUOUS_WORD = _mistake(
    "VM016",
    "ambiguous-word",
    """A bare `yes`, `no`, `on`, `off`, `y` or `n`, in any case: a boolean for YAML 1.1, text for YAML 1.2.

Two tools that read one file would see two things. Bad: `by: [on, off]`. Good: `by: ["on", "off"]`, and
`true` or `false` where a boolean is meant. Under `checks` a bare `off` is a word of the language.""",
)
AMBIGUOUS_NUMBER = _mistake(
    "VM017",
    "ambiguous-number",
    """A number that YAML 1.1 and 1.2 read differently, or otherwise than it looks.

`010` is 8, `1:30` is 90, `1e3` is text, `1_000` is 1000, `0x1F` is 31.
Bad: `limit: 1e3`. Good: `limit: 1000`.""",
)
TIMESTAMP = _mistake(
    "VM018",
    "timestamp",
    """A bare date with a time, or a date that no calendar has.

The language knows days (`2026-12-31`), no moments. Quote the value where text is meant.""",
)
UNQUOTED_COMPARISON = _mistake(
    "VM019",
    "unquoted-comparison",
    """A comparison without quotes: a bare `>` starts a block of text in YAML.

Bad: `when: > 4GiB`. Good: `when: "> 4GiB"`. Quote `<` too, so that all of them look the same.""",
)
UNQUOTED_TEXT = _mistake(
    "VM020",
    "unquoted-text",
    """Text without quotes that starts with a mark of YAML (`{`, `[`, `@`, `%`, `` ` ``, ...) or holds `: `.

Bad: `summary: {threshold} exceeded`. Good: `summary: "{threshold} exceeded"`.""",
)
UNTERMINATED = _mistake(
    "VM021",
    "unterminated",
    """A quote or a bracket is opened and not closed, so the text after it belongs to it.""",
)
BAD_INDENTATION = _mistake(
    "VM022",
    "bad-indentation",
    """A line stands deeper or less deep than its neighbours allow.

Keys of one mapping start in one column, and so do the dashes of one list.""",
)
BAD_MERGE = _mistake(
    "VM023",
    "bad-merge",
    """The merge key `<<` takes an alias of a mapping, or a list of such aliases, and nothing else.

Bad: `<<: base`. Good: `<<: *base`, after an `&base`.""",
)
MISSING_SPACE = _mistake(
    "VM024",
    "missing-space",
    """A colon or a dash without the space that makes it one of YAML's.

Bad: `name:victor`, `-item`. Good: `name: victor`, `- item`.""",
)
BAD_ESCAPE = _mistake(
    "VM025",
    "bad-escape",
    """A backslash in a double-quoted text that starts no escape of YAML, or one that writes a
control character.

Bad: `"code=~\\d+"`. Good: `'code=~\\d+'`: in single quotes a backslash is a backslash.""",
)

MISTAKES = tuple(each for each in list(globals().values()) if isinstance(each, Pattern))


MAX_DEPTH = 50


def too_deep(span: Span) -> Diagnostic:
    """What is told of the first bracket, dash or key that stands too deep."""
    return TOO_DEEP.at(span, f"this is nested more than {MAX_DEPTH} levels deep", "is a bracket not closed?")
