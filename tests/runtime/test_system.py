"""The resource usage of a process, and its usable cores."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from victor_monitoring.runtime.system import ProcessProbe, usable_cores

SCHEDULED = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(root: Path, groups: str, files: dict[str, str]) -> Path:
    """Return a root folder with these control groups of the process and these files."""
    for path, text in {"proc/self/cgroup": groups, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text + "\n", encoding="ascii")
    return root


V2_ROOT = "sys/fs/cgroup/cpu.max"
V2_POD = "sys/fs/cgroup/pod/cpu.max"
V2_CONTAINER = "sys/fs/cgroup/pod/app/cpu.max"
V1_ROOT = "sys/fs/cgroup/cpu,cpuacct"
V1 = "5:memory:/pod\n4:cpu,cpuacct:/pod\n0::/"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        pytest.param("0::/", {V2_ROOT: "50000 100000"}, 0.5, id="version 2, inside the container"),
        pytest.param("0::/pod/app", {V2_CONTAINER: "25000 100000"}, 0.25, id="version 2, seen from the host"),
        pytest.param(
            "0::/pod/app",
            {V2_POD: "10000 100000", V2_CONTAINER: "max 100000"},
            0.1,
            id="version 2, the pod's",
        ),
        pytest.param("0::/elsewhere", {V2_ROOT: "50000 100000"}, 0.5, id="version 2, a path of the host's"),
        pytest.param("0::/", {V2_ROOT: "max 100000"}, SCHEDULED, id="version 2, no limit"),
        pytest.param("0::/", {V2_ROOT: "900000000 100000"}, SCHEDULED, id="version 2, more than there is"),
        pytest.param("0::/", {V2_ROOT: "nonsense"}, SCHEDULED, id="version 2, nonsense"),
        pytest.param(
            V1,
            {f"{V1_ROOT}/pod/cpu.cfs_quota_us": "20000", f"{V1_ROOT}/pod/cpu.cfs_period_us": "100000"},
            0.2,
            id="version 1",
        ),
        pytest.param(
            V1,
            {f"{V1_ROOT}/cpu.cfs_quota_us": "30000", f"{V1_ROOT}/cpu.cfs_period_us": "100000"},
            0.3,
            id="version 1, inside the container",
        ),
        pytest.param(
            V1,
            {f"{V1_ROOT}/pod/cpu.cfs_quota_us": "-1", f"{V1_ROOT}/pod/cpu.cfs_period_us": "100000"},
            SCHEDULED,
            id="version 1, no limit",
        ),
        pytest.param("", {}, SCHEDULED, id="no control groups"),
    ],
)
def test_cores(tmp_path: Path, groups: str, files: dict[str, str], cores: float) -> None:
    """Usable cores are the limit of the control group or its parents, else the schedulable cores."""
    assert usable_cores(machine(tmp_path, groups, files)) == pytest.approx(cores)


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    """Without control groups, the schedulable cores are used."""
    assert usable_cores(tmp_path) == SCHEDULED


def test_a_process_measures_itself(tmp_path: Path) -> None:
    """Memory, CPU seconds, with kernel time, and threads equal the system's own numbers."""
    while os.times().system < 0.2:
        os.urandom(2**20)
    before = os.times()
    usage = ProcessProbe(tmp_path).usage()
    after = os.times()
    tick = 0.02  # the resolution of the clocks
    assert before.user + before.system - tick <= usage.cpu_seconds <= after.user + after.system + tick
    assert usage.memory == pytest.approx(psutil.Process().memory_info().rss, rel=0.5)
    assert usage.threads >= threading.active_count()
    assert usage.uptime == pytest.approx(time.time() - psutil.Process().create_time(), abs=5)
    assert usage.cores == SCHEDULED


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_measures_itself() -> None:
    """A forked process measures itself: its CPU time starts at 0."""
    probe = ProcessProbe()
    while probe.usage().cpu_seconds < 0.5:
        sum(range(10_000))
    pid = os.fork()
    if pid == 0:
        own = probe.usage()
        os._exit(0 if own.cpu_seconds < 0.5 and own.threads == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
