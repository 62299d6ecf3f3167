"""Fixtures of all tests: the paths of real programs, and a folder owned by an ordinary user.

A missing program skips its tests; in CI it fails them.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path

import pytest
from hypothesis import settings

from tests.environments import environment
from tests.kubebuilder import UnsetError, assets
from tests.kubernetes.kcp import one_kcp
from tests.programs import MissingProgramError, program
from tests.tables import tables

MONITORING = {"alertmanager", "amtool", "operated", "prometheus", "promtool"}
PROGRAMS = {*MONITORING, "kubebuilder", "kubectl", "node", "npm", "victor_ai"}
NOBODY = 65534
HURRY = 10  # steps of niceness
# Prometheus, Kubernetes and their tools are written in Go, and collect garbage for up to two fifths of their
# time by default. With a third as many collections each needs up to 250 MB more memory.
GOGC = "300"

# No deadline: the machine may be busy. Every run draws the same inputs, but for the seed of `make prove`.
settings.register_profile("alike", deadline=None, derandomize=True)
settings.register_profile("seeded", deadline=None, database=None, print_blob=True)
settings.load_profile("alike")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flags that update golden files and run the proofs."""
    parser.addoption(
        "--update-goldens", action="store_true", help="rewrite the golden files; read them afterwards"
    )
    parser.addoption("--prove", action="store_true", help="run only the proofs, which take minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Set what programs inherit, and stop the shared kcp at the end of the run.

    A parent that ignores SIGINT or SIGHUP would otherwise pass that on to every program that the tests start.
    Only the process that collects the results stops the kcp.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.setdefault("GOGC", GOGC)
    if not hasattr(config, "workerinput"):
        shared = ExitStack()
        shared.enter_context(one_kcp())
        config.add_cleanup(shared.close)


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers: many tests wait for a clock or a program, so more than processors."""
    wanted = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    return int(wanted) if wanted else (os.cpu_count() or 1) * 2 + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that need a real program, or one whose version matters; select the proofs or all others.

    Files that take minutes run first, the longest before the others; then those that wait for a clock or for
    programs. Files that only compute fill the gaps.
    """
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & PROGRAMS:
            item.add_marker("program")
        if fixtures & MONITORING:
            item.add_marker("monitoring")
    wants_proof = bool(config.getoption("--prove"))
    left_out = [item for item in items if bool(item.get_closest_marker("prove")) != wants_proof]
    config.hook.pytest_deselected(items=left_out)
    kept = [item for item in items if item not in left_out]
    marks: dict[Path, dict[str, pytest.Mark]] = {}
    for item in kept:
        marks.setdefault(item.path, {}).update({mark.name: mark for mark in item.iter_markers()})

    def turn(item: pytest.Item) -> tuple[float, bool, bool]:
        own = marks[item.path]
        minutes = own["minutes"].args[0] if "minutes" in own else 0
        return -minutes, "clock" not in own, "program" not in own

    items[:] = sorted(kept, key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run tests that keep pace with a clock, and the programs that they start, at a higher priority."""
    with hurried() if item.get_closest_marker("clock") else nullcontext():
        return (yield)


@contextmanager
def hurried() -> Iterator[None]:
    """Raise the priority of this process until the block ends, if the user may do so."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, before - HURRY)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)  # lowering it needs no privilege


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables whose rows were recorded by tests."""
    for title, lines in tables(terminalreporter.getreports("passed")):
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def ordinary_folder(tmp_path: Path) -> Iterator[Path]:
    """Yield an empty folder of the user who runs the test; root becomes `nobody`, bound by file modes."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as folder:  # `nobody` has no access to pytest's own folder
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def needed(name: str, find: Callable[[str], Path] = program) -> Path:
    """Return the path of a program; skip the test with the reason if it is missing, or fail it in CI."""
    try:
        return find(name)
    except MissingProgramError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Return the path of promtool."""
    return needed("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """Return the path of Prometheus."""
    return needed("prometheus")


@pytest.fixture(scope="session")
def alertmanager() -> Path:
    """Return the path of Alertmanager."""
    return needed("alertmanager")


@pytest.fixture(scope="session")
def amtool() -> Path:
    """Return the path of amtool."""
    return needed("amtool")


@pytest.fixture(scope="session")
def node() -> Path:
    """Return the path of node."""
    return needed("node")


@pytest.fixture(scope="session")
def npm() -> Path:
    """Return the path of npm."""
    return needed("npm")


@pytest.fixture(scope="session")
def victor_ai() -> Path:
    """Return the path of a Python in which Victor is installed."""
    return needed("victor-ai", environment)


@pytest.fixture(scope="session")
def kubebuilder() -> Path:
    """Return the folder with etcd, kube-apiserver and kubectl; skip the test if none is named, also in CI."""
    try:
        return assets()
    except UnsetError as unset:
        pytest.skip(str(unset))
    except MissingProgramError as missing:
        pytest.fail(str(missing))
