"""Processes that share the folder of the client's multiprocess mode: each one's files stay until it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 2**22 + 1  # no process has this id: it is above the highest one of Linux

# A process of the shop with so many open tills, and with this id, or its real one if that is 0. It answers
# each line of input: `open` with the sum of the exposition; at `fork` a child with two open tills takes over.
WORKER = """
import os, sys
if pid := int(sys.argv[2]):
    os.getpid = lambda: pid  # as in a namespace of its own; before the client is imported, which keeps it
from tests.runtime.shop import shop_collector

shop = shop_collector(refresh_every=3600)
shop.metrics.till.open.set(int(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    if line == "fork\\n":
        if os.fork():
            os._exit(0)
        shop.metrics.till.open.set(2)
        print("forked", flush=True)
    else:
        lines = shop.exposition().decode().splitlines()
        print(*(each.split()[1] for each in lines if each.startswith("shop_open ")), flush=True)
"""
# A process with the client alone, and a live gauge that it leaves behind.
CLIENT = """
from prometheus_client import Gauge
Gauge("shop_open", "Open tills.", multiprocess_mode="livesum").set(4)
"""


class Worker:
    """A process that runs `WORKER`."""

    def __init__(self, folder: Path, tills: int, pid: int, before: list[str]) -> None:
        self._process = subprocess.Popen(
            [*before, sys.executable, "-c", WORKER, str(tills), str(pid)],
            cwd=ROOT, env=environment(folder), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._answer()

    def open(self) -> float:
        """Return the open tills of all processes that it exposes."""
        return float(self._asked("open"))

    def fork(self) -> None:
        """Let a child take its place, and end it."""
        assert self._asked("fork") == "forked"
        self._process.wait()

    def end(self) -> str:
        """Kill the process and return what it has logged."""
        self._process.kill()
        return self._process.communicate()[1]

    def _asked(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, self.end()
        return line


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    with ExitStack() as stack:

        def started(tills: int, pid: int = 0, before: list[str] | None = None) -> Worker:
            worker = Worker(tmp_path, tills, pid, before or [])
            stack.callback(worker.end)
            return worker

        yield started


@pytest.fixture
def namespace() -> list[str]:
    """Return the command that runs another one in a new namespace of process ids; root can always do so."""
    root = os.geteuid() == 0
    command = ["unshare", *([] if root else ["--map-root-user"]), "--pid", "--fork", "--kill-child"]
    if not root and subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root makes a namespace of process ids here")
    return command


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces of Linux")
def test_processes_of_another_container_count_until_they_end(
    start: Callable[..., Worker], namespace: list[str]
) -> None:
    """Scrapes of both containers have the live gauges of both; a process that was killed is removed."""
    first, second = start(5), start(7, before=namespace)
    for worker in (second, first, second, first):
        assert worker.open() == 5 + 7
    second.end()
    assert first.open() == 5


def test_a_process_whose_id_is_not_known_here_counts_until_it_ends(start: Callable[..., Worker]) -> None:
    """The absence of an id proves nothing, and the end of the process removes its live gauges."""
    first, second = start(5), start(7, pid=NOBODY)
    assert first.open() == 5 + 7
    second.end()
    assert first.open() == 5


def test_live_gauges_of_a_process_without_a_collector_stay(
    start: Callable[..., Worker], tmp_path: Path
) -> None:
    """Whether it has ended is for its server to say, with the client's `mark_process_dead`."""
    subprocess.run([sys.executable, "-c", CLIENT], env=environment(tmp_path), check=True)
    worker = start(5)
    assert [worker.open(), worker.open()] == [5 + 4] * 2


def test_processes_with_the_same_id_are_noticed(start: Callable[..., Worker], tmp_path: Path) -> None:
    """The second one logs that both write to the same files; a process that follows an ended one does not."""
    first, second = start(5, pid=NOBODY), start(7, pid=NOBODY)
    assert first.end() == ""
    assert second.end() == (
        f"another process has the id {NOBODY}, too, and writes to the same files in `{tmp_path}`, so that "
        "values are wrong: give each container a `PROMETHEUS_MULTIPROC_DIR` of its own\n"
    )
    assert start(3, pid=NOBODY).end() == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that fork")
def test_a_forked_process_does_not_keep_its_parent_alive(start: Callable[..., Worker]) -> None:
    """A child counts for itself, also after the end of its parent, which no longer counts."""
    scraped, preloaded = start(5), start(7)
    assert scraped.open() == 5 + 7
    preloaded.fork()
    assert scraped.open() == 5 + 2


@pytest.mark.parametrize("name", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_the_mode_is_on_if_the_client_has_turned_it_on(name: str, tmp_path: Path) -> None:
    """The client reads the variable in both spellings, and only as it is imported."""
    code = """
import os, sys
if sys.argv[1] == "late":
    import prometheus_client
os.environ[sys.argv[2]] = sys.argv[3]
from tests.runtime.shop import shop_collector
shop = shop_collector(refresh_every=3600)
shop.metrics.till.open.set(3)
print(shop.exposition().decode())
"""
    for when, files in (("early", True), ("late", False)):
        folder = tmp_path / when
        folder.mkdir()
        command = [sys.executable, "-c", code, when, name, str(folder)]
        text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        (value,) = (
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "shop_open"
        )
        assert value == 3
        assert any(folder.iterdir()) is files
