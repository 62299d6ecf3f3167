"""The bases of a spec: the files that it extends, loaded and merged under it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import Diagnostic, Source, UserError, in_order
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.language.syntax.load import LoadedTree, load, parsed_part
from victor_monitoring.language.syntax.mistakes import BAD_BASE
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode, child, merged

EXTENDS = "extends"
VERSION = "victor_mon"  # the key that a spec has, and a base has not
MAX_BASES = 20
_OWN_KEYS = frozenset({VERSION, EXTENDS, "service", "signals", "alerts"})


def load_extended(source: Source, file: SpecFile | None) -> LoadedTree:
    """Return the located tree of a spec merged over its bases, and the mistakes of all their YAML.

    There is no tree if a base cannot be used, as each of its keys might be reported as missing. A text
    without a `file` can extend nothing.
    """
    loaded = load(source)
    if loaded.tree is None or EXTENDS not in loaded.tree.entries:
        return loaded
    if file is None:
        message = "only the spec of a file can extend another one"
        place = loaded.tree.entries[EXTENDS].key.span
        mistake = BAD_BASE.at(place, message, "pass its `SpecFile` to `compile_spec`")
        return LoadedTree(None, in_order([*loaded.diagnostics, mistake]))
    bases = _Bases(file)
    tree = bases.under(loaded.tree, (files.resolved(file.path),))
    return LoadedTree(tree, in_order([*loaded.diagnostics, *bases.diagnostics]))


def without_bases(found: Sequence[SpecFile]) -> list[SpecFile]:
    """Return the files apart from bases: those without `victor_mon` that another one extends.

    A file that cannot be parsed to its end counts as far as it can.
    """
    extended = {path for each in found for path in _extended(each)}
    return [
        each
        for each in found
        if files.resolved(each.path) not in extended or _top_level(each, VERSION) is not None
    ]


def is_foreign(file: SpecFile) -> bool:
    """Return whether the file is YAML of another program: it has none of the keys of every spec.

    Keys that other programs use too, such as `components` of OpenAPI, do not count.
    """
    source = file.read()
    if f"\n{VERSION}:" in source.text:
        return False
    top = parsed_part(source)
    return isinstance(top, ListNode) or (isinstance(top, MapNode) and not _OWN_KEYS & top.entries.keys())


def _extended(file: SpecFile) -> Iterator[Path]:
    """Yield the paths that the file itself extends."""
    value = _top_level(file, EXTENDS)
    for node in value.items if isinstance(value, ListNode) else [value]:
        if isinstance(node, ScalarNode):
            with contextlib.suppress(UserError):  # reported when the file is compiled
                yield file.base_path(node.text, files.resolved(file.path).parent)


def _top_level(file: SpecFile, key: str) -> Node | None:
    """Return the value of a key of the top level, None without it; only a text that contains it is parsed."""
    source = file.read()
    top = parsed_part(source) if key in source.text else None
    return child(top, key) if top else None


@dataclass(slots=True)
class _Bases:
    """The bases of one spec that have been read; each is read once, by however many paths it is reached."""

    file: SpecFile
    diagnostics: list[Diagnostic] = field(default_factory=list)
    known: dict[Path, MapNode | None] = field(default_factory=dict)
    count: int = 0  # of the values of all `extends`

    def under(self, tree: MapNode, chain: tuple[Path, ...]) -> MapNode | None:
        """Return the tree merged over its bases, None if one cannot be used.

        `chain` has the paths of the files that lead here, from the spec to the file of `tree`.
        """
        if EXTENDS not in tree.entries:
            return tree
        found = [self._base(node, chain) for node in self._named(tree.entries[EXTENDS].node)]
        below: MapNode | None = None
        for base in found:
            if base is None:
                return None
            below = base if below is None else merged(below, base, at_above=True)
        return None if below is None else merged(below, tree, at_above=True)

    def _named(self, value: Node) -> list[Node]:
        """Return the nodes of the paths that `extends` names; report an empty list."""
        if not isinstance(value, ListNode):
            return [value]
        if not value.items:
            hint = f"name one: `{EXTENDS}: ../org/base.yaml`"
            self.diagnostics.append(BAD_BASE.at(value.span, f"`{EXTENDS}` names no file", hint))
        return value.items[: MAX_BASES + 1]  # one too many is reported

    def _base(self, node: Node, chain: tuple[Path, ...]) -> MapNode | None:
        """Return the tree of the base that a node names, over its own bases; report why there is none."""
        try:
            path = self._path(node, chain)
            if path not in self.known:
                source = self.file.read_base(path)
                self.known[path] = self._tree(source, (*chain, path))
        except UserError as error:
            self.diagnostics.append(BAD_BASE.at(node.span, error.message, error.hint))
            return None
        return self.known[path]

    def _path(self, node: Node, chain: tuple[Path, ...]) -> Path:
        """Return the path of the base that a node names; raise UserError if it cannot be used."""
        self.count += 1
        if self.count > MAX_BASES:
            raise UserError(f"more than {MAX_BASES} files are extended", "put their keys into fewer files")
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            hint = "write it as text: `extends: ../org/base.yaml`"
            raise UserError(f"`{EXTENDS}` must be the path of a file, or a list of paths", hint)
        path = self.file.base_path(node.value, chain[-1].parent)
        if path in chain:
            circle = (*chain[chain.index(path) :], path)
            words = " extends ".join(f"`{self.file.shown(each)}`" for each in circle)
            raise UserError(f"a file extends itself: {words}", f"remove this `{EXTENDS}`, or another of them")
        return path

    def _tree(self, source: Source, chain: tuple[Path, ...]) -> MapNode | None:
        loaded = load(source, is_base=True)
        self.diagnostics += loaded.diagnostics
        if loaded.tree is None:
            return None
        if VERSION in loaded.tree.entries:
            message = f"a base has no `{VERSION}`: the key makes a file a spec"
            place = loaded.tree.entries[VERSION].key.span
            self.diagnostics.append(BAD_BASE.at(place, message, "move the shared keys to another file"))
        return self.under(loaded.tree, chain)
