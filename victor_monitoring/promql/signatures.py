"""The functions of PromQL: their arguments and results, and the versions of Prometheus that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion

ValueType: TypeAlias = Literal["scalar", "instant vector", "range vector", "string"]

SCALAR: Final = "scalar"
VECTOR: Final = "instant vector"
RANGE: Final = "range vector"
STRING: Final = "string"


@dataclass(frozen=True, slots=True)
class Signature:
    """The types of a function's arguments and result; `least` arguments are needed.

    With `repeated` the last argument can be given any number of times. Versions from `since` have the
    function, and those before `until`.
    """

    arguments: tuple[ValueType, ...]
    result: ValueType = VECTOR
    least: int | None = None
    repeated: bool = False
    since: PrometheusVersion = OLDEST
    until: PrometheusVersion | None = None

    @property
    def fewest(self) -> int:
        """The number of arguments that are needed."""
        return len(self.arguments) if self.least is None else self.least

    @property
    def most(self) -> int | None:
        """The number of arguments that can be given; None if there is no limit."""
        return None if self.repeated else len(self.arguments)

    def argument(self, index: int) -> ValueType:
        """Return the type of an argument; a repeated one has the last type."""
        return self.arguments[min(index, len(self.arguments) - 1)]


def _each(names: str, signature: Signature) -> Iterable[tuple[str, Signature]]:
    return ((name, signature) for name in names.split())


_OF_VECTOR: Final = """
    abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_count histogram_sum ln
    log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp
"""
_OF_RANGE: Final = """
    absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time
    max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time
"""
_OF_TIME: Final = "day_of_month day_of_week day_of_year days_in_month hour minute month year"
_3_0: Final = PrometheusVersion(3, 0)

# What works without feature flags.
FUNCTIONS: Final[Mapping[str, Signature]] = {
    **dict(_each(_OF_VECTOR, Signature((VECTOR,)))),
    **dict(_each(_OF_RANGE, Signature((RANGE,)))),
    **dict(_each(_OF_TIME, Signature((VECTOR,), least=0))),
    **dict(_each("pi time", Signature((), SCALAR))),
    "clamp": Signature((VECTOR, SCALAR, SCALAR)),
    "clamp_max": Signature((VECTOR, SCALAR)),
    "clamp_min": Signature((VECTOR, SCALAR)),
    "first_over_time": Signature((RANGE,), since=PrometheusVersion(3, 14)),
    "histogram_avg": Signature((VECTOR,), since=_3_0),
    "histogram_fraction": Signature((SCALAR, SCALAR, VECTOR)),
    "histogram_quantile": Signature((SCALAR, VECTOR)),
    "histogram_stddev": Signature((VECTOR,), since=_3_0),
    "histogram_stdvar": Signature((VECTOR,), since=_3_0),
    "holt_winters": Signature((RANGE, SCALAR, SCALAR), until=_3_0),
    "label_join": Signature((VECTOR, STRING, STRING, STRING), least=3, repeated=True),
    "label_replace": Signature((VECTOR, STRING, STRING, STRING, STRING)),
    "predict_linear": Signature((RANGE, SCALAR)),
    "quantile_over_time": Signature((SCALAR, RANGE)),
    "round": Signature((VECTOR, SCALAR), least=1),
    "scalar": Signature((VECTOR,), SCALAR),
    "vector": Signature((SCALAR,)),
}
