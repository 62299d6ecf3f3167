"""What a component reports, read with suspicion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Final, cast

from victor_monitoring.runtime.reads import Nonsense

_LARGEST: Final = float(2**53)  # beyond it a float cannot count: a counter that took it would be stuck


def amount(value: object) -> float | None:
    """The value as a count, a size or a time; None where it is none: negative, not finite, a text."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = cast("float", value)  # what a Real promises: it compares as one
    return float(number) if 0 <= number <= _LARGEST else None


class Report:
    """A mapping that a component has given. A missing key is normal; a value that cannot be true is noted.

    So that one bad value costs itself only, all is read first, and `judge` then raises what was noted.
    """

    def __init__(self, data: object, name: str = "report", *, noted: list[str] | None = None) -> None:
        self._noted: list[str] = [] if noted is None else noted
        self._name = name
        if not isinstance(data, Mapping):
            self._note("", data)
            data = {}
        self._data: Mapping[object, object] = data

    def __iter__(self) -> Iterator[object]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def amount(self, key: str) -> float | None:
        """The number under the key, not negative; None where there is none."""
        if key not in self._data:
            return None
        found = amount(self._data[key])
        if found is None:
            self._note(key, self._data[key])
        return found

    def truth(self, key: str) -> bool | None:
        """The truth value under the key; None where there is none."""
        value = self._data.get(key)
        if key in self._data and not isinstance(value, bool):
            self._note(key, value)
        return value if isinstance(value, bool) else None

    def part(self, key: object) -> Report:
        """The mapping under the key, empty where there is none."""
        return Report(self._data.get(key, {}), f"{self._name}.{key}", noted=self._noted)

    def judge(self) -> None:
        """Raises Nonsense where any value, of a part too, could not be true."""
        if self._noted:
            raise Nonsense("; ".join(self._noted[:3]))

    def _note(self, key: str, value: object) -> None:
        place = f"{self._name}.{key}" if key else self._name
        self._noted.append(f"`{place}` is of the type `{type(value).__name__}`, or out of range")
