"""A context's `override` laid over the tree of a spec."""

from __future__ import annotations

import dataclasses

from victor_monitoring.base.diagnostics import nearest
from victor_monitoring.language.model.patterns import BAD_VALUE, UNHIT_OVERRIDE
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Entry, MapNode, Node, Path
from victor_monitoring.language.syntax.wanted import mapping_wanted_hint

OVERRIDABLE = ("defaults", "signals", "alerts", "meta", "budget")
NAMED = ("signals", "alerts")  # their entries are overridden by name


def overlay(tree: MapNode, context: str) -> tuple[MapNode, list[Finding]]:
    """The tree with the context's overrides in place, each leaf with its own position, and what hit nothing.

    Alerts are named without their group. Nodes are shared with `tree`, which stays as it is.
    """
    root: Path = ("contexts", context, "override")
    override = _below(_below(_below(tree, "contexts"), context), "override")
    if not isinstance(override, MapNode):
        return tree, []
    findings: list[Finding] = []
    merged = tree
    for section, entry in override.entries.items():
        path = (*root, section)
        if section not in OVERRIDABLE:
            hint = nearest(section, OVERRIDABLE)
            message = f"`{section}` cannot be overridden"
            findings.append(Finding(path, message, hint, on_key=True, pattern=UNHIT_OVERRIDE))
        elif section not in NAMED:
            merged = _merged(merged, {section: entry})
        elif isinstance(entry.node, MapNode):
            merged = _with_named(merged, section, entry.node, path, findings)
        else:
            message = f"`{section}` wants a mapping of names to what changes"
            findings.append(Finding(path, message, mapping_wanted_hint(entry.node), pattern=BAD_VALUE))
    return merged, findings


def _below(node: Node | None, key: str) -> Node | None:
    if isinstance(node, MapNode) and key in node.entries:
        return node.entries[key].node
    return None


def _merged(below: MapNode, above: dict[str, Entry]) -> MapNode:
    """Mappings merge, everything else is replaced whole."""
    entries = dict(below.entries)
    for key, entry in above.items():
        mine = entries.get(key)
        if mine and isinstance(mine.node, MapNode) and isinstance(entry.node, MapNode):
            entries[key] = Entry(mine.key, _merged(mine.node, entry.node.entries))
        else:
            entries[key] = entry
    return dataclasses.replace(below, entries=entries)


def _with_named(
    tree: MapNode, section: str, override: MapNode, path: Path, findings: list[Finding]
) -> MapNode:
    """The tree with what is named merged in; names that the section lacks are findings."""
    known = _named(tree, section)
    is_broken = section in tree.entries and not isinstance(tree.entries[section].node, MapNode)
    for name, entry in override.entries.items():
        if name in known:
            tree = _merged(tree, _nested((section, *known[name]), entry, override))
        elif not is_broken:
            message = f"the override hits nothing: there is no {section.removesuffix('s')} `{name}`"
            hint = nearest(name, known)
            findings.append(Finding((*path, name), message, hint, on_key=True, pattern=UNHIT_OVERRIDE))
    return tree


def _named(tree: MapNode, section: str) -> dict[str, tuple[str, ...]]:
    """The keys, below the section, of everything that can be overridden by its name."""
    node = _below(tree, section)
    entries = node.entries if isinstance(node, MapNode) else {}
    if section == "signals":
        return {name: (name,) for name in entries}
    return {
        name: (group, name)
        for group, entry in entries.items()
        if isinstance(entry.node, MapNode)
        for name in entry.node.entries
    }


def _nested(keys: tuple[str, ...], entry: Entry, place: MapNode) -> dict[str, Entry]:
    """The entry below mappings of these keys, which stand at `place`."""
    nested = {keys[-1]: entry}
    for key in reversed(keys[:-1]):
        nested = {key: Entry(entry.key, dataclasses.replace(place, entries=nested))}
    return nested
