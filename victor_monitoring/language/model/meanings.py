"""The meaning of each key in the JSON Schema: the docstring below its field.

A docstring is one paragraph: the meaning, then for a key whose default needs words `Default: WORDS.`, then an
example in YAML. They are read from the source when a schema is rendered, so that reading a spec pays nothing.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import BaseModel

from victor_monitoring.promql.duration import duration_text

_EXAMPLE: Final = re.compile(r" Example: `([^`]+)`$")


def add_meanings(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """Add meaning and example to the properties of the model's JSON Schema, and defaults as they are written.

    The words for the type of a scalar become the property's title.
    """
    shapes = (schema, *schema.get("anyOf", ()))
    properties: dict[str, Any] = next((each["properties"] for each in shapes if "properties" in each), {})
    texts = _field_texts(model)
    for name, field in model.model_fields.items():
        value = properties.get(field.alias or name)
        if value is None:  # the schema allows its value in place of the mapping, such as a label's list
            continue
        value.pop("title", None)  # the key in other letters
        if name in texts and "description" in value:
            value["title"] = value.pop("description")
        text = inspect.cleandoc(texts.get(name) or value.get("description", ""))
        meaning, *others = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
        if example := _EXAMPLE.search(" ".join((meaning, *others))):
            value["examples"] = [yaml.safe_load(example[1])]
        value["description"] = _EXAMPLE.sub("", meaning)
        if value.get("type") == "string" and isinstance(value.get("default"), int):
            value["default"] = duration_text(value["default"])


def _field_texts(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings of the fields, inherited ones too, by the fields' names."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _texts_of_module(each.__module__).get(each.__name__, {})
    return found


@functools.cache
def _texts_of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings of all fields in a module, by class and field."""
    found: dict[str, dict[str, str]] = {}
    for shape in ast.parse(inspect.getsource(sys.modules[name])).body:
        if isinstance(shape, ast.ClassDef):
            texts = found[shape.name] = {}
            for statement in itertools.pairwise(shape.body):
                match statement:
                    case (
                        ast.AnnAssign(target=ast.Name(id=field)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        texts[field] = text
    return found
