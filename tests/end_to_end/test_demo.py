"""`victor-mon demo` as users run it, and the absence of leftovers after any kind of end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.commands import in_own_process, victor_mon
from tests.demo.kettle import PATH as KETTLE

pytestmark = [pytest.mark.clock, pytest.mark.minutes(3)]

ROOT = Path(__file__).resolve().parents[2]
STARTS = "Prometheus and Alertmanager start, which takes some seconds\n"
PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture
def env(prometheus: Path, alertmanager: Path, tmp_path: Path) -> Mapping[str, str]:
    """Return environment variables: a PATH with the programs, and a separate folder for temporary files."""
    folders = (prometheus.parent, alertmanager.parent)
    return {
        "PATH": os.pathsep.join(map(str, folders)) + os.pathsep + os.environ["PATH"],
        "TMPDIR": str(tmp_path),
    }


@contextmanager
def running(env: Mapping[str, str], *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Yield a demonstration whose fault has begun, and the lines printed so far."""
    command = [sys.executable, "-m", "victor_monitoring", "demo", "--spec", str(KETTLE), *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.strip())
                if "fault: " in line:
                    break
            yield process, lines
        finally:
            process.kill()
            watchdog.cancel()


def test_an_alert_is_delivered_and_resolves(env):
    """An alert passes through all states with real programs; then nothing is left, and the status is 0."""
    done = in_own_process(ROOT, "demo", "--spec", str(KETTLE), "--scenario", "TooMuchWater", env=env)
    assert (done.status, done.err) == (0, STARTS)
    steps = re.findall(r"^ *[\d.]+ s  (\w+) (\w+)(?:: (.*))?$", done.out, re.MULTILINE)
    states = [state for name, state, _ in steps if name == "TooMuchWater" and state != "firing"]
    assert states == ["pending", "delivered", "resolved"]
    assert ("MuchWater", "muted") in {(name, state) for name, state, _ in steps}
    (message,) = (about for name, state, about in steps if (name, state) == ("TooMuchWater", "delivered"))
    assert re.fullmatch(r"[\d.]+GiB in 127.0.0.1:\d+; https://kettle.example/runbooks/TooMuchWater", message)
    assert list(Path(env["TMPDIR"]).iterdir()) == []


def test_alerts_of_one_name_are_kept_apart(env, tmp_path):
    """Two alerts of one name, with other labels than the default ones, in a group of its own interval."""
    text = KETTLE.read_text(encoding="utf-8").replace("Water: {signal", "Water: {name: Much Water, signal")
    text = text.replace("  scope:", "  alert_labels: {service: app, signal: topic, owner: null}\n  scope:")
    path = tmp_path / "kettle.yaml"
    path.write_text(text + "groups: {kettle: {evaluate_every: 15s}}\n", encoding="utf-8")
    assert text.count("Much Water") == 2
    done = victor_mon(ROOT, "demo", "--spec", str(path), "--scenario", "TooMuchWater", env=env)
    assert (done.status, done.err) == (0, STARTS)
    steps = re.findall(r"^ *[\d.]+ s  (\w+) (\w+)", done.out, re.MULTILINE)
    states = [state for name, state in steps if name == "TooMuchWater" and state != "firing"]
    assert states == ["pending", "delivered", "resolved"]
    assert ("MuchWater", "muted") in steps
    assert ("MuchWater", "delivered") not in steps


def test_a_selected_instance_is_that_of_the_target(env, tmp_path):
    """The only target has the instance that `select` names, and its alerts are delivered."""
    text = KETTLE.read_text(encoding="utf-8")
    path = tmp_path / "kettle.yaml"
    path.write_text(text.replace("select: {", 'select: {instance: "stove:1", '), encoding="utf-8")
    done = victor_mon(ROOT, "demo", "--spec", str(path), "--scenario", "TooMuchWater", env=env)
    assert (done.status, done.err) == (0, STARTS)
    assert done.out.count("/metrics") == 1
    assert re.search(r"TooMuchWater delivered: [\d.]+GiB in stove:1; ", done.out)


def test_an_alert_of_an_example_is_delivered(env):
    """An example spec shows its default scenario with real programs."""
    done = victor_mon(ROOT, "demo", "--spec", "specs/examples/queue.yaml", env=env)
    assert (done.status, done.err) == (0, STARTS)
    states = re.findall(r" PublishersBlocked (\w+)", done.out)
    assert [state for state in states if state != "firing"] == ["pending", "delivered", "resolved"]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 130),
        (signal.SIGKILL, -signal.SIGKILL),
        (signal.SIGSEGV, -signal.SIGSEGV),
    ],
)
def test_nothing_is_left_after_any_end(env, how, status):
    """After Ctrl-C, a termination, a kill and a crash no process and no file is left."""
    with running(env) as (process, _):
        started = psutil.Process(process.pid).children(recursive=True)
        names = [each.name() for each in started]
        assert len([name for name in names if "prometheus" in name or "alertmanager" in name]) == 2
        process.send_signal(how)
        assert process.wait(PATIENCE) == status
        _, alive = psutil.wait_procs(started, PATIENCE)
        assert alive == []
        assert list(Path(env["TMPDIR"]).iterdir()) == []


def test_a_killed_supervisor_takes_its_program_along(env):
    """The kernel kills the program of a killed supervisor; the demonstration reports it."""
    with running(env) as (process, _):
        supervisor = psutil.Process(process.pid).children()[0]
        (program,) = supervisor.children()
        supervisor.kill()
        _, alive = psutil.wait_procs([program], PATIENCE)
        assert alive == []
        assert process.stdout is not None
        output = process.stdout.read()
        assert process.wait(PATIENCE) == 2
        assert "does not answer" in output


def test_targets_and_the_whole_service_go_down_and_metrics_vanish(env):
    """The scenarios that only Prometheus can detect, one after the other."""
    names = ("target-down", "service-absent", "metric-missing:kettle_water_bytes")
    options = [option for name in names for option in ("--scenario", name)]
    done = in_own_process(ROOT, "demo", "--spec", str(KETTLE), *options, env=env)
    assert (done.status, done.err) == (0, STARTS)
    delivered = re.findall(r" (\w+) delivered: ", done.out)
    assert [name for name in delivered if name != "TargetDown"] == ["ServiceAbsent", "MetricMissing"]
    assert delivered[0] == "TargetDown"


def test_without_the_programs_this_process_evaluates(tmp_path):
    """It says so and names programs to install; scenarios that only Prometheus can detect are refused."""
    env = {"PATH": str(tmp_path)}
    done = in_own_process(ROOT, "demo", "--spec", str(KETTLE), "--scenario", "ManySpilt", env=env)
    assert done.status == 0
    assert done.err.startswith("without prometheus and alertmanager: this process evaluates the alerts")
    assert "https://prometheus.io/download" in done.err
    states = re.findall(r"ManySpilt (\w+)", done.out)
    assert states == ["pending", "firing", "inactive"]
    refused = in_own_process(ROOT, "demo", "--spec", str(KETTLE), "--scenario", "target-down", env=env)
    assert refused.status == 2
    assert refused.err.startswith("victor-mon: only Prometheus can see `target-down`\nhint: ")


def test_scenarios_have_names():
    """They are listed with their meaning; another name is refused with the nearest one as a hint."""
    listed = victor_mon(ROOT, "demo", "--spec", str(KETTLE), "--list")
    assert listed.status == 0
    assert "TooMuchWater                       Water > 2GiB for 1m: critical\n" in listed.out
    wrong = victor_mon(ROOT, "demo", "--spec", str(KETTLE), "--scenario", "ToMuchWater")
    assert wrong.status == 2
    assert wrong.err == "victor-mon: there is no scenario `ToMuchWater`\nhint: did you mean `TooMuchWater`?\n"
    assert victor_mon(ROOT, "demo", "--spec", str(KETTLE), "--for", "long").status == 2
