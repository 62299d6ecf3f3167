"""The scalar types of the language: their parsing, and their JSON Schema."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.examples import examples
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion, parse_version
from victor_monitoring.promql.regular_expressions import compiled, pattern_fault
from victor_monitoring.promql.text_error import TextError
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.quantity import (
    Condition,
    Quantity,
    parse_comparison,
    parse_condition,
    parse_quantity,
)
from victor_monitoring.signals.select import PATTERN
from victor_monitoring.signals.selector import WrittenSelector, parse_selector
from victor_monitoring.signals.template import Template, parse_template
from victor_monitoring.signals.units import UNITS, Unit, custom_unit

_CACHE_SIZE = 10_000  # parsed texts of each type
# The labels of every rendered Kubernetes object that identify its spec and context.
MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
CONTEXT = "victor-mon.dev/context"  # no label of Kubernetes: tools such as Argo CD set those themselves
DASHBOARD_LABEL = "grafana_dashboard"  # the default by which Grafana's sidecar finds dashboards
OWNERSHIP = frozenset({MANAGED_BY, PART_OF, CONTEXT})
NAME_SHAPE = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
SEVERITY_SHAPE = r"^[a-zA-Z0-9_][a-zA-Z0-9_-]*$"
_YEAR = 366 * 86_400_000  # milliseconds; Prometheus allows 292 years, but no alert needs that
_NEWEST_MAJOR = 3  # of Prometheus: a later one may compute differently
_NO_GROUPING = (
    "inf",
    "nan",
    "without",
)  # in `by (..)` PromQL reads these as numbers and a keyword, in any case


def invalid(
    message: str, hint: str, part: tuple[int, int] | None = None, key: str | None = None
) -> PydanticCustomError:
    """Return an error with its own hint, and the range of the text or the key of the mapping at fault."""
    context = {"message": message, "hint": hint, "part": part, "key": key}
    return PydanticCustomError("language", "{message}", context)


def _reader(
    parse: Callable[[str], Any],
    hint: str = "",
    *,
    needs_unit: bool = False,
) -> PlainValidator:
    """Return a validator that parses text with `parse`; `hint` is for errors without their own.

    With `needs_unit` a plain number is reported as one without a unit: to quote it would not help.
    """
    parse = functools.lru_cache(_CACHE_SIZE)(parse)  # texts such as `5m` recur, and in every context

    def read(value: object) -> Any:
        if needs_unit and isinstance(value, int | float) and not isinstance(value, bool):
            raise invalid(f"`{value}` has no unit", hint)
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "must be text")
        try:
            return parse(value)
        except TextError as error:
            raise invalid(error.message, error.hint, error.part) from None
        except ValueError as error:
            raise invalid(str(error), hint) from None

    return PlainValidator(read)


def _number(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid("this must be a number", "write it without quotes or unit, such as `0.95` or `40`")
    return Fraction(str(value))


def _unit(value: object) -> Unit:
    match value:
        case str() if value in UNITS:
            return UNITS[value]
        case {"suffix": str(suffix), **rest} if suffix and not rest:
            return custom_unit(_untemplated(suffix))
        case str():
            message, hint = f"`{value}` is no unit", unknown_name_hint(value, UNITS)
            if hint.startswith("did you mean"):
                raise invalid(message, hint)
        case _:
            message = "a unit is a name, or a mapping with the key `suffix`"
    names = ", ".join(f"`{name}`" for name in UNITS)
    raise invalid(message, f"write {names}, or `{{suffix: rpm}}` for any other unit")


def _duration(text: str) -> int:
    milliseconds = parse_duration(text)
    if milliseconds > _YEAR:
        raise ValueError(f"`{text}` is longer than a year")
    return milliseconds


def _supported(text: str) -> PrometheusVersion:
    version = parse_version(text)
    if version < OLDEST:
        raise ValueError(f"Prometheus {version} is older than {OLDEST}, which rendered rules need")
    if version.major > _NEWEST_MAJOR:
        raise ValueError(f"Prometheus {version} is newer than {_NEWEST_MAJOR}.x, the newest supported")
    return version


def _groupable(name: str) -> str:
    if name.lower() in _NO_GROUPING:
        raise invalid(f"PromQL cannot group by a label `{name}`", "choose another name")
    return name


def _unreserved(name: str) -> str:
    if name.startswith("__"):
        raise invalid(f"the label `{name}` is reserved for Prometheus", "choose a name without `__` in front")
    return name


def _untemplated(text: str) -> str:
    if "{{" in text:
        raise invalid("`{{` starts a template in Prometheus", "write the text without it")
    return text


def _selecting(text: str) -> str:
    """Return the value of a select, which may be a pattern. Every selected target has its label."""
    for sign in ("!~", "!="):
        if text.startswith(sign):
            hint = "write the value, or `=~` and a regular expression"
            raise invalid(f"`select` cannot exclude targets with `{sign}`", hint, (0, len(sign)))
    if not text.startswith(PATTERN):
        return text
    pattern, part = text.removeprefix(PATTERN), (len(PATTERN), len(text))
    if fault := pattern_fault(pattern):
        raise invalid(*fault, part)
    if compiled(pattern).fullmatch(""):
        message = f"`{text}` selects targets without the label, too"
        raise invalid(message, "let it match at least one character, such as `=~.+`")
    if not examples(pattern):
        raise invalid(f"no text is known that `{pattern}` matches", "write a simpler expression", part)
    return text


def _free(label: str) -> str:
    if label in OWNERSHIP:
        raise invalid(f"`{label}` is reserved: it identifies the owner of an object", "choose another label")
    return label


def _text_schema(example: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": [example]})


Duration = Annotated[
    int,
    _reader(_duration, "write a duration such as `30s`, `5m` or `1h30m`", needs_unit=True),
    _text_schema("5m", "duration"),
]
QuantityField = Annotated[
    Quantity,
    _reader(parse_quantity, "write a number with its unit, such as `40%`, `250ms`, `2GiB` or `10/s`"),
    _text_schema("2GiB", "quantity"),
]
ConditionField = Annotated[
    Condition,
    _reader(
        parse_condition,
        "write a comparison and a threshold with its unit, such as `> 1GiB`, or `any`, `present`, `absent`",
    ),
    _text_schema("> 1GiB", "condition (<, <=, >, >=, ==, !=, any, present, absent)"),
]
WhereField = Annotated[
    Condition,
    _reader(parse_comparison, "write a comparison and a value, such as `== 0`"),
    _text_schema("== 0", "comparison (==, !=, <, <=, >, >=)"),
]
SelectorField = Annotated[
    WrittenSelector,
    _reader(parse_selector),
    _text_schema('requests_total{code="500"}', "selector"),
]
TemplateField = Annotated[
    Template,
    _reader(parse_template),
    _text_schema(
        "{instance} uses {value}, more than {threshold}", "text with {value}, {threshold} and {label}"
    ),
]
VersionField = Annotated[
    PrometheusVersion,
    _reader(_supported, 'write the version that runs, in quotes: `"2.42"` or newer'),
    _text_schema("3.14", "version of Prometheus, 2.42 or newer"),
]
UnitField = Annotated[
    Unit,
    PlainValidator(_unit),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(UNITS)},
                {
                    "type": "object",
                    "required": ["suffix"],
                    "additionalProperties": False,
                    "properties": {"suffix": {"type": "string", "minLength": 1}},
                },
            ],
            "description": "unit",
        }
    ),
]
NumberField = Annotated[Fraction, PlainValidator(_number), WithJsonSchema({"type": "number"})]

Name = Annotated[str, Field(pattern=NAME_SHAPE)]
SeverityName = Annotated[str, Field(pattern=SEVERITY_SHAPE)]
GroupName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]  # Prometheus takes any text
AlertId = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]*$")]
LabelName = Annotated[Name, AfterValidator(_groupable)]
TargetLabel = Annotated[LabelName, AfterValidator(_unreserved)]
SlugName = Annotated[  # in the names of Kubernetes objects, and no longer than Grafana allows a uid to be
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)
]
if TYPE_CHECKING:
    MetricTypeName: TypeAlias = str
else:
    MetricTypeName = Literal[tuple(METRIC_TYPES)]
MetricName = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
Text = Annotated[str, Field(min_length=1)]
ExpressionField = Annotated[  # read once the version of Prometheus is known
    Text, _text_schema("sum by (pod) (shop_orders_open) > 5", "PromQL")
]
PlainText = Annotated[Text, AfterValidator(_untemplated)]  # copied into rules unchanged
SelectValue = Annotated[PlainText, AfterValidator(_selecting)]
LabelValue = Annotated[str, AfterValidator(_untemplated)]
Namespace = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
KubernetesLabel = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$",
        max_length=317,
    ),
]
ObjectLabel = Annotated[KubernetesLabel, AfterValidator(_free)]
KubernetesValue = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?$", max_length=63)
]
KubernetesPort = (  # the name of a Service's port, or a port number of the pods
    Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
    | Annotated[int, Field(gt=0, lt=65536)]
)
ConfigKey = Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]  # in a ConfigMap's data
JsonPath = Annotated[
    str, Field(pattern=r"(^|[/\\])[-._a-zA-Z0-9]+\.json$")
]  # its file name is such a key too
ModulePath = Annotated[str, Field(pattern=r"(^|[/\\])[a-zA-Z_][a-zA-Z0-9_]*\.py$")]  # that can be imported


class Written(BaseModel):
    """A mapping of the spec: unknown keys are errors, and no type is converted implicitly."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON Schema with the meaning of every key."""
        from victor_monitoring.language.model.meanings import add_meanings  # noqa: PLC0415 - for schemas only

        schema = handler(core_schema)
        add_meanings(cls, handler.resolve_ref_schema(schema))
        return schema


def _reason_or_detail(schema: dict[str, Any]) -> None:
    """Allow the reason alone in the JSON Schema of an acknowledgement, as the spec does."""
    detail = {key: schema.pop(key) for key in ("type", "properties", "required", "additionalProperties")}
    schema["anyOf"] = [{"type": "string", "minLength": 1}, detail]


class Ack(Written):
    """The acknowledgement of a finding: the reason, and the last day on which it is valid."""

    model_config = ConfigDict(json_schema_extra=_reason_or_detail)

    reason: Text
    """Why the finding is right and yet nothing is changed. Example: `The clients wait for 10 seconds`"""
    until: datetime.date | None = None
    """The last day on which the acknowledgement is valid; after it the finding is reported again. Default: no
    end. Example: `2026-12-31`"""

    @model_validator(mode="before")
    @classmethod
    def _reason_alone(cls, value: Any) -> Any:
        return {"reason": value} if isinstance(value, str) else value


Acks: TypeAlias = Annotated[
    dict[str, Ack],
    Field(
        description="Findings about this part that are accepted, by the name or code of the check, with the "
        "reason. Example: `{slower-critical: The guide has it so}`"
    ),
]
Reason: TypeAlias = Annotated[
    Text | None,
    Field(
        description="Why a context changes this; a protected context that loosens an alert must say it "
        "(VM606). Example: `The production pods have 16 GiB`"
    ),
]


def each_once(values: list[str]) -> list[str]:
    """Return the values, each of which may be there only once."""
    if twice := [value for index, value in enumerate(values) if value in values[:index]]:
        raise invalid(f"`{twice[0]}` is listed twice", "remove one of them")
    return values


def _positive(milliseconds: int) -> int:
    if milliseconds <= 0:
        raise invalid("the duration must be above 0", "write a duration such as `30s` or `5m`")
    return milliseconds


Period = Annotated[Duration, AfterValidator(_positive)]
LabelTexts: TypeAlias = dict[TargetLabel, LabelValue]
Select: TypeAlias = dict[TargetLabel, SelectValue]
