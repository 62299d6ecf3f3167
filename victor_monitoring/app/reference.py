"""The reference of the spec language and of every finding, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from victor_monitoring.app.explanation import patterns
from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.language.model.spec import Spec
from victor_monitoring.live.targets import target_model

_INTRODUCTION = """\
# The spec language

<!-- Rendered by `victor-mon schema --reference`; edit the models and the checks, not this file. -->

A spec is one YAML file. Every key is below, mapping by mapping, then every finding of `victor-mon validate`,
`check` and `verify`.
Durations are `30s`, `5m`, `1h30m`; quantities carry their unit: `40%`, `250ms`, `2GiB`, `10/s`, `5MiB/s`.
Conditions are `> 1GiB`, `< 40%` or `any`, which is `> 0`. Selectors are a metric, or a metric with matchers.
`victor-mon explain CODE` shows a finding's text on the command line.
"""


def reference_text() -> str:
    """Return the whole reference, ending in a newline."""
    schema = language_schema()
    shapes: Mapping[str, Mapping[str, Any]] = {"Spec": schema, **schema["$defs"]}
    lines = [_INTRODUCTION, "## Keys", ""]
    for name, shape in shapes.items():
        lines += _shape(name, shape)
    lines += ["## Findings", ""]
    for pattern in patterns():
        lines += _finding(pattern)
    return "\n".join(lines).rstrip("\n") + "\n"


def _shape(name: str, shape: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}\n\n{shape.get('description', '')}\n"
    detail = next((each for each in shape.get("anyOf", ()) if "properties" in each), shape)
    needed = detail.get("required", [])
    yield "| key | value | default |\n|---|---|---|"
    for key, value in detail["properties"].items():
        default = "required" if key in needed else _default(value)
        yield f"| `{key}` | {_type(value)} | {default} |"
    yield ""


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "" if default in (None, [], {}) else f"`{str(default).lower()}`"


def _type(value: Mapping[str, Any]) -> str:
    """Return a JSON Schema type in words, with a link to the mapping that it names."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_type(each) for each in value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "const" in value:
        return f"`{str(value['const']).lower()}`"
    match value.get("type"):
        case "array":
            return f"list of {_type(value['items'])}"
        case "object":
            inner = next(iter(value.get("patternProperties", {}).values()), value.get("additionalProperties"))
            if isinstance(inner, Mapping):
                return f"name: {_type(inner)}"
            keys = ", ".join(f"{key}: {_type(each)}" for key, each in value.get("properties", {}).items())
            return f"`{{{keys}}}`" if keys else "mapping"
        case "null":
            return "`null`"
        case kind:
            example = f", such as `{value['examples'][0]}`" if "examples" in value else ""
            return f"{value.get('description', kind or 'anything').replace('|', '&#124;')}{example}"


def _finding(pattern: Pattern) -> Iterator[str]:
    yield f"### {pattern.code} {pattern.name}\n\n{pattern.severity.word.capitalize()}. {pattern.doc}\n"


def language_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec with the settings of all targets, draft 2020-12."""
    schema = json_schema()
    target = target_model().model_json_schema(by_alias=True)
    schema["$defs"] |= target.pop("$defs")
    schema["$defs"]["Target"] = target
    schema["$defs"]["Context"]["properties"]["targets"]["items"] = {"$ref": "#/$defs/Target"}
    return schema


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec without the settings of targets, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Spec.model_json_schema(by_alias=True),
        "title": "victor-mon spec, version 1",
    }
