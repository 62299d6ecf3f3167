"""The overlay: the tree of a spec with the `override` of a context applied."""

from __future__ import annotations

import dataclasses

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.language.model.patterns import BAD_VALUE, UNHIT_OVERRIDE
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Entry, MapNode, Node, Path, merged
from victor_monitoring.language.syntax.wanted import mapping_wanted_hint

OVERRIDABLE = ("defaults", "signals", "alerts", "meta", "budget")
NAMED = ("signals", "alerts")  # sections whose entries are given by name


def overlay(tree: MapNode, context: str) -> tuple[MapNode, list[Finding]]:
    """Return the tree with the context's overrides applied, and findings for overrides without effect.

    Overridden nodes keep their positions in the override. Alerts are named without their group. The result
    shares nodes with `tree`, which is not changed.
    """
    root: Path = ("contexts", context, "override")
    override = _below(_below(_below(tree, "contexts"), context), "override")
    if not isinstance(override, MapNode):
        return tree, []
    findings: list[Finding] = []
    result = tree
    for section, entry in override.entries.items():
        path = (*root, section)
        if section not in OVERRIDABLE:
            hint = unknown_name_hint(section, OVERRIDABLE, taken=override.entries)
            message = f"`{section}` cannot be overridden"
            findings.append(Finding(path, message, hint, on_key=True, pattern=UNHIT_OVERRIDE))
        elif section not in NAMED:
            result = merged(result, _nested((section,), entry, override))
        elif isinstance(entry.node, MapNode):
            result = _with_named(result, section, entry.node, path, findings)
        else:
            message = f"`{section}` must be a mapping of names to changes"
            findings.append(Finding(path, message, mapping_wanted_hint(entry.node), pattern=BAD_VALUE))
    return result, findings


def _below(node: Node | None, key: str) -> Node | None:
    if isinstance(node, MapNode) and key in node.entries:
        return node.entries[key].node
    return None


def _with_named(
    tree: MapNode, section: str, override: MapNode, path: Path, findings: list[Finding]
) -> MapNode:
    """Return the tree with the named entries merged in; add findings for names not in the section."""
    known = _named(tree, section)
    is_broken = section in tree.entries and not isinstance(tree.entries[section].node, MapNode)
    for name, entry in override.entries.items():
        if name in known:
            tree = merged(tree, _nested((section, *known[name]), entry, override))
        elif not is_broken:
            message = f"the override has no effect: there is no {section.removesuffix('s')} `{name}`"
            hint = unknown_name_hint(name, known, taken=override.entries)
            findings.append(Finding((*path, name), message, hint, on_key=True, pattern=UNHIT_OVERRIDE))
    return tree


def _named(tree: MapNode, section: str) -> dict[str, tuple[str, ...]]:
    """Return the keys, below the section, of each entry that can be overridden, by its name."""
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


def _nested(keys: tuple[str, ...], entry: Entry, place: MapNode) -> MapNode:
    """Return the entry inside nested mappings of these keys, each with the position of `place`."""
    nested = dataclasses.replace(place, entries={keys[-1]: entry})
    for key in reversed(keys[:-1]):
        nested = dataclasses.replace(place, entries={key: Entry(entry.key, nested)})
    return nested
