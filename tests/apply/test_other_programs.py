"""Programs of another version than the system that runs: the message names both, and its hint works."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.fake import Brewery, brewery
from tests.apply.server import Received, Reply, listening
from tests.cli.commands import edit

HOST = """\
route:
  receiver: host
receivers:
- name: host
  msteamsv2_configs:
  - webhook_url_file: /run/teams
"""
# It refuses the files in which the pattern is found, as the programs of Prometheus and Alertmanager do.
PROGRAM = """\
#!/bin/sh
case "$*" in
*--version*) echo "{name}, version {version} (branch: HEAD)";;
*routes*) echo brew/prod/chat,brew/prod/pager;;
*) for last; do :; done
   if grep -q "{refused}" "$last"; then
     printf "Checking '%s'  FAILED: line 5: field {refused} not found\\n" "$last"
     echo "{name}: error: failed to validate 1 file(s)" >&2
     exit 1
   fi;;
esac
"""
PAGER = {"severities": ["critical"], "webhook_configs": [{"url": "http://127.0.0.1:9/pager"}]}


def install(folder: Path, name: str, version: str, refused: str = "nothing-of-it") -> str:
    """Write a program that refuses texts with `refused`, and return the PATH on which it is found first."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(PROGRAM.format(name=name, version=version, refused=refused), encoding="utf-8")
    path.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


@contextlib.contextmanager
def alertmanager(config: Path, version: str) -> Iterator[str]:
    """Serve an Alertmanager that always has its file loaded, and yield its address."""

    def answer(received: Received) -> Reply:
        text = config.read_text(encoding="utf-8")
        status = {"config": {"original": text}, "versionInfo": {"version": version}}
        return Reply(200, json.dumps(status), {"Content-Type": "application/json"})

    with listening(answer) as server:
        yield server.url


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Brewery]:
    """Return a brewery whose context is applied to an Alertmanager 0.28 with a receiver that is new there."""
    config = tmp_path / "repository" / "am" / "alertmanager.yml"
    config.parent.mkdir(parents=True)
    config.write_text(HOST, encoding="utf-8")
    with alertmanager(config, "0.28.1") as url:
        found = brewery(
            tmp_path, {"prod": {"alertmanager": {"url": url, "config": "am/alertmanager.yml"}}}, {}
        )
        receivers = json.dumps(
            {"chat": {"webhook_configs": [{"url": "http://127.0.0.1:9/chat"}]}, "pager": PAGER}
        )
        found.edit("{environment: prod}\n", f"{{environment: prod}}\n    receivers: {receivers}\n")
        yield found


def test_an_amtool_that_is_older_than_alertmanager(hosted: Brewery, tmp_path: Path) -> None:
    """The host's file is judged as it is first; with the amtool that the hint names the apply succeeds."""
    old = install(tmp_path / "old", "amtool", "0.25.0", "msteamsv2_configs")
    arguments = ("apply", "--context", "prod", "--yes", "--timeout", "5")
    refused = hosted.command(*arguments, path=old)
    assert refused.status == 2
    assert (
        "amtool refuses `am/alertmanager.yml` as it is now, without the rendered part: line 5: field "
        "msteamsv2_configs not found\n" in refused.err
    )
    assert "hint: this is amtool 0.25.0, and Alertmanager 0.28.1 runs at `http://" in refused.err
    assert "put the amtool of 0.28.1 first on PATH" in refused.err
    applied = hosted.command(*arguments, path=install(tmp_path / "new", "amtool", "0.28.1"))
    assert (applied.status, applied.err) == (0, applied.err)


def test_a_rendered_part_that_amtool_refuses_in_the_host(hosted: Brewery, tmp_path: Path) -> None:
    """If amtool accepts the file as it is and refuses it with the rendered part, the spec is at fault."""
    path = install(tmp_path / "picky", "amtool", "0.28.1", "brew/prod/chat")
    # The rendered part alone is accepted: only the host's file has this receiver.
    edit(tmp_path / "picky" / "amtool", "if grep -q", 'if grep -q msteamsv2 "$last" && grep -q')
    refused = hosted.command("apply", "--context", "prod", "--yes", path=path)
    assert refused.status == 2
    assert (
        "amtool refuses `am/alertmanager.yml` with the rendered part, and accepts it as it is now"
        in refused.err
    )
    assert "hint: correct the receivers and inhibitions of the spec" in refused.err


def test_a_promtool_that_is_older_than_prometheus(hosted: Brewery, tmp_path: Path) -> None:
    """A promtool that is older than the declared Prometheus is named with the version to install."""
    install(tmp_path / "old", "promtool", "2.42.0", "brew_foam_bytes")
    path = install(tmp_path / "old", "amtool", "0.28.1")
    config = str(hosted.folder / "am")
    hosted.edit("select: {job: brew}}", 'select: {job: brew}, prometheus: "3.14"}')
    targets = f'- prometheus: {{url: "http://127.0.0.1:9", rules_dir: "{config}"}}'
    hosted.edit("    targets: [", f"    targets: [{targets[2:]}, ")
    refused = hosted.command("apply", "--context", "prod", "--yes", path=path)
    assert refused.status == 2
    assert "promtool 2.42.0 refuses a rendered file" in refused.err
    assert "hint: put the promtool of Prometheus 3.14 or newer first on PATH" in refused.err
    install(tmp_path / "old", "promtool", "3.14.0")
    accepted = hosted.command("apply", "--context", "prod", "--yes", "--timeout", "1", path=path)
    assert "promtool" not in accepted.err
