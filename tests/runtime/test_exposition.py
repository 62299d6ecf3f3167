"""The exposition of one and of several processes, checked by promtool and the client's parsers."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.registry import Collector as ClientCollector

from tests.runtime.patience import LONG
from tests.runtime.shop import shop_collector
from victor_monitoring.runtime.collector import Collector

# The client exposes it as untyped.
read_openmetrics: Callable[[str], Iterator[Metric]] = openmetrics_parser.text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]

# A worker process: it sells, then prints the length in bytes and the text of its exposition; again for each
# line of input, every second time as OpenMetrics. Each read of its door counts a visit.
WORKER = """
import itertools, sys
from tests.runtime.shop import shop_collector

shop = shop_collector(refresh_every=float(sys.argv[1]))
shop.register("door", shop.metrics.door.visits_total.inc)
for sold in itertools.count(3):
    shop.metrics.till.sales_total("ann", "paid").inc(sold)
    shop.metrics.till.wait_seconds("quick").observe(sold / 10)
    shop.metrics.till.open.set(sold)
    shop.metrics.shelf.fill("top").set(1 / sold)
    text = shop.exposition(openmetrics=sold % 2 == 0)
    print(len(text), flush=True)
    sys.stdout.buffer.write(text)
    sys.stdout.flush()
    sys.stdin.readline()
"""


@pytest.fixture
def shop() -> Collector[Any]:
    collector = shop_collector()
    for clerk in ("ann", 'Bob "the till"\n\\', "", "\ud800", "Ünal"):
        collector.metrics.till.sales_total(clerk, "paid").inc()
    collector.metrics.till.wait_seconds("quick").observe(0.5)
    collector.metrics.till.open.set(2)
    collector.metrics.shelf.fill("top").set(0.25)
    return collector


def test_promtool_accepts_the_text(promtool: Path, shop: Collector[Any]) -> None:
    """`promtool check metrics` reports no problem."""
    run = subprocess.run(
        [promtool, "check", "metrics"],
        input=shop.exposition(),
        capture_output=True,
        timeout=LONG,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_the_clients_parsers_accept_both_formats(shop: Collector[Any]) -> None:
    """Both formats have the same samples."""
    text = {each.name: each for each in read_text(shop.exposition().decode())}
    openmetrics = {each.name: each for each in read_openmetrics(shop.exposition(openmetrics=True).decode())}
    assert {"shop_sales", "shop_wait_seconds", "shop_open", "shop_fill", "shop_visits"} <= set(openmetrics)
    assert text.keys() == openmetrics.keys()
    for name, family in openmetrics.items():
        assert text[name].samples == [each for each in family.samples if each.name != f"{name}_created"]


class _Kept(ClientCollector):
    """Another collector of the service, which yields the same families at each scrape."""

    def __init__(self) -> None:
        self.orders = CounterMetricFamily("orders", "Orders.")
        self.orders.add_metric([], 2, created=1)
        self.account = GaugeMetricFamily("account_created", "The time at which the account was opened.", 5)

    def collect(self) -> Iterable[Metric]:
        return [self.orders, self.account]


def test_start_times_are_in_openmetrics_only(shop: Collector[Any]) -> None:
    """The text format has no start times, also not of other collectors; a gauge of such a name stays."""
    kept = _Kept()
    shop.registry.register(kept)
    for _ in range(2):
        text, openmetrics = (shop.exposition(openmetrics=each).decode() for each in (False, True))
        assert [line for line in text.splitlines() if "_created" in line] == [
            "# HELP account_created The time at which the account was opened.",
            "# TYPE account_created gauge",
            "account_created 5.0",
        ]
        created = {each.name for family in read_openmetrics(openmetrics) for each in family.samples}
        assert {"orders_created", "shop_sales_created", "shop_wait_seconds_created"} < created
    assert [each.name for each in kept.orders.samples] == ["orders_total", "orders_created"]


class Worker:
    """A worker process of the shop."""

    def __init__(self, folder: Path, refresh_every: float = 3600) -> None:
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(refresh_every)],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def exposed(self) -> str:
        """Return its next exposition."""
        assert self._process.stdout is not None
        return self._process.stdout.read(int(self._process.stdout.readline())).decode()

    def go_on(self) -> None:
        """Make it sell again."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    with ExitStack() as stack:

        def started(**options: Any) -> Worker:
            worker = Worker(tmp_path, **options)
            stack.callback(worker.end)
            return worker

        yield started


def sample(families: Iterable[Metric], name: str, **labels: str) -> float:
    (value,) = (
        each.value
        for family in families
        for each in family.samples
        if each.name == name and each.labels == labels
    )
    return float(value)


def test_worker_processes_are_exposed_together(start: Callable[..., Worker], promtool: Path) -> None:
    """Counters and histograms add up, gauges merge as in the spec, an ended process is removed."""
    first = start()
    first.exposed()
    second = start()
    text = second.exposed()
    run = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, timeout=LONG, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")
    found = list(read_text(text))
    assert sample(found, "shop_sales_total", clerk="ann", outcome="paid") == 3 + 3
    assert sample(found, "shop_wait_seconds_bucket", lane="quick", le="1.0") == 2
    assert sample(found, "shop_wait_seconds_count", lane="slow") == 0
    assert sample(found, "shop_visits_total") == 2
    assert sample(found, "shop_open") == 3 + 3
    assert "_created" not in text

    first.end()
    second.go_on()
    found = list(read_openmetrics(second.exposed()))
    assert sample(found, "shop_sales_total", clerk="ann", outcome="paid") == 3 + (3 + 4)
    assert sample(found, "shop_visits_total") == 1 + 2
    assert sample(found, "shop_open") == 4  # `livesum`
    assert sample(found, "shop_fill", shelf="top") == 1 / 3  # `max`


def test_a_process_that_is_not_scraped_reads_its_components(start: Callable[..., Worker]) -> None:
    """Its values are in the exposition of the scraped process."""
    start(refresh_every=0.05).exposed()
    scraped = start()
    end = time.monotonic() + LONG
    for scrapes in itertools.count(1):
        read = read_openmetrics if scrapes % 2 == 0 else read_text
        visits = sample(read(scraped.exposed()), "shop_visits_total")
        if visits > scrapes + 5:  # one per scrape of this process, one at the start of the other
            break
        assert time.monotonic() < end, f"{visits} after {scrapes} scrapes"
        scraped.go_on()
