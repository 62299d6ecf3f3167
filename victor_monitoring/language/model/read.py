"""The reader of the spec model: every mistake becomes a finding, and the other entities are still read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.language.model.contexts import Context
from victor_monitoring.language.model.patterns import BAD_VALUE, CUT_TEXT, MISSING_KEY, UNKNOWN_KEY
from victor_monitoring.language.model.spec import Spec
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import (
    ListNode,
    MapNode,
    Node,
    Path,
    PlainValue,
    ScalarNode,
    at,
    keys_beside,
    plain,
)
from victor_monitoring.language.syntax.wanted import (
    cut_comment,
    list_wanted_hint,
    mapping_wanted_hint,
    text_wanted_hint,
)

_WANTED: Final[dict[str, tuple[str, Callable[[Node], str]]]] = {
    "string_type": ("text", text_wanted_hint),
    "dict_type": ("a mapping of keys to values", mapping_wanted_hint),
    "model_type": ("a mapping of keys to values", mapping_wanted_hint),
    "model_attributes_type": ("a mapping of keys to values", mapping_wanted_hint),
    "list_type": ("a list", list_wanted_hint),
    "int_type": ("a whole number", lambda node: "write it plain, such as `200`"),
    "bool_type": ("true or false", lambda node: "write `true` or `false`"),
    "date_type": ("a date", lambda node: "write it plain, such as `2026-12-31`"),
}
_LIMITS: Final = {
    "too_short": ("has too few items", "write at least {min_length}"),
    "too_long": ("has too many items", "write at most {max_length}"),
    "string_too_short": ("is empty", "write a text"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
    "greater_than": ("is too small", "write a number above {gt}"),
}
_REQUIRED: Final = ("victor_mon", "service")
# Keys that have moved to a section next to them: by model and old name, the section and the new name.
_MOVED: Final[Mapping[tuple[object, str], tuple[str, str]]] = {
    (Context, "component"): ("kubernetes", "objects"),
}
M = TypeVar("M", bound=BaseModel)
_KEY: Final = "[key]"  # pydantic appends this to the path of an invalid key


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """The spec without its invalid entities (None if nothing is left), and the findings about them.

    `broken` are the paths of the entities left out; references to them are not reported again.
    """

    spec: Spec | None
    findings: tuple[Finding, ...]
    broken: frozenset[Path]


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A finding, and the path left out for it: an unknown key, else the whole entity, then broken."""

    finding: Finding
    left_out: Path
    is_broken: bool


def read(tree: MapNode) -> ReadSpec:
    """Return the model of the spec; invalid entities are left out until the rest is valid."""
    findings: list[Finding] = []
    broken: set[Path] = set()
    rest: Any = plain(tree)
    while True:
        try:
            return ReadSpec(Spec.model_validate(rest), tuple(findings), frozenset(broken))
        except ValidationError as error:
            mistakes = _mistakes(error.errors(include_url=False), rest, tree)
        version = [each for each in mistakes if each.finding.path == ("victor_mon",)]
        if version and version[0].finding.pattern is BAD_VALUE:  # the rest may be valid in that version
            return ReadSpec(None, (version[0].finding,), frozenset())
        findings += [mistake.finding for mistake in mistakes]
        broken.update(mistake.left_out for mistake in mistakes if mistake.is_broken)
        if any(not mistake.left_out or mistake.left_out[0] in _REQUIRED for mistake in mistakes):
            return ReadSpec(None, tuple(findings), frozenset(broken))
        for mistake in mistakes:
            rest = _without(rest, mistake.left_out)


def read_part(model: type[M], tree: MapNode, path: Path) -> tuple[M | None, list[Finding]]:
    """Return the part at `path` as a `model`, or None and its mistakes; the path must exist."""
    part = at(tree, path)
    assert part is not None
    try:
        return model.model_validate(plain(part)), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for each in errors:
        each["loc"] = (*path, *each["loc"])
    mistakes = _mistakes(errors, plain(tree), tree, _Shape(model, len(path)))
    return None, [mistake.finding for mistake in mistakes]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The model that is read, and the number of keys that lead to it."""

    model: type[BaseModel]
    depth: int = 0


def _mistakes(
    errors: Iterable[ErrorDetails], data: PlainValue, tree: MapNode, shape: _Shape = _Shape(Spec)
) -> list[_Mistake]:
    """Return one mistake for each path: the members of a union report the same one several times."""
    found: dict[tuple[Path, bool], _Mistake] = {}
    for error in errors:
        path = _path_in(data, error["loc"], is_missing=error["type"] == "missing")
        is_unknown = error["type"] == "extra_forbidden"
        finding = _finding(error, path, tree, shape)
        mistake = _Mistake(finding, path if is_unknown else _entity(path), not is_unknown)
        found.setdefault((path, is_unknown), mistake)
    return list(found.values())


def _path_in(data: PlainValue, loc: tuple[int | str, ...], *, is_missing: bool) -> Path:
    """Return the part of an error's location that exists in the data, without tags of unions and models.

    If a key is missing, the path ends with it.
    """
    path: list[int | str] = []
    for index, key in enumerate(loc):
        if isinstance(data, dict) and key in data:
            data = data[str(key)]
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        elif is_missing and index + 1 == len(loc):
            path.append(key)
            break
        else:
            continue
        path.append(key)
    return tuple(path)


def _finding(error: ErrorDetails, path: Path, tree: MapNode, shape: _Shape) -> Finding:
    context, name = error.get("ctx", {}), _name_of(path)
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(path, tree, shape)
        case "missing":
            where = f" in `{_name_of(path[:-1])}`" if len(path) > 1 else ""
            message = f"`{name}` is missing{where}"
            return Finding(path, message, f"add `{name}:`", on_key=True, pattern=MISSING_KEY)
        case "language":
            on_key = error["loc"][-1] == _KEY
            if context["key"] is not None:
                path, on_key = (*path, context["key"]), True
            return _bad(path, context["message"], context["hint"], part=context["part"], on_key=on_key)
        case "literal_error":
            known = re.findall(r"'([^']*)'", str(context["expected"])) or [str(context["expected"]).lower()]
            return _bad(
                path, f"`{name}` cannot be `{error['input']}`", unknown_name_hint(str(error["input"]), known)
            )
        case "string_pattern_mismatch":
            message = f"`{error['input']}` is not valid here"
            on_key = error["loc"][-1] == _KEY
            return _bad(path, message, f"it must match `{context['pattern']}`", on_key=on_key)
        case kind if kind in _LIMITS:
            problem, hint = _LIMITS[kind]
            return _bad(path, f"`{name}` {problem}", hint.format_map(context))
        case kind:
            words, hint_for = _WANTED.get(kind, ("", None))
            node = at(tree, path)
            reason = error["msg"][:1].lower() + error["msg"][1:]
            message = f"`{name}` must be {words}" if words else f"`{name}`: {reason}"
            return _bad(path, message, hint_for(node) if node and hint_for else "")


def _unknown_key(path: Path, tree: MapNode, shape: _Shape) -> Finding:
    """Return the finding about an unknown key; a moved one gets its new place, with its value as written."""
    name, model, value = _name_of(path), _model_at(shape, path[:-1]), at(tree, path)
    taken = keys_beside(at(tree, path[:-1]), name)
    message = f"unknown key `{name}`"
    hint = unknown_name_hint(name, _fields(model) if model else (), taken=taken)
    if (model, name) in _MOVED:
        section, key = _MOVED[model, name]
        edit = f"{key}: {(value.text or 'null') if isinstance(value, ScalarNode) else '..'}"
        is_given = at(tree, (*path[:-1], section)) is not None
        message = f"`{name}` is now `{section}: {{{key}: ..}}`"
        hint = f"write `{edit}` under its `{section}`" if is_given else f"write `{section}: {{{edit}}}`"
    return Finding(path, message, hint, on_key=True, pattern=UNKNOWN_KEY)


def _bad(
    path: Path,
    message: str,
    hint: str,
    part: tuple[int, int] | None = None,
    on_key: bool = False,
) -> Finding:
    return Finding(path, message, hint, part, on_key, BAD_VALUE)


def _name_of(path: Path) -> str:
    """Return the last key of a path for a message; items of a list are counted from 1."""
    if not path:
        return "the spec"
    last = path[-1]
    return last if isinstance(last, str) else f"item {last + 1} of {_name_of(path[:-1])}"


def _model_at(shape: _Shape, path: Path) -> type[BaseModel] | None:
    """Return the model that defines the keys at a path."""
    found: Any = shape.model
    for key in path[shape.depth :]:
        found = _below(found, key)
    return _model_in(found)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return the types of a model's fields by their keys in the spec."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(shape: Any) -> type[BaseModel] | None:
    """Return the type if it is a model, else the first model among its alternatives, else None."""
    return next((each for each in _alternatives(shape) if _is_model(each)), None)


def _below(shape: Any, key: int | str) -> Any:
    """Return the type of the value at `key` in a value of type `shape`."""
    for each in _alternatives(shape):
        if _is_model(each) and isinstance(key, str):
            return _fields(each).get(key)
        if get_origin(each) is (list if isinstance(key, int) else dict):
            return get_args(each)[-1]
    return None


def _alternatives(shape: Any) -> Iterator[Any]:
    """Yield the members of a union, or the only type, without annotations."""
    if get_origin(shape) is Annotated:
        yield from _alternatives(get_args(shape)[0])
    elif get_origin(shape) in (Union, UnionType):
        for each in get_args(shape):
            yield from _alternatives(each)
    else:
        yield shape


def _is_model(shape: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _entity(path: Path) -> Path:
    """Return the path of the smallest part of the spec around `path` that can be left out."""
    match path:
        case ("components", _, "metrics", _, *_):
            return path[:4]
        case ("alerts", _, _, *_):
            return path[:3]
        case ("components" | "signals" | "contexts" | "alerts" | "checks", _, *_):
            return path[:2]
        case _:
            return path[:1]


def _without(data: Any, path: Path) -> Any:
    """Return a copy of the data without the key at `path`, in lists of mappings too."""
    first, below = path[0], path[1:]
    if isinstance(data, list):
        return [_without(item, below) if index == first else item for index, item in enumerate(data)]
    if not isinstance(data, dict) or first not in data:
        return data
    if not below:
        return {key: value for key, value in data.items() if key != first}
    return {**data, first: _without(data[first], below)}


_PROSE: Final = frozenset({"summary", "description", "actions", "help", "title", "reason"})


def cut_texts(node: Node, path: Path = (), is_prose: bool = False) -> Iterator[Finding]:
    """Yield a finding for each prose text that is followed by a comment that looks like a part of it."""
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from cut_texts(entry.node, (*path, key), key in _PROSE)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from cut_texts(item, (*path, index), is_prose)
    elif is_prose and cut_comment(node):
        message = f"the text ends after `{node.text[-20:]}`: ` #` starts a comment"
        yield Finding(path, message, "quote the text, or put two spaces before a comment", pattern=CUT_TEXT)
