"""The part of a host's Alertmanager configuration that a context owns: found and replaced in its text.

Only the lines of that part change: the host's comments and layout stay. Every edited text is parsed again and
compared with the expected configuration, so that a wrong edit is never written.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.language.resolved.spec import AlertLabels
from victor_monitoring.live.alertmanager.host_text import UNFIT, UnfitError, edited, position, replaced
from victor_monitoring.live.foreign_yaml import UnreadableValue, load, mark_of

ConfigPart: TypeAlias = Mapping[str, list[Any]]  # the owned items of routes, receivers, inhibit_rules
PLACES: Final = {
    "routes": ("route", "routes"),
    "receivers": ("receivers",),
    "inhibit_rules": ("inhibit_rules",),
}
_OWN_KEYS: Final = frozenset(
    {"matchers", "group_by", "group_wait", "group_interval", "repeat_interval", "routes", "continue"}
)


@dataclass(frozen=True, slots=True)
class Ownership:
    """The ownership of items in a host's configuration: by the names of receivers, else by matchers.

    `fragment` is the part rendered for the context, `other_contexts` are those of the spec's other contexts,
    `labels` the labels of its alerts.
    """

    service: str
    context: str
    fragment: ConfigPart
    other_contexts: tuple[ConfigPart, ...] = ()
    labels: AlertLabels = field(default_factory=AlertLabels)

    def owns(self, key: str, item: object) -> bool:
        """Return whether the context owns an item of the list at `key`."""
        if not isinstance(item, dict):
            return False
        match key:
            case "receivers":
                return str(item.get("name", "")).startswith(self._prefix)
            case "routes":
                return self._owns_route(item)
            case _:
                return self._owns_inhibition(item)

    @property
    def _prefix(self) -> str:
        return f"{self.service}/{self.context}/"

    def _owns_route(self, route: Mapping[str, Any]) -> bool:
        """Return whether a subtree has only rendered keys, and the context's receivers or else matchers."""
        matchers = _matchers(route, "matchers")
        # By any label: that of an earlier version of the spec may have another name.
        if route.keys() - _OWN_KEYS or not any(each.endswith(f'="{self.service}"') for each in matchers):
            return False
        children = route.get("routes") or []
        if not isinstance(children, list):
            return False
        names = [str(each.get("receiver", "")) for each in children if isinstance(each, dict)]
        if names:
            return all(name.startswith(self._prefix) for name in names)
        rendered = (_matchers(each, "matchers") for each in self.fragment["routes"])
        return matchers in list(rendered)

    def _owns_inhibition(self, rule: Mapping[str, Any]) -> bool:
        """Return whether a rule concerns the service's alerts only, and is not another context's alone."""
        if self.labels.service is None or self.labels.signal is None:
            return False
        hallmark = {f'{self.labels.service}="{self.service}"', f'{self.labels.signal}!=""'}
        sides = (_matchers(rule, "source_matchers"), _matchers(rule, "target_matchers"))
        if not all(hallmark <= side for side in sides):
            return False
        is_foreign = any(
            _same(rule, each) for other in self.other_contexts for each in other["inhibit_rules"]
        )
        return not is_foreign or any(_same(rule, each) for each in self.fragment["inhibit_rules"])


def part_of(config: Mapping[str, Any], own: Ownership) -> dict[str, list[Any]]:
    """Return the part of a configuration that the context owns."""
    return {key: [each for each in _list(config, key) if own.owns(key, each)] for key in PLACES}


def config_of(text: str, name: str) -> dict[str, Any]:
    """Return the configuration parsed from the text of the file `name`; raise UserError if it is invalid."""
    ask = f"run `amtool check-config {shlex.quote(name)}`, and correct it"
    try:
        config = load(text)
    except yaml.YAMLError as error:
        where = mark_of(error, text)
        if isinstance(error, UnreadableValue):
            raise UserError(f"{_place(name, where)} cannot be read: {error.problem}", ask) from None
        problem = getattr(error, "problem", None) or "it has characters that YAML does not admit"
        raise UserError(f"{_place(name, where)} is no YAML: {problem}", "correct it there") from None
    if not isinstance(config, dict) or not isinstance(config.get("route"), dict):
        raise UserError(f"{_place(name, _nearest(text))}: there is no `route` with keys and values", ask)
    for key, steps in PLACES.items():
        if not isinstance(_at(config, key) or [], list):
            raise UserError(f"{_place(name, position(text, steps))}: `{key}` is no list", ask)
    return config


def merged(text: str, own: Ownership, name: str) -> str:
    """Return the text of the host's file `name` with the context's part; the rest keeps its meaning.

    Raises UserError if the text is written in a way that cannot be edited.
    """
    original, before = text, config_of(text, name)
    wanted = {key: _list(before, key) for key in PLACES}
    present = part_of(before, own)
    try:
        for key, place in PLACES.items():
            if present[key] != own.fragment[key]:
                owned = [own.owns(key, each) for each in wanted[key]]
                wanted[key] = replaced(wanted[key], owned, own.fragment[key])
                text = edited(text, place, owned, own.fragment[key], wanted[key])
        after = load(text)
    except UnfitError as error:
        written = (error.line, error.column)  # of the text so far, which earlier lists have made longer
        where = written if text == original else _nearest(original, place)
        raise UserError(f"{_place(name, where)} {error.problem}", error.hint) from None
    except yaml.YAMLError:  # a removed line had an anchor
        after = {"route": {}}
    unlike = [PLACES[key] for key in PLACES if _list(after, key) != wanted[key]]
    if unlike or _without_lists(before) != _without_lists(after):
        where = _nearest(original, *unlike)
        raise UserError(
            f"{_place(name, where)} cannot be merged with the rendered part as it is written", UNFIT
        )
    return text


def _nearest(text: str, *places: Sequence[str]) -> tuple[int, int]:
    """Return line and column of the first of these places that a text has, else of the route or the start."""
    found = (position(text, each) for each in (*places, ("route",)))
    return next((each for each in found if each), (1, 1))


def _place(name: str, where: tuple[int, int] | None) -> str:
    """Return a file name with line and column, from 1, in backticks."""
    return f"`{name}:{where[0]}:{where[1]}`" if where else f"`{name}`"


def covers(loaded: object, wanted: object) -> bool:
    """Return whether a loaded value, with defaults added and secrets hidden, agrees with the wanted one."""
    if isinstance(wanted, Mapping):
        return isinstance(loaded, Mapping) and all(
            covers(_in_order(key, loaded.get(key)), _in_order(key, value)) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        items = loaded or []
        return isinstance(items, list) and len(items) == len(wanted) and all(map(covers, items, wanted))
    return loaded in (wanted, "<secret>") or str(loaded) == str(wanted)


def _in_order(key: object, value: object) -> object:
    return sorted(map(str, value)) if str(key).endswith("matchers") and isinstance(value, list) else value


def _without_lists(config: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in config.items() if key not in PLACES}
    return {**rest, "route": {key: value for key, value in config["route"].items() if key not in PLACES}}


def _at(config: Mapping[str, Any], key: str) -> Any:
    found: Any = config
    for step in PLACES[key]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _list(config: Mapping[str, Any], key: str) -> list[Any]:
    found = _at(config, key)
    return found if isinstance(found, list) else []


def _matchers(item: object, key: str) -> frozenset[str]:
    found = item.get(key) if isinstance(item, dict) else None
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    sides = ("source_matchers", "target_matchers", "equal")
    return all(_matchers(one, side) == _matchers(other, side) for side in sides)
