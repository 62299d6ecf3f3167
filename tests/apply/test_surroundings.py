"""`victor-mon apply` on a terminal, interrupted, without its dependencies, and with secrets."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.apply.proxy import Fault, Request, Wire, proxy
from tests.apply.test_http import ScriptedServer, says
from tests.apply.world import SPEC, World, paths
from tests.cli.commands import ROOT, Outcome, edit, victor_mon
from tests.end_to_end.live import until
from tests.programs import program
from victor_monitoring.live.prometheus.api import rules_of

CANARY = "canary-7d31-token"
WITHOUT_GRAFANA_CLIENT = """\
import sys
sys.modules["grafana_client"] = None
from victor_monitoring.cli import main
sys.argv = ["victor-mon", *sys.argv[1:]]
main()
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **paths(), "PYTHONPATH": str(ROOT), **more}


def on_terminal(world: World, answer: str) -> tuple[int, str]:
    """Apply on a terminal with this answer to the prompt; return the exit status and all output."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "victor_monitoring", "apply", "--context", "prod"]
    with subprocess.Popen(
        command, cwd=world.folder, env=environment(), stdin=terminal, stdout=terminal, stderr=terminal
    ) as run:
        os.close(terminal)
        shown = b""
        is_asked = False
        while True:
            try:
                part = os.read(controller, 4096)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            shown += part
            if b"[y/N]" in shown and not is_asked:
                is_asked = True
                os.write(controller, f"{answer}\n".encode())
        status = run.wait(timeout=60)
    os.close(controller)
    assert is_asked
    return status, shown.decode()


def test_a_terminal_is_asked(brewery: World) -> None:
    """Yes applies; any other answer applies nothing, with exit status 1."""
    status, shown = on_terminal(brewery, "")
    assert (status, brewery.loaded(), "nothing was applied" in shown) == (1, {}, True)
    assert "Apply this to prod (1 to add, 1 to change)?" in shown
    status, shown = on_terminal(brewery, "y")
    assert status == 0, shown
    assert brewery.loaded()


def test_without_a_terminal_yes_is_needed(brewery: World) -> None:
    """Without a terminal the plan is shown, and nothing is applied unless `--yes` is given."""
    refused = brewery.run("apply", "--context", "prod")
    assert (refused.status, brewery.loaded()) == (2, {})
    assert "1 to add, 1 to change" in refused.out
    assert "add --yes" in refused.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_while_a_system_reloads(brewery: World, how: signal.Signals) -> None:
    """An interruption is a failure: begun changes are undone completely, and the state is reported."""
    process: list[subprocess.Popen[bytes]] = []

    def judge(request: Request) -> Fault:
        if request.method == "POST":
            process[0].send_signal(how)
        return ""

    wire = Wire(judge=judge)
    with proxy("prometheus", brewery.prometheus.url, wire) as url:
        brewery.write_spec(SPEC.read_text(encoding="utf-8"), prometheus=url)
        command = [sys.executable, "-m", "victor_monitoring", "apply", "--context", "prod", "--yes"]
        with subprocess.Popen(command, cwd=brewery.folder, env=environment(), stdout=-3, stderr=-1) as run:
            process.append(run)
            _, messages = run.communicate(timeout=60)
    assert run.returncode == 2
    assert "victor-mon: interrupted" in messages.decode()
    assert f"prometheus {url}: {brewery.rules_file}: undone, as before" in messages.decode()
    assert (brewery.rules_file.exists(), brewery.loaded()) == (False, {})
    assert "Traceback" not in messages.decode()
    assert [each.method for each in wire.requests].count("POST") == 2


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_closed_messages(brewery: World, is_interrupted: bool) -> None:
    """A run whose stderr is closed meanwhile is completed, or undone if it is interrupted."""
    process: list[subprocess.Popen[bytes]] = []

    def judge(request: Request) -> Fault:
        if request.method == "POST" and process[0].stderr is not None:
            process[0].stderr.close()
            if is_interrupted:
                process[0].send_signal(signal.SIGTERM)
        return ""

    with proxy("prometheus", brewery.prometheus.url, Wire(judge=judge)) as url:
        brewery.write_spec(SPEC.read_text(encoding="utf-8"), prometheus=url)
        command = [sys.executable, "-m", "victor_monitoring", "apply", "--context", "prod", "--yes"]
        with subprocess.Popen(command, cwd=brewery.folder, env=environment(), stdout=-3, stderr=-1) as run:
            process.append(run)
            run.wait(timeout=60)
    assert (run.returncode == 2, brewery.loaded() == {}) == (is_interrupted, is_interrupted)


def test_missing_dependencies(brewery: World) -> None:
    """Without grafana-client, promtool or amtool the command says how to install it, and changes nothing."""
    command = [sys.executable, "-c", WITHOUT_GRAFANA_CLIENT, "apply", "--context", "prod", "--yes"]
    written = brewery.spec.read_text(encoding="utf-8")
    edit(brewery.spec, "    targets:\n", "    targets:\n      - grafana: {url: 'http://127.0.0.1:9'}\n")
    run = subprocess.run(
        command, cwd=brewery.folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert (run.returncode, 'pip install "victor-monitoring[apply]"' in run.stderr) == (2, True)
    brewery.spec.write_text(written, encoding="utf-8")
    bare = brewery.run("apply", "--context", "prod", "--yes", env={"PATH": "/usr/bin:/bin"})
    assert (
        bare.status,
        "`promtool` is not on PATH" in bare.err or "`amtool` is not on PATH" in bare.err,
    ) == (2, True)
    assert brewery.loaded() == {}


@pytest.mark.parametrize(
    ("limit", "message"), [(1, "choose a folder with free space: TMPDIR="), (200, "free some space")]
)
def test_a_disk_that_is_full(brewery: World, limit: int, message: str) -> None:
    """A full disk, for the files of promtool or of amtool, is reported, and nothing is changed."""
    text = brewery.config.read_text(encoding="utf-8") + "# a line of the host's\n" * 20_000
    brewery.config.write_text(text, encoding="utf-8")
    line = f'ulimit -f {limit}; exec "$0" -m victor_monitoring apply --context prod --yes'
    run = subprocess.run(
        ["sh", "-c", line, sys.executable],
        cwd=brewery.folder, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, message in run.stderr) == (2, True), run.stderr
    assert (brewery.config.read_text(encoding="utf-8"), brewery.loaded()) == (text, {})
    assert list(brewery.config.parent.glob(".victor-mon-*")) == []


def test_invalid_specs_and_contexts_are_not_applied(brewery: World) -> None:
    """A spec with errors, stale files, an unknown context and one without targets are refused."""
    refused = brewery.command("apply", "--context", "prd", "--yes")
    assert (refused.status, "did you mean `prod`?" in refused.err) == (2, True)
    edit(brewery.spec, "> 60%", "> 65%")
    refused = brewery.apply()
    assert (refused.status, refused.out) == (1, "")
    assert "brew-alerts.yaml: differs" in refused.err
    assert "victor-mon generate" in refused.err
    edit(brewery.spec, "> 65%", "> 65")
    refused = brewery.apply()
    assert (refused.status, "VM210" in refused.err or "error[" in refused.err) == (1, True)
    edit(brewery.spec, "> 65", "> 65%")
    text = brewery.spec.read_text(encoding="utf-8")
    brewery.write_spec(text[: text.index("    targets:")] + "\n")
    refused = brewery.apply()
    assert (refused.status, "the context `prod` has no targets" in refused.err) == (2, True)
    assert brewery.loaded() == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('rules_dir: "{rules}"', 'rules_dir: "{rules}-none"', "is no directory"),
        ('rules_dir: "{rules}"', 'rules_dir: "{rules}", file: brew.yml', "reads no rule file `brew.yml`"),
        (
            'config: "{config}"',
            'config: "{config}-none"',
            "does not exist, and the spec renders a part of it only",
        ),
        ('url: "{alertmanager}"', 'url: "{prometheus}"', "the address of its API"),
    ],
)
def test_a_failed_preflight(brewery: World, old: str, new: str, message: str) -> None:
    """A failed preflight is reported, and no target is changed."""
    places = {
        "rules": brewery.rules,
        "config": brewery.config,
        "alertmanager": brewery.alertmanager,
        "prometheus": brewery.prometheus.url,
    }
    for name, value in places.items():
        old, new = (each.replace(f"{{{name}}}", str(value)) for each in (old, new))
    text = brewery.spec.read_text(encoding="utf-8").replace(old, new, 1)
    brewery.spec.write_text(text, encoding="utf-8")
    assert brewery.command("generate").status == 0
    refused = brewery.apply()
    assert (refused.status, brewery.loaded(), list(brewery.rules.iterdir())) == (2, {}, [])
    assert message in refused.err


def test_modes_and_owners_are_kept(brewery: World) -> None:
    """The mode of a configuration is kept, and a link to it remains a link."""
    brewery.config.chmod(0o600)
    real = brewery.config.with_name("real.yml")
    brewery.config.rename(real)
    brewery.config.symlink_to(real.name)
    try:
        assert brewery.apply().status == 0
        assert brewery.config.is_symlink()
        assert real.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in brewery.config.parent.glob("*.tmp")] == []
    finally:
        brewery.config.unlink()
        real.rename(brewery.config)


def test_a_secret_that_is_a_word(brewery: World) -> None:
    """A weak password that is a word in the output of programs does not disturb reading that output."""
    text = SPEC.read_text(encoding="utf-8").replace('url: "ALERT', 'token: {env: WORD}, url: "ALERT')
    brewery.write_spec(text)
    applied = brewery.run("apply", "--yes", "--context", "prod", env={"WORD": "pager"})
    assert applied.status == 0, applied.out + applied.err
    assert "pager" not in applied.out + applied.err


def test_messages_of_a_server_are_sanitised(tmp_path: Path) -> None:
    """Findings contain neither secrets nor terminal control characters of a server's message."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "specs").mkdir()
    base, _, _ = SPEC.read_text(encoding="utf-8").partition("contexts:")
    spec = tmp_path / "specs" / "brew.yaml"
    spec.write_text(base, encoding="utf-8")
    assert victor_mon(tmp_path, "generate").status == 0
    rules = rules_of((tmp_path / "generated" / "brew-alerts.yaml").read_text(encoding="utf-8"))
    loaded = [
        {
            "type": each.kind,
            "duration": each.pending,
            "health": "err",
            "lastEvaluation": "now",
            "lastError": f"no \x1b[2J {CANARY}",
            **{key: getattr(each, key) for key in ("group", "name", "query", "labels", "annotations")},
        }
        for each in rules
    ]
    groups = [
        {
            "file": "a",
            "interval": 0.5,
            "name": name,
            "rules": [each for each in loaded if each["group"] == name],
        }
        for name in dict.fromkeys(each["group"] for each in loaded)
    ]
    body = json.dumps({"status": "success", "data": {"groups": groups, "result": [1]}})
    server = ScriptedServer(says(200, body))
    target = f"prometheus: {{url: '{server.url}', token: {{env: TOKEN}}}}"
    spec.write_text(f"{base}contexts:\n  live:\n    targets: [{target}]\n", encoding="utf-8")
    for how in ("text", "json"):
        found = victor_mon(tmp_path, "verify", "--context", "live", "--format", how, env={"TOKEN": CANARY})
        assert (found.status, "MuchFoam` is not healthy: no" in found.out) == (1, True), found.out + found.err
        assert CANARY not in found.out + found.err
        assert "\x1b" not in found.out + found.err
    server.close()


def test_secrets_go_to_their_headers_only(brewery: World, tmp_path: Path) -> None:
    """Live systems receive the tokens; no output, file, temporary file or argument contains them."""
    seen = tmp_path / "seen"
    spies(tmp_path / "bin", seen)
    wire = Wire()
    with (
        proxy("prometheus", brewery.prometheus.url, wire) as prometheus,
        proxy("alertmanager", brewery.alertmanager, wire) as alertmanager,
    ):
        text = SPEC.read_text(encoding="utf-8").replace('url: "PRO', 'token: {env: TOKEN}, url: "PRO')
        text = text.replace('url: "ALERT', 'username: me, password: {file: secret.txt}, url: "ALERT')
        brewery.write_spec(text, prometheus=prometheus, alertmanager=alertmanager)
        brewery.folder.joinpath("secret.txt").write_text(f"{CANARY}-2\n", encoding="utf-8")
        path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
        env = {"PATH": path, "TOKEN": f"{CANARY}-1", "TMPDIR": str(tmp_path)}
        outcomes: list[Outcome] = []

        def succeeds(line: str) -> bool:
            outcomes.append(brewery.run(*line.split(), "--context", "prod", env=env))
            return outcomes[-1].status == 0

        for line in ("apply --yes", "verify", "apply --yes --format json"):
            until(partial(succeeds, line))  # a busy machine may miss a scrape
        wire.judge = lambda request: "500" if request.method == "POST" else ""
        brewery.edit("> 60%", "> 70%")
        outcomes.append(brewery.run("apply", "--yes", "--context", "prod", env=env))
    brewery.folder.joinpath("secret.txt").unlink()
    assert outcomes[-1].status == 2, outcomes
    assert wire.credentials == {
        ("prometheus", f"Bearer {CANARY}-1"),
        ("alertmanager", "Basic bWU6Y2FuYXJ5LTdkMzEtdG9rZW4tMg=="),
    }
    written = [
        each
        for folder in (brewery.folder, brewery.rules, brewery.config.parent, tmp_path)
        for each in folder.rglob("*")
    ]
    places = {str(each): each.read_bytes() for each in written if each.is_file()}
    assert any("check-config" in text.decode("utf-8", "replace") for text in places.values())
    for hidden in (CANARY, "bWU6Y2FuYXJ5LTdkMzEtdG9rZW4", "canary-host-smtp"):
        for outcome in outcomes:
            assert hidden not in outcome.out + outcome.err
        found = {name for name, text in places.items() if hidden.encode() in text}
        if hidden == "canary-host-smtp":  # the host's own: in its file, and in the copy for amtool
            found = {name for name in found if not name.endswith(".yml")}
        assert found == set()


def spies(folder: Path, seen: Path) -> None:
    """Write programs of the usual names that record their arguments and copy the files passed to them."""
    folder.mkdir()
    seen.mkdir()
    for name in ("promtool", "amtool"):
        spy = folder / name
        script = f"""\
            #!/bin/sh
            echo "$0 $@" >> {shlex.quote(str(seen))}/arguments
            for each in "$@"; do
                if [ -f "$each" ]; then cp "$each" {shlex.quote(str(seen))}/$$-$(basename "$each"); fi
            done
            exec {shlex.quote(str(program(name)))} "$@"
            """
        spy.write_text("\n".join(line.strip() for line in script.splitlines()), encoding="utf-8")
        spy.chmod(0o755)
