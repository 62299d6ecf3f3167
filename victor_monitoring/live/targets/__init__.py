"""The targets of a spec's contexts, read by the settings models of their kinds.

A kind is a module or a package, named after its key in the spec; only kinds that a spec names are loaded.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field, create_model, model_validator

from victor_monitoring.language.model.fields import Written, invalid
from victor_monitoring.language.model.read import read_part
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import MapNode, Path
from victor_monitoring.live.apply.settings import Settings


@dataclass(frozen=True, slots=True)
class PlacedSettings:
    """The settings of one target and their path in the spec."""

    settings: Settings
    path: Path


class _OneTarget(Written):
    """A live system that the context is applied to."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1:
            examples = ", ".join(f"`{kind}:`" for kind in _kinds())
            raise invalid("a target is one kind with its settings", f"write one item for each: {examples}")
        return value


@functools.cache
def _kinds() -> tuple[str, ...]:
    return tuple(found.name for found in pkgutil.iter_modules(__path__))


@functools.cache
def target_model(kind: str | None = None) -> type[Written]:
    """Return the model of an item of `targets`: of any kind, or of `kind` alone, which loads no other."""
    settings = {each: _settings_in(each) for each in ((kind,) if kind else _kinds())}
    fields: dict[str, Any] = {
        each: (model, Field(None, description=model.__doc__)) for each, model in settings.items()
    }
    return create_model("Target", __base__=_OneTarget, __doc__=_OneTarget.__doc__, **fields)


def read_targets(
    tree: MapNode, contexts: Mapping[str, Sequence[object]]
) -> tuple[dict[str, tuple[PlacedSettings, ...]], list[Finding]]:
    """Return the targets by context, and the mistakes in them; `contexts` has the items as written."""
    found: dict[str, tuple[PlacedSettings, ...]] = {}
    findings: list[Finding] = []
    for context, items in contexts.items():
        placed = []
        for index, item in enumerate(items):
            path: Path = ("contexts", context, "targets", index)
            model, mistakes = read_part(target_model(_kind_of(item)), tree, path)
            findings += mistakes
            if model is not None:
                placed += [PlacedSettings(settings, (*path, kind)) for kind, settings in _given(model)]
        found[context] = tuple(placed)
    return found, findings


def _given(model: Written) -> Iterator[tuple[str, Settings]]:
    for kind in type(model).model_fields:
        settings = getattr(model, kind)
        if settings is not None:
            yield kind, settings


def _kind_of(item: object) -> str | None:
    """Return the kind of a target as written; None if it names none or more than one."""
    named = [kind for kind in _kinds() if isinstance(item, Mapping) and kind in item]
    return named[0] if len(named) == 1 else None


def _settings_in(kind: str) -> type[Settings]:
    module = importlib.import_module(f"{__name__}.{kind}")
    (found,) = (
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, Settings) and each.__module__ == module.__name__
    )
    return found
