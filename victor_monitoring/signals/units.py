"""The units of the language: one table with everything that depends on a unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias

from victor_monitoring.promql.inference.dimensions import Dimension
from victor_monitoring.signals.humanize import (
    fixed,
    general,
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
)

Exponents: TypeAlias = tuple[int, int]
"""Of seconds and bytes: (-1, 1) are bytes per second."""

Suffixes: TypeAlias = tuple[tuple[str, Fraction], ...]
"""The suffixes of quantities of a dimension, each with its size in the base unit."""


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """The text of a value: a pipeline of Prometheus' template language, its equal in Python, and a suffix."""

    pipeline: str
    function: Callable[[float], str]
    suffix: str = ""

    def template(self) -> str:
        """Return the template that prints the value of an alert."""
        return f"{{{{ $value | {self.pipeline} }}}}{self.suffix}"

    def text(self, value: float) -> str:
        """Return the text that the template prints for this value."""
        return f"{self.function(value)}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of metrics and signals; `scale` is its size in the base unit of its dimension.

    `exponents` relate dimensions to each other; None if the unit cannot be a part of another one. `endings`
    are the last words of metric names in the unit, `foreign_endings` those of related units that the language
    does not have. `whole` is the value that is all there is, `least` the least possible value. A simulation
    uses the typical `level` of a gauge (of a moment, its distance from now), and the typical `growth` of a
    counter per second (None: of events).
    """

    name: str
    base: str
    exponents: Exponents | None
    spelling: str  # the usual suffix of a quantity
    example: str
    format: ValueFormat
    grafana: str  # the id in Grafana
    suffixes: Suffixes
    scale: Fraction = Fraction(1)
    endings: tuple[str, ...] = ()
    foreign_endings: tuple[str, ...] = ()
    whole: Fraction | None = None
    least: Fraction | None = None
    is_counted: bool = False  # values are whole numbers
    is_bare: bool = False  # a quantity may have no suffix
    is_custom: bool = False  # `{suffix: TEXT}`: shown, never converted
    level: float = 20.0
    growth: float | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def is_moment(self) -> bool:
        """Whether values are moments in time, which have no thresholds."""
        return self.base == "timestamp"

    def now(self, time: float) -> float:
        """Return the moment of a time in seconds; 0 in a unit whose values are no moments."""
        return time / float(self.scale) if self.is_moment else 0.0

    @property
    def dimension(self) -> Dimension:
        """The dimension for the inference; a unit that relates to no other one is its own."""
        seconds, data = (1, 0) if self.is_moment else self.exponents or (0, 0)
        is_alone = self.exponents is None and not self.is_moment
        powers = {"bytes": data, "seconds": seconds, **({self.base: 1} if is_alone else {})}
        own = tuple(sorted((name, power) for name, power in powers.items() if power))
        return Dimension(own, self.scale, self.is_moment)

    @property
    def is_base(self) -> bool:
        """Whether the unit is the base unit of its dimension."""
        return self.name == self.base

    def quantity(self, value: Fraction) -> str:
        """Return a value as a quantity that can be read back, exact if it has a finite decimal."""
        number = value * self.scale / dict(self.suffixes)[self.spelling]
        return f"{Decimal(number.numerator) / Decimal(number.denominator):f}{self.spelling}"

    def written(self) -> str | dict[str, str]:
        """Return the unit as the spec writes it."""
        return {"suffix": self.name} if self.is_custom else self.name


def _scaled(of: Unit, name: str, scale: Fraction, spelling: str, grafana: str, *endings: str) -> Unit:
    """Return a unit of the same dimension, whose values are printed with one decimal."""
    return replace(
        of,
        name=name,
        scale=scale,
        spelling=spelling,
        example=f"100{spelling}",
        format=ValueFormat('printf "%.1f"', fixed, spelling),
        grafana=grafana,
        endings=endings,
        foreign_endings=(),
        is_counted=False,
        level=of.level / float(scale),
        growth=None if of.growth is None else of.growth / float(scale),
    )


def _sizes(sizes: Mapping[str, int | Fraction]) -> Suffixes:
    return tuple((suffix, Fraction(size)) for suffix, size in sizes.items())


_BARE: Final = (("", Fraction(1)),)
_MICRO: Final = Fraction(1, 10**6)
_DATA: Final = _sizes(
    {
        "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
        "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    }
)  # fmt: skip
_BITS: Final = _sizes({"bit": 1, "kbit": 10**3, "Mbit": 10**6, "Gbit": 10**9})

RATIO: Final = Unit(
    "ratio", "ratio", (0, 0), "%", "40%", ValueFormat("humanizePercentage", humanize_percentage),
    "percentunit", (("%", Fraction(1, 100)),), endings=("ratio",), whole=Fraction(1), level=0.3, growth=0.1,
)  # fmt: skip
SECONDS: Final = Unit(
    "seconds", "seconds", (1, 0), "s", "250ms", ValueFormat("humanizeDuration", humanize_duration), "s",
    _sizes({"us": _MICRO, "µs": _MICRO, "ms": Fraction(1, 1000), "s": 1, "m": 60, "h": 3600, "d": 86400}),
    endings=("seconds",), foreign_endings=("ns", "nanoseconds"), level=3.0, growth=0.4,
)  # fmt: skip
BYTES: Final = Unit(
    "bytes", "bytes", (0, 1), "B", "2GiB", ValueFormat("humanize1024", humanize1024, "B"), "bytes", _DATA,
    endings=("bytes",), foreign_endings=("bits", "gb", "gigabytes", "gib"), least=Fraction(0),
    is_counted=True, level=200 * 2.0**20, growth=2.0**20,
)  # fmt: skip
COUNT: Final = Unit(
    "count", "count", (0, 0), "", "100", ValueFormat("humanize", humanize), "short", _BARE,
    is_counted=True, is_bare=True,
)  # fmt: skip
PER_SECOND: Final = Unit(
    "per_second",
    "per_second",
    (-1, 0),
    "/s",
    "10/s",
    ValueFormat("humanize", humanize, "/s"),
    "cps",
    (("/s", Fraction(1)),),
)
BYTES_PER_SECOND: Final = Unit(
    "bytes_per_second", "bytes_per_second", (-1, 1), "B/s", "5MiB/s",
    ValueFormat("humanize1024", humanize1024, "B/s"), "binBps",
    (
        *((f"{name}/s", size) for name, size in _DATA),
        *((f"{name}/s", size / 8) for name, size in _BITS),
    ),
)  # fmt: skip
SCORE: Final = Unit(
    "score", "score", (0, 0), "", "70", ValueFormat("humanize", humanize), "none", _BARE,
    whole=Fraction(100), is_bare=True, level=90.0,
)  # fmt: skip
CELSIUS: Final = Unit(
    "celsius", "celsius", None, "°C", "80°C", ValueFormat('printf "%.1f"', fixed, "°C"), "celsius",
    (("°C", Fraction(1)),), endings=("celsius",), is_bare=True,
)  # fmt: skip
TIMESTAMP: Final = Unit(
    "timestamp", "timestamp", None, "", "", ValueFormat("humanizeTimestamp", humanize_timestamp),
    "dateTimeAsIso", _BARE, endings=("timestamp_seconds",), level=-600.0,
)  # fmt: skip

UNITS: Final[Mapping[str, Unit]] = {
    unit.name: unit
    for unit in (
        RATIO, SECONDS, BYTES, COUNT, PER_SECOND, BYTES_PER_SECOND, SCORE,
        replace(
            _scaled(RATIO, "percent", Fraction(1, 100), "%", "percent", "percent", "percentage", "pct"),
            format=ValueFormat('printf "%.4g"', general, "%"), whole=Fraction(100),
        ),
        _scaled(SECONDS, "milliseconds", Fraction(1, 10**3), "ms", "ms", "milliseconds", "ms"),
        _scaled(SECONDS, "microseconds", Fraction(1, 10**6), "us", "µs", "microseconds", "us"),
        _scaled(SECONDS, "minutes", Fraction(60), "m", "m", "minutes"),
        _scaled(SECONDS, "hours", Fraction(3600), "h", "h", "hours"),
        _scaled(SECONDS, "days", Fraction(86400), "d", "d", "days"),
        _scaled(BYTES, "kilobytes", Fraction(10**3), "kB", "deckbytes", "kilobytes", "kb"),
        _scaled(BYTES, "megabytes", Fraction(10**6), "MB", "decmbytes", "megabytes", "mb"),
        _scaled(BYTES, "kibibytes", Fraction(2**10), "KiB", "kbytes", "kibibytes", "kib"),
        _scaled(BYTES, "mebibytes", Fraction(2**20), "MiB", "mbytes", "mebibytes", "mib"),
        CELSIUS,
        replace(
            _scaled(BYTES_PER_SECOND, "bits_per_second", Fraction(1, 8), "bit/s", "bps", "bits_per_second"),
            format=ValueFormat("humanize", humanize, "bit/s"), example="100Mbit/s",
        ),
        TIMESTAMP,
        replace(
            _scaled(TIMESTAMP, "timestamp_milliseconds", Fraction(1, 1000), "", "dateTimeAsIso"),
            format=ValueFormat('printf "%.1f"', fixed, "ms"),
        ),
    )
}  # fmt: skip


ENDINGS: Final[Mapping[str, Unit]] = {
    ending: unit for unit in UNITS.values() for ending in (*unit.endings, *unit.foreign_endings)
}
"""The last words of metric names that show a unit; those of `foreign_endings` show a related one."""


def custom_unit(suffix: str) -> Unit:
    """Return the unit of `{suffix: TEXT}`: values are shown with the text, and never converted."""
    return replace(
        COUNT,
        name=suffix,
        base=suffix,
        exponents=None,
        format=ValueFormat("humanize", humanize, f" {suffix}"),
        grafana=f"suffix:{suffix}",
        is_counted=False,
        is_custom=True,
    )


def unit_of(written: str | Mapping[str, str]) -> Unit:
    """Return the unit that the spec writes as a name or as `{suffix: TEXT}`; raise KeyError if unknown."""
    return UNITS[written] if isinstance(written, str) else custom_unit(written["suffix"])


def other_endings(unit: Unit) -> Iterator[str]:
    """Yield the last words of metric names that show another unit of the same dimension."""
    for ending, other in ENDINGS.items():
        if other.base == unit.base and ending not in unit.endings:
            yield ending
