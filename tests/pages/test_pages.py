"""The pages of this repository: their size, links, commands and specs."""

from __future__ import annotations

import datetime
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from tests.pages.markdown import ROOT, blocks, pages, prose, shown
from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.cli.app import app
from victor_monitoring.cli.init import starter_spec

PAGES = [page.relative_to(ROOT).as_posix() for page in pages()]
WRITTEN = [page for page in PAGES if not page.startswith(("generated/", "specs/"))]
UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # of click, or of the click that typer contains
SIZE = 9_000  # bytes of README.md, which is read in a few minutes


def test_every_folder_that_the_readme_names_has_its_page() -> None:
    """The pages are found, those of people and the rendered ones."""
    assert {"README.md", "deployment/README.md", "specs/README.md", "victor_monitoring/cli/README.md"} <= {
        *PAGES
    }
    assert "generated/docs/README.md" in PAGES


def test_the_readme_is_short() -> None:
    """README.md is at most 9 kB."""
    assert len((ROOT / "README.md").read_bytes()) <= SIZE


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page: those of its headings as GitHub makes them, and those that it writes."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    made = {re.sub(r"[^\w -]", "", each.lower()).strip().replace(" ", "-") for each in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_resolves(page: str) -> None:
    """The file of a relative link exists, and has its anchor."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def mentioned(page: str) -> Iterator[str]:
    """Yield the `victor-mon` commands that a page shows or mentions."""
    for each in shown(page):
        if each.command.startswith("victor-mon "):
            yield each.command
    yield from re.findall(r"`(victor-mon [a-z][^`]*)`", " ".join(prose(page).split()))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_valid(page: str) -> None:
    """The options and arguments of every `victor-mon` command in a page are those of the command line."""
    commands = typer.main.get_command(app)
    assert isinstance(commands, TyperGroup)
    wrong = []
    for line in mentioned(page):
        _, verb, *arguments = shlex.split(line.replace("COMMAND", "validate"))
        try:
            command = commands.commands[verb]
            if arguments:  # else a name in a sentence, or complete
                command.make_context(verb, arguments)
        except (KeyError, UsageError) as error:
            wrong.append(f"{line}: {error}")
        except typer.Exit:  # `--help` has printed
            continue
    assert wrong == []


@pytest.mark.parametrize("page", WRITTEN)
def test_every_make_target_exists(page: str) -> None:
    """Each `make` command of a page names a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(
        r"(?:`|^\$ |^ {4})make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def merged(below: Any, above: Any) -> Any:
    """Return two mappings merged, keys of `above` first of all."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


SPECS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in ("README.md", "deployment/README.md")
    for number, code in enumerate(blocks(page, "yaml"))
    if "volumeMounts" not in code  # of a Prometheus
]


@pytest.mark.parametrize("code", SPECS)
def test_every_part_of_a_spec_is_valid(code: str) -> None:
    """A block of YAML, merged into the spec that `init` writes, has no mistakes."""
    part = yaml.safe_load(code)
    if "CriticalErrorRatio" in part:
        part = {"alerts": {"shop_requests": part}}
    spec = merged(yaml.safe_load(starter_spec("shop")), part)
    compiled = compile_spec(Source("spec", yaml.safe_dump(spec)), today=datetime.date(2026, 1, 1))
    assert [each for each in compiled.diagnostics if each.severity.word == "error"] == []
