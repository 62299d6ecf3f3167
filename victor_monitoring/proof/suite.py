"""The cases of a spec run against its rules, several at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from victor_monitoring.cases.case import Case
from victor_monitoring.proof.promtool import Promtool, Trial, Verdict, run_trials
from victor_monitoring.proof.rules import RuleFile

# So few cases to a process that progress is seen, so many that starting it does not count.
_BATCH: Final = 12


def run_cases(
    promtool: Promtool, cases: Sequence[Case], rules: RuleFile, evaluate: int, done: Callable[[int], None]
) -> list[Verdict]:
    """The verdict on each case, run on the rules that it needs alone. `done` hears how many more are."""
    needed = needed_rules(rules)
    trials = [Trial(case, needed(case), evaluate) for case in cases]
    batches = [trials[start : start + _BATCH] for start in range(0, len(trials), _BATCH)]

    def run(batch: Sequence[Trial]) -> list[Verdict]:
        verdicts = list(run_trials(promtool, batch))
        done(len(batch))
        return verdicts

    with ThreadPoolExecutor(max_workers=workers()) as pool:
        return [verdict for verdicts in pool.map(run, batches) for verdict in verdicts]


def workers() -> int:
    """How many processes run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def needed_rules(rules: RuleFile) -> Callable[[Case], RuleFile]:
    """The rules that a case needs: of the alerts and recordings that it expects something of."""
    known: dict[object, RuleFile] = {}

    def needed(case: Case) -> RuleFile:
        key = (case.alerts, case.records)
        if key not in known:
            known[key] = rules.needed_by(*key)
        return known[key]

    return needed
