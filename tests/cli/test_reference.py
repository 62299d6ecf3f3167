"""The meaning and the example of every key, in the JSON Schema and in the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import jsonschema
import pytest
from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from victor_monitoring.app.reference import language_schema, reference_text
from victor_monitoring.language.model.components import Label
from victor_monitoring.language.model.fields import Written
from victor_monitoring.language.model.spec import Spec
from victor_monitoring.live.targets import target_model


def models(shape: Any, found: dict[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Add every model that the type `shape` contains, by name."""
    if isinstance(shape, type) and issubclass(shape, BaseModel) and shape.__name__ not in found:
        found[shape.__name__] = shape
        for field in shape.model_fields.values():
            models(field.annotation, found)
    for each in get_args(shape):
        models(each, found)
    return found


MODELS = models(target_model(), models(Spec, {}))
SCHEMA = language_schema()
REFERENCE = reference_text()


def keys() -> Iterator[tuple[str, str, FieldInfo]]:
    """Yield the mapping, the key and the field of each key of the language."""
    for name, model in MODELS.items():
        for field_name, field in model.model_fields.items():
            if (model, field_name) != (Label, "values"):  # its list is written in place of the mapping
                yield name, field.alias or field_name, field


def documented(name: str, key: str) -> dict[str, Any]:
    """Return the JSON Schema of a key."""
    shape = SCHEMA["$defs"].get(name, SCHEMA)
    shape = next((each for each in shape.get("anyOf", ()) if "properties" in each), shape)
    found = shape["properties"][key]
    assert isinstance(found, dict)
    return found


KEYS = list(keys())


def test_every_mapping_is_looked_at() -> None:
    """The models that are walked are those of the JSON Schema."""
    assert MODELS.keys() == {"Spec", *SCHEMA["$defs"]}
    assert len(KEYS) > 150


def test_every_key_has_a_meaning() -> None:
    """The description of a key is a sentence."""
    texts = {f"{name}.{key}": documented(name, key)["description"] for name, key, _ in KEYS}
    assert {key: text for key, text in texts.items() if not re.fullmatch(r"[A-Z1`].*\.", text)} == {}


@pytest.mark.parametrize("name", MODELS)
def test_every_key_has_a_valid_example(name: str) -> None:
    """The example of a key is accepted by its field, alone, and by its JSON Schema."""
    for _, key, field in (each for each in KEYS if each[0] == name):
        schema = documented(name, key)
        (example,) = schema["examples"]
        alone: Any = Annotated[field.annotation, Field(), *field.metadata]
        create_model("Alone", __base__=Written, value=(alone, ...)).model_validate({"value": example})
        in_json = json.loads(json.dumps(example, default=str))
        jsonschema.validate(in_json, {**schema, "$defs": SCHEMA["$defs"]})


@pytest.mark.parametrize("name", MODELS)
def test_the_reference_has_every_key_once(name: str) -> None:
    """Each mapping is a section with one row of four cells for each key."""
    section = re.search(rf"^### {name}\n(.*?)^##", REFERENCE, re.DOTALL | re.MULTILINE)
    assert section is not None
    rows = [re.split(r"(?<!\\)\|", row) for row in section[1].splitlines() if row.startswith("| `")]
    assert sorted(row[1].strip(" `") for row in rows) == sorted(key for each, key, _ in KEYS if each == name)
    assert {len(row) for row in rows} == {6}


@pytest.mark.parametrize(
    ("name", "key", "default"),
    [
        ("Alert", "for", "`0s`"),
        ("Alertmanager", "repeat_interval", "`4h`"),
        ("Component", "class", "made from the component's name"),
        ("Component", "external", "`false`"),
        ("Context", "labels", "none"),
        ("Context", "kubernetes", "as at the top level"),
        ("Metric", "unit", "`count`"),
        ("Service", "name", "required"),
        ("Spec", "defaults", "the defaults of its keys"),
        ("Spec", "severities", "`[warning, critical]`"),
    ],
)
def test_defaults_are_as_people_write_them(name: str, key: str, default: str) -> None:
    """Durations have a unit, lists and mappings are YAML, and other defaults are words."""
    section = REFERENCE.partition(f"\n### {name}\n")[2]
    row = next(line for line in section.splitlines() if line.startswith(f"| `{key}` |"))
    assert row.endswith(f" | {default} |")
