"""`victor-mon diff`, in a repository of its own."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, SPEC, edit, project, victor_mon
from tests.git import git

LOOSENED = "alert HighMemoryUsage: `> 1GiB` becomes `> 3GiB`: loosened\n"


def line_of(path: Path, text: str) -> int:
    """Return the number of the only line that contains a text."""
    (found,) = [n for n, line in enumerate(path.read_text("utf-8").splitlines(), start=1) if text in line]
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Create a repository with the performance spec committed, and thresholds edited since."""
    (tmp_path / "specs").mkdir()
    folder = project(tmp_path / "other")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=A")
    edit(folder / SPEC, 'when: "> 1GiB"', 'when: "> 3GiB"')
    edit(folder / SPEC, 'when: "> 2GiB"', 'when: "> 5GiB"')
    return folder


def test_since_a_revision(repository):
    """Each change is printed with its line and its meaning; a difference exits with 1."""
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert ended.status == 1
    line = line_of(repository / SPEC, 'when: "> 3GiB"')
    assert ended.out.startswith(f"specs/performance.yaml:{line}: {LOOSENED}")
    assert ended.out.endswith("\n\n2 changes, 2 loosened\n")


def test_nothing_has_changed(repository):
    """Without a change nothing is printed to stdout, and the exit status is 0."""
    git(repository, "commit", "--quiet", "--all", "--message=B")
    ended = victor_mon(repository, "diff", "--from", "main")
    assert (ended.status, ended.out, ended.err) == (0, "", "specs/performance.yaml: no change\n")


@pytest.mark.parametrize(("fail_on", "status"), [("any", 1), ("loosened", 1), ("breaking", 0)])
def test_fail_on_selects_the_changes_that_fail(repository, fail_on, status):
    """With `--fail-on` only the selected changes exit with 1; all are shown."""
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--fail-on", fail_on)
    assert ended.status == status
    assert LOOSENED in ended.out


def test_from_base_to_a_context(repository):
    """A context is compared with base, or with itself at a revision."""
    ended = victor_mon(repository, "diff", "--context", "prod")
    assert "alert HighMemoryUsage: `> 3GiB` becomes `> 4GiB`: loosened" in ended.out
    edit(repository / SPEC, 'HighMemoryUsage: {when: "> 4GiB"', 'HighMemoryUsage: {when: "> 6GiB"')
    ended = victor_mon(repository, "diff", "--context", "prod", "--from", "HEAD")
    line = line_of(repository / SPEC, "> 6GiB")
    assert ended.out == (
        f"specs/performance.yaml:{line}: alert HighMemoryUsage: `> 4GiB` becomes `> 6GiB`: loosened\n\n"
        "1 change, 1 loosened\n"
    )


def test_since_a_revision_in_every_context(repository):
    """A change in a context only is shown with the context, and counts; a change of base is shown once."""
    edit(repository / SPEC, 'HighMemoryUsage: {when: "> 4GiB"', 'HighMemoryUsage: {when: "> 6GiB"')
    edit(
        repository / SPEC,
        "    targets: [kubernetes: {kube_context: prod}]",
        "    kubernetes: {objects: operator}\n    targets: [kubernetes: {kube_context: prod}]",
    )
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--fail-on", "breaking")
    override = line_of(repository / SPEC, "> 6GiB")
    objects = line_of(repository / SPEC, "    kubernetes: {objects: operator}")
    places = [f"specs/performance.yaml:{line}: prod: " for line in (override, objects)]
    assert ended.status == 1
    assert ended.out.splitlines()[2:] == [
        f"{places[0]}alert HighMemoryUsage: `> 4GiB` becomes `> 6GiB`: loosened",
        f"{places[1]}service victor-performance: the objects of `configmap` becomes `operator` [breaking]",
        "",
        "4 changes, 3 loosened, 1 breaking",
    ]
    assert ended.out.startswith(f"specs/performance.yaml:{line_of(repository / SPEC, '> 3GiB')}: {LOOSENED}")
    found = json.loads(victor_mon(repository, "diff", "--from", "HEAD", "--format", "json").out)
    assert [each["contexts"] for each in found["changes"]] == [[], [], ["prod"], ["prod"]]
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--format", "markdown")
    assert "| alert **HighMemoryUsage** in prod | `> 4GiB` becomes `> 6GiB` | loosened |" in ended.out


def test_contexts_that_come_and_go(repository):
    """A removed context no longer alerts there, and so loosens."""
    edit(repository / SPEC, "  fast: {time_scale: 60}", "  quick: {time_scale: 60}")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    line = line_of(repository / SPEC, "  quick:")
    assert f"specs/performance.yaml:{line}: context quick: added\n" in ended.out
    assert f"HEAD:specs/performance.yaml:{line}: context fast: removed: loosened\n" in ended.out


def test_for_programs(repository):
    """JSON is one document, with the line of each change in the new spec, of a removal in the old one."""
    line = line_of(repository / SPEC, "    HighThreadCount:")
    edit(repository / SPEC, "    HighThreadCount:\n", "    ManyThreads:\n")
    found = json.loads(victor_mon(repository, "diff", "--from", "HEAD", "--format", "json").out)
    assert (found["version"], found["from"]) == (1, "HEAD:specs/performance.yaml")
    removed = next(each for each in found["changes"] if each["name"] == "HighThreadCount")
    assert removed == {
        "thing": "alert",
        "name": "HighThreadCount",
        "meaning": "removed, warning at threads `> 100`",
        "verdict": "loosened",
        "breaking": False,
        "breaks": [],
        "contexts": [],
        "file": "HEAD:specs/performance.yaml",
        "line": line,
    }


def test_for_a_review(repository):
    """Markdown is a table below the number of changes."""
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--format", "markdown")
    lines = ended.out.splitlines()
    assert lines[0] == (
        "**2 changes, 2 loosened** from `HEAD:specs/performance.yaml` to `specs/performance.yaml`"
    )
    assert "| alert **HighMemoryUsage** | `> 1GiB` becomes `> 3GiB` | loosened |" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to compare with\nhint: add --from REV, --context NAME, or both\n"),
        (
            ["--context", "prd"],
            "there is no context `prd` in `specs/performance.yaml`\nhint: did you mean `prod`?\n",
        ),
        (["--from", "nowhere"], "there is no revision `nowhere`\nhint: known: `main`\n"),
        (["--from", "mian"], "there is no revision `mian`\nhint: did you mean `main`?\n"),
        (["--from", "--output=stolen"], "`--output=stolen` is not a git revision"),
        (["--from", ""], "`` is not a git revision"),
        (["--from", "HEAD..HEAD"], "there is no revision `HEAD..HEAD`"),
        (["--from", "^HEAD"], "there is no revision `^HEAD`"),
        (["--from", "refs/heads/*"], "there is no revision `refs/heads/*`"),
    ],
)
def test_an_impossible_comparison(repository, arguments, message):
    """A missing choice, an unknown context and an unknown revision exit with 2 and a hint."""
    ended = victor_mon(repository, "diff", *arguments)
    assert ended.status == 2
    assert message in ended.err
    assert not list(repository.rglob("stolen*"))


def test_a_spec_behind_a_link(repository):
    """The target of the link is compared."""
    link = repository / "link.yaml"
    link.symlink_to(SPEC)
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--spec", "link.yaml")
    assert (ended.status, LOOSENED in ended.out) == (1, True), ended.err


def test_git_that_cannot_be_run(repository):
    """A program without permission is reported differently from a missing one."""
    (repository / "bin" / "git").mkdir(parents=True)
    ended = victor_mon(repository, "diff", "--from", "HEAD", env={"PATH": str(repository / "bin")})
    assert (ended.status, "git` cannot be run" in ended.err or "not on PATH" in ended.err) == (2, True)
    (repository / "bin" / "git").rmdir()
    (repository / "bin" / "git").write_text("no program", encoding="utf-8")
    (repository / "bin" / "git").chmod(0o755)
    ended = victor_mon(repository, "diff", "--from", "HEAD", env={"PATH": str(repository / "bin")})
    assert (ended.status, "`git` cannot be run" in ended.err) == (2, True)


def test_a_spec_with_errors_is_not_compared(repository):
    """The errors of either side are printed instead."""
    edit(repository / SPEC, "signal: memory}", "signal: memry}")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert (ended.status, ended.out) == (1, "")
    assert "unknown signal `memry`" in ended.err


def test_in_the_hook_of_a_linked_worktree(repository, tmp_path):
    """The folder decides which repository is read, whatever variables git sets for its hooks."""
    git(repository, "commit", "--quiet", "--all", "--message=B")
    elsewhere = tmp_path / "elsewhere"
    git(repository, "worktree", "add", "--quiet", "-b", "topic", str(elsewhere))
    edit(elsewhere / SPEC, 'when: "> 3GiB"', 'when: "> 4GiB"')
    git(elsewhere, "mv", str(SPEC), "specs/speed.yaml")
    shown = victor_mon(elsewhere, "diff", "--from", "HEAD").out
    assert "`> 3GiB` becomes `> 4GiB`" in shown
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    command = f"'{sys.executable}' -m victor_monitoring diff --from HEAD > '{tmp_path}/shown'"
    hook.write_text(f"#!/bin/sh\nPYTHONPATH='{ROOT}' {command}\nexit 0\n", encoding="utf-8")
    hook.chmod(0o755)
    git(elsewhere, "commit", "--quiet", "--all", "--message=C")
    assert (tmp_path / "shown").read_text(encoding="utf-8") == shown


def test_a_new_spec(repository):
    """It is one change, and so is each of its alerts; specs that were there are compared as always."""
    victor_mon(repository, "init", "--name", "basket")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert ended.status == 1
    assert LOOSENED in ended.out
    line = line_of(repository / "specs" / "basket.yaml", "service:")
    assert f"specs/basket.yaml:{line}: service basket: added: tightened\n" in ended.out
    added = re.findall(r"^specs/basket.yaml:\d+: alert (\w+): added", ended.out, re.MULTILINE)
    assert added == ["HighErrorRatio", "CriticalErrorRatio", "HighLatency"]
    found = victor_mon(
        repository, "diff", "--from", "HEAD", "--spec", "specs/basket.yaml", "--format", "json"
    )
    document = json.loads(found.out)
    assert (document["from"], document["to"]) == (None, "specs/basket.yaml")


def test_a_spec_that_is_gone(repository):
    """Its alerts no longer fire: each is a loosening, at its line in the old file."""
    victor_mon(repository, "init", "--name", "basket")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=B")
    (repository / "specs" / "basket.yaml").unlink()
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--fail-on", "loosened")
    assert ended.status == 1
    assert re.search(
        r"^HEAD:specs/basket.yaml:\d+: service basket: removed: loosened$", ended.out, re.MULTILINE
    )
    assert "alert HighLatency: removed, warning at latency_p95 `> 500ms`: loosened\n" in ended.out
    alone = victor_mon(repository, "diff", "--from", "HEAD", "--spec", str(SPEC))
    assert (alone.status, "basket" in alone.out) == (0, False)


@pytest.mark.parametrize("options", [(), ("--spec", "specs/speed.yaml")])
def test_a_renamed_spec(repository, options):
    """It is compared with the spec of the same service in the file that is gone."""
    (repository / SPEC).rename(repository / "specs" / "speed.yaml")
    ended = victor_mon(repository, "diff", "--from", "HEAD", *options)
    assert (ended.status, ended.out.endswith("2 changes, 2 loosened\n")) == (1, True), ended.out
    assert (
        f"specs/speed.yaml:{line_of(repository / 'specs' / 'speed.yaml', '> 3GiB')}: {LOOSENED}" in ended.out
    )


def test_a_renamed_spec_in_a_context(repository):
    """It is compared with the same context of the spec in the file that is gone, not with its base."""
    git(repository, "commit", "--quiet", "--all", "--message=B")
    (repository / SPEC).rename(repository / "specs" / "speed.yaml")
    ended = victor_mon(repository, "diff", "--from", "HEAD", "--context", "prod")
    assert (ended.status, ended.out, ended.err) == (0, "", "specs/speed.yaml (prod): no change\n")


@pytest.mark.parametrize("revision", ["origin/main", "main"])
def test_in_a_shallow_clone(repository, tmp_path, revision):
    """The hint is a command after which the comparison works."""
    git(repository, "checkout", "--quiet", "-b", "topic")
    git(repository, "commit", "--quiet", "--all", "--message=B")
    source = f"file://{repository}"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=topic", source, "clone")
    clone = tmp_path / "clone"
    ended = victor_mon(clone, "diff", "--from", revision)
    assert (ended.status, f"no revision `{revision}`: the clone is shallow" in ended.err) == (2, True)
    (hint,) = re.findall(r"^hint: fetch it: git (.+)$", ended.err, re.MULTILINE)
    git(clone, *hint.split())
    ended = victor_mon(clone, "diff", "--from", revision)
    assert (ended.status, LOOSENED in ended.out) == (1, True), ended.err


def test_in_a_repository_of_another_user(repository, tmp_path, monkeypatch):
    """The hint is the command by which git trusts it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    env = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    ended = victor_mon(repository, "diff", "--from", "HEAD", env=env)
    assert (ended.status, "which another user owns" in ended.err) == (2, True), ended.err
    (hint,) = re.findall(r"^hint: if you trust it: git (.+)$", ended.err, re.MULTILINE)
    git(tmp_path, *hint.split())
    assert victor_mon(repository, "diff", "--from", "HEAD", env=env).status == 1


def test_outside_of_a_repository(repository):
    """It is said, instead of a hint about revisions."""
    shutil.rmtree(repository / ".git")
    ended = victor_mon(repository, "diff", "--from", "main")
    assert (ended.status, "is in no git repository" in ended.err) == (2, True)
