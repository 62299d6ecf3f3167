"""The collector: snapshots and expositions, with healthy and faulty components."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, generate_latest
from prometheus_client.registry import Collector as ClientCollector

from tests.renderers.registry_module import series
from tests.runtime.patience import LONG, SHORT, threads, until
from tests.runtime.shop import shop_collector, shop_module
from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.reads import InvalidReading
from victor_monitoring.runtime.snapshot import Distribution, Point, Section


@pytest.fixture
def shop() -> Collector[Any]:
    return shop_collector()


def test_a_snapshot_has_the_metrics_of_the_process() -> None:
    """A snapshot has every section in the spec's order, and series by attribute of the component's class."""
    collector = shop_collector(instance="till-7")
    before = time.time()
    collector.metrics.till.sales_total("ann", "paid").inc(3)
    collector.metrics.till.wait_seconds("quick").observe(0.5)
    collector.metrics.till.open.set(2)
    found = collector.snapshot()
    assert (found.service, found.instance, found.pid) == ("shop", "till-7", os.getpid())
    assert before <= found.time <= time.time()
    assert list(found.sections) == ["till", "shelf", "door"]
    nothing = {"0.1": 0.0, "1.0": 0.0, "60.0": 0.0, "+Inf": 0.0}
    assert found.sections["till"] == Section(
        component="till",
        endpoint="front",
        fault=None,
        metrics={
            "sales_total": (
                Point({"clerk": "ann", "outcome": "paid"}, 3),
                Point({"clerk": "ann", "outcome": "void"}, 0),
            ),
            "wait_seconds": (
                Distribution({"lane": "quick"}, 1, 0.5, {**nothing, "1.0": 1.0, "60.0": 1.0, "+Inf": 1.0}),
                Distribution({"lane": "slow"}, 0, 0, nothing),
            ),
            "open": (Point({}, 2),),
        },
    )
    assert list(found.sections["till"].metrics) == ["sales_total", "wait_seconds", "open"]
    assert found.sections["door"].metrics == {"visits_total": (Point({}, 0),)}
    assert found.sections["shelf"].metrics == {}


def test_the_host_is_the_instance_by_default(shop: Collector[Any]) -> None:
    """Without the option `instance`, the host name is used."""
    assert shop.snapshot().instance == socket.gethostname()


def test_a_snapshot_of_some_components_reads_only_those(shop: Collector[Any]) -> None:
    """A snapshot of some components reads no other component."""
    asked: list[str] = []
    shop.register("till", lambda: asked.append("till"))
    shop.register("door", lambda: asked.append("door"))
    assert list(shop.snapshot(["door"]).sections) == asked == ["door"]
    shop.refresh()
    assert sorted(asked) == ["door", "door", "till"]


def test_every_view_is_fresh(shop: Collector[Any]) -> None:
    """Snapshot, text and families are read from the components first."""
    shop.register("door", shop.metrics.door.visits_total.inc)
    assert shop.snapshot().sections["door"].metrics["visits_total"] == (Point({}, 1),)
    assert b"\nshop_visits_total 2.0\n" in shop.exposition()
    assert b"\nshop_visits_total 3.0\n" in shop.exposition(openmetrics=True)
    assert b"\nshop_visits_total 4.0\n" in generate_latest(shop)


def test_a_fault_affects_its_own_section_alone(shop: Collector[Any]) -> None:
    """Other sections are complete; the faulty one has its counters and hides gauges of the failed read."""
    works = True

    def read_shelf() -> None:
        if not works:
            raise OSError("/secret/path")
        shop.metrics.shelf.fill("top").set(0.5)
        shop.metrics.shelf.weight_grams.set(3)

    shop.register("shelf", read_shelf, sets=["fill"])
    shop.register("door", shop.metrics.door.visits_total.inc)
    good = {"fill": (Point({"shelf": "top"}, 0.5),), "weight_grams": (Point({}, 3),)}
    assert shop.snapshot().sections["shelf"] == Section("shelf", "front", None, good)
    works = False
    found = shop.snapshot()
    assert found.sections["shelf"] == Section("shelf", "front", "failed", {"weight_grams": (Point({}, 3),)})
    assert found.sections["door"] == Section("door", "door", None, {"visits_total": (Point({}, 2),)})
    text = shop.exposition().decode()
    assert "shop_fill" not in text
    assert "shop_weight_grams 3.0" in text
    assert "shop_visits_total 3.0" in text
    works = True
    assert shop.snapshot().sections["shelf"] == Section("shelf", "front", None, good)


def test_a_component_that_hangs_delays_once_and_by_no_more_than_the_deadline() -> None:
    """Other components are shown in time; the hanging one is read again when it continues."""
    free = threading.Event()
    asked: list[int] = []

    def read_shelf() -> None:
        asked.append(1)
        assert free.wait(LONG)

    shop = shop_collector(deadline=1.0)
    shop.register("shelf", read_shelf)
    shop.register("door", shop.metrics.door.visits_total.inc)
    start = time.monotonic()
    text = shop.exposition()
    assert time.monotonic() - start < 5
    assert b"\nshop_visits_total 1.0\n" in text
    assert shop.snapshot().sections["shelf"].fault == "timed out"
    assert len(asked) == 1
    free.set()
    until(lambda: shop.snapshot().sections["shelf"].fault is None and len(asked) == 2)


def test_each_fault_is_counted_and_its_change_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Equal faults are logged at the first and at their end, and counted each time."""
    faults: list[str] = []
    shop = shop_collector(on_fault=faults.append)
    errors: list[Exception | None] = [OSError("x"), OSError("x"), InvalidReading("`hits` is odd"), None, None]

    def read() -> None:
        if (error := errors.pop(0)) is not None:
            raise error

    shop.register("till", read)
    with caplog.at_level(logging.INFO):
        while errors:
            shop.refresh()
    assert faults == ["till"] * 3
    assert caplog.messages == [
        "cannot read `till`: failed", "`till` cannot be right: `hits` is odd", "`till` can be read again"
    ]  # fmt: skip


def test_a_fault_that_cannot_be_counted_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """An exception of `on_fault` does not affect the snapshot."""
    shop = shop_collector(on_fault=lambda _: 1 / 0)
    shop.register("till", lambda: 1 / 0)
    assert shop.snapshot().sections["till"].fault == "failed"
    with shop.recording("till"):
        raise InvalidReading
    assert len(caplog.messages) == 2


def test_recordings_never_raise(caplog: pytest.LogCaptureFixture) -> None:
    """A failed recording is counted each time and logged once."""
    faults: list[str] = []
    shop = shop_collector(on_fault=faults.append)
    for _ in range(3):
        with shop.recording("till"):
            shop.metrics.till.sales_total("ann", "stolen").inc()
    assert faults == ["till"] * 3
    assert caplog.messages == ["cannot record `till`"]


def test_the_end_of_a_registration_ends_its_gauges(shop: Collector[Any]) -> None:
    """Its gauges are hidden until a new registration or a call sets them."""
    registered = [shop.register("shelf", lambda: shop.metrics.shelf.fill("top").set(1), sets=["fill"])]
    assert "fill" in shop.snapshot().sections["shelf"].metrics
    for _ in range(2):
        registered[0].close()
    assert "fill" not in shop.snapshot().sections["shelf"].metrics
    assert b"shop_fill" not in shop.exposition()
    shop.reveal("shelf", "fill")
    assert "fill" in shop.snapshot().sections["shelf"].metrics
    again = shop.register("shelf", lambda: None, sets=["fill"])
    again.close()
    assert "fill" not in shop.snapshot().sections["shelf"].metrics
    shop.register("shelf", lambda: None, sets=["fill"])
    assert "fill" in shop.snapshot().sections["shelf"].metrics


def test_an_answer_is_used_while_the_registration_is_open() -> None:
    """An answer that arrives after the close is discarded."""
    shop = shop_collector(deadline=SHORT)
    free = threading.Event()
    used: list[str] = []

    def ask() -> str:
        assert free.wait(LONG)
        return "answer"

    registration = shop.register("till", ask, used.append)
    shop.refresh()
    (thread,) = threads("read till")
    registration.close()
    free.set()
    thread.join(LONG)
    assert used == []


def test_a_registration_names_existing_components_and_gauges(shop: Collector[Any]) -> None:
    """An unknown component or attribute is a KeyError at once."""
    with pytest.raises(KeyError, match="no component `cellar`"):
        shop.register("cellar", lambda: None)
    with pytest.raises(KeyError, match="no metric `dust`"):
        shop.register("shelf", lambda: None, sets=["dust"])


def test_the_registry_is_the_one_that_is_given() -> None:
    """Metrics are the client's own objects; other collectors are exposed and in no section."""
    registry = CollectorRegistry()
    Counter("other_total", "Another library's.", registry=registry).inc()
    shop = shop_collector(registry=registry)
    child = shop.metrics.till.sales_total("ann", "paid")
    parent = registry._names_to_collectors["shop_sales_total"]  # noqa: SLF001 - shown nowhere else
    assert isinstance(parent, Counter)
    assert child is parent.labels("ann", "paid")
    child.inc()
    assert series(registry, "shop_sales_total") == {("ann", "paid"): 1, ("ann", "void"): 0}
    assert b"\nother_total 1.0\n" in shop.exposition()
    assert not any("other" in name for each in shop.snapshot().sections.values() for name in each.metrics)


def test_a_snapshot_reads_no_other_collector_of_the_registry() -> None:
    """A foreign collector that raises affects the exposition, not the sections."""

    class Raising(ClientCollector):
        def collect(self) -> Iterable[Metric]:
            raise OSError("broken")

    registry = CollectorRegistry()
    registry.register(Raising())
    shop = shop_collector(registry=registry)
    assert shop.snapshot().sections["door"].metrics == {"visits_total": (Point({}, 0),)}
    with pytest.raises(OSError, match="broken"):
        shop.exposition()


def test_values_beyond_a_limit_are_reported() -> None:
    """`on_overflow` gets the label of each value, whose series is `other`."""
    labels: list[str] = []
    shop = shop_collector(on_overflow=labels.append)
    for number in range(10_000):
        shop.metrics.till.sales_total(str(number), "paid").inc()
    assert labels == ["clerk"] * 9_997
    assert len(shop.snapshot().sections["till"].metrics["sales_total"]) == (3 + 1) * 2


def test_a_format_that_is_not_known_is_refused() -> None:
    """The message names the command that renders the module again."""
    module = shop_module()
    vars(module)["FORMAT"] = 99
    with pytest.raises(ValueError, match=r"format 99, and only 1 is supported: run `victor-mon generate`"):
        Collector(module)
    with pytest.raises(ValueError, match="format None"):
        Collector(ModuleType("empty"))


def test_nothing_is_registered_twice() -> None:
    """The client refuses two collectors on one registry; on two registries they share nothing."""
    registry = CollectorRegistry()
    shop_collector(registry=registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        shop_collector(registry=registry)
    Gauge("shop_open", "Mine.", registry=CollectorRegistry())
