"""The signals as written: one key per kind, whose model is made from the fields of the kind."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Field, create_model, model_validator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.language.model.fields import (
    Acks,
    Duration,
    ExpressionField,
    LabelName,
    MetricName,
    Name,
    NumberField,
    QuantityField,
    Reason,
    SelectorField,
    Text,
    UnitField,
    WhereField,
    Written,
    invalid,
)
from victor_monitoring.signals.binding import unnamed_parameter
from victor_monitoring.signals.expression import Expression
from victor_monitoring.signals.kinds import KINDS
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.quantity import Condition, Quantity
from victor_monitoring.signals.signal import Signal as ResolvedSignal
from victor_monitoring.signals.signal import SignalKind

_WRITTEN: dict[object, Any] = {
    Selector: SelectorField,
    Condition: WhereField,
    Quantity: QuantityField,
    Fraction: NumberField,
    ResolvedSignal: Name,
    Expression: ExpressionField,
}


def written_type(hint: Any) -> Any:
    """Return the type as written of a kind's field of type `hint`."""
    if hint in _WRITTEN:
        return _WRITTEN[hint]
    arguments = get_args(hint)
    if type(None) in arguments:
        return written_type(next(each for each in arguments if each is not type(None))) | None
    if get_origin(hint) is tuple:
        return list[written_type(arguments[0])]  # type: ignore[misc]  # a type made at run time
    return written_model(hint) if dataclasses.is_dataclass(hint) else hint


def written_model(shape: Any) -> type[BaseModel]:
    """Return the model of a kind's parameters: the fields of its dataclass in their types as written."""
    hints = get_type_hints(shape)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(shape):
        default = ... if field.default is dataclasses.MISSING else field.default
        fields[field.name] = (written_type(hints[field.name]), default)
    names = {"__doc__": shape.__doc__, "__module__": shape.__module__}  # by these its docstrings are found
    return create_model(shape.__name__, __base__=Written, **names, **fields)


def _kind_type(kind: type[SignalKind]) -> Any:
    unnamed = unnamed_parameter(kind)
    return written_model(kind) if unnamed is None else written_type(get_type_hints(kind)[unnamed])


class _SignalKeys(Written):
    title: Text | None = None
    """The name of the signal for people: in panels, runbooks and the REST API. Default: the words of its
    name. Example: `Error ratio`"""
    unit: UnitField
    """The unit of the value; thresholds are written in it, and it must follow from the metrics. Example:
    `ratio`"""
    by: list[LabelName] = Field(default=[])
    """The labels that tell values apart: labels of the metrics, or `instance`; all others are aggregated
    away. Default: none; one value for the whole service. Example: `[instance]`"""
    window: Duration | None = None
    """The range over which rates, ratios, means and quantiles are computed. Default: `defaults.window`.
    Example: `10m`"""
    record: MetricName | None = None
    """The name under which a recording rule keeps the value; other expressions may read it. Default: made
    from the labels and the name, where an alert or a score needs a recorded value of selected targets.
    Example: `instance:requests:rate5m`"""
    ack: Acks = Field(default={})
    reason: Reason = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, value: Any) -> Any:
        if isinstance(value, dict):
            named = [key for key in value if key in KINDS]
            known = ", ".join(f"`{name}`" for name in KINDS)
            if not named:
                strange = next((key for key in value if key not in cls.model_fields), None)
                hint = f"add one of {known}" if strange is None else unknown_name_hint(strange, KINDS)
                raise invalid("the signal has no kind", hint, key=strange)
            if len(named) > 1:
                both = " and ".join(f"`{each}`" for each in named)
                raise invalid(
                    f"the signal has {len(named)} kinds: {both}",
                    "keep one, and define another signal for the other",
                    key=named[1],
                )
        return value

    def kind(self) -> tuple[type[SignalKind], Any]:
        """Return the kind, and its parameters as written: a model, or a list of models."""
        name = next(name for name in KINDS if getattr(self, name) is not None)
        return KINDS[name], getattr(self, name)


if TYPE_CHECKING:
    Signal = _SignalKeys
else:
    Signal = create_model(
        "Signal",
        __base__=_SignalKeys,
        __doc__="A number per label set, read from metrics by exactly one kind.",
        **{
            name: (_kind_type(kind), Field(None, description=kind.__doc__)) for name, kind in KINDS.items()
        },  # `rate:` without a value is no kind
    )
