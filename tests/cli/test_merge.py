"""Two branches change unrelated things and generate their files: git merges them, and `check` is clean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.commands import SPEC, edit, project, victor_mon
from tests.git import git

Edits = Mapping[str, str]

ALERT = """\
    {name}:
      signal: {signal}
      when: "> {threshold}"
      for: 7m
      severity: warning
      summary: "{{value}}, above {{threshold}}"

"""


def added(name: str, signal: str, threshold: str, before: str) -> Edits:
    """Return the edit that adds an alert in front of the line `before`."""
    return {before: ALERT.format(name=name, signal=signal, threshold=threshold).lstrip() + "    " + before}


PAIRS: Mapping[str, tuple[Edits, Edits]] = {
    "thresholds of two groups": ({'when: "> 2GiB"': 'when: "> 3GiB"'}, {'when: "> 30%"': 'when: "> 31%"'}),
    "thresholds of neighbours": ({'when: "> 10/s"': 'when: "> 12/s"'}, {'when: "> 1ms"': 'when: "> 2.5ms"'}),
    "alerts added to two groups": (
        added("ManyCacheLookups", "cache_lookups", "900/s", "HighCacheEvictionRate:"),
        added("ManyProviders", "providers_active", "90", "UnhealthyProviders:"),
    ),
    # Sorted by name, the two would be next to each other.
    "alerts added with like names": (
        added("HighCacheLookups", "cache_lookups", "900/s", "HighCacheEvictionRate:"),
        added("HighCacheMost", "providers_active", "90", "UnhealthyProviders:"),
    ),
    "an alert added and another renamed": (
        added("ManyCacheLookups", "cache_lookups", "900/s", "HighCacheEvictionRate:"),
        {"HighThreadCount:": "ManyThreads:"},
    ),
}


def generate(folder: Path, message: str) -> None:
    """Generate, and commit everything."""
    ended = victor_mon(folder, "generate")
    assert ended.status == 0, ended.err
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={message}")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Create a repository whose branch `main` has the performance spec and its generated files."""
    folder = project(tmp_path / "repository")
    generate(folder, "main")
    return folder


@pytest.mark.parametrize("pair", PAIRS)
def test_unrelated_changes_merge(repository: Path, pair: str) -> None:
    """Git merges the branches without a conflict, and the merged files are what the merged spec renders."""
    for name, edits in zip(("ours", "theirs"), PAIRS[pair], strict=True):
        git(repository, "checkout", "--quiet", "-b", name, "main")
        for old, new in edits.items():
            edit(repository / SPEC, old, new)
        generate(repository, name)
    git(repository, "merge", "--no-edit", "ours")
    checked = victor_mon(repository, "check")
    assert (checked.status, checked.out) == (0, ""), checked.out
    assert "\n0 written, " in "\n" + victor_mon(repository, "generate").err
