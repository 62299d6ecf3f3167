"""What every model of the spec shares."""

from __future__ import annotations

import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, model_validator

from victor_monitoring.model.fields import Text


class Written(BaseModel):
    """A mapping of the spec: unknown keys are errors, nothing is converted in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _reason_or_detail(schema: dict[str, Any]) -> None:
    """In the JSON Schema of an acknowledgement its reason may stand alone, as it may in the spec."""
    detail = {key: schema.pop(key) for key in ("type", "properties", "required", "additionalProperties")}
    schema["anyOf"] = [{"type": "string", "minLength": 1}, detail]


class Ack(Written):
    """Why a finding is accepted, and the last day on which it is."""

    model_config = ConfigDict(json_schema_extra=_reason_or_detail)

    reason: Text
    until: datetime.date | None = None

    @model_validator(mode="before")
    @classmethod
    def _reason_alone(cls, value: Any) -> Any:
        return {"reason": value} if isinstance(value, str) else value


Acks: TypeAlias = dict[str, Ack]
