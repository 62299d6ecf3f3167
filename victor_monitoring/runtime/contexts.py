"""A registry module as it holds in a context: other thresholds, times and labels than in base."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any


class UnknownContextError(ValueError):
    """A registry module has no context of a name."""


def in_context(module: ModuleType, context: str | None) -> ModuleType:
    """The module with the signals, the alerts and the intervals of a context; as it is for None, base.

    UnknownContextError where the module, as it was rendered, has no context of that name.
    """
    if context is None:
        return module
    contexts: Mapping[str, Any] = getattr(module, "CONTEXTS", {})
    if context not in contexts:
        known = ", ".join(contexts) or "none"
        message = f"`{module.__name__}` has no context `{context}`, it has {known}: is it rendered anew?"
        raise UnknownContextError(message)
    there = contexts[context]
    found = ModuleType(module.__name__, module.__doc__)
    vars(found).update(
        vars(module),
        SCRAPE=there["scrape"],
        EVALUATE=there["evaluate"],
        PROMETHEUS=there.get("prometheus"),
        SIGNALS=_with(vars(module)["SIGNALS"], there["signals"]),
        ALERTS=_with(vars(module)["ALERTS"], there["alerts"]),
    )
    return found


def _with(
    base: Mapping[str, Mapping[str, object]], other: Mapping[str, Mapping[str, object] | None]
) -> Mapping[str, Mapping[str, object]]:
    """Base's entries with the fields that are otherwise; those that are None there are left out."""
    found = {name: {**base.get(name, {}), **(other.get(name) or {})} for name in (*base, *other)}
    return {name: each for name, each in found.items() if other.get(name, {}) is not None}
