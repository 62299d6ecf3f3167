"""How two sets of routes, receivers and inhibitions differ: for what is live, of which no spec is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from victor_monitoring.changes.change import Change

Part: TypeAlias = Mapping[str, Sequence[Any]]  # routes, receivers, inhibit_rules


def routing_changes(before: Part, after: Part) -> Iterator[Change]:
    """What differs, one thing at a time; receivers are told apart by their names."""
    if before["routes"] != after["routes"]:
        yield Change("route", "subtree", _verb(before["routes"], after["routes"]), ())
    old, new = ({str(each.get("name")): each for each in part["receivers"]} for part in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Change("receiver", name, _verb(old.get(name), new.get(name)), ())
    if before["inhibit_rules"] != after["inhibit_rules"]:
        count = f"{len(before['inhibit_rules'])} become {len(after['inhibit_rules'])}"
        yield Change("inhibition", "rules", count, ())


def _verb(old: object, new: object) -> str:
    if not old:
        return "added"
    return "changed" if new else "removed"
