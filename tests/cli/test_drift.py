"""`generate` and `check`: drift is found and repaired, and no file is lost."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, SPEC, edit, in_own_process, project, tree, victor_mon
from tests.git import track

RULES = "generated/performance-alerts.yaml"
DASHBOARD = "generated/victor-performance.json"


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """Create a repository with everything rendered."""
    folder = project(tmp_path / "repository")
    assert victor_mon(folder, "generate").status == 0
    return folder


def test_generate_makes_the_committed_files_byte_for_byte(rendered: Path) -> None:
    """The spec alone renders all the generated files of this repository, and `check` finds nothing."""
    files = tree(rendered)
    assert len(files) > 10
    committed = {name: (ROOT / name).read_bytes() for name in files}
    assert files == committed
    assert victor_mon(rendered, "check").status == 0


def test_a_changed_threshold_shows_in_rule_and_panel_and_is_written(rendered: Path) -> None:
    """`check` exits 1 with a diff of rule and panel; `generate` writes both."""
    edit(rendered / SPEC, 'when: "< 40%"', 'when: "< 35%"')
    found = victor_mon(rendered, "check")
    assert found.status == 1
    for path in (RULES, DASHBOARD):
        assert f"--- a/{path}" in found.out
    assert (
        '-    expr: job_kubernetes_namespace:victor_cache_hit_ratio:ratio_rate_5m{job="victor"} < 0.4'
        in found.out
    )
    assert (
        '+    expr: job_kubernetes_namespace:victor_cache_hit_ratio:ratio_rate_5m{job="victor"} < 0.35'
        in found.out
    )
    assert '+                "value": 0.35' in found.out
    assert "victor-mon generate" in found.out
    assert victor_mon(rendered, "generate").status == 0
    assert victor_mon(rendered, "check").status == 0


def test_check_prints_the_command_that_updates(rendered: Path) -> None:
    """The command at the end of `check` writes the files that were compared, to the same folder."""
    options = ["--spec", str(SPEC), "--out", "another place"]
    found = victor_mon(rendered, "check", *options)
    assert found.status == 1
    _, _, command = found.out.splitlines()[-1].partition(" to update: ")
    program, *arguments = shlex.split(command)
    assert (program, victor_mon(rendered, *arguments).status) == ("victor-mon", 0)
    assert victor_mon(rendered, "check", *options).status == 0


def test_hand_edit_lost_file_and_orphan_are_found_and_repaired(rendered: Path) -> None:
    """Each is reported with its kind; `generate` restores the first two and removes the third."""
    track(rendered)
    edit(rendered / RULES, "for: 5m", "for: 6m")
    (rendered / DASHBOARD).unlink()
    edit(rendered / SPEC, "registry: victor_monitoring/victor/registry.py", "registry: lib/registry.py")
    found = victor_mon(rendered, "check", "--format", "json")
    assert found.status == 1
    messages = {each["file"]: each["message"] for each in json.loads(found.out)["diagnostics"]}
    assert {RULES, DASHBOARD, "victor_monitoring/victor/registry.py", "lib/registry.py"} <= messages.keys()
    assert victor_mon(rendered, "generate").status == 0
    assert not (rendered / "victor_monitoring").exists()
    assert victor_mon(rendered, "check").status == 0


def test_an_untracked_orphan_needs_force(rendered: Path) -> None:
    """`check` and `generate` name the option that removes it, again and again, until it is given."""
    edit(rendered / SPEC, "registry: victor_monitoring/victor/registry.py", "registry: lib/registry.py")
    for _ in range(2):
        kept = victor_mon(rendered, "generate")
        assert (kept.status, "or run `victor-mon generate` with `--force` to remove it" in kept.err) == (
            1,
            True,
        )
    found = victor_mon(rendered, "check")
    assert found.status == 1
    assert found.out.endswith(
        "\n1 of these only with `--force`: see the hint\n1 file to update: victor-mon generate\n"
    )
    assert victor_mon(rendered, "generate", "--force").status == 0
    assert victor_mon(rendered, "check").status == 0


def test_work_that_was_never_generated_is_not_overwritten(tmp_path: Path) -> None:
    """A file of the user at an output's path stops `generate` before it writes; `--force` replaces it."""
    folder = project(tmp_path / "repository")
    (folder / "generated").mkdir()
    (folder / RULES).write_text("mine\n", encoding="utf-8")
    refused = victor_mon(folder, "generate")
    assert (refused.status, tree(folder)) == (1, {RULES: b"mine\n"})
    assert "--force" in refused.err
    assert victor_mon(folder, "generate", "--force").status == 0


def test_a_spec_with_errors_writes_nothing(tmp_path: Path) -> None:
    """`generate` prints the errors, exits 1 and leaves the folder as it was."""
    folder = project(tmp_path / "repository")
    edit(folder / SPEC, "signal: cache_hit_ratio", "signal: cache_hit_ratoi")
    failed = victor_mon(folder, "generate")
    assert (failed.status, tree(folder)) == (1, {})
    assert "VM104" in failed.err
    assert "did you mean `cache_hit_ratio`?" in failed.err


def test_only_and_context_and_out_write_their_part(tmp_path: Path) -> None:
    """`--only`, `--context` and `--out` select the files and the folder, and remove nothing."""
    folder, out = project(tmp_path / "repository"), tmp_path / "elsewhere"
    assert victor_mon(folder, "generate", "--only", "rules", "--out", str(out)).status == 0
    assert [name for name in tree(out) if not name.startswith("generated/.")] == [RULES]
    assert victor_mon(folder, "generate", "--context", "prod", "--out", str(out)).status == 0
    assert "deployment/kubernetes/overlays/prod/performance-alerts.yaml" in tree(out)
    assert RULES in tree(out)
    assert tree(folder) == {}


@pytest.mark.parametrize(
    "env",
    [{"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, {"PYTHONHASHSEED": "8", "LC_ALL": "C", "PYTHONUTF8": "0"}],
)
def test_surroundings_change_no_byte(tmp_path: Path, env: dict[str, str]) -> None:
    """Hash seed, time zone, locale, working directory and umask do not change the files."""
    old = os.umask(0o077)
    try:
        out = tmp_path / "out"
        made = in_own_process(tmp_path, "generate", "--spec", str(ROOT / SPEC), "--out", str(out), env=env)
    finally:
        os.umask(old)
    assert made.status == 0
    files = tree(out)
    assert files == {name: (ROOT / name).read_bytes() for name in files}


def kill_while_writing(folder: Path, delay: float) -> bool:
    """Run `generate` and kill it `delay` seconds after its first write; return whether it was killed."""
    first = folder / "deployment/kubernetes/monitoring"  # the first of the folders with a changed file
    before, begun = first.stat().st_mtime_ns, 0.0
    command = [sys.executable, "-m", "victor_monitoring", "generate"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None:
            if not begun and first.stat().st_mtime_ns != before:
                begun = time.monotonic()
            if begun and time.monotonic() >= begun + delay:
                run.send_signal(signal.SIGKILL)
                break
            time.sleep(0.0005)
    return run.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_any_moment_every_file_is_whole(rendered: Path, tmp_path: Path) -> None:
    """After each kill every file is old or new, `check` reports the old ones, and `generate` finishes."""
    edit(rendered / SPEC, "title: Victor AI Performance", "title: Another")
    edit(rendered / SPEC, "evaluate_every: 30s", "evaluate_every: 60s")
    assert victor_mon(rendered, "generate", "--out", str(tmp_path / "new")).status == 0
    old, new = tree(rendered), tree(tmp_path / "new")
    dice, kills = random.Random(5), 0
    for delay in (0, *(dice.uniform(0, 0.02) for _ in range(5))):
        kills += kill_while_writing(rendered, delay)
        now = {name: text for name, text in tree(rendered).items() if "/." not in name}
        assert now.keys() == {name for name in old if "/." not in name}
        assert all(text in (old[name], new[name]) for name, text in now.items())
        if tree(rendered) != new:
            assert victor_mon(rendered, "check").status == 1
        for name, text in old.items():
            (rendered / name).write_bytes(text)
    assert kills
    assert victor_mon(rendered, "generate").status == 0
    assert victor_mon(rendered, "check").status == 0
    assert tree(rendered) == new
