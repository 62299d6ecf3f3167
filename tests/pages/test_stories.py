"""The commands and the code of the pages, run as a reader runs them: the output is the one that is shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.cli.commands import edit
from tests.cli.test_serve import served
from tests.end_to_end.live import free_port, until
from tests.pages.markdown import PATIENCE, Shell, Shown, blocks, shown

RUNTIME, LIVE = "victor_monitoring/runtime/README.md", "deployment/README.md"
SPEC = "specs/shop.yaml"
# Quick enough for a test: the page says 15s, 5m and 30s, as `init` does.
DEFAULTS = "defaults: {window: 5m, evaluate_every: 30s, scrape_every: 15s}"
QUICK = "defaults: {window: 5s, evaluate_every: 1s, scrape_every: 1s}"


def test_the_start_of_an_adopter(promtool: Path, tmp_path: Path) -> None:
    """The README's commands from `init` to `test` print what it shows, about the same mistake."""
    shell, ran = Shell.new(tmp_path, promtool), []
    for each in shown("README.md"):
        if each.command.startswith("victor-mon "):
            with mistake(shell) if each.command == "victor-mon validate" else nullcontext():
                assert each.matches(shell.run(each.command)), each.command
            ran.append(each.command.split()[1])
    assert ran == ["init", "generate", "validate", "check", "test"]


@contextmanager
def mistake(shell: Shell) -> Iterator[None]:
    """Have an unknown label value in the spec."""
    edit(shell.folder / SPEC, 'outcome="failure"', 'outcome="failed"')
    yield
    edit(shell.folder / SPEC, 'outcome="failed"', 'outcome="failure"')


def test_the_commands(promtool: Path, tmp_path: Path) -> None:
    """The commands of the page about them print what it shows."""
    shell, commands = shop(tmp_path, promtool), shown("victor_monitoring/cli/README.md")
    assert [each.command.split()[1] for each in commands] == ["explain", "test"]
    for each in commands:
        assert each.matches(shell.run(each.command)), each.command


def shop(folder: Path, *programs: Path, spec: Callable[[str], str] = str) -> Shell:
    """Return a repository with the spec of `init`, changed by `spec`, and its rendered files."""
    shell = Shell.new(folder, *programs)
    shell.run("victor-mon init --name shop")
    path = shell.folder / SPEC
    path.write_text(spec(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert " written, 0 unchanged" in shell.run("victor-mon generate")
    return shell


@contextmanager
def service(shell: Shell, port: int, changed: Callable[[str], str] = str) -> Iterator[None]:
    """Run the page's instrumented service on a port until the end of the block."""
    code = changed(blocks(RUNTIME, "python")[0]).replace("8000", str(port))
    env = {**shell.env, "PYTHONPATH": f"{shell.env['PYTHONPATH']}:{shell.folder / 'generated'}"}
    with subprocess.Popen([sys.executable, "-c", code], env=env) as process:
        try:
            until(lambda: get(f"http://localhost:{port}/metrics"), PATIENCE)
            yield
        finally:
            process.kill()


def get(url: str) -> str:
    """Return the answer of a URL, or nothing while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of the test
            text: str = answer.read().decode()
            return text
    except OSError:
        return ""


def live(command: str) -> Shown:
    """Return the first command of the page about live systems that begins so."""
    return next(each for each in shown(LIVE) if each.command.startswith(command))


def test_a_target_that_counts_another_outcome(tmp_path: Path) -> None:
    """The service of the page matches its spec; `verify` prints what is shown about one that does not."""
    verify, port = live("victor-mon verify --metrics-url"), free_port()
    shell = shop(tmp_path / "right")
    command = verify.command.replace("8000", str(port))
    with service(shell, port):
        assert f" series match {SPEC}" in shell.run(command)
    wrong = shop(tmp_path / "wrong", spec=lambda text: text.replace("failure", "failed"))
    with service(wrong, port, lambda code: code.replace('outcome="success"', 'outcome="failed"')):
        assert unnumbered(shell.run(command)) == unnumbered(verify.output.replace("8000", str(port)))


def unnumbered(printed: str) -> str:
    """Return findings without their lines, which depend on the version of the client library."""
    return re.sub(r"^(\S+metrics:)?\d+(?=:| \|)", r"\1N", printed, flags=re.MULTILINE)


# Lines of a run at a terminal, and of a wait that depends on the moment.
MOMENTARY = re.compile(r"^(Apply this to .*|waiting, .*|.* rules loaded, .*|)\n", re.MULTILINE)


@pytest.mark.clock
def test_a_context_is_applied(prometheus: Path, promtool: Path, tmp_path: Path) -> None:
    """The commands from an empty Prometheus to `apply` work as shown, and `verify` shows a later edit."""
    ports = {"8000": free_port(), "9090": free_port()}

    def placed(each: Shown) -> Shown:
        command, output = (
            re.sub(r"localhost:(\d+)", lambda found: f"localhost:{ports[found[1]]}", part)
            for part in (each.command, each.output)
        )
        return Shown(command, output)

    def start(command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=shell.folder, env=shell.env)

    shell = shop(tmp_path, prometheus, promtool, spec=lambda text: text.replace(DEFAULTS, QUICK))
    mkdir, config, run, context, generate, apply = map(placed, story("mkdir rules", 6))
    assert shell.run(mkdir.command) == ""
    assert shell.run(config.command.replace("15s", "1s")) == ""
    assert run.command.endswith(" &")
    with service(shell, ports["8000"]), start(run.command.removesuffix(" &")) as server:
        try:
            until(lambda: "Ready" in get(f"http://localhost:{ports['9090']}/-/ready"), PATIENCE)
            assert shell.run(context.command) == ""
            assert generate.matches(shell.run(generate.command))
            assert "[y/N] y" in apply.output
            applied = MOMENTARY.sub("", shell.run(f"{apply.command} --yes"))
            assert applied == MOMENTARY.sub("", apply.output)
            edit(shell.folder / "rules/shop-local.yaml", "> 0.2\n", "> 0.9\n")
            verify = placed(live("victor-mon verify --context local"))
            assert verify.output.splitlines()[0] in shell.run(verify.command).splitlines()
        finally:
            server.kill()


def story(first: str, number: int) -> list[Shown]:
    """Return some commands of the page about live systems, from the first one that begins so."""
    found = shown(LIVE)
    start = next(index for index, each in enumerate(found) if each.command.startswith(first))
    return found[start : start + number]


def test_a_collector_and_its_rest_api(tmp_path: Path) -> None:
    """The code of the page makes a collector and its routes, which answer as the page shows."""
    shell = shop(tmp_path)
    _, collector, _, _, _, routes = blocks(RUNTIME, "python")
    code = f"""
from fastapi import FastAPI
from fastapi.testclient import TestClient
app = FastAPI()
{collector}{routes}
assert b"shop_requests_running 0.0" in text
print(TestClient(app).get("/api/shop/health").text)
"""
    (curl,) = (each for each in shown(RUNTIME) if each.command.endswith("/health"))
    assert curl.command.endswith("/api/shop/health")
    env = {**shell.env, "PYTHONPATH": f"{shell.env['PYTHONPATH']}:{shell.folder / 'generated'}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == json.loads(curl.output).keys()


def test_the_hook_of_gunicorn(tmp_path: Path) -> None:
    """It removes the live gauges of the worker that has ended."""
    for pid in (4711, 4712):
        (tmp_path / f"gauge_livesum_{pid}.db").touch()
    _, _, hook, *_ = blocks(RUNTIME, "python")
    code = f"{hook}\nfrom types import SimpleNamespace\nchild_exit(None, SimpleNamespace(pid=4711))"
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert [each.name for each in tmp_path.iterdir()] == ["gauge_livesum_4712.db"]


VICTOR = """
import asyncio, os
from fastapi import FastAPI
app, cache, metrics_collector = FastAPI(), None, None  # Victor's own, which are not read here
os.environ["METRICS_TOKEN"] = "canary-token-of-the-page"
"""


def test_victors_collector_and_routes() -> None:
    """The page's code for Victor registers, decorates and adds routes, and the decorated call is counted."""
    _, _, _, collector, routes, _ = blocks(RUNTIME, "python")
    code = f"""{VICTOR}{collector}{routes}
asyncio.run(complete("hello"))
assert 'provider="anthropic"' in collector.export_prometheus()
assert "/api/performance/summary" in app.openapi()["paths"]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_simulated_fault() -> None:
    """`serve` with the page's options prints the addresses that it shows."""
    _, serve, *_ = shown("victor_monitoring/demo/README.md")
    addresses = [line for line in serve.output.splitlines() if line.startswith("http")]
    with served(*serve.command.split()[2:]) as (_, urls):
        assert [re.sub(r":\d+/", ":8000/", url) for url in urls] == addresses


STEP = re.compile(r"^ *[\d.]+ s  (fault: |)CriticalErrorRatio( \w+|)", re.MULTILINE)


@pytest.mark.clock
def test_a_demo(prometheus: Path, alertmanager: Path, tmp_path: Path) -> None:
    """`demo` on the spec of `init` takes the alert of its fault through the states that the page shows."""
    shell = shop(tmp_path, prometheus, alertmanager)
    *_, demo = shown("victor_monitoring/demo/README.md")
    printed = shell.run(demo.command)
    assert printed.startswith(demo.output.splitlines(keepends=True)[0])
    assert STEP.findall(printed) == STEP.findall(demo.output) != []
