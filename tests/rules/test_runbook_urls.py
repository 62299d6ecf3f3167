"""The address of an alert's runbook: its own, or that of the rendered page."""

from __future__ import annotations

import json

import pytest

from tests.language.small_spec import compiled
from victor_monitoring.app.explanation import describe
from victor_monitoring.changes.compare import changes
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers import dashboard, docs

HEAD = """\
victor_mon: 1
service:
  {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}, runbooks: "https://x.org"}
"""
BODY = """\
components:
  till: {metrics: {shop_open: {type: gauge, merge: livesum, help: Open.}}}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
alerts:
  till:
    Crowded: {signal: open, when: "> 10", severity: warning, summary: A}
    packed:
      {name: Packed, signal: open, when: "> 20", severity: critical, summary: A, runbook: "https://wiki.org/tills"}
dashboard: {rows: [{title: Tills, panels: [{title: Open, type: stat, signal: open}]}]}
"""
OWN = "https://wiki.org/tills"


def base(body: str = BODY, head: str = HEAD) -> Resolved:
    found = compiled(body, head)
    assert found.diagnostics == []
    assert found.base is not None
    return found.base


@pytest.mark.parametrize(
    ("head", "urls"),
    [
        (HEAD, {"Crowded": "https://x.org/Crowded", "packed": OWN}),
        (HEAD.replace(', runbooks: "https://x.org"', ""), {"Crowded": None, "packed": OWN}),
    ],
    ids=["with a base", "without a base"],
)
def test_the_own_address_wins(head: str, urls: dict[str, str | None]) -> None:
    """Rules and the links of panels have the alert's own address, else that of the rendered page, if any."""
    spec = base(head=head)
    alerts = [rule for rule in rule_file(spec).rules if rule.id in urls]
    assert {rule.id: dict(rule.annotations).get("runbook_url") for rule in alerts} == urls
    (drawn,) = dashboard.render(spec)
    (panel,) = [each for each in json.loads(drawn.text)["panels"] if each["title"] == "Open"]
    links = [(each["title"], each["url"]) for each in panel["links"]]
    assert links == [(name, url) for name, url in urls.items() if url]


def test_an_annotation_takes_the_place_of_the_rendered_page() -> None:
    """It is a template of Prometheus, rendered as it is; the page and `explain` show it."""
    template = "https://x.org/{{ $labels.job | title }}"
    body = BODY.replace("summary: A}", f"annotations: {{runbook_url: '{template}', summary: B}}}}")
    spec = base(body)
    rules = {rule.id: dict(rule.annotations) for rule in rule_file(spec).rules if rule.kind == "alert"}
    assert rules["Crowded"] == {"summary": "B", "runbook_url": template}
    (page,) = (each.text for each in docs.render(spec) if each.path.name == "Crowded.md")
    assert "\n| `runbook_url` | `https://x.org/{{ $labels.job \\| title }}` |\n" in page
    printed = describe(compiled(body, HEAD), "Crowded")
    assert f"\n  annotates  runbook_url='{template}', summary='B'\n" in printed


def test_pages_and_explain_show_it() -> None:
    """The rendered page links to the alert's own one, and `explain` prints the address."""
    pages = {each.path.name: each.text for each in docs.render(base())}
    assert f"- Its own runbook: {OWN}\n" in pages["packed.md"]
    assert "own runbook" not in pages["Crowded.md"]
    assert f"  runbook    {OWN}\n" in describe(compiled(BODY, HEAD), "packed")


def test_only_a_change_of_its_own_is_a_change_of_the_alert() -> None:
    """Another base is one change of the service."""
    moved = [each.words() for each in changes(base(), base(BODY.replace("wiki.org", "w.org")))]
    assert moved == ["alert packed: the runbook `https://wiki.org/tills` becomes `https://w.org/tills`"]
    (change,) = changes(base(), base(head=HEAD.replace("x.org", "y.org")))
    assert change.thing == "service"
