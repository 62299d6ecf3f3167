"""The patterns of mistakes in the YAML of a spec, and the quoting of text in their messages."""

from __future__ import annotations

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity, Span


def quoted(text: str) -> str:
    """Return `text` as a quoted YAML scalar."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def shown(text: str, width: int = 60) -> str:
    """Return `text` in backticks on one line, its middle replaced by `...` if it is longer than `width`."""
    line = " ".join(text.split())
    if len(line) > width:
        line = f"{line[: width - 20]} ... {line[-15:]}"
    return f"`{line}`"


def _mistake(code: str, name: str, doc: str) -> Pattern:
    """Return a pattern of severity error."""
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

YAML tools silently keep one of the two values, and the other is lost.
Bad: two alerts with the same name in a group. Good: different names.""",
)
KEY_NOT_TEXT = _mistake(
    "VM003",
    "key-not-text",
    """A key is not text but a number, a boolean, a date, a list or a mapping.

Bad: `labels: {1: a, on: b}`. Good: `labels: {"1": a, "on": b}`.""",
)
YAML_TAG = _mistake(
    "VM004",
    "yaml-tag",
    """A value starts with `!`, which makes the word a YAML tag and not part of the value.

Tags can name code to run, so no tag is accepted. Bad: `when: != 0`. Good: `when: "!= 0"`.""",
)
BAD_ALIAS = _mistake(
    "VM005",
    "bad-alias",
    """A value starts with `*` or `&`, the marks of a YAML alias or anchor, and is not a valid one.

An alias must come after the part that its anchor marks, not inside it.
Bad: `promql: *foo`. Good: `promql: "*foo"`.""",
)
TOO_LARGE = _mistake(
    "VM006",
    "too-large",
    """The aliases of the text expand it to an unreasonable size.

A few lines of aliases of aliases can fill any memory. Repeat less, or write the repeated parts out.""",
)
TOO_DEEP = _mistake(
    "VM007",
    "too-deep",
    """Brackets or indentation are nested too deeply; usually a bracket is not closed.""",
)
MANY_DOCUMENTS = _mistake(
    "VM008",
    "many-documents",
    """The file contains a second YAML document, after `---` or `...`.

One file is one spec; the rest would be ignored. Put the second document into its own file.""",
)
EMPTY_SPEC = _mistake(
    "VM009",
    "empty-spec",
    """The file is empty or has only comments. A spec starts with `victor_mon: 1`.""",
)
NOT_A_MAPPING = _mistake(
    "VM010",
    "not-a-mapping",
    """The top level of the file is a list or a single value, not a mapping.

Bad: `- service: x`. Good: `service: x`.""",
)
TAB = _mistake(
    "VM011",
    "tab-indentation",
    """A line is indented with a tab. YAML allows only spaces, because tabs have no fixed width.""",
)
BAD_CHARACTER = _mistake(
    "VM012",
    "bad-character",
    """The text contains an invisible character: a control character, a byte order mark inside the text, a
mark that changes the writing direction, or a line separator that editors do not count.

It would be copied into queries and dashboards, where it is hard to find.""",
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
    """A marker of an unresolved merge conflict of git: `<<<<<<<`, `|||||||`, `=======` or `>>>>>>>`.""",
)
AMBIGUOUS_WORD = _mistake(
    "VM016",
    "ambiguous-word",
    """A bare `yes`, `no`, `on`, `off`, `y` or `n`, in any case: a boolean for YAML 1.1, text for YAML 1.2.

Two tools would read the same file differently. Bad: `by: [on, off]`. Good: `by: ["on", "off"]`, and `true`
or `false` for a boolean. Under `checks` a bare `off` is allowed.""",
)
AMBIGUOUS_NUMBER = _mistake(
    "VM017",
    "ambiguous-number",
    """A number that YAML 1.1 and 1.2 read differently, or differently from how it looks.

`010` is 8, `1:30` is 90, `1e3` is text, `1_000` is 1000, `0x1F` is 31.
Bad: `limit: 1e3`. Good: `limit: 1000`.""",
)
TIMESTAMP = _mistake(
    "VM018",
    "timestamp",
    """A bare date with a time, or an invalid date.

A spec has dates without a time (`2026-12-31`). Quote the value if text is meant.""",
)
UNQUOTED_COMPARISON = _mistake(
    "VM019",
    "unquoted-comparison",
    """A comparison has no quotes, and a bare `>` starts a block of text in YAML.

Bad: `when: > 4GiB`. Good: `when: "> 4GiB"`. Quote `<` too, so that all comparisons look the same.""",
)
UNQUOTED_TEXT = _mistake(
    "VM020",
    "unquoted-text",
    """Text without quotes starts with a YAML indicator (`{`, `[`, `@`, `%`, `` ` ``, ...) or contains `: `.

Bad: `summary: {threshold} exceeded`. Good: `summary: "{threshold} exceeded"`.""",
)
UNTERMINATED = _mistake(
    "VM021",
    "unterminated",
    """A quote or a bracket is opened and not closed, so it takes in the text after it.""",
)
BAD_INDENTATION = _mistake(
    "VM022",
    "bad-indentation",
    """The indentation of a line does not fit the lines around it.

The keys of a mapping start in the same column, and so do the dashes of a list.""",
)
BAD_MERGE = _mistake(
    "VM023",
    "bad-merge",
    """The value of the merge key `<<` is not an alias of a mapping, nor a list of such aliases.

Bad: `<<: base`. Good: `<<: *base`, after an `&base`.""",
)
MISSING_SPACE = _mistake(
    "VM024",
    "missing-space",
    """No space follows a colon or a dash, so YAML reads it as part of the text.

Bad: `name:victor`, `-item`. Good: `name: victor`, `- item`.""",
)
BAD_ESCAPE = _mistake(
    "VM025",
    "bad-escape",
    """A backslash in a double-quoted text starts no YAML escape sequence, or one for a control
character.

Bad: `"code=~\\d+"`. Good: `'code=~\\d+'`: in single quotes a backslash is a backslash.""",
)

BAD_BASE = _mistake(
    "VM026",
    "bad-base",
    """A file that `extends` names cannot be used: it is missing, a directory, unreadable or outside of the
root, it extends itself through its bases, or it has the key `victor_mon`.

A base is a YAML file below the root, named by its path relative to the file that extends it. It is never
fetched. Bad: `extends: https://example.com/base.yaml`. Good: `extends: ../org/base.yaml`.""",
)

MISTAKES = tuple(each for each in list(globals().values()) if isinstance(each, Pattern))


MAX_DEPTH = 50


def too_deep(span: Span) -> Diagnostic:
    """Return the diagnostic for the first bracket, dash or key that is nested too deeply."""
    return TOO_DEEP.at(span, f"this is nested more than {MAX_DEPTH} levels deep", "is a bracket not closed?")
