"""The reader of Go templates: text to tree, as Prometheus parses labels and annotations of alerts.

It refuses what Prometheus refuses when it loads a rule. A template that is read may still fail when it is
expanded, such as `index` without the wanted key.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from victor_monitoring.promql.cursor import MOST_NESTED
from victor_monitoring.promql.lexer import PromqlError, string_bytes
from victor_monitoring.promql.lexer import Token as StringToken
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion
from victor_monitoring.signals.go_template.functions import FUNCTIONS, VARIABLES
from victor_monitoring.signals.go_template.lexer import GoTemplateError, Token, tokens
from victor_monitoring.signals.go_template.number import number
from victor_monitoring.signals.go_template.tree import (
    Action,
    Branch,
    Command,
    Dot,
    Field,
    Function,
    GoTemplate,
    Inclusion,
    Jump,
    Literal,
    Node,
    Operand,
    Pipe,
    Text,
    Variable,
)

_BRANCHES: Final = ("if", "range", "with")
_JUMPS: Final = ("break", "continue")
_KEYWORDS: Final = (*_BRANCHES, *_JUMPS, "block", "define", "else", "end", "template")
_ELSE_WITH: Final = PrometheusVersion(3, 0)
_CHARACTER: Final = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|[^\\]", re.DOTALL
)
_OPERANDS: Final = ("word", "field", "variable", "dot", "number", "character", "string")
_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "nil": None}
_NO_FUNCTION: Final = (
    'text is in quotes: `"text"`; labels are `$labels.NAME`; `printf "%q"` prints quoted text'
)
_COMPARISON: Final = 'templates compare by functions: `gt $value 5.0`, `eq $labels.job "web"`'
_ARITHMETIC: Final = "templates do not compute: let the expression of the signal do it"
_HINTS: Final = {
    **dict.fromkeys("=<>!&", _COMPARISON),
    **dict.fromkeys("+-*%", _ARITHMETIC),
    "/": "there is no division, and a comment begins directly behind the braces: `{{/* text */}}`",
    "{": "two braces begin an action",
    "(": "arguments follow their function without parentheses: `humanize $value`",
    ",": "arguments are separated by spaces",
    ":=": "a variable begins with `$`: `$x := 1`",
}


@lru_cache(maxsize=4096)
def read(text: str, prometheus: PrometheusVersion | None = None) -> GoTemplate:
    """Return the tree of a template, as the version that runs takes it, or as all do without one.

    Raise GoTemplateError for the first mistake.
    """
    return _Reader(text, prometheus or OLDEST).template()


class _Reader:
    def __init__(self, text: str, prometheus: PrometheusVersion) -> None:
        self._prometheus = prometheus
        self._tokens = tokens(text)
        self._ahead: list[Token] = []
        self._variables = ["$", *VARIABLES]
        self._definitions: dict[str, tuple[Node, ...]] = {}
        self._ranges = 0
        self._depth = 0
        self._end = 0  # of the last token that was taken

    def template(self) -> GoTemplate:
        """Read the whole text."""
        nodes, _ = self._nodes(None)
        return GoTemplate(nodes, self._definitions)

    @property
    def _token(self) -> Token:
        return self._peek(0)

    def _peek(self, count: int) -> Token:
        while len(self._ahead) <= count:
            self._ahead.append(next(self._tokens))
        return self._ahead[count]

    def _take(self) -> Token:
        token = self._token
        self._end = token.span[1]
        del self._ahead[0]
        return token

    def _close(self, after: str) -> None:
        if self._token.kind != "close":
            raise _unexpected(self._token, f"`}}}}` after {after}", "end the action with `}}`")
        self._take()

    @contextmanager
    def _nested(self, token: Token) -> Iterator[None]:
        self._depth += 1
        if self._depth > MOST_NESTED:
            message = f"more than {MOST_NESTED} levels of nesting"
            raise GoTemplateError(message, token.span, "use fewer parentheses or branches")
        yield
        self._depth -= 1

    @contextmanager
    def _own_variables(self) -> Iterator[None]:
        """Let a template be read that knows no variable of the one around it."""
        outer = self._variables, self._ranges
        self._variables, self._ranges = ["$"], 0
        yield
        self._variables, self._ranges = outer

    def _nodes(self, owner: Token | None) -> tuple[tuple[Node, ...], Token]:
        """Return the nodes up to the `end` or `else` of the action `owner`, or to the end, and that token."""
        found: list[Node] = []
        while True:
            token = self._take()
            if token.kind == "text":
                found.append(Text(token.text))
            elif token.kind == "end":
                if owner is not None:
                    raise GoTemplateError(f"`{owner.text}` has no end", owner.span, "add `{{ end }}`")
                return tuple(found), token
            elif self._token.is_word("end", "else"):
                if owner is None:
                    message = f"`{self._token.text}` without `if`, `range` or `with`"
                    raise GoTemplateError(message, self._token.span, "leave it out")
                return tuple(found), self._take()
            else:
                found += self._action(is_top=owner is None)

    def _action(self, *, is_top: bool) -> Iterable[Node]:
        keyword = self._token
        if keyword.is_word("define") and is_top:
            name = self._name(self._take())
            self._close("the name")
            self._define(keyword, name)
        elif keyword.is_word("define"):
            raise GoTemplateError(
                "`define` inside another action", keyword.span, "define templates in front of all others"
            )
        elif keyword.is_word(*_BRANCHES):
            yield self._branch(self._take())
        elif keyword.is_word("template"):
            name = self._name(self._take())
            has_pipe = self._token.kind != "close"
            yield Inclusion(name, self._pipe("template", "close") if has_pipe else None)
            if not has_pipe:
                self._close("the name")
        elif keyword.is_word("block"):
            name = self._name(self._take())
            pipe = self._pipe("block", "close")
            self._define(keyword, name)
            yield Inclusion(name, pipe)
        elif keyword.is_word(*_JUMPS):
            yield self._jump()
        else:
            yield Action(self._pipe("action", "close"))

    def _name(self, keyword: Token) -> str:
        token = self._token
        if token.kind != "string":
            raise _unexpected(
                token, f"a name after `{keyword.text}`", 'names of templates are quoted: `"name"`'
            )
        return _unquoted(self._take())

    def _define(self, keyword: Token, name: str) -> None:
        """Read the text of a template up to its end."""
        with self._own_variables(), self._nested(keyword):
            nodes, stop = self._nodes(keyword)
        if stop.text != "end":
            raise GoTemplateError(f"`else` in `{keyword.text}`", stop.span, "leave it out")
        self._close("`end`")
        if not _is_empty(nodes) and not _is_empty(self._definitions.get(name, ())):
            message = f"a second template `{name}`"
            raise GoTemplateError(message, keyword.span, "give one of them another name")
        if not _is_empty(nodes) or name not in self._definitions:
            self._definitions[name] = nodes

    def _branch(self, keyword: Token) -> Branch:
        count, is_range = len(self._variables), keyword.text == "range"
        with self._nested(keyword):
            pipe = self._pipe(keyword.text, "close")
            self._ranges += is_range
            body, stop = self._nodes(keyword)
            self._ranges -= is_range
            otherwise: tuple[Node, ...] = ()
            if stop.text == "else" and self._token.is_word("if", "with"):
                otherwise = (self._else_branch(keyword),)
            else:
                if stop.text == "else":
                    self._close("`else`")
                    otherwise, stop = self._nodes(keyword)
                if stop.text == "else":
                    message = f"a second `else` of `{keyword.text}`"
                    raise GoTemplateError(message, stop.span, "write `else if`, or leave it out")
                self._close("`end`")
        del self._variables[count:]
        return Branch(keyword.text, pipe, body, otherwise)

    def _else_branch(self, keyword: Token) -> Branch:
        """Read `else if` or `else with`, which have the `end` of the whole."""
        token = self._take()
        if token.text != keyword.text:
            message = f"`else {token.text}` of `{keyword.text}`"
            raise GoTemplateError(message, token.span, f"write `{{{{ else }}}}{{{{ {token.text} .. }}}}`")
        if token.text == "with":
            self._since(_ELSE_WITH, token, "`else with`", "write `{{ else }}{{ with .. }}`")
        return self._branch(token)

    def _jump(self) -> Jump:
        token = self._take()
        self._close(f"`{token.text}`")
        if not self._ranges:
            raise GoTemplateError(f"`{token.text}` outside `range`", token.span, "leave it out")
        return Jump(token.text)

    def _pipe(self, owner: str, closing: str) -> Pipe:
        start = self._token
        declares, assigns = self._declarations(owner)
        commands: list[Command] = []
        while not (self._token.kind == closing or self._token.is_mark(closing)):
            operand = self._operand()
            if operand is None:
                raise _unexpected(self._token, "a value")
            if commands and not operand.fields and isinstance(operand.base, Literal | Dot):
                raise GoTemplateError(
                    "a value behind `|`", operand.span, "a function gets the value in front of `|`"
                )
            commands.append(self._command(operand))
        if not commands:
            span = (start.start, max(self._end, start.start + 1))
            raise GoTemplateError(f"{owner} without a value", span, "write one: `$value`, `$labels.job`")
        self._take()
        return Pipe(tuple(commands), declares, assigns)

    def _declarations(self, owner: str) -> tuple[tuple[str, ...], bool]:
        """Read `$x :=`, `$x =` or, of `range`, `$i, $x :=`. The value behind it may read the variables."""
        found: list[str] = []
        assigns = False
        while self._token.kind == "variable" and self._peek(1).is_mark(":=", "=", ","):
            variable, mark = self._take(), self._take()
            self._variables.append(variable.text)
            found.append(variable.text)
            if mark.text != ",":
                assigns = mark.text == "="
                break
            if owner != "range" or len(found) > 1 or self._token.kind not in ("variable", "close"):
                message = "more variables than `range` has" if owner == "range" else "more than one variable"
                raise GoTemplateError(
                    message, mark.span, "`range $index, $element := ..` has two, others one"
                )
        return tuple(found), assigns

    def _command(self, operand: Operand) -> Command:
        """Read the arguments behind the first operand, up to `|` or the end of the pipe."""
        operands = [operand]
        while self._token.is_apart and (another := self._operand()) is not None:
            operands.append(another)
        token = self._token
        if token.is_mark("|"):
            self._take()
        elif token.kind != "close" and not token.is_mark(")"):
            raise _unexpected(token, "an argument")
        return tuple(operands)

    def _operand(self) -> Operand | None:
        """Read a value with its fields; None if the next token begins none."""
        first = self._token
        base = self._base()
        if base is None:
            return None
        fields = [_field(first)] if first.kind == "field" else []
        while self._token.kind == "field" and not self._token.is_apart:
            if isinstance(base, Literal) or first.kind == "dot":
                raise GoTemplateError(f"{first} has no fields", self._token.span, "leave them out")
            fields.append(_field(self._take()))
        return Operand(base, tuple(fields), (first.start, self._end))

    def _base(self) -> Literal | Dot | Variable | Function | Pipe | None:
        token = self._token
        if token.is_mark("("):
            self._take()
            with self._nested(token):
                return self._pipe("parenthesis", ")")
        if token.kind not in _OPERANDS or token.is_word(*_KEYWORDS):
            return None
        self._take()
        match token.kind:
            case "word" if token.text in _CONSTANTS:
                return Literal(_CONSTANTS[token.text])
            case "word":
                return self._function(token)
            case "variable":
                return self._variable(token)
            case "string":
                return Literal(_unquoted(token))
            case "character":
                return Literal(_character(token))
            case "number":
                return Literal(number(token))
        return Dot()

    def _function(self, token: Token) -> Function:
        if token.text not in FUNCTIONS:
            hint = _nearest(token.text, FUNCTIONS) or _NO_FUNCTION
            raise GoTemplateError(f"unknown function `{token.text}`", token.span, hint)
        since = FUNCTIONS[token.text]
        self._since(since, token, f"`{token.text}`", f'do without it, or set `service.prometheus: "{since}"`')
        return Function(token.text)

    def _variable(self, token: Token) -> Variable:
        if token.text not in self._variables:
            is_inner = token.text in VARIABLES
            hint = "inside `define` and `block` there is only `.`, the value that they are given"
            if not is_inner:
                hint = _nearest(token.text, self._variables[1:]) or f"a label is `$labels.{token.text[1:]}`"
            raise GoTemplateError(f"unknown variable `{token.text}`", token.span, hint)
        return Variable(token.text)

    def _since(self, version: PrometheusVersion, token: Token, what: str, hint: str) -> None:
        if self._prometheus < version:
            raise GoTemplateError(f"Prometheus has {what} from {version} on", token.span, hint)


def _unexpected(token: Token, wanted: str, hint: str = "") -> GoTemplateError:
    if token.text in _HINTS:
        hint = _HINTS[token.text]
    elif not hint:
        hint = "leave it out" if token.kind == "mark" or token.is_apart else "put a space in front of it"
    return GoTemplateError(f"expected {wanted}, found {token}", token.span, hint)


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, names, 1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else ""


def _field(token: Token) -> Field:
    return Field(token.text[1:], (token.start + 1, token.span[1]))


def _is_empty(nodes: Iterable[Node]) -> bool:
    """Return whether a template prints nothing; such a definition may be followed by another."""
    return all(isinstance(node, Text) and not node.text.strip() for node in nodes)


def _unquoted(token: Token) -> str:
    return _bytes(token).decode(errors="replace")


def _character(token: Token) -> int:
    inner = token.text[1:-1]
    value = _bytes(token)
    if not _CHARACTER.fullmatch(inner):
        raise GoTemplateError(f"{token} is not one character", token.span, 'quote text by `"`')
    return value[0] if len(value) == 1 else ord(value.decode())


def _bytes(token: Token) -> bytes:
    try:
        return string_bytes(StringToken("string", token.text, token.start))
    except PromqlError as error:
        raise GoTemplateError(error.message, error.part, error.hint) from None
