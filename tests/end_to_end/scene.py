"""Services under random load, and a real Prometheus that scrapes them."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import yaml

from tests.end_to_end import history
from tests.end_to_end.history import Labels
from tests.end_to_end.live import Prometheus, Target, running, target, until
from tests.end_to_end.workload import Process, Story, loaded
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.samples import SampleSet
from victor_monitoring.runtime.evaluator import Evaluator, SeriesValue
from victor_monitoring.signals.binding import Bound, RegistryData, bind

SEED = 20261125
SCRAPES = 138  # successful ones of each process, 250 ms apart
STORIES = (
    Story(quiet=range(44, 72), hidden=range(88, 110), down=range(26, 29)),
    Story(quiet=range(46, 72), hidden=range(0), down=range(80, 83)),
)
KNOWN_FIRST, KNOWN_LAST = "known_first", "known_last"


@dataclass
class Service:
    """A service, its processes and targets, and the values of a live evaluator of the first process."""

    spec: Resolved
    module: ModuleType
    processes: list[Process]
    targets: list[Target]
    live: list[tuple[int, dict[str, dict[Labels, float]]]] = dataclasses.field(default_factory=list)

    @property
    def bound(self) -> Bound:
        """Its signals and alerts, from the data of its registry module."""
        return bind(cast("RegistryData", self.module))

    @property
    def job(self) -> str:
        """The name of its scrape job."""
        return next(iter(self.spec.service.select.example.values()))

    @property
    def instances(self) -> list[str]:
        """The targets by their `instance` labels."""
        return [f"127.0.0.1:{each.port}" for each in self.targets]

    def scrape(self) -> dict[str, Any]:
        """Return its scrape job."""
        labels = {**dict.fromkeys(self.spec.service.scope, "here"), **self.spec.service.select.example}
        interval = f"{self.spec.scrape}ms"
        return {
            "job_name": self.job, "scrape_interval": interval, "scrape_timeout": interval,
            "static_configs": [{"targets": self.instances, "labels": labels}],
        }  # fmt: skip

    def rules(self) -> dict[str, Any]:
        """Return its rules in one group, enclosed by records of the newest sample of each target."""
        known = f'timestamp(up{{job="{self.job}"}})'
        rules = [rule.data() for rule in rule_file(self.spec).rules]
        ends = [{"record": f"{name}:{self.job}", "expr": known} for name in (KNOWN_FIRST, KNOWN_LAST)]
        group = {"name": self.job, "interval": f"{self.spec.evaluate}ms", "rules": [ends[0], *rules, ends[1]]}
        return {"groups": [group]}


@dataclass(frozen=True)
class Evaluations:
    """The newest sample of each instance known to Prometheus at each evaluation of rules.

    A scrape can end during an evaluation: then the last rules see its samples, and the first do not.
    """

    first: Mapping[int, Mapping[str, int]]
    last: Mapping[int, Mapping[str, int]]

    @property
    def times(self) -> list[int]:
        """The times of the evaluations, in milliseconds."""
        return sorted(self.first.keys() & self.last)  # the last evaluation may be under way

    def known(self, at: int) -> list[Mapping[str, int]]:
        """Return all combinations of newest samples that a rule can have seen, the latest one last."""
        first = self.first[at]
        choices = [dict.fromkeys((first[each], self.last[at][each])) for each in first]
        return [dict(zip(first, choice, strict=True)) for choice in itertools.product(*choices)]


@dataclass
class Scene:
    """A Prometheus and the services that it has scraped until `end` (milliseconds)."""

    prometheus: Prometheus
    services: dict[str, Service]
    end: int

    def samples(self, name: str) -> SampleSet:
        """Return all samples of a service, to be evaluated as the running Prometheus does."""
        service = self.services[name].spec.service
        assert service.prometheus is not None
        selector = f'{{job="{self.services[name].job}",__name__=~"{service.prefix}.*|up"}}'
        return SampleSet(history.raw(self.prometheus, selector, 120, self.end / 1000), service.prometheus)

    def evaluations(self, name: str) -> Evaluations:
        """Return the newest samples known at each evaluation of a service's rules."""
        first, last = (f"{each}:{self.services[name].job}" for each in (KNOWN_FIRST, KNOWN_LAST))
        found = (history.raw(self.prometheus, each, 120, self.end / 1000)[each] for each in (first, last))
        return Evaluations(*(history.newest_known(each) for each in found))


@contextmanager
def scraped(program: Path, folder: Path, specs: Mapping[str, Resolved]) -> Iterator[Scene]:
    """Yield two processes for each spec, scraped by a Prometheus from their first step to their last."""
    with ExitStack() as stack:
        services = {
            name: _service(stack, spec, SEED + 10 * index) for index, (name, spec) in enumerate(specs.items())
        }
        files = [folder / f"{name}.yaml" for name in services]
        for file, service in zip(files, services.values(), strict=True):
            file.write_text(yaml.safe_dump(service.rules()), encoding="utf-8")
        scrapes = [service.scrape() for service in services.values()]
        prometheus = stack.enter_context(running(program, folder, files, scrapes))
        _watch(prometheus, services.values())
        end = round(time.time() * 1000)
        # All samples until `end` are stored once a later scrape of every target is.
        until(lambda: prometheus.query(f"min(timestamp(up)) > {end / 1000 + 1}"), seconds=60)
        for service in services.values():
            for each in service.targets:
                each.stop()
        yield Scene(prometheus, services, end)


def _service(stack: ExitStack, spec: Resolved, seed: int) -> Service:
    module = loaded(spec)
    processes = [Process(module, seed + index, story) for index, story in enumerate(STORIES)]
    return Service(spec, module, processes, [stack.enter_context(target(each)) for each in processes])


def _watch(prometheus: Prometheus, services: Iterable[Service]) -> None:
    """Wait until every process has been scraped often enough, and record the live evaluators' values."""
    live = {
        each.job: Evaluator(each.module, each.processes[0].collect, instance=each.instances[0])
        for each in services
    }
    for evaluator in live.values():
        evaluator.start()

    def is_done() -> bool:
        for each in services:
            if each.processes[0].steps >= 3 * (len(each.live) + 1):  # every third scrape
                found = live[each.job].signals()
                asked = round(time.time() * 1000)
                each.live.append((asked, {one.signal.name: _labelled(one.values) for one in found}))
        is_near = all(process.steps >= SCRAPES for each in services for process in each.processes)
        return is_near and bool(prometheus.query(f"min(sum_over_time(up[5m])) >= {SCRAPES}"))

    try:
        until(is_done, seconds=150)
    finally:
        for evaluator in live.values():
            evaluator.stop()


def _labelled(values: Iterable[SeriesValue]) -> dict[Labels, float]:
    return {frozenset(each.labels.items()): each.value for each in values}
