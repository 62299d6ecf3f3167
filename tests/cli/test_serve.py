"""`victor-mon serve` as a process: refusals, output and exit."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.commands import ROOT, SPEC, in_own_process, project, victor_mon

CHECKOUT = str(ROOT / "tests/checkout.yaml")
PATIENCE = 60  # seconds
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMMAND = [sys.executable, "-m", "victor_monitoring", "serve"]


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Yield a running `serve` and the URLs that it has printed."""
    command = [*COMMAND, "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    impatience = threading.Timer(2 * PATIENCE, process.kill)  # ends the loop that reads
    impatience.start()
    with process:
        try:
            assert process.stdout is not None
            urls = []
            for line in process.stdout:
                urls.append(line.strip())
                if line.endswith("/docs\n"):
                    break
            yield process, urls
        finally:
            impatience.cancel()
            process.kill()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
        text: str = answer.read().decode()
        return text


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly(how):
    """SIGINT and SIGTERM end it with exit status 0 and no output."""
    with served("--simulate") as (process, urls):
        assert [url.rpartition(":")[2].partition("/")[2] for url in urls] == [
            "metrics",
            "api/performance/summary",
            "docs",
        ]
        process.send_signal(how)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out, err) == (0, "", "")


def test_without_simulation_it_measures_itself():
    """The system metrics are those of its own process, whose pid is in the REST API."""
    with served() as (process, urls):
        memory = re.search(r"^victor_system_memory_bytes (\S+)$", get(urls[0]), re.MULTILINE)
        assert memory is not None
        assert float(memory[1]) > 10 * 2**20
        assert json.loads(get(urls[1]))["pid"] == process.pid


def test_a_spec_without_a_registry_has_its_metrics_only():
    """Its metrics are simulated, and there is no REST API."""
    with served("--simulate", "--spec", CHECKOUT) as (_, urls):
        assert [url.rpartition("/")[2] for url in urls] == ["metrics", "docs"]
        assert "checkout_queue_depth{" in get(urls[0])
        assert get(urls[0].removesuffix("metrics")).startswith("<!doctype html><title>Shop Checkout</title>")


def test_head_is_answered_as_get():
    """Each of its paths answers HEAD with the status and headers of GET, and without a body."""
    with served("--simulate") as (_, urls):
        for url in (*urls, urls[0].removesuffix("metrics")):
            with httpx.Client() as client:
                got, asked = client.get(url), client.head(url)
                assert (asked.status_code, asked.content) == (got.status_code, b"") == (200, b"")
                assert asked.headers.keys() == got.headers.keys()
                assert client.get(url).status_code == 200  # on the same connection


def test_a_dead_target_answers_503():
    """Its REST API still answers, as if only the exposition were broken."""
    with served("--simulate", "--fault", "target-down") as (_, urls):
        with pytest.raises(urllib.error.HTTPError, match="503"):
            get(urls[0])
        assert json.loads(get(urls[1]))


def test_without_a_terminal_it_prints_what_changes():
    """An alert that becomes pending is printed as a line with value and condition."""
    with served("--simulate", "--context", "fast", "--fault", "CriticalToolErrorRate") as (process, _):
        assert process.stdout is not None
        found = {" ".join(line.split()[1:]) for line, _ in zip(process.stdout, range(2), strict=False)}
        for name, condition in (("HighToolErrorRate", "> 5%"), ("CriticalToolErrorRate", "> 15%")):
            pattern = rf"{name} pending: Tool error rate \d+(\.\d+)?%, {condition}"
            assert any(re.fullmatch(pattern, line) for line in found), found


def test_on_a_terminal_it_draws_a_table():
    """The table has signals, values and alerts; Ctrl-C ends it with exit status 0."""
    main, end = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "160", "LINES": "50"}
    command = [*COMMAND, "--port", "0", "--simulate", "--context", "fast"]
    with subprocess.Popen(command, cwd=ROOT, stdout=end, stderr=end, env=env) as process:
        os.close(end)
        impatience = threading.Timer(PATIENCE, process.kill)  # ends the loop that reads
        impatience.start()
        text, row = "", re.compile(r"Cache hit rate +\d+(\.\d+)?% +warning < 40%  critical < 20%")
        while more := read(main):
            is_drawn = row.search(text)
            text += STYLE.sub("", more.decode(errors="replace"))
            if not is_drawn and row.search(text):
                process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0, text
        impatience.cancel()
        os.close(main)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # on Linux: the other end is closed
        return b""


def test_faults_are_listed():
    """The names of all faults are printed to stdout, one per line."""
    names = victor_mon(ROOT, "serve", "--fault", "list", "--spec", CHECKOUT).out.splitlines()
    assert {"CheckoutSlow", "target-down", "metric-missing:checkout_queue_depth"} <= set(names)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])  # noqa: S104 - refused
def test_other_machines_are_kept_out(host):
    """An address that other machines can reach needs `--allow-remote`."""
    outcome = victor_mon(ROOT, "serve", "--simulate", "--host", host)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == (
        f"victor-mon: other machines can connect to `{host}`, without a password\n"
        "hint: allow it: --allow-remote\n"
    )


def test_other_machines_are_let_in_on_request():
    """With `--allow-remote` it listens on every address of this machine."""
    with served("--simulate", "--allow-remote", "--host", "0.0.0.0") as (_, urls):  # noqa: S104 - meant
        assert "victor_system_threads " in get(urls[0])


@pytest.mark.parametrize(
    ("options", "message", "help_"),
    [
        ("--fault NoSuch", "--fault needs a simulation", "add --simulate"),
        ("--simulate --fault HighMemoryUsag", "no fault `HighMemoryUsag`", "did you mean `HighMemoryUsage`?"),
        ("--context fst", "there is no context `fst`", "did you mean `fast`?"),
        (
            f"--spec {CHECKOUT}",
            "no package provides metrics of `checkout`",
            "simulate it from its spec: --simulate",
        ),
    ],
)
def test_an_impossible_request_is_refused(options, message, help_):
    """The exit status is 2, and the hint names the correction."""
    outcome = victor_mon(ROOT, "serve", *options.split())
    assert (outcome.status, outcome.out) == (2, "")
    first_line, help_line = outcome.err.splitlines()
    assert message in first_line
    assert help_line == f"hint: {help_}"


def test_one_of_several_specs_is_named(tmp_path):
    """One service is served: with several specs the hint is to name one."""
    folder = project(tmp_path / "shop")
    (folder / "specs/other.yaml").write_text((folder / SPEC).read_text("utf-8"), "utf-8")
    outcome = victor_mon(folder, "serve")
    assert outcome.status == 2
    assert outcome.err.endswith("hint: name one: --spec FILE\n")


def test_a_spec_with_errors_is_not_served(tmp_path):
    """Its findings are printed, and the exit status is 1."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("victor_mon: 1\n", encoding="utf-8")
    outcome = victor_mon(tmp_path, "serve", "--simulate", "--spec", str(broken))
    assert outcome.status == 1
    assert "broken.yaml:1:1: error[" in outcome.err


def test_a_port_that_is_taken():
    """The hint names the option that selects a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = in_own_process(ROOT, "serve", "--simulate", "--port", str(port))
    assert outcome.status == 2
    assert outcome.err == (
        f"victor-mon: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "hint: `--port 0` selects a free one\n"
    )


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_a_missing_package_is_named(package):
    """The hint is the extra that installs it."""
    code = (
        f"import sys; sys.modules['{package}'] = None; sys.argv = ['victor-mon', 'serve', '--simulate']\n"
        "from victor_monitoring.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert run.returncode == 2
    assert run.stderr == (
        f'victor-mon: the package `{package}` is missing\nhint: pip install "victor-monitoring[serve]"\n'
    )


def test_other_commands_do_not_import_the_server():
    """A command imports only the packages that it needs."""
    code = (
        "import sys; sys.argv = ['victor-mon', '--help']\n"
        "from victor_monitoring.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([each for each in ('fastapi', 'uvicorn', 'psutil') if each in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert run.stdout.splitlines()[-1] == "[]"
