"""The mistake behind an error of the YAML parser, recognised by the text around its position."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import yaml

from victor_monitoring.base.diagnostics import Diagnostic, Source
from victor_monitoring.language.syntax.mistakes import (
    BAD_ALIAS,
    BAD_CHARACTER,
    BAD_ESCAPE,
    BAD_INDENTATION,
    MANY_DOCUMENTS,
    MISSING_SPACE,
    TAB,
    UNQUOTED_COMPARISON,
    UNQUOTED_TEXT,
    UNTERMINATED,
    YAML_SYNTAX,
    YAML_TAG,
    quoted,
    shown,
    too_deep,
)
from victor_monitoring.language.syntax.stop import ParserStop, stop_of
from victor_monitoring.language.syntax.tree import ScalarNode

# A line's dashes and key, and the value after them.
_KEYED = re.compile(
    r"""(?P<lead>\s*(?:-\s+)*(?:(?:[^\s"'#{\[:](?:[^:#]|:(?=\S))*?|"[^"]*"|'[^']*')\s*:\s+)?)(?P<value>\S.*?)\s*$"""
)
_NO_SPACE = re.compile(r"\s*(?:- +)*(?P<key>[A-Za-z_][\w.-]*):(?P<value>[^\s:/].*)$")
_NO_SPACE_AFTER_DASH = re.compile(r"\s*-(?P<value>[^\s-].*)$")
_SELECTOR = re.compile(r"[\w:]*\{[^{}]*\}?")
_WIDE_SPACES = re.compile(r"[ ]*[\xa0\u2000-\u200b\u202f\u205f\u3000]")
_WORD_END = re.compile(r"[\w:]+$")
_LONGEST = 500  # characters of a line to search: the patterns are slow on long lines
_KIND_OF_BRACKET = {"{": "mapping", "[": "list"}


StopRule: TypeAlias = "Callable[[ParserStop], Diagnostic | None]"


def syntax_mistake(source: Source, error: yaml.YAMLError | ValueError, last: ScalarNode | None) -> Diagnostic:
    """Return the diagnostic for an error of the parser; `last` is the last scalar before it."""
    stop = stop_of(error, source, last)
    return next(found for rule in _RULES if (found := rule(stop)) is not None)


def _too_deep(stop: ParserStop) -> Diagnostic | None:
    """Recognise brackets that are nested too deeply for the parser, which reports no event for them."""
    if "nesting depth" not in stop.problem:
        return None
    return too_deep(stop.span(stop.line, stop.column, stop.text[stop.column - 1 : stop.column]))


def _tab(stop: ParserStop) -> Diagnostic | None:
    before = stop.text[: stop.column]
    if before.strip():
        if not stop.rest.startswith("\t") or "cannot start any token" not in stop.problem:
            return None
        span = stop.span(stop.line, stop.column, "\t")
        return TAB.at(span, "a tab instead of a space", "write a space")
    if "\t" not in before:
        return None
    span = stop.span(stop.line, before.index("\t") + 1, "\t")
    return TAB.at(span, "the line is indented with a tab", "indent with spaces")


def _wide_space(stop: ParserStop) -> Diagnostic | None:
    for line in (stop.context_line, stop.line):
        if found := _WIDE_SPACES.match(stop.source.line(line)):
            code = f"U+{ord(found[0][-1]):04X}"
            message = f"the line is indented with {code}, which looks like a space but is not one"
            span = stop.span(line, found.end(), " ")
            return BAD_CHARACTER.at(
                span, message, "indent with ordinary spaces; retype the start of the line"
            )
    return None


def _block_text(stop: ParserStop) -> Diagnostic | None:
    """Recognise `when: > 4GiB`: text after the character that starts a block."""
    if "block scalar" not in stop.context:
        return None
    value = stop.value_at(stop.context_line, stop.context_column)
    if value.startswith(">"):
        return _comparison(stop, stop.context_line, stop.context_column, value)
    span = stop.span(stop.context_line, stop.context_column, value)
    return YAML_SYNTAX.at(
        span,
        f"text follows `|` on its line: {shown(value)}",
        f"start the block's text on the next line, or quote the value: `{quoted(value)}`",
    )


def _comparison(stop: ParserStop, line: int, column: int, value: str) -> Diagnostic:
    message = f"a bare `>` starts a block of text in YAML, so {shown(value)} is not a comparison"
    lead = stop.source.line(line)[: column - 1].strip()
    return UNQUOTED_COMPARISON.at(stop.span(line, column, value), message, _quote_hint(lead, value))


def _bad_start(stop: ParserStop) -> Diagnostic | None:
    """Recognise `summary: @foo`: a character that cannot start a value."""
    value = stop.value_at(stop.line, stop.column)
    if "cannot start any token" not in stop.problem or not value:
        return None
    if value[0] == ">":
        return _comparison(stop, stop.line, stop.column, value)
    return _needs_quotes(stop, stop.column, value, f"a bare value cannot start with `{value[0]}`")


def _alias_or_tag(stop: ParserStop) -> Diagnostic | None:
    """Recognise `when: *`, `a: & b` and `a: !<x`: an incomplete alias, anchor or tag."""
    for words, mistake in (("alias", BAD_ALIAS), ("anchor", BAD_ALIAS), ("tag", YAML_TAG)):
        if stop.context in (
            f"while scanning an {words}",
            f"while scanning a {words}",
            f"while parsing a {words}",
        ):
            value = stop.value_at(stop.context_line, stop.context_column)
            lead = stop.source.line(stop.context_line)[: stop.context_column - 1].strip()
            span = stop.span(stop.context_line, stop.context_column, value)
            message = (
                f"a bare `{value[:1]}` starts an {words}" if words != "tag" else "a bare `!` starts a tag"
            )
            return mistake.at(
                span, f"{message} in YAML, and {shown(value)} is not one", _quote_hint(lead, value)
            )
    return None


def _escape(stop: ParserStop) -> Diagnostic | None:
    r"""Recognise `"\d"`: an invalid escape sequence in double quotes."""
    if "escape" not in stop.problem and not (
        "quoted scalar" in stop.context and "hexdecimal" in stop.problem
    ):
        return None
    column = stop.text.rfind("\\", 0, stop.column) + 1 or stop.column
    written = stop.text[column - 1 : column + 1]
    message = f"{shown(written)} is not an escape sequence of YAML"
    instead = "put the text into single quotes, where a backslash is a backslash, or double the backslash"
    return BAD_ESCAPE.at(stop.span(stop.line, column, written), message, instead)


def _open_quote(stop: ParserStop) -> Diagnostic | None:
    """Recognise a quote that is never closed, or that the opening quote of a later line closes."""
    last = stop.last
    if "scalar" in stop.context and ("end of stream" in stop.problem or "document" in stop.problem):
        line, column = stop.context_line, stop.context_column
    elif last is not None and last.style in ("'", '"') and last.line < last.end_line == stop.line:
        line, column = last.line, last.column
    else:
        return None
    value = stop.source.line(line)[column - 1 :]
    message = f"the quote before {shown(value[1:])} is not closed on its line"
    return UNTERMINATED.at(
        stop.span(line, column, value[:1]), message, f"close it: {shown(value.rstrip() + value[:1])}"
    )


def _flow(stop: ParserStop) -> Diagnostic | None:
    """Recognise a mistake between brackets: an unquoted selector, or a missing closing bracket."""
    if "flow" not in stop.context:
        return None
    before = stop.text[: stop.column - 1]
    if stop.rest.startswith("{") and (word := _WORD_END.search(before, max(0, len(before) - _LONGEST))):
        found = _SELECTOR.match(stop.text, word.start())
        written = found[0] if found else word[0]
        message = f"{shown(written)} needs quotes between brackets"
        instead = f"quote it, {shown(quoted(written))}, or write the keys on lines of their own"
        return UNQUOTED_TEXT.at(stop.span(stop.line, word.start() + 1, written), message, instead)
    opening = stop.source.line(stop.context_line)[stop.context_column - 1 : stop.context_column]
    if opening in _KIND_OF_BRACKET and (stop.line != stop.context_line or not stop.rest.strip()):
        closing = "}" if opening == "{" else "]"
        message = f"the {_KIND_OF_BRACKET[opening]} that starts here with `{opening}` is not closed"
        span = stop.span(stop.context_line, stop.context_column, opening)
        return UNTERMINATED.at(span, message, f"close it with `{closing}` before the next key or item")
    token = stop.token
    if not token:
        span = stop.span(stop.line, stop.column, "")
        return UNTERMINATED.at(span, "the text ends before a bracket is closed", "close it with `]` or `}`")
    message = f"`{token}` does not fit here, between the brackets"
    instead = "put a comma between entries, and quote a text that contains one of `{}[],:`"
    return YAML_SYNTAX.at(stop.span(stop.line, stop.column, token), message, instead)


def _colon_in_text(stop: ParserStop) -> Diagnostic | None:
    """Recognise `summary: foo: bar`: a second colon on the line."""
    if "mapping values are not allowed" not in stop.problem:
        return None
    keyed = _KEYED.match(stop.text[:_LONGEST])
    if keyed and keyed["lead"].strip() and keyed.start("value") < stop.column - 1:
        return _needs_quotes(
            stop, keyed.start("value") + 1, keyed["value"], "a bare text cannot contain `: `"
        )
    return None


def _missing_space(stop: ParserStop) -> Diagnostic | None:
    """Recognise `key:value` and `-item` by a colon that the parser misses or does not expect."""
    if "mapping values are not allowed" in stop.problem:
        lines = [stop.line_before]
    elif "could not find expected ':'" in stop.problem:
        lines = [stop.context_line]
    else:
        return None
    for line in lines:
        text = stop.source.line(line)
        for pattern, mark in ((_NO_SPACE, ":"), (_NO_SPACE_AFTER_DASH, "-")):
            if found := pattern.match(text):
                start = found.start("value")
                kind = "colon" if mark == ":" else "dash"
                fixed = f"{text[:start].strip()} {text[start:].strip()}"
                message = f"no space follows the {kind} in {shown(text)}"
                span = stop.span(line, start, mark)
                return MISSING_SPACE.at(span, message, f"put one in: {shown(fixed)}")
    return None


def _no_colon(stop: ParserStop) -> Diagnostic | None:
    if "could not find expected ':'" not in stop.problem:
        return None
    text = stop.source.line(stop.context_line).rstrip()
    value = text[stop.context_column - 1 :]
    span = stop.span(stop.context_line, stop.context_column, value)
    instead = "write `key: value`; a text of several lines needs quotes or a block, `key: |`"
    return YAML_SYNTAX.at(span, f"{shown(value)} is not a `key: value` pair", instead)


def _rest_after_value(stop: ParserStop) -> Diagnostic | None:
    """Recognise `summary: {threshold} exceeded` and `'it's'`: text after a closing bracket or quote."""
    keyed = _KEYED.match(stop.text[:_LONGEST])
    if not keyed or keyed["value"][0] not in "{[\"'" or keyed.start("value") + 1 >= stop.column:
        return None
    value = keyed["value"]
    kind = _KIND_OF_BRACKET.get(value[0], "quoted text")
    if value[0] in "\"'" and value[-1] == value[0]:
        value = value[1:-1]
    message = f"text follows the {kind} that `{keyed['value'][0]}` starts: {shown(stop.rest)}"
    span = stop.span(stop.line, keyed.start("value") + 1, keyed["value"])
    return UNQUOTED_TEXT.at(span, message, _quote_hint(keyed["lead"].strip(), value))


def _indentation(stop: ParserStop) -> Diagnostic | None:
    """Recognise a line whose indentation matches no line above it."""
    indent = len(stop.text) - len(stop.text.lstrip(" "))
    in_block = "block mapping" in stop.context or "block collection" in stop.context
    deeper = "mapping values are not allowed" in stop.problem
    if not deeper and not (in_block and stop.column == indent + 1):
        return None
    span = stop.span(stop.line, indent + 1, stop.token if not deeper else stop.text.strip())
    above = shown(stop.source.line(stop.line_before))
    if deeper:
        message = f"{shown(stop.text)} is indented below {above}, which already has a value"
        return BAD_INDENTATION.at(span, message, "give both lines the same indentation, or remove the value")
    if stop.rest.startswith(":"):
        message, instead = "a key is missing before the colon", "write one"
    elif stop.rest.startswith("- "):
        message, instead = "a list item is among the keys of a mapping", "indent the list below its own key"
    elif "block collection" in stop.context or "sequence" in stop.context:
        message, instead = (
            f"{shown(stop.text)} is among the items of a list",
            "start it with `- `, or indent it",
        )
    else:
        message = f"{shown(stop.text)} is indented by {indent}, which matches no line above"
        instead = f"give it the column of the keys it belongs to; the line above is {above}"
    return BAD_INDENTATION.at(span, message, instead)


def _not_here(stop: ParserStop) -> Diagnostic | None:
    """Recognise `a: - b` and `a: ? b`: block style on the line of a key."""
    if "entries are not allowed" in stop.problem:
        message, instead = (
            "a list item cannot start on the line of its key",
            "put it on its own line, or use `[...]`",
        )
        return YAML_SYNTAX.at(stop.span(stop.line, stop.column, "-"), message, instead)
    if "keys are not allowed" in stop.problem or "node content" in stop.problem:
        value = stop.value_at(stop.line, stop.column)
        if value:
            return _needs_quotes(stop, stop.column, value, f"a value cannot start with `{value[0]}` here")
    return None


def _directive(stop: ParserStop) -> Diagnostic | None:
    if "directive" not in stop.context + stop.problem:
        return None
    text = stop.source.line(stop.context_line).rstrip()
    message = f"a line that starts with `%` is a YAML directive, and {shown(text)} is not one"
    return YAML_SYNTAX.at(stop.span(stop.context_line, 1, text), message, "delete the line, or quote the key")


def _after_end(stop: ParserStop) -> Diagnostic | None:
    if "document start" not in stop.problem and not stop.rest.startswith("..."):
        return None
    message = f"{shown(stop.rest)} is outside the YAML document"
    span = stop.span(stop.line, stop.column, stop.token)
    return MANY_DOCUMENTS.at(
        span, message, "keep one document in the file: delete the line, or everything after it"
    )


def _anything(stop: ParserStop) -> Diagnostic:
    doing = f" {stop.context}" if stop.context else ""
    message = f"this is not YAML: {stop.problem}{doing}"
    span = stop.span(stop.line, stop.column, stop.token)
    return YAML_SYNTAX.at(
        span, message, "look for a missing quote, colon, comma or bracket here or on the line before"
    )


def _needs_quotes(stop: ParserStop, column: int, value: str, why: str) -> Diagnostic:
    lead = stop.text[: column - 1].strip()
    span = stop.span(stop.line, column, value)
    return UNQUOTED_TEXT.at(span, f"{why}: {shown(value)}", _quote_hint(lead, value))


def _quote_hint(lead: str, value: str) -> str:
    if len(value) > 100:
        return "put the whole value into quotes"
    key = re.split(r"[{\[,]", lead)[-1].strip()[-40:]
    return f"quote it: `{key} {quoted(value)}`" if key else f"quote it: `{quoted(value)}`"


_RULES: tuple[StopRule, ...] = (
    _too_deep,
    _tab,
    _wide_space,
    _block_text,
    _bad_start,
    _alias_or_tag,
    _escape,
    _open_quote,
    _flow,
    _colon_in_text,
    _missing_space,
    _no_colon,
    _rest_after_value,
    _indentation,
    _after_end,
    _not_here,
    _directive,
    _anything,
)
