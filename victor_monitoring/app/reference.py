"""The reference of the spec language and of every finding, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from victor_monitoring.app.explanation import patterns
from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.language.model.spec import Spec
from victor_monitoring.live.targets import target_model
from victor_monitoring.signals.units import UNITS

_LAST: Final = frozenset({"ack", "reason"})  # keys of most mappings
_MANY: Final = 3  # places of a mapping that are listed
_PIPE: Final = "\\|"  # in a cell of a table
_WORDS: Final = {
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "null": "`null`",
    "number": "number",
    "string": "text",
}

_INTRODUCTION = """\
# The spec language

<!-- Rendered by `victor-mon schema --reference`; edit the models and the checks, not this file. -->

A spec is one YAML file. Below are its [keys](#keys), mapping by mapping in the order of a spec, the
[units](#units), and the [findings](#findings) of `victor-mon validate`, `check` and `verify`.

The ideas:

- A **component** is a part of the service with its **metrics**: type, unit, help, labels. A label is a closed
  set of values, or open with a limit.
- A **signal** is one number per label set, read from metrics by one kind, such as `rate` or `quantile`.
  Alerts and panels name signals, never PromQL.
- An **alert** is a signal beyond a threshold for a time. Its severity colours the panels of its signal.
- A **context** is a place where the spec holds with other labels, filters and thresholds. Loosening an alert
  in a protected context needs a reason.
- A **base** is a file with [keys that specs share](#shared-keys): with `extends: ../org/base.yaml`, a spec is
  merged over it.
- A finding that is accepted is acknowledged where it is, with a reason: `ack: {slower-critical: why}`.

Values are written like this:

- a duration: `30s`, `5m`, `1h30m`;
- a quantity: a number with its unit, such as `40%`, `250ms`, `2GiB`, `10/s`, `5MiB/s`;
- a condition: an operator and a threshold, such as `> 1GiB` or `< 40%`; `any` is `> 0`;
- a selector: a metric, or a metric with matchers, such as `requests_total{code="500"}`;
- `name: text` and the like: a mapping from names that you choose to texts.

In an editor with a YAML language server, a spec that begins with
`# yaml-language-server: $schema=victor-mon.schema.json` has all of this as completion and hover.
`victor-mon explain CODE` shows a finding's text on the command line.

## Shared keys

The specs of an organisation share contexts, severities, labels, receivers, external components and the like.
A base holds such keys once, and each spec extends it:

```yaml
victor_mon: 1
extends: ../org/base.yaml     # or a list: a later file wins over an earlier one
service: {name: shop, title: Web Shop, metric_prefix: shop_, select: {job: shop}}   # the owner is in the base
```

- The spec is merged over the base, mapping by mapping: a key of the spec wins, and a list or a single value
  is replaced whole. The overrides of a context in the base change alerts and signals of the spec.
- A base has any keys of the top level but `victor_mon`, which makes a file a spec. It may extend another
  base. In `specs/`, a file that a spec there extends is a base.
- The path is relative to the file that has it, and stays below the root: nothing is fetched, and no link out
  of the root is followed.
- A mistake is shown in the file that has it. `victor-mon explain NAME` lists the values that come from a
  base, with file and line; `victor-mon diff --from REV` reads the bases of that revision. An acknowledgement
  in a base may be unused, as another spec may need it.

`specs/examples/organisation/` is an example.
"""


def reference_text() -> str:
    """Return the whole reference, ending in a newline."""
    schema = language_schema()
    lines = [_INTRODUCTION, "## Keys", ""]
    for name, places in _places(schema).items():
        lines += _shape(name, schema["$defs"].get(name, schema), places)
    lines += ["## Units", "", *_units(), "", "## Findings", ""]
    for pattern in patterns():
        lines += _finding(pattern)
    return "\n".join(lines).rstrip("\n") + "\n"


def _places(schema: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the paths of each mapping, in the order of a spec; `Ack`, which is everywhere, comes last."""
    found: dict[str, list[str]] = {}

    def visit(name: str, path: str) -> None:
        is_known = name in found
        found.setdefault(name, []).append(path)
        if not is_known:
            for key, value in _keys(schema["$defs"].get(name, schema))["properties"].items():
                for target, below in _mappings(value):
                    visit(target, f"{path}.{key}{below}".removeprefix("."))

    visit("Spec", "")
    return dict(sorted(found.items(), key=lambda item: item[0] == "Ack"))


def _mappings(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the mappings that a value consists of, each with its path below the value."""
    if "$ref" in value:
        yield value["$ref"].rsplit("/", 1)[-1], ""
    for each in _alternatives(value):
        yield from _mappings(each)
    if "items" in value:
        yield from ((name, f"[]{below}") for name, below in _mappings(value["items"]))
    if inner := _named(value):
        yield from ((name, f".NAME{below}") for name, below in _mappings(inner))


def _alternatives(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the types that a value combines, or of which it has one."""
    for key in ("allOf", "anyOf", "oneOf"):
        yield from value.get(key, ())


def _named(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the values of a mapping of names; None if it is not one."""
    inner = next(iter(value.get("patternProperties", {}).values()), value.get("additionalProperties"))
    return inner if isinstance(inner, Mapping) else None


def _keys(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a mapping's schema that has its keys, without other forms that it may have."""
    return next((each for each in shape.get("anyOf", ()) if "properties" in each), shape)


def _shape(name: str, shape: Mapping[str, Any], places: Sequence[str]) -> Iterator[str]:
    keys = _keys(shape)
    yield f"### {name}\n"
    if places != [""]:
        more = " and elsewhere" if len(places) > _MANY else ""
        yield f"At {', '.join(f'`{place}`' for place in places[:_MANY])}{more}.\n"
    yield f"{shape.get('description', '')}\n"
    yield "| key | meaning | value | default |\n|---|---|---|---|"
    required = frozenset(keys.get("required", ()))
    for key, value in sorted(keys["properties"].items(), key=lambda item: item[0] in _LAST - required):
        meaning, _, default = value.get("description", "").partition(" Default: ")
        if key in required:
            default = "required"
        cells = (f"`{key}`", meaning, _value(value), default.rstrip(".") or _default(value))
        yield f"| {' | '.join(each.replace('|', _PIPE) for each in cells)} |"
    yield ""


def _default(value: Mapping[str, Any]) -> str:
    if "default" not in value:
        return "the defaults of its keys"
    default = value["default"]
    return "none" if default in (None, [], {}) else f"`{_yaml(default)}`"


def _value(value: Mapping[str, Any]) -> str:
    """Return the type of a key's value in words, with an example unless the words list all values."""
    words = _type({key: each for key, each in value.items() if key != "description"})  # that is the meaning
    if "examples" not in value or words.startswith("`"):
        return words
    return f"{words}, such as `{_yaml(value['examples'][0])}`"


def _type(value: Mapping[str, Any]) -> str:
    """Return a JSON Schema type in words, with a link to the mapping that it names."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if words := value.get("title") or value.get("description"):
        return str(words).replace("unit", "[unit](#units)")
    alternatives = list(_alternatives(value))
    if value.get("default", "") is None:  # then `null` is the same as no key
        alternatives = [each for each in alternatives if each != {"type": "null"}]
    if alternatives:
        return " or ".join(dict.fromkeys(_type(each) for each in alternatives))
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "const" in value:
        return f"`{_yaml(value['const'])}`"
    match value.get("type"):
        case "array":
            return f"list of {_type(value['items'])}"
        case "object":
            inner = _named(value)
            return f"name: {_type(inner)}" if inner else "mapping"
        case kind:
            return str(value.get("format") or _WORDS.get(str(kind), "anything"))


def _yaml(value: object) -> str:
    """Return the value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
    return text.removesuffix("\n").removesuffix("\n...")


def _units() -> Iterator[str]:
    yield "| unit | size | suffixes of quantities | example |\n|---|---|---|---|"
    for unit in UNITS.values():
        size = "" if unit.name == unit.base else f"{unit.scale} {unit.base}"
        suffixes = ", ".join(f"`{suffix}`" for suffix, _ in unit.suffixes if suffix) or "none"
        example = "none: a moment has no threshold" if unit.is_moment else f"`{unit.example}`"
        yield f"| `{unit.name}` | {size} | {suffixes} | {example} |"
    yield "| `{suffix: rpm}` | | none | any other unit: shown, never converted |"


def _finding(pattern: Pattern) -> Iterator[str]:
    yield f"### {pattern.code} {pattern.name}\n\n{pattern.severity.word.capitalize()}. {pattern.doc}\n"


class _InOrder(GenerateJsonSchema):
    """A generator that keeps the order of keys, in examples too."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


def editor_schema() -> dict[str, Any]:
    """Return the JSON Schema for editors, of specs and of bases: only a whole spec has all required keys.

    A schema sees one file: keys that a base, or a spec that extends one, leaves out may be in another file.
    """
    schema = language_schema()
    service = {"required": schema["$defs"]["Service"].pop("required")}
    whole = {"required": schema.pop("required"), "properties": {"service": service}}
    return schema | {"if": {"required": ["victor_mon"], "not": {"required": ["extends"]}}, "then": whole}


def language_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec with the settings of all targets, draft 2020-12."""
    schema = json_schema()
    target = target_model().model_json_schema(by_alias=True, schema_generator=_InOrder)
    schema["$defs"] |= target.pop("$defs")
    schema["$defs"]["Target"] = target
    schema["$defs"]["Context"]["properties"]["targets"]["items"] = {"$ref": "#/$defs/Target"}
    return schema


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec without the settings of targets, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Spec.model_json_schema(by_alias=True, schema_generator=_InOrder),
        "title": "victor-mon spec, version 1",
    }
