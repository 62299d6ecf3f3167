"""Commands in unusual environments: other terminals, closed pipes, other folders, several specs."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, SPEC, edit, in_own_process, project, tree, victor_mon
from tests.git import track

CHECKOUT = ROOT / "tests" / "checkout.yaml"
ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
# Fails if a command opens a socket, starts a program, or runs code of the repository that it reads.
GUARD = """\
import os, sys
def hook(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork")):
        raise SystemError(event)
    if event == "exec" and arguments[0].co_filename.startswith(os.getcwd()):
        raise SystemError(arguments[0].co_filename)
from victor_monitoring.cli import main
sys.addaudithook(hook)
main()
"""


@functools.cache
def with_streams(line: str, *redirections: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in another process with redirections of the shell; return the same for the same."""
    command = f'exec "$0" -m victor_monitoring {line} {" ".join(redirections)}'
    return subprocess.run(["sh", "-c", command, sys.executable], cwd=ROOT, capture_output=True, check=False)


@pytest.mark.parametrize("line", ["schema", "explain memory", "check --format json"])
def test_a_closed_pipe_is_silent(line: str) -> None:
    """A reader that closes the pipe, such as `head`, causes no traceback."""
    command = [sys.executable, "-m", "victor_monitoring", *line.split()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("line", ["schema", "explain memory", "check --format json", "--version"])
def test_a_full_disk_is_reported(line: str) -> None:
    """Output that cannot be printed is a broken environment, however short it is."""
    env = {**os.environ, "PYTHONUNBUFFERED": ""}  # what is left in a buffer must not fail again at the exit
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "victor_monitoring", *line.split()],
            cwd=ROOT, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert run.returncode == 2
    assert (
        run.stderr == "victor-mon: cannot print: No space left on device\nhint: send the output elsewhere\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("line", ["validate", "diff --context nowhere", "verify --metrics-url nowhere"])
def test_messages_that_cannot_be_printed(line: str) -> None:
    """A command that cannot print why it fails still exits with 2."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "victor_monitoring", *line.split()]
        run = subprocess.run(command, cwd=ROOT, stdout=-3, stderr=full, check=False)
    assert run.returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows starts no process without its streams")
@pytest.mark.parametrize("line", ["verify --metrics-file -", "apply --context nowhere", "validate"])
def test_a_closed_input_is_empty(line: str) -> None:
    """A command without stdin behaves as with an empty one."""
    runs = [with_streams(line, each) for each in ("</dev/null", "<&-")]
    assert b"Traceback" not in runs[1].stderr
    assert [runs[0].returncode, runs[0].stdout, runs[0].stderr] == [
        runs[1].returncode,
        runs[1].stdout,
        runs[1].stderr,
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows starts no process without its streams")
@pytest.mark.parametrize("closed", ["1", "2", "1 2"])
@pytest.mark.parametrize("line", ["schema", "explain memory", "validate --format json", "validate"])
def test_a_closed_stream_is_silent(line: str, closed: str) -> None:
    """A command with stdout or stderr closed does its work, and does not mix the two."""
    whole, run = with_streams(line), with_streams(line, *(f"{number}>&-" for number in closed.split()))
    assert run.returncode == whole.returncode == 0
    assert run.stdout == (b"" if "1" in closed else whole.stdout)
    assert run.stderr == (b"" if "2" in closed else whole.stderr)


@pytest.mark.parametrize("line", ["validate", "check", "diff --from HEAD", "verify --context prod"])
def test_a_link_that_leads_to_itself(line: str, tmp_path: Path) -> None:
    """A link to itself is reported as such, not as a failure to print."""
    folder = project(tmp_path)
    (folder / SPEC).unlink()
    (folder / SPEC).symlink_to(SPEC.name)
    ended = victor_mon(folder, *line.split())
    assert ended.status == 2
    assert SPEC.name in ended.err
    assert "cannot print" not in ended.err


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that is in use")
def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A command in a removed folder reports that the spec is missing."""
    gone = tmp_path / "gone"
    gone.mkdir()
    command = 'rmdir "$1" && exec "$0" -m victor_monitoring validate --spec specs/a.yaml'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        ["sh", "-c", command, sys.executable, str(gone)], cwd=gone, env=env, capture_output=True, check=False
    )
    assert (run.returncode, b"Traceback" in run.stderr, b"cannot print" in run.stderr) == (2, False, False)
    assert b"specs/a.yaml" in run.stderr


@pytest.mark.parametrize(
    "line", ["explain VM101", "schema", "schema --reference", "check", "generate --help", "test --list"]
)
def test_python_that_strips_docstrings(line: str) -> None:
    """With `-OO` a command prints the same: checks, keys and commands are documented by docstrings."""
    runs = [in_own_process(ROOT, *line.split(), env={"PYTHONOPTIMIZE": level}) for level in ("0", "2")]
    assert runs[0].status == 0
    assert runs[0] == runs[1]


def test_a_service_whose_python_strips_docstrings() -> None:
    """With `-OO` the OpenAPI document of the REST API describes its models as ever."""
    script = """\
import json, fastapi, victor_monitoring
app = fastapi.FastAPI()
victor_monitoring.register_performance_routes(app)
print(json.dumps(app.openapi()))
"""
    documents = [
        json.loads(subprocess.check_output([sys.executable, *flags, "-c", script], cwd=ROOT))
        for flags in ([], ["-OO"])
    ]
    assert "description" in documents[0]["components"]["schemas"]["AlertModel"]
    assert documents[0] == documents[1]


def test_a_terminal_that_shows_ascii_only(tmp_path: Path) -> None:
    """A spec in Unicode is rendered in any locale, and printed with escapes if the terminal needs them."""
    folder = project(tmp_path)
    edit(folder / SPEC, "title: Victor AI Performance", "title: Leistung überall 性能")
    assert in_own_process(folder, "generate", env=ASCII_ONLY).status == 0
    assert "Leistung überall 性能" in tree(folder)["generated/victor-performance.json"].decode()
    edit(folder / SPEC, "title: Leistung überall 性能", "title: [Leistung, überall]")
    ended = in_own_process(folder, "validate", env=ASCII_ONLY)
    assert ended.status == 1
    assert "\\xfcberall" in ended.out


def test_a_spec_in_no_repository_has_its_own_folder_as_root(tmp_path: Path) -> None:
    """The files of a spec outside any repository are written below the spec's own folder."""
    shutil.copy(CHECKOUT, tmp_path / "mine.yaml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert victor_mon(elsewhere, "generate", "--spec", "../mine.yaml").status == 0
    assert (tmp_path / "generated" / "checkout-alerts.yaml").is_file()
    assert tree(elsewhere) == {}
    assert victor_mon(tmp_path, "check", "--spec", "mine.yaml").status == 0


def test_two_specs_share_a_repository(tmp_path: Path) -> None:
    """All specs in `specs/` are rendered by default; a run for one of them leaves the other's files alone."""
    folder = project(tmp_path)
    shutil.copy(CHECKOUT, folder / "specs" / "checkout.yaml")
    assert victor_mon(folder, "generate").status == 0
    track(folder)
    both = tree(folder)
    assert {"generated/performance-alerts.yaml", "generated/checkout-alerts.yaml"} <= both.keys()
    assert victor_mon(folder, "generate", "--spec", str(SPEC)).status == 0
    assert tree(folder) == both
    (folder / "specs" / "checkout.yaml").unlink()
    assert victor_mon(folder, "check").status == 1
    assert victor_mon(folder, "generate").status == 0
    assert [path for path in tree(folder) if "checkout" in path] == []


def test_findings_and_drift_are_one_document(tmp_path: Path) -> None:
    """`check --format json` prints warnings about the spec and drift as one document."""
    folder = project(tmp_path)
    edit(folder / SPEC, "budget: {series: 5000}", "budget: {series: 5000}\nchecks: {unshown-alert: warning}")
    edit(folder / SPEC, "        - {title: Memory Usage, type: timeseries, signal: memory}\n", "")
    ended = victor_mon(folder, "check", "--format", "json")
    patterns = {each["name"] for each in json.loads(ended.out)["diagnostics"]}
    assert ended.status == 1
    assert patterns == {"unshown-alert", "drift"}


def test_a_choice_that_renders_nothing(tmp_path: Path) -> None:
    """If an output has no file in a context, `generate` reports that instead of zero files."""
    ended = victor_mon(project(tmp_path), "generate", "--context", "prod", "--only", "registry")
    assert (ended.status, ended.err) == (0, "nothing to render\n")


@pytest.mark.parametrize("line", ["validate", "generate", "check", "explain memory", "schema"])
def test_nothing_but_the_spec_is_trusted(line: str, tmp_path: Path) -> None:
    """No command opens a socket, starts a program, or runs code of an untrusted repository."""
    folder = project(tmp_path)
    trap = "raise SystemExit(3)\n"
    for name in ("yaml", "typer", "grafanalib", "sitecustomize", "victor_monitoring/victor/registry"):
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(trap, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-P", "-c", GUARD, *line.split(), *(["--force"] if line == "generate" else [])],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == (1 if line == "check" else 0), run.stderr
    assert "Error:" not in run.stderr  # names of alerts contain `Error` too
