"""Files of a host that have more than their text: attributes, links, mounts. `apply` keeps all of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.apply.fake import Brewery, as_json
from tests.apply.server import Received, Reply, listening
from tests.apply.world import SPEC
from tests.file_kinds import KINDS, Kind, killed, made, open_folder, state
from victor_monitoring.live.apply.files import ReloadedFile, put
from victor_monitoring.live.apply.target import LiveState, step

pytestmark = pytest.mark.skipif(os.name == "nt", reason="attributes and mounts of POSIX")
HOST = "# ours\nroute:\n  receiver: host\nreceivers:\n- name: host\n"
# Accepts every configuration, and routes every alert to both receivers.
AMTOOL = "#!/bin/sh\n[ $1 = check-config ] || echo brew/prod/pager,brew/prod/chat\n"


@dataclass
class Alertmanager:
    """A fake Alertmanager, which loads the file on request, unless it is `deaf` to the request."""

    path: Path
    loaded: str = HOST
    deaf: bool = False
    before_reload: Callable[[], None] = lambda: None

    def answer(self, received: Received) -> Reply:
        """Return the answer to a request."""
        if received.method == "POST":
            self.before_reload()
            if not self.deaf:
                self.loaded = self.path.read_text(encoding="utf-8")
            return Reply(200)
        return as_json(200, {"config": {"original": self.loaded}})


@dataclass(frozen=True)
class Host:
    """A repository, and a host's configuration of Alertmanager."""

    brewery: Brewery
    alertmanager: Alertmanager

    @property
    def config(self) -> Path:
        """The path of the configuration."""
        return self.alertmanager.path


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Yield a host, before anything is applied to it; other users may enter its folder."""
    with open_folder() as folder:
        config, programs = folder / "host" / "alertmanager.yml", folder / "programs"
        for each in (config.parent, programs, folder / "repository" / "specs", folder / "state"):
            each.mkdir(parents=True)
        (folder / "state").chmod(0o777)
        (programs / "amtool").write_text(AMTOOL)
        (programs / "amtool").chmod(0o755)
        config.write_text(HOST, encoding="utf-8")
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        brewery = Brewery(folder / "repository", {})
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        alertmanager = Alertmanager(config)
        with listening(alertmanager.answer) as server:
            head, _, rest = SPEC.read_text(encoding="utf-8").partition("contexts:\n")
            part = rest.partition("  tasting:")[0]
            lines = [line for line in part.splitlines() if "prometheus:" not in line]
            text = "\n".join([head + "contexts:", *lines, ""])
            text = text.replace('"ALERTMANAGER"', f'"{server.url}"').replace('"CONFIG"', f'"{config}"')
            (brewery.folder / ".git").mkdir()
            brewery.spec.write_text(text, encoding="utf-8")
            outcome = brewery.command("generate")
            assert outcome.status == 0, outcome.err
            monkeypatch.setattr("tests.apply.fake.paths", lambda: {"PATH": path})
            yield Host(brewery, alertmanager)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_applied(host: Host, kind: Kind) -> None:
    """A file of a host is written with everything else as before, its inode included."""
    with made(kind, host.config) as others:
        was = state(host.config)
        applied = host.brewery.apply()
        assert applied.status == 0, applied.out + applied.err
        now = state(host.config)
        assert now == replace(was, content=now.content)
        assert "brew/prod/pager" in now.content.decode()
        assert [each.read_bytes() for each in others] == [now.content] * len(others)
        assert list(host.config.parent.glob(".*")) == []


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_undone(host: Host, kind: Kind) -> None:
    """After a failure the file is as before in everything, and only then the message says so."""
    host.alertmanager.deaf = True
    with made(kind, host.config):
        was = state(host.config)
        failed = host.brewery.apply("--timeout", "2")
        assert (failed.status, state(host.config)) == (2, was)
        assert f"{host.config}: undone, as before\n" in failed.err
        assert list(host.config.parent.glob(".*")) == []


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_killed(host: Host, kind: Kind) -> None:
    """A file that a killed run wrote in part is restored by the next run, which says so and applies."""
    host.brewery.apply("--dry-run")  # imports everything, which `nobody` may not do
    with made(kind, host.config) as others:
        was = state(host.config)
        killed(host.brewery.apply)
        assert state(host.config).content != was.content
        planned = host.brewery.apply("--dry-run")
        assert f"`{host.config}` was left half-written by a run that was killed" in planned.err
        assert state(host.config) == was
        applied = host.brewery.apply()
        assert applied.status == 0, applied.out + applied.err
        now = state(host.config)
        assert now == replace(was, content=now.content)
        assert [each.read_bytes() for each in others] == [now.content] * len(others)
        assert list(host.config.parent.glob(".*")) == []


def test_not_as_before(host: Host) -> None:
    """If something but the text is not restored, the message names it and does not say `as before`."""
    host.alertmanager.deaf = True

    def replace_file() -> None:
        other = host.config.with_name("other")
        other.write_bytes(host.config.read_bytes())
        other.replace(host.config)
        host.alertmanager.before_reload = lambda: None

    host.alertmanager.before_reload = replace_file
    failed = host.brewery.apply("--timeout", "2")
    assert f"{host.config}: undone, its content as before (not its inode)\n" in failed.err


def test_removed_and_undone(host: Host) -> None:
    """A removed file is restored with its attributes; its inode is another one, and the message says so."""
    path, text = host.config, HOST
    path.chmod(0o640)
    was = state(path)
    removed = step(str(path), text, None)
    file = ReloadedFile(path, "Prometheus", "", lambda: None, lambda _: True, was)
    path.with_name("other").hardlink_to(path)  # keeps the inode in use: no new file can get it
    put(path, text, None)
    file.restore(removed)
    assert state(path).attributes == was.attributes
    observed = file.observed(removed)
    assert (observed.state, observed.note) == (LiveState.CONTENT, "not its inode")


def test_a_link_to_a_mounted_file(host: Host) -> None:
    """A symbolic link to a file that is mounted by itself elsewhere remains one; the mount has the text."""
    mounts = next(each for each in KINDS if each.name == "mounted elsewhere")
    real = host.config.with_name("real.yml")
    host.config.rename(real)
    host.config.symlink_to(real.name)
    with made(mounts, real) as others:
        assert host.brewery.apply().status == 0
        assert host.config.is_symlink()
        assert "brew/prod/pager" in others[0].read_text(encoding="utf-8")


def test_neither_file_nor_folder_may_be_written(host: Host) -> None:
    """Without the right to write the file or its folder, nothing is changed."""
    host.brewery.apply("--dry-run")  # imports everything, which `nobody` may not do
    closed = next(each for each in KINDS if each.name.startswith("folder"))
    with made(closed, host.config):
        host.config.chmod(0o444)
        refused = host.brewery.apply()
        host.config.chmod(0o644)
    assert (refused.status, host.config.read_text(encoding="utf-8")) == (2, HOST)
    assert "may not be written by you" in refused.err
