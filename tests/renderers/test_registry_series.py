"""The rendered registry in use by a service: which series exist, and when."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum
from types import ModuleType
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest

from tests.renderers.registry_module import module_of, performance, series, shop

TOOL = {"open": True, "limit": 3}
OUTCOME = ["success", "failure"]
METRICS: dict[str, Any] = {
    "shop_sales_total": {"type": "counter", "help": "Sales."},
    "shop_wait_seconds": {
        "type": "histogram",
        "help": "Wait.",
        "unit": "seconds",
        "buckets": ["5ms", "2.5s", "1m"],
    },
    "shop_open": {"type": "gauge", "help": "Open tills.", "merge": "livesum"},
    "shop_full": {
        "type": "gauge",
        "help": "Full shelves.",
        "merge": "max",
        "labels": {"shelf": ["top", "low"]},
    },
    "shop_calls_total": {"type": "counter", "help": "Calls.", "labels": {"tool": TOOL, "outcome": OUTCOME}},
    "shop_call_seconds": {
        "type": "histogram",
        "help": "x",
        "labels": {"outcome": OUTCOME, "tool": TOOL},
        "buckets": ["1s"],
    },
    "shop_up": {"type": "gauge", "help": "x", "merge": "min", "labels": {"tool": TOOL, "outcome": OUTCOME}},
    "shop_free_total": {"type": "counter", "help": "x", "labels": {"tool": {"open": True}}},
}


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return module_of(shop(METRICS))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def till(module: ModuleType, registry: CollectorRegistry) -> Any:
    return module.Metrics(registry).till


@pytest.fixture
def _eager_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def parent(registry: CollectorRegistry, name: str) -> Any:
    return registry._names_to_collectors[name]  # noqa: SLF001 - the client has no public access to metrics


def test_closed_sets_of_counters_and_histograms_start_at_0() -> None:
    """Every series of a closed label set exists from the start, at 0."""
    registry = CollectorRegistry()
    module_of(performance()).Metrics(registry)
    operations = series(registry, "victor_cache_operations_total")
    caches, words = ("query", "context", "rl"), ("hit", "miss", "eviction")
    assert operations == {(cache, word): 0 for cache in caches for word in words}
    assert series(registry, "victor_tool_selection_duration_seconds_count") == {
        (cache,): 0 for cache in caches
    }
    assert series(registry, "victor_lazy_loads_total") == {(): 0}
    assert series(registry, "victor_tool_executions_total") == {}


def test_gauges_are_absent_until_they_are_set(till: Any, registry: CollectorRegistry) -> None:
    """A gauge has no series before its first use, and then only the used ones."""
    assert series(registry, "shop_open") == series(registry, "shop_full") == {}
    till.open.set(4)
    till.full(shelf="low").set(2)
    till.up("hammer", "success").set(1)
    assert series(registry, "shop_open") == {(): 4}
    assert series(registry, "shop_full") == {("low",): 2}
    assert series(registry, "shop_up") == {("hammer", "success"): 1}


def test_an_open_value_brings_the_product_of_the_closed_labels(
    till: Any, registry: CollectorRegistry
) -> None:
    """The first call of a tool creates its failures too, at 0."""
    till.calls_total("hammer", "success").inc()
    till.call_seconds("failure", "hammer").observe(0.5)
    assert series(registry, "shop_calls_total") == {("hammer", "success"): 1, ("hammer", "failure"): 0}
    assert series(registry, "shop_call_seconds_count") == {("success", "hammer"): 0, ("failure", "hammer"): 1}


def test_values_beyond_the_limit_become_other(module: ModuleType, registry: CollectorRegistry) -> None:
    """The limit counts distinct values without `other`; each value beyond it is reported by its label."""
    overflows: list[str] = []
    till = module.Metrics(registry, overflows.append).till
    for tool in ("other", "a", "b", "a", "c", "d", "e", "d", "a"):
        till.calls_total(tool, "success").inc()
    counted = {
        tool: n for (tool, word), n in series(registry, "shop_calls_total").items() if word == "success"
    }
    assert counted == {"other": 4, "a": 3, "b": 1, "c": 1}
    assert overflows == ["tool"] * 3
    till.up("d", "success").set(1)  # each metric has its own limit
    assert series(registry, "shop_up") == {("d", "success"): 1}


def test_a_label_without_a_limit_takes_every_value(till: Any, registry: CollectorRegistry) -> None:
    """An open label without a limit accepts any number of values."""
    for number in range(300):
        till.free_total(str(number)).inc()
    assert len(series(registry, "shop_free_total")) == 300


@pytest.mark.parametrize("value", ["broken", "", None, 1, ["success"]])
def test_a_wrong_value_of_a_closed_label_makes_no_series(
    value: Any, till: Any, registry: CollectorRegistry
) -> None:
    """It raises and names the allowed values; the open value next to it does not count for the limit."""
    message = f"`{value}` is no value of the label `outcome`: it is one of `success`, `failure`"
    for tool in "abcdef":
        with pytest.raises(ValueError, match="no value of the label") as caught:
            till.calls_total(tool, value)
        assert str(caught.value) == message
    with pytest.raises(ValueError, match="no value of the label `shelf`"):
        till.full(value)
    assert series(registry, "shop_calls_total") == series(registry, "shop_full") == {}
    till.calls_total("g", "success")
    assert set(series(registry, "shop_calls_total")) == {("g", "success"), ("g", "failure")}


class Word(str, Enum):  # noqa: UP042 - such enums are what services have
    """Label values as a service may name them."""

    SUCCESS = "success"
    TOP = "top"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5, "5"), (None, "None"), (["a"], "['a']"), ("\ud800", "?"), (Word.TOP, "top"), ("", "")],
)
def test_an_open_label_takes_any_value(
    value: Any, shown: str, till: Any, registry: CollectorRegistry
) -> None:
    """Neither instrumented code nor the exposition fails on an odd value."""
    till.calls_total(value, "success").inc()
    till.calls_total(value, "success").inc()
    assert series(registry, "shop_calls_total") == {(shown, "success"): 2, (shown, "failure"): 0}
    assert generate_latest(registry)


def test_a_member_of_an_enum_is_its_value(till: Any, registry: CollectorRegistry) -> None:
    """A member of a text enum is counted in the series of its value."""
    till.full(Word.TOP).set(1)
    till.calls_total("a", Word.SUCCESS).inc()
    assert series(registry, "shop_full") == {("top",): 1}
    assert series(registry, "shop_calls_total") == {("a", "success"): 1, ("a", "failure"): 0}


def test_children_are_the_clients_own(till: Any, registry: CollectorRegistry) -> None:
    """The registry returns the same objects as the client's metrics for these labels."""
    assert till.calls_total(outcome="failure", tool="a") is parent(registry, "shop_calls_total").labels(
        "a", "failure"
    )
    assert till.full("top") is parent(registry, "shop_full").labels("top")
    assert till.sales_total is parent(registry, "shop_sales_total")
    assert isinstance(till.open, Gauge)
    assert till.open is till.open


def test_buckets_and_merging_are_the_specs(till: Any, registry: CollectorRegistry) -> None:
    """Buckets are in base units, and gauges merge over processes as the spec says."""
    assert [labels for (labels,) in series(registry, "shop_wait_seconds_bucket")] == [
        "0.005",
        "2.5",
        "60.0",
        "+Inf",
    ]
    assert till.open._multiprocess_mode == "livesum"  # noqa: SLF001 - shown nowhere else
    assert till.full("top")._multiprocess_mode == "max"  # noqa: SLF001


def test_registries_do_not_share(module: ModuleType) -> None:
    """Two registries have separate metrics, none in the default registry; a second set in one is refused."""
    before = set(REGISTRY._names_to_collectors)  # noqa: SLF001 - shown nowhere else
    first, second = CollectorRegistry(), CollectorRegistry()
    module.Metrics(first).till.sales_total.inc()
    module.Metrics(second).till.open.set(1)
    assert set(REGISTRY._names_to_collectors) == before  # noqa: SLF001
    assert (series(first, "shop_sales_total"), series(second, "shop_sales_total")) == ({(): 1}, {(): 0})
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        module.Metrics(first)


def test_a_gauge_reserves_its_name_before_it_has_a_series(
    module: ModuleType, registry: CollectorRegistry
) -> None:
    """Another metric with the name of an unset gauge is refused at once, not when the gauge is set."""
    module.Metrics(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Gauge("shop_open", "Mine.", registry=registry)


@pytest.mark.usefixtures("_eager_threads")
def test_threads_lose_no_count_and_exceed_no_limit(module: ModuleType) -> None:
    """Threads that use new values at the same time share the children and the limit."""
    for _ in range(20):
        registry, start = CollectorRegistry(), threading.Barrier(8)
        till = module.Metrics(registry).till

        def count(thread: int, start: threading.Barrier = start, till: Any = till) -> None:
            start.wait(timeout=60)
            for number in range(20):
                till.calls_total(f"{thread}-{number}", "success").inc()
                till.calls_total("a", "failure").inc()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(count, range(8)))
        counted = series(registry, "shop_calls_total")
        assert sum(counted.values()) == 320
        assert len({tool for tool, _ in counted}) <= 4


def test_threads_at_the_limit_do_not_both_pass(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, registry: CollectorRegistry
) -> None:
    """Of two new values at the last free place one becomes `other`, however slow the check is."""
    meeting = threading.Barrier(2)

    class SlowSet(set[str]):
        def __len__(self) -> int:
            size = super().__len__()
            if size == TOOL["limit"] - 1:
                with suppress(threading.BrokenBarrierError):  # broken if one thread waits for the lock
                    meeting.wait(timeout=0.2)
            return size

    monkeypatch.setattr(module, "set", SlowSet, raising=False)
    till = module.Metrics(registry).till
    for tool in ("a", "b"):
        till.calls_total(tool, "success")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tool: till.calls_total(tool, "success"), ("c", "d")))
    assert len({tool for tool, _ in series(registry, "shop_calls_total")} - {"other"}) == 3


def test_threads_share_the_first_gauge(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
    """Two threads that use a gauge first get one object, however long the client takes to create it."""
    meeting = threading.Barrier(2)

    def slow_gauge(*arguments: Any, **options: Any) -> Gauge:
        with suppress(threading.BrokenBarrierError):  # broken if no other thread creates one meanwhile
            meeting.wait(timeout=0.2)
        return Gauge(*arguments, **options)

    till = module.Metrics(CollectorRegistry()).till
    monkeypatch.setattr(module, "Gauge", slow_gauge)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: till.open, range(2))
    assert first is second
