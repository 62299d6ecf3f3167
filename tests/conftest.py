"""What all tests share: the real programs, and a folder of an ordinary user.

A program that is missing skips its tests, and fails them in CI.
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

MONITORING = {"alertmanager", "amtool", "prometheus", "promtool"}
PROGRAMS = {*MONITORING, "kubebuilder", "node", "npm", "victor_ai"}
NOBODY = 65534
HURRY = 10  # steps of niceness

# No deadline: the machine may be busy. Inputs are drawn alike in every run, but by the seed of `make prove`.
settings.register_profile("alike", deadline=None, derandomize=True)
settings.register_profile("seeded", deadline=None, database=None, print_blob=True)
settings.load_profile("alike")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the flags that update golden files and run what takes minutes."""
    parser.addoption(
        "--update-goldens", action="store_true", help="write the golden files anew, then read them"
    )
    parser.addoption("--prove", action="store_true", help="run the proofs that take minutes, and them alone")


def pytest_configure(config: pytest.Config) -> None:
    """Heed the signals that whoever runs the tests may ignore: what they start inherits that.

    The process that gathers the results also ends what all of them share.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if not hasattr(config, "workerinput"):
        shared = ExitStack()
        shared.enter_context(one_kcp())
        config.add_cleanup(shared.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests that need a real program, or one whose version matters; pick the proofs or all the rest.

    Files that wait, for a clock or for programs, come before those that only compute, which fill the gaps.
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
    marks: dict[Path, set[str]] = {}
    for item in kept:
        marks.setdefault(item.path, set()).update(mark.name for mark in item.iter_markers())
    items[:] = sorted(kept, key=lambda item: [mark not in marks[item.path] for mark in ("clock", "program")])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What keeps pace with a clock goes before all the rest, and so do the programs that it starts."""
    with hurried() if item.get_closest_marker("clock") else nullcontext():
        return (yield)


@contextmanager
def hurried() -> Iterator[None]:
    """A higher priority, where this user may have one."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, before - HURRY)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)  # no higher one: anybody may


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the tables whose rows tests have recorded."""
    for title, lines in tables(terminalreporter.getreports("passed")):
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def ordinary_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of the user who runs the test; root runs it as nobody, whom modes bind too."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as folder:  # nobody may not look below pytest's own folder
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def needed(name: str, find: Callable[[str], Path] = program) -> Path:
    """The path of a program; without it the test is skipped with the reason, and fails in CI."""
    try:
        return find(name)
    except MissingProgramError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The path of promtool."""
    return needed("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The path of Prometheus."""
    return needed("prometheus")


@pytest.fixture(scope="session")
def alertmanager() -> Path:
    """The path of Alertmanager."""
    return needed("alertmanager")


@pytest.fixture(scope="session")
def amtool() -> Path:
    """The path of amtool."""
    return needed("amtool")


@pytest.fixture(scope="session")
def node() -> Path:
    """The path of node."""
    return needed("node")


@pytest.fixture(scope="session")
def npm() -> Path:
    """The path of npm."""
    return needed("npm")


@pytest.fixture(scope="session")
def victor_ai() -> Path:
    """The path of a Python that has Victor."""
    return needed("victor-ai", environment)


@pytest.fixture(scope="session")
def kubebuilder() -> Path:
    """The folder with etcd, kube-apiserver and kubectl; nobody needs to have one, CI neither."""
    try:
        return assets()
    except UnsetError as unset:
        pytest.skip(str(unset))
    except MissingProgramError as missing:
        pytest.fail(str(missing))
