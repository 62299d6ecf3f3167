"""The search for programs, and the messages about missing ones."""

from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from tests import programs

pytest_plugins = ["pytester"]


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH, empty; `.tools` is next to it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(programs.VARIABLE, raising=False)
    monkeypatch.setattr(programs, "TOOLS", tmp_path / ".tools")
    return folder


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def test_path_comes_first(bin_folder):
    """A program on PATH is taken before the one in `.tools/`."""
    executable(programs.TOOLS / "prometheus/usr/bin/promtool")
    on_path = executable(bin_folder / "promtool")

    assert programs.program("promtool") == on_path


def test_a_named_folder_is_the_only_one(bin_folder, monkeypatch, capsys):
    """With TEST_PROGRAMS, a program not in its folder is missing, and nothing is fetched."""
    executable(bin_folder / "promtool")
    folder = bin_folder.parent / "newer"
    named = executable(folder / "prometheus")
    monkeypatch.setenv(programs.VARIABLE, str(folder))

    assert programs.program("prometheus") == named
    named.write_text("#!/bin/sh\necho prometheus, version 3.14.0 >&2\n", encoding="utf-8")
    assert programs.version(named) == "3.14.0"
    assert programs.main() == 2
    assert capsys.readouterr().err == f"`promtool` is not in {folder}, which TEST_PROGRAMS names\n"


def test_packed_programs_are_unpacked_once(bin_folder, tmp_path):
    """A program is unpacked completely and executable; an existing one is not replaced."""
    for name in programs.PACKAGES:
        (tmp_path / f"{name}.xz").write_bytes(lzma.compress(f"#!/bin/sh\necho {name}\n".encode()))

    assert programs.unpack_all(tmp_path) == 0
    before = (programs.TOOLS / "unpacked/amtool").stat().st_mtime_ns
    assert programs.unpack_all(tmp_path) == 0

    unpacked = programs.TOOLS / "unpacked/amtool"
    assert unpacked.stat().st_mtime_ns == before
    assert subprocess.run([unpacked], capture_output=True, text=True, check=True).stdout == "amtool\n"


def test_debian_name_is_looked_for_on_path(bin_folder):
    """Debian calls Alertmanager `prometheus-alertmanager`; both names are searched for."""
    on_path = executable(bin_folder / "prometheus-alertmanager")

    assert programs.program("alertmanager") == on_path


def test_unpacked_alertmanager_finds_its_templates(bin_folder, monkeypatch):
    """A script starts the unpacked Alertmanager in the folder of its templates, with unchanged arguments."""
    unpacked = programs.TOOLS / "prometheus-alertmanager"
    binary = executable(unpacked / "usr/bin/prometheus-alertmanager")
    binary.write_bytes(b"#!/bin/sh\npwd; echo $1 /usr/share/prometheus/alertmanager\n")

    programs.relocate(unpacked)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # the shell's
    done = subprocess.run(
        [programs.program("alertmanager"), "--a"], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [str(unpacked), "--a usr//share/prometheus/alertmanager"]


def test_interrupted_fetch_is_not_taken_for_a_program(bin_folder):
    """A file left behind by a killed fetch is not used as a program."""
    executable(programs.TOOLS / "fetch-x1y2/prometheus/usr/bin/promtool")

    assert programs.missing_packages() == ["prometheus", "prometheus-alertmanager"]
    with pytest.raises(programs.MissingProgramError, match=r"run `python tests/programs\.py`"):
        programs.program("promtool")


@pytest.mark.parametrize(("platform", "remedy"), [("darwin", "brew install"), ("linux", "distribution")])
def test_without_apt_it_says_what_to_install(bin_folder, monkeypatch, capsys, platform, remedy):
    """Without apt the exit status is 2, and the message fits the platform."""
    monkeypatch.setattr(sys, "platform", platform)

    assert programs.main() == 2
    assert remedy in capsys.readouterr().err
    assert not programs.TOOLS.exists()


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "errors")])
def test_missing_program_skips_a_test_and_fails_it_in_ci(bin_folder, pytester, monkeypatch, ci, outcome):
    """A test that needs a missing program is skipped with the reason; with CI set it fails."""
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest("from tests.conftest import promtool")
    pytester.makepyfile("def test_rules(promtool): ...")

    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-rs")

    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*`promtool` is not on PATH: run `python tests/programs.py`*"])
