"""The evaluation of a process's own signals and alerts."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Metric

from tests.renderers.registry_module import module_of, shop, text_of
from tests.rules.rendered import compiled_text
from tests.runtime.patience import threads
from victor_monitoring.promql.samples import Series
from victor_monitoring.promql.tree import Call, Vector, number
from victor_monitoring.runtime.evaluator import NOT_IN_PROCESS, Evaluator, SignalValues
from victor_monitoring.runtime.ring import Ring
from victor_monitoring.signals.kinds.rate import Rate

ROOT = Path(__file__).resolve().parents[2]
METRICS = {
    "shop_sales_total": {"type": "counter", "help": "x", "labels": {"way": ["in", "out"]}},
    "shop_wait_seconds": {"type": "histogram", "help": "x", "unit": "seconds", "buckets": ["1s", "2s"]},
    "shop_open": {"type": "gauge", "help": "x", "merge": "max"},
}
SIGNALS: dict[str, Any] = {
    "sold": {"title": "Sold", "unit": "per_second", "rate": {"of": "shop_sales_total"}},
    "sold_in": {"title": "x", "unit": "ratio", "ratio": {
        "of": 'shop_sales_total{way="in"}', "over": "shop_sales_total",
    }},
    "wait": {"title": "x", "unit": "seconds", "quantile": {"q": 0.5, "of": "shop_wait_seconds"}},
    "open": {"title": "x", "unit": "count", "by": ["instance"], "value": {"of": "shop_open", "agg": "max"}},
    "well": {"title": "x", "unit": "score", "score": [
        {"signal": "sold_in", "weight": 60, "worst": "0%", "best": "100%"},
        {"signal": "wait", "weight": 40, "worst": "2s", "best": "0s"},
    ]},
}  # fmt: skip
ALERTS = {"sales": {
    "ManyOpen": {
        "signal": "open", "when": "> 5", "for": "1m", "severity": "warning", "summary": "x",
        "only_if": {"signal": "sold", "when": "> 0.5/s"},
    },
}}  # fmt: skip


@dataclass
class Shop:
    """A service with metrics, and a clock that tests set."""

    module: ModuleType = field(
        default_factory=lambda: module_of(shop(METRICS, signals=SIGNALS, alerts=ALERTS))
    )
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    now: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.till: Any = self.module.Metrics(self.registry).till
        self.evaluator = Evaluator(
            self.module, self.registry.collect, instance="here", clock=lambda: self.now
        )

    def work(self, seconds: int, ways: str = "in out") -> None:
        """Work for `seconds`: each second has a sale per outcome and a wait of 0.5 s; sample every 15 s."""
        for second in range(seconds):
            if second % 15 == 0:
                self.evaluator.sample()
            self.now += 1
            for way in ways.split():
                self.till.sales_total(way=way).inc()
            self.till.wait_seconds.observe(0.5)
        self.evaluator.sample()

    def value(self, name: str) -> SignalValues:
        (found,) = self.evaluator.signals([name])
        return found


def test_signals_are_evaluated_over_the_samples():
    """Every kind has the process's values with its target labels, and the query for all processes."""
    here = Shop()
    here.till.open.set(3)
    here.work(300)
    found = {each.signal.name: each for each in here.evaluator.signals()}
    assert list(found) == list(SIGNALS)
    assert [each.labels for each in found["sold"].values] == [{"job": "shop"}]
    assert [each.value for each in found["sold"].values] == [pytest.approx(2)]
    assert [each.value for each in found["sold_in"].values] == [pytest.approx(0.5)]
    assert [each.value for each in found["wait"].values] == [pytest.approx(0.5)]
    assert [(dict(each.labels), each.value) for each in found["open"].values] == [
        ({"job": "shop", "instance": "here"}, 3)
    ]
    assert [each.value for each in found["well"].values] == [pytest.approx(100 - 30 - 10)]
    assert {name: [each.value for each in lost] for name, lost in found["well"].losses.items()} == {
        "sold_in": [pytest.approx(30)], "wait": [pytest.approx(10)],
    }  # fmt: skip
    assert found["open"].query == 'max by (job, instance) (last_over_time(shop_open{job="shop"}[1m]))'
    assert (found["open"].component, here.evaluator.pid) == ("till", os.getpid())


VERSIONS = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components: {till: {metrics: {shop_sales_total: {type: counter, help: Sales.}}}}
signals: {sold: {title: Sold, unit: per_second, rate: {of: shop_sales_total}}}
contexts:
  old: {prometheus: "2.42"}
  new: {prometheus: "3.14"}
"""


@pytest.mark.parametrize(("context", "sold"), [(None, 0), ("old", pytest.approx(10 / 300)), ("new", 0)])
def test_windows_are_those_of_the_prometheus_that_the_spec_names(context, sold):
    """The window of 2.42 includes a sample exactly at its start, that of 3.0 does not."""
    base = compiled_text(VERSIONS).base
    assert base is not None
    module, registry, start = module_of(base), CollectorRegistry(), 1_000_000.0
    clock = [start]
    sales = module.Metrics(registry).till.sales_total
    evaluator = Evaluator(module, registry.collect, context=context, clock=lambda: clock[0])
    for index in range(21):
        clock[0] = start + 15 * index
        evaluator.sample()
        if index == 0:
            sales.inc(10)
    assert [each.value for each in evaluator.signals(["sold"])[0].values] == [sold]


def test_each_signal_is_evaluated_once(monkeypatch: pytest.MonkeyPatch):
    """One request, or one evaluation of the alerts, evaluates a signal once, although scores read it too."""
    here = Shop()
    here.work(300)
    reads: Counter[str] = Counter()
    series = Ring.series

    def counted(ring: Ring, metric: str) -> list[Series]:
        reads[metric] += 1
        return series(ring, metric)

    monkeypatch.setattr(Ring, "series", counted)
    before = [each.value for each in here.value("well").values]
    assert reads == {"shop_sales_total": 2, "shop_wait_seconds_bucket": 1, "up": 1}  # `sold_in` has two parts
    here.evaluator.signals()
    again = {"shop_sales_total": 3, "shop_wait_seconds_bucket": 1, "shop_open": 1, "up": 1}
    assert reads == Counter(again) + Counter(shop_sales_total=2, shop_wait_seconds_bucket=1, up=1)
    for way in ("in", "out"):  # the next request has new samples
        here.work(300, ways=way)
        (now,) = (each.value for each in here.value("well").values)
        assert [now] != before
        before = [now]


def test_no_traffic_is_no_number():
    """A ratio and a quantile without traffic are NaN, and a score loses no points by them."""
    here = Shop()
    for _ in range(3):
        here.evaluator.sample()
        here.now += 15
    assert math.isnan(here.value("sold_in").values[0].value)
    assert math.isnan(here.value("wait").values[0].value)
    assert here.value("well").values[0].value == 100
    assert here.value("open").values == ()


def test_nothing_is_sampled_and_no_thread_runs_until_it_is_asked_for():
    """Creating an evaluator takes no samples; a request does if the last one is older than a scrape."""
    before = threads("signals")
    here = Shop()
    samples: list[float] = []

    def collect() -> Iterable[Metric]:
        samples.append(here.now)
        return here.registry.collect()

    evaluator = Evaluator(here.module, collect, clock=lambda: here.now)
    assert (samples, threads("signals")) == ([], before)
    evaluator.signals()
    evaluator.signals(["sold"])
    evaluator.alerts()
    assert len(samples) == 1
    here.now += 15
    evaluator.signals()
    assert len(samples) == 2
    assert threads("signals") == before


def test_samples_are_taken_in_the_background_from_the_start_on():
    """`start` starts one thread, which takes a sample at once."""
    sampled = threading.Event()

    def collect() -> Iterable[Metric]:
        sampled.set()
        return here.registry.collect()

    here = Shop()
    evaluator = Evaluator(here.module, collect)
    before = threads("signals")
    evaluator.start()
    assert sampled.wait(30)
    assert len(threads("signals")) == len(before) + 1
    evaluator.stop()
    assert threads("signals") == before


def test_alerts_have_the_states_of_their_evaluations():
    """An alert is pending, then firing after `for`, while its guard is met; then it is inactive."""
    here = Shop()
    here.till.open.set(9)
    here.work(90)

    def state() -> str:
        here.evaluator.step()
        (found,) = here.evaluator.alerts()
        return found.state

    assert state() == "pending"
    here.work(45)
    assert state() == "pending"
    here.work(15)
    assert state() == "firing"
    (alert,) = here.evaluator.alerts()
    assert [(each.value, each.since) for each in alert.series] == [(9, 1_000_090_000)]
    assert alert.series[0].labels["instance"] == "here"
    here.work(300, ways="")  # no further sales
    assert state() == "inactive"


def test_a_signal_that_only_prometheus_evaluates_says_so(monkeypatch: pytest.MonkeyPatch):
    """Such a signal has a query, a fault and no values."""
    here = Shop()
    unsupported = Call("histogram_fraction", (number(0), number(1), Vector("shop_sales_total")))
    monkeypatch.setattr(Rate, "promql", lambda *_: unsupported)
    found = here.value("sold")
    assert (found.fault, found.values) == (NOT_IN_PROCESS, ())
    assert found.query == 'job:shop_sold:rate_5m{job="shop"}'


def test_an_unknown_signal_is_a_key_error():
    """An unknown signal raises KeyError."""
    with pytest.raises(KeyError, match="the service has no signal `nothing`"):
        Shop().evaluator.signals(["nothing"])


def test_a_registry_that_cannot_be_read_is_logged_once(caplog: pytest.LogCaptureFixture):
    """A collector that raises costs the sample, not the response; the first failure is logged."""
    here = Shop()
    here.till.open.set(3)
    here.evaluator.sample()
    is_broken = True

    def collect() -> Iterable[Metric]:
        yield from here.registry.collect()
        if is_broken:
            raise RuntimeError("out of order")

    evaluator = Evaluator(here.module, collect, clock=lambda: here.now)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            here.now += 15
            assert evaluator.signals(["open"])[0].values == ()
    assert [record.getMessage() for record in caplog.records] == ["cannot sample the metrics for signals"]
    is_broken = False
    here.now += 15
    assert [each.value for each in evaluator.signals(["open"])[0].values] == [3]


FORKED = """
import os, sys, time
from prometheus_client import CollectorRegistry
from victor_monitoring.runtime.evaluator import Evaluator
import registry as module

registry = CollectorRegistry()
module.Metrics(registry).till.open.set(3)
evaluator = Evaluator(module, registry.collect)
evaluator.start()
with evaluator._lock, evaluator._sampling:  # as if another thread worked at that moment
    pid = os.fork()
if pid == 0:
    with_locks_of_the_parent = evaluator._lock, evaluator._sampling
    for lock in with_locks_of_the_parent:
        lock.acquire(blocking=False)
    evaluator.start()
    (found,) = evaluator.signals(["open"])
    assert [each.value for each in found.values] == [3]
    assert evaluator.pid == os.getpid() and evaluator._schedule.is_running
    os._exit(0)
_, status = os.waitpid(pid, 0)
evaluator.stop()
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_takes_its_own_samples(tmp_path: Path):
    """A forked process has its own locks and samples."""
    (tmp_path / "registry.py").write_text(text_of(shop(METRICS, signals=SIGNALS)), encoding="utf-8")
    command = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", FORKED]
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True, timeout=60)
