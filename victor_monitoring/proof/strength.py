"""How strong the cases are: how many of the mutants they notice, and what those are that they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from victor_monitoring.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.proof.mutation_run import Fate
from victor_monitoring.proof.mutations import Mutant
from victor_monitoring.proof.rules import Rule, pairs
from victor_monitoring.spec.tree import MapNode, Path, span_at

SURVIVING_MUTANT: Final = Pattern(
    "VM703",
    "surviving-mutant",
    Severity.ERROR,
    """A rule was made wrong, and no case noticed.

The cases of an alert are as good as the mistakes that they find: so each rule is changed in every way that a
mistake would, and its cases are run. A change that makes no difference over 10,000 random inputs means the
same, and does not count. `proof: {mutation: 100%}` in the spec says which share must be noticed.""",
)


@dataclass(frozen=True, slots=True)
class Strength:
    """The fates of all mutants, and which of the survivors mean the same as the rule."""

    fates: tuple[Fate, ...]
    equivalent: tuple[Mutant, ...]

    @property
    def survivors(self) -> list[Fate]:
        """The mutants that mean something else, and that nothing noticed."""
        return [each for each in self.fates if each.caught_by is None and each.mutant not in self.equivalent]

    @property
    def share(self) -> Fraction:
        """The share of the mutants that were noticed, of those that mean something else."""
        counted = len(self.fates) - len(self.equivalent)
        return 1 - Fraction(len(self.survivors), counted) if counted else Fraction(1)

    @property
    def by_kind(self) -> Mapping[str, int]:
        """How many mutants each kind of case was the first to notice."""
        return Counter(fate.caught_by.kind for fate in self.fates if fate.caught_by is not None)


def survivor(fate: Fate, path: Path, tree: MapNode) -> Diagnostic:
    """A survivor as a finding, with the difference that nothing noticed."""
    message = f"no case notices that `{fate.mutant.name}`"
    return SURVIVING_MUTANT.at(span_at(tree, path, key=True), message, difference(fate.mutant))


def difference(mutant: Mutant) -> str:
    """What the mutation changed: each key as it was and as it became."""
    before, after = _flat(mutant.old), _flat(mutant.new)
    changed = (key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key))
    return "; ".join(
        f"`{key}` was `{before[key]}`" + (f" and became `{after[key]}`" if key in after else " and is lost")
        for key in changed
    )


def _flat(rule: Rule) -> dict[str, object]:
    told = {name: value for key in ("labels", "annotations") for name, value in pairs(rule, key).items()}
    return {**{key: value for key, value in rule.items() if key not in ("labels", "annotations")}, **told}


def strength_table(found: Strength) -> Iterator[str]:
    """The strength for people: by alert, by mutation, and by the kind of case that noticed."""
    yield from _counted("alert", [(fate.alert, fate) for fate in found.fates], found)
    yield from _counted("mutation", [(fate.mutant.mutation, fate) for fate in found.fates], found)
    told = ", ".join(
        f"{kind} {count}" for kind, count in sorted(found.by_kind.items(), key=lambda each: -each[1])
    )
    yield f"noticed first by: {told}"
    if found.equivalent:
        yield "no difference over 10,000 random inputs:"
        yield from (f"  {mutant.name}" for mutant in found.equivalent)


def _counted(title: str, named: Sequence[tuple[str, Fate]], found: Strength) -> Iterator[str]:
    names = list(dict.fromkeys(name for name, _ in named))
    width = max(map(len, (title, *names)))
    yield f"{title:<{width}}  mutants  noticed  equivalent"
    for name in names:
        fates = [fate for each, fate in named if each == name]
        noticed = sum(fate.caught_by is not None for fate in fates)
        equivalent = sum(fate.mutant in found.equivalent for fate in fates)
        yield f"{name:<{width}}  {len(fates):>7}  {noticed:>7}  {equivalent or '':>10}".rstrip()
    yield ""
