"""Every mutant run on the cases that should notice it, until one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from victor_monitoring.cases.case import Case
from victor_monitoring.proof.mutations import Mutant, mutants, telling_kinds
from victor_monitoring.proof.promtool import Promtool, Trial, run_trials
from victor_monitoring.proof.rules import RuleFile, rule_name
from victor_monitoring.proof.suite import needed_rules, workers

# Trials to a process: starting one costs as much as a case or two.
_BATCH: Final = 16
# How many more cases each surviving mutant meets in each round. The first ones tell nearly all.
_ROUNDS: Final = (1, 1, 2, 4, 8, 16)


@dataclass(slots=True)
class Fate:
    """What became of a mutant: the case that noticed it, or none; and the alert that it counts for."""

    mutant: Mutant
    alert: str
    trials: Sequence[Trial] = field(repr=False)
    tried: int = 0
    caught_by: Case | None = None


def run_mutants(
    promtool: Promtool,
    cases: Sequence[Case],
    rules: RuleFile,
    evaluate: int,
    select: frozenset[str],
    done: Callable[[int], None],
    text: str = "",
) -> list[Fate]:
    """The fate of every mutant whose name holds the text. `done` hears how many more were noticed."""
    fates = [
        _fate(mutant, cases, rules, evaluate)
        for rule in rules.rules
        if rules.alerts_reading(rule)
        for mutant in mutants(rule, select)
        if text in mutant.name
    ]
    alive = list(fates)
    with ThreadPoolExecutor(max_workers=workers()) as pool:
        for count in _rounds():
            jobs = [(fate, trial) for fate in alive for trial in fate.trials[fate.tried : fate.tried + count]]
            if not jobs:
                break
            batches = [jobs[start : start + _BATCH] for start in range(0, len(jobs), _BATCH)]
            for caught in pool.map(lambda batch: _run(promtool, batch), batches):
                done(caught)
            for fate in alive:
                fate.tried += count
            alive = [fate for fate in alive if fate.caught_by is None]
    return fates


def _rounds() -> Iterator[int]:
    yield from _ROUNDS
    while True:
        yield _ROUNDS[-1]


def _run(promtool: Promtool, jobs: Sequence[tuple[Fate, Trial]]) -> int:
    """How many of the mutants are caught that were not before."""
    caught = 0
    verdicts = run_trials(promtool, [trial for _, trial in jobs])
    for (fate, trial), verdict in zip(jobs, verdicts, strict=True):
        if not verdict.passed and fate.caught_by is None:
            fate.caught_by = trial.case
            caught += 1
    return caught


def _fate(mutant: Mutant, cases: Sequence[Case], rules: RuleFile, evaluate: int) -> Fate:
    """A mutant that nothing has noticed yet, with the cases of all alerts that it matters for."""
    alerts = rules.alerts_reading(mutant.old)
    first = {kind: index for index, kind in enumerate(telling_kinds(mutant.mutation))}
    about = [case for case in cases if case.alert in alerts]
    mutated = rules.replacing(mutant.old, mutant.new)
    about.sort(key=lambda case: (first.get(case.kind, len(first)), alerts.index(case.alert)))
    needed = needed_rules(mutated)
    trials = [Trial(case, needed(case), evaluate) for case in about]
    return Fate(mutant, alerts[0] if "record" in mutant.old else rule_name(mutant.old), trials)
