"""Values that a JSON Schema admits, and additions to a tree at the places that the schema names."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
ROOT = Path(__file__).resolve().parents[2]
_TEXTS = ("x", "a-b", "A_b", "5m", "> 5", "80%", "job", "{instance} has {value}")


@functools.cache
def spec_schema() -> Schema:
    """Return the schema of specs."""
    found: Schema = json.loads((ROOT / "specs/victor-mon.schema.json").read_text(encoding="utf-8"))
    return found


def extended(random: Random, tree: Any, schema: Schema) -> Any:
    """Return the tree with a key added or replaced that the schema admits at its place."""
    places = list(_mappings(tree, schema, schema))
    node, described = random.choice(places)
    properties = described.get("properties", {})
    if properties:
        key = random.choice([*properties.keys() - node.keys(), *properties])
        node[key] = drawn(random, properties[key], schema)
    return tree


def _mappings(node: Any, described: Schema, schema: Schema) -> Iterator[tuple[dict[Any, Any], Schema]]:
    """Yield each mapping of a tree with the part of the schema that describes it."""
    for each in _alternatives(described, schema):
        if isinstance(node, dict) and (each.get("properties") or each.get("additionalProperties")):
            if each.get("properties"):
                yield node, each
            for key, value in node.items():
                below = each.get("properties", {}).get(key, each.get("additionalProperties"))
                if isinstance(below, dict):
                    yield from _mappings(value, below, schema)
        elif isinstance(node, list) and isinstance(each.get("items"), dict):
            for item in node:
                yield from _mappings(item, each["items"], schema)


def _alternatives(described: Schema, schema: Schema) -> Iterator[Schema]:
    """Yield the parts of a schema of which one must hold, with references followed."""
    if "$ref" in described:
        yield from _alternatives(schema["$defs"][described["$ref"].rpartition("/")[2]], schema)
    elif "anyOf" in described or "oneOf" in described:
        for each in described.get("anyOf", described.get("oneOf", ())):
            yield from _alternatives(each, schema)
    else:
        yield described


def drawn(random: Random, described: Schema, schema: Schema, depth: int = 0) -> Any:
    """Return a value of a part of the schema: an example, a constant, or one built of its parts."""
    if described.get("examples") and random.random() < 0.8:
        return copy.deepcopy(random.choice(described["examples"]))
    each = random.choice(list(_alternatives(described, schema)))
    if each.get("examples") and random.random() < 0.7:
        return copy.deepcopy(random.choice(each["examples"]))
    if "enum" in each:
        return random.choice(each["enum"])
    if "const" in each:
        return each["const"]
    match each.get("type"):
        case "object" if depth < 4:
            names = [*each.get("required", ())]
            names += [name for name in each.get("properties", {}) if random.random() < 0.25]
            found = {name: drawn(random, each["properties"][name], schema, depth + 1) for name in names}
            if isinstance(more := each.get("additionalProperties"), dict):
                found[random.choice(_TEXTS)] = drawn(random, more, schema, depth + 1)
            return found
        case "array" if depth < 4 and isinstance(each.get("items"), dict):
            return [drawn(random, each["items"], schema, depth + 1) for _ in range(random.randint(0, 3))]
        case "boolean":
            return random.random() < 0.5
        case "integer":
            return random.choice((0, 1, 2, 7, 100, -1, 10**9))
        case "number":
            return random.choice((0, 0.5, 1, 99.9, 1e9, -1))
        case "null":
            return None
    return random.choice(_TEXTS)
