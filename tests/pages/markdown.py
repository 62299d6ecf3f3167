"""Pages of this repository: their links, their code, and the commands that they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("deployment", "generated", "specs", "tests", "victor_monitoring")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PATIENCE = 300  # seconds


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a page shows it, with its output; a line `...` stands for any lines."""

    command: str
    output: str

    def matches(self, printed: str) -> bool:
        """Return whether this output was printed."""
        lines = (re.escape(line) + "\n" for line in self.output.splitlines())
        pattern = "".join("(?:.*\n)*" if line == re.escape("...") + "\n" else line for line in lines)
        return re.fullmatch(pattern, printed) is not None


def pages() -> Iterator[Path]:
    """Yield every page of the repository, without the goldens of tests."""
    yield from sorted(ROOT.glob("*.md"))
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.md")):
            if not {"golden", "node_modules"} & set(path.parts):
                yield path


def text(page: str) -> str:
    """Return the text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code in a language, in order."""
    return [code for found, code in _FENCE.findall(text(page)) if found == language]


def prose(page: str) -> str:
    """Return the text of a page without its blocks of code."""
    return _FENCE.sub("", text(page))


def shown(page: str) -> list[Shown]:
    """Return the commands of a page's consoles, in order; a here-document belongs to its command."""
    return [each for block in blocks(page, "console") for each in _shown_in(block)]


def _shown_in(block: str) -> Iterator[Shown]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        end = part.index("\nEOF\n") + 5 if "<<'EOF'" in part else part.index("\n") + 1
        yield Shown(part[:end].rstrip("\n"), part[end:])


@dataclass(frozen=True, slots=True)
class Shell:
    """A repository in which the commands of a page are run; `victor-mon` is that of this checkout."""

    folder: Path
    path: str

    @classmethod
    def new(cls, folder: Path, *programs: Path) -> Shell:
        """Create an empty repository, and a shell with the programs on PATH."""
        repository, scripts = folder / "repository", folder / "scripts"
        (repository / ".git").mkdir(parents=True)
        scripts.mkdir()
        script = scripts / "victor-mon"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m victor_monitoring "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        folders = (scripts, *(program.parent for program in programs))
        return cls(repository, os.pathsep.join([*map(str, folders), os.environ["PATH"]]))

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of the commands."""
        return {**os.environ, "PATH": self.path, "PYTHONPATH": str(ROOT)}

    def run(self, command: str) -> str:
        """Run a command, and return what it prints to stdout and stderr."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout
