"""Mutation testing: every mutant is run on the cases that should detect it, until one fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.language.syntax.tree import MapNode, Path, span_at
from victor_monitoring.promql.rules import Rule, RuleFile
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.mutations import Mutant, likely_kinds, mutants
from victor_monitoring.rule_tests.promtool import CaseRun, Promtool, needed_rules, run_trials, workers

# Trials per process: starting a process costs as much as a case or two.
_BATCH: Final = 16
# How many more cases each surviving mutant is run on per round. The first cases detect nearly all mutants.
_ROUNDS: Final = (1, 1, 2, 4, 8, 16)


@dataclass(slots=True)
class MutantResult:
    """A mutant, the case that detected it or None, and the alert that it counts for."""

    mutant: Mutant
    alert: str
    trials: Sequence[CaseRun] = field(repr=False)
    tried: int = 0
    caught_by: Case | None = None


def run_mutants(
    promtool: Promtool,
    cases: Sequence[Case],
    rules: RuleFile,
    select: frozenset[str],
    done: Callable[[int], None],
    text: str = "",
) -> list[MutantResult]:
    """Run every mutant whose name contains the text, and return the results.

    `done` is called with the numbers of newly detected mutants.
    """
    results = [
        _unrun(mutant, cases, rules)
        for rule in rules.rules
        if rules.alerts_reading(rule)
        for mutant in mutants(rule, select)
        if text in mutant.name
    ]
    alive = list(results)
    with ThreadPoolExecutor(max_workers=workers()) as pool:
        for count in _rounds():
            jobs = [
                (result, trial)
                for result in alive
                for trial in result.trials[result.tried : result.tried + count]
            ]
            if not jobs:
                break
            batches = [jobs[start : start + _BATCH] for start in range(0, len(jobs), _BATCH)]
            for caught in pool.map(lambda batch: _run(promtool, batch), batches):
                done(caught)
            for result in alive:
                result.tried += count
            alive = [result for result in alive if result.caught_by is None]
    return results


def _rounds() -> Iterator[int]:
    yield from _ROUNDS
    while True:
        yield _ROUNDS[-1]


def _run(promtool: Promtool, jobs: Sequence[tuple[MutantResult, CaseRun]]) -> int:
    """Run the trials and return how many mutants they newly detected."""
    caught = 0
    verdicts = run_trials(promtool, [trial for _, trial in jobs])
    for (result, trial), verdict in zip(jobs, verdicts, strict=True):
        if not verdict.passed and result.caught_by is None:
            result.caught_by = trial.case
            caught += 1
    return caught


def _unrun(mutant: Mutant, cases: Sequence[Case], rules: RuleFile) -> MutantResult:
    """Return a mutant before its first trial, with trials for all alerts that depend on the rule."""
    alerts = rules.alerts_reading(mutant.old)
    first = {kind: index for index, kind in enumerate(likely_kinds(mutant.mutation))}
    about = [case for case in cases if case.alert in alerts]
    mutated = rules.replacing(mutant.old, mutant.new)
    about.sort(key=lambda case: (first.get(case.kind, len(first)), alerts.index(case.alert)))
    needed = needed_rules(mutated)
    trials = [CaseRun(case, needed(case)) for case in about]
    return MutantResult(mutant, alerts[0], trials)


SURVIVING_MUTANT: Final = Pattern(
    "VM703",
    "surviving-mutant",
    Severity.ERROR,
    """A rule was changed on purpose, and no case failed on it.

The cases of an alert are as good as the mistakes that they detect. So each rule is changed in the ways in
which a mistake might change it, and its cases are run on the changed rule. A change without a difference over
10,000 random inputs is equivalent and does not count. `proof: {mutation: 100%}` in the spec sets the share
that must be detected.""",
)


@dataclass(frozen=True, slots=True)
class MutationResults:
    """The results of all mutants, and the equivalent ones among the survivors."""

    results: tuple[MutantResult, ...]
    equivalent: tuple[Mutant, ...]

    @property
    def survivors(self) -> list[MutantResult]:
        """The mutants that are not equivalent and that no case detected."""
        return [
            each for each in self.results if each.caught_by is None and each.mutant not in self.equivalent
        ]

    @property
    def share(self) -> Fraction:
        """The detected share of the mutants that are not equivalent."""
        counted = len(self.results) - len(self.equivalent)
        return 1 - Fraction(len(self.survivors), counted) if counted else Fraction(1)

    @property
    def by_kind(self) -> Mapping[str, int]:
        """The number of mutants that each kind of case was the first to detect."""
        return Counter(result.caught_by.kind for result in self.results if result.caught_by is not None)


def survivor(result: MutantResult, path: Path, tree: MapNode) -> Diagnostic:
    """Return the diagnostic for a surviving mutant, with its difference from the rule."""
    message = f"no case notices that `{result.mutant.name}`"
    return SURVIVING_MUTANT.at(span_at(tree, path, key=True), message, difference(result.mutant))


def difference(mutant: Mutant) -> str:
    """Return the difference between rule and mutant in words: each changed key before and after."""
    before, after = _flat(mutant.old), _flat(mutant.new)
    changed = (key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key))
    return "; ".join(
        f"`{key}` was `{before[key]}`" + (f" and became `{after[key]}`" if key in after else " and is lost")
        for key in changed
    )


def _flat(rule: Rule) -> dict[str, object]:
    data = replace(rule, labels=(), annotations=()).data()
    return {**data, **dict(rule.labels), **dict(rule.annotations)}


def strength_table(found: MutationResults) -> Iterator[str]:
    """Yield the strength as lines of text: by alert, by mutation, and by the kind of case that noticed."""
    yield from _counted("alert", [(result.alert, result) for result in found.results], found)
    yield from _counted("mutation", [(result.mutant.mutation, result) for result in found.results], found)
    counts = ", ".join(
        f"{kind} {count}" for kind, count in sorted(found.by_kind.items(), key=lambda each: -each[1])
    )
    yield f"noticed first by: {counts}"
    if found.equivalent:
        yield "no difference over 10,000 random inputs:"
        yield from (f"  {mutant.name}" for mutant in found.equivalent)


def _counted(title: str, named: Sequence[tuple[str, MutantResult]], found: MutationResults) -> Iterator[str]:
    names = list(dict.fromkeys(name for name, _ in named))
    width = max(map(len, (title, *names)))
    yield f"{title:<{width}}  mutants  noticed  equivalent"
    for name in names:
        results = [result for each, result in named if each == name]
        noticed = sum(result.caught_by is not None for result in results)
        equivalent = sum(result.mutant in found.equivalent for result in results)
        yield f"{name:<{width}}  {len(results):>7}  {noticed:>7}  {equivalent or '':>10}".rstrip()
    yield ""
