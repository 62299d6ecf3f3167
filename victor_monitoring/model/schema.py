"""The language as a JSON Schema."""

from __future__ import annotations

from typing import Any

from victor_monitoring.model.spec import Spec


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a spec, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Spec.model_json_schema(by_alias=True),
        "title": "victor-mon spec, version 1",
    }
