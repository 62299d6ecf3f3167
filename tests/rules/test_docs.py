"""The rendered reference: its pages, links and texts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.rules.rendered import Place, artifacts, compiled_text, places, resolved, rules
from tests.rules.test_goldens import SPEC
from victor_monitoring.app.pipeline import render

_LINK = re.compile(r"\]\(([^)]+)\)")


def pages(spec: str) -> dict[str, str]:
    """Return the pages of a spec by file name."""
    return {each.path.name: each.text for each in artifacts(Place(spec, None)) if each.output == "docs"}


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_alert_has_a_runbook(place: Place) -> None:
    """The address of each alert, in base and in each context, is that of a page titled with its name."""
    base = resolved(place).service.runbooks
    addresses = {rule.data["annotations"]["runbook_url"] for rule in rules(place) if "alert" in rule.data}
    assert addresses
    for address in addresses:
        name = address.removeprefix(f"{base}/")
        assert f"\n# {name}\n" in pages(place.spec)[f"{name}.md"]


@pytest.mark.parametrize("spec", ["performance", "checkout"])
def test_links_have_targets(spec: str) -> None:
    """Each link between pages refers to an existing page, and its anchor to a heading of that page."""
    found = pages(spec)
    links = [link for text in found.values() for link in _LINK.findall(text)]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        assert not anchor or f"\n### {anchor}\n" in found[path]
        assert path in found


def test_a_runbook_lists_the_thresholds_of_every_context() -> None:
    """A runbook lists the thresholds of base and of each context."""
    text = pages("performance")["HighMemoryUsage.md"]
    assert "| base | `> 1GiB` | 10m | warning |" in text
    assert "| prod | `> 4GiB` | 10m | warning |" in text


def test_texts_do_not_break_the_page() -> None:
    """Texts of the spec become Markdown on one line, without HTML, broken tables or open fences."""
    text = SPEC.read_text(encoding="utf-8")
    hostile = "<b>a</b> | b\\n\\n# c `d"
    text = text.replace("help: Turns of the wheel.", f'help: "{hostile}"').replace("{value} tear", hostile)
    found = {each.path: each.text for each in render(compiled_text(text), outputs=["docs"])}
    row = next(
        line
        for line in found[PurePosixPath("docs/README.md")].splitlines()
        if "| counter" in line and "turns" in line
    )
    assert row == "| `wheel_turns_total` | counter | count |  | &lt;b>a&lt;/b> \\| b # c `d |"
    assert "> &lt;b>a&lt;/b> | b # c `d\n" in found[PurePosixPath("docs/SacksBurst.md")]
