"""The language as a JSON Schema: the spec's models, and the settings of every kind of target."""

from __future__ import annotations

from typing import Any

from victor_monitoring.apply.settings import target_model
from victor_monitoring.model.schema import json_schema


def language_schema() -> dict[str, Any]:
    """The JSON Schema of a spec, draft 2020-12."""
    schema = json_schema()
    target = target_model().model_json_schema(by_alias=True)
    schema["$defs"] |= target.pop("$defs")
    schema["$defs"]["Target"] = target
    schema["$defs"]["Context"]["properties"]["targets"]["items"] = {"$ref": "#/$defs/Target"}
    return schema
