"""`victor-mon apply` and `verify` with a fake Grafana."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apply.fake import Brewery, brewery, failing, losing, refusing, serving
from tests.apply.fake_grafana import Grafana, StoredDashboard
from tests.apply.server import Received, Reply

TOKEN = "canary-grafana-token"  # noqa: S105 - it opens nothing
SAVE = "POST /api/dashboards/db"
MARK = "victor-mon: spec brew, context prod, sha256 "


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    found = Grafana(f"Bearer {TOKEN}")
    with serving(found):
        yield found


@pytest.fixture
def site(grafana: Grafana, tmp_path: Path) -> Brewery:
    return brewery_with(tmp_path, grafana, folder="Beer & Co")


def brewery_with(place: Path, grafana: Grafana, **settings: Any) -> Brewery:
    """Return a brewery whose target is the Grafana."""
    (place / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    given = {"url": grafana.url, "token": {"file": str(place / "token")}, **settings}
    return brewery(place, {"prod": {"grafana": given}}, {})


def test_from_nothing(grafana: Grafana, site: Brewery) -> None:
    """Folder and dashboard are created, with a version message; a second run writes nothing."""
    planned = site.apply("--dry-run")
    assert (planned.status, grafana.writes()) == (1, [])
    assert "  add       folder Beer & Co\n  add       dashboard brew-prod\n" in planned.out
    applied = site.apply()
    assert applied.status == 0, applied.err
    stored = grafana.dashboards["brew-prod"]
    assert (grafana.folders[stored.folder], stored.content["title"]) == ("Beer & Co", "Brewery (prod)")
    assert stored.versions[0]["message"].startswith(MARK)
    assert grafana.writes() == ["POST /api/folders", SAVE]
    again = site.apply()
    assert (again.status, grafana.writes()) == (0, [])
    assert again.out.endswith("\n2 unchanged\n")


def test_a_folder_that_exists(grafana: Grafana, site: Brewery) -> None:
    """An existing folder with the title is used; two such folders are an error."""
    grafana.folders["theirs"] = "Beer & Co"
    assert site.apply().status == 0
    assert (list(grafana.folders), grafana.dashboards["brew-prod"].folder) == (["theirs"], "theirs")
    grafana.folders["others"] = "Beer & Co"
    assert "has 2 folders `Beer & Co`" in site.apply().err


def test_a_change(grafana: Grafana, site: Brewery) -> None:
    """The plan names the changed panel, and a new version of the dashboard is saved."""
    site.apply()
    grafana.writes()
    site.edit("title: Sour, type: timeseries", "title: Sour, type: stat")
    applied = site.apply()
    assert applied.status == 0, applied.err
    assert "  change    dashboard brew-prod\n    panel `Sour`: changed\n" in applied.out
    assert grafana.writes() == [SAVE]
    assert [each["version"] for each in grafana.dashboards["brew-prod"].versions] == [2, 1]


def test_defaults_of_the_server(grafana: Grafana, site: Brewery) -> None:
    """Defaults that the server adds to panels are no difference, until a user saves the dashboard."""
    grafana.adds = {"transparent": False, "links": []}
    assert site.apply().status == 0
    assert (site.apply().status, site.verify().status) == (0, 0)
    grafana.by_hand("brew-prod")
    assert site.verify().status == 1


def test_a_change_by_hand(grafana: Grafana, site: Brewery) -> None:
    """A manual change is shown with its author, and overwritten only with `--force`."""
    site.apply()
    grafana.by_hand("brew-prod", title="Mine", panels=[])
    found = site.verify()
    assert found.status == 1
    assert "dashboard title: `Brewery (prod)` becomes `Mine`" in found.out
    assert "version 2 was saved by ann at 2026-01-01T00:00:00Z" in found.out
    grafana.writes()
    refused = site.apply()
    assert (refused.status, grafana.writes()) == (2, [])
    assert grafana.dashboards["brew-prod"].content["title"] == "Mine"
    assert "    conflict: version 2 was saved by ann at 2026-01-01T00:00:00Z\n" in refused.out
    assert site.apply("--force").status == 0
    assert grafana.dashboards["brew-prod"].content["title"] == "Brewery (prod)"
    assert site.verify().status == 0


def test_a_hidden_history(grafana: Grafana, site: Brewery) -> None:
    """Without access to the versions, a dashboard that differs is a conflict, and an equal one is not."""
    site.apply()
    grafana.shows_versions = False
    assert site.apply().status == 0
    site.edit("title: Sour, type: timeseries", "title: Sour, type: stat")
    assert "conflict: its latest author is not known" in site.apply().out


def test_moved_by_hand(grafana: Grafana, site: Brewery) -> None:
    """A dashboard in another folder is a difference, and is moved back."""
    site.apply()
    grafana.folders["attic"] = "Attic"
    grafana.dashboards["brew-prod"].folder = "attic"
    assert "folder `Beer & Co` becomes `Attic (attic)`" in site.verify().out
    assert site.apply().status == 0
    assert grafana.folders[grafana.dashboards["brew-prod"].folder] == "Beer & Co"


def test_no_longer_rendered(grafana: Grafana, tmp_path: Path) -> None:
    """An own dashboard that is no longer rendered is removed, unless a user has saved it since."""
    site = brewery_with(tmp_path, grafana)
    site.apply()
    stored = copy.deepcopy(grafana.dashboards["brew-prod"])
    text = site.spec.read_text(encoding="utf-8")
    head, _, rest = text.partition("dashboard:\n")
    site.spec.write_text(head + "contexts:\n" + rest.partition("contexts:\n")[2], encoding="utf-8")
    assert site.command("generate", "--force").status == 0
    assert "VM902" in site.verify().out
    assert "  remove    dashboard brew-prod\n" in site.apply().out
    assert grafana.dashboards == {}
    grafana.dashboards["brew-prod"] = stored
    grafana.by_hand("brew-prod")
    assert site.apply().status == 0
    assert "brew-prod" in grafana.dashboards


def test_provisioned(grafana: Grafana, site: Brewery) -> None:
    """A provisioned dashboard cannot be saved: the preflight fails."""
    content = {"uid": "brew-prod", "version": 1, "panels": []}
    grafana.dashboards["brew-prod"] = StoredDashboard(content, "", [], "brew.json")
    refused = site.apply()
    assert (refused.status, grafana.writes()) == (2, [])
    assert "`brew-prod` is provisioned from brew.json" in refused.err


@pytest.mark.parametrize("status", [401, 403, 412])
def test_a_refusal(grafana: Grafana, tmp_path: Path, status: int) -> None:
    """A refusal is reported at once with Grafana's message, and nothing is changed."""
    site = brewery_with(tmp_path, grafana)
    grafana.interfere = refusing(status, "POST")
    failed = site.apply()
    assert (failed.status, grafana.writes(), grafana.dashboards) == (2, [SAVE], {})
    assert f"answered {status}" in failed.err
    assert "no, for a reason" in failed.err
    assert f"  grafana {grafana.url}: dashboard brew-prod: undone, as before\n" in failed.err


def test_a_wrong_token(grafana: Grafana, site: Brewery) -> None:
    """With a wrong token the preflight fails."""
    grafana.credentials = "Bearer another"
    failed = site.apply()
    assert (failed.status, grafana.writes()) == (2, [])
    assert "hint: is the token right, and may it do this?" in failed.err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_temporary_failure(grafana: Grafana, site: Brewery, method: str) -> None:
    """A request that fails temporarily is repeated after a pause."""
    grafana.interfere = refusing(502, method, times=2)
    applied = site.apply()
    assert applied.status == 0, applied.err


@pytest.mark.parametrize("path", ["POST /api/folders", SAVE])
def test_an_answer_that_is_lost(grafana: Grafana, site: Brewery, path: str) -> None:
    """A change whose answer is lost is repeated; the resulting 409 or 412 is no failure."""
    lost = losing("POST")
    grafana.interfere = lambda received: lost(received) if str(received) == path else None
    applied = site.apply()
    assert applied.status == 0, applied.err
    assert len(grafana.dashboards["brew-prod"].versions) == 1


def test_a_folder_created_meanwhile(grafana: Grafana, site: Brewery) -> None:
    """A foreign folder with the generated uid (409) is an error."""

    def interfere(received: Received) -> Reply | None:
        if str(received) == "POST /api/folders":
            (uid,) = [part for part in received.body.split('"') if part.startswith("victor-mon-")]
            grafana.folders[uid] = "Else"
        return None

    grafana.interfere = interfere
    failed = site.apply()
    assert failed.status == 2
    assert "answered 409" in failed.err


def test_a_dashboard_saved_meanwhile(grafana: Grafana, site: Brewery) -> None:
    """A dashboard saved between reading and writing (412) is not overwritten, and reported."""
    site.apply()
    site.edit("title: Sour, type: timeseries", "title: Sour, type: stat")
    is_saved = False

    def interfere(received: Received) -> Reply | None:
        nonlocal is_saved
        if str(received) == SAVE and not is_saved:
            is_saved = True
            grafana.by_hand("brew-prod", title="Mine")
        return None

    grafana.interfere = interfere
    failed = site.apply()
    assert (failed.status, grafana.dashboards["brew-prod"].content["title"]) == (2, "Mine")
    assert "The dashboard has been changed by someone else" in failed.err
    assert "dashboard brew-prod: could not be undone, neither as before nor as planned" in failed.err


@pytest.mark.parametrize("is_by_hand", [False, True])
def test_undone(grafana: Grafana, tmp_path: Path, is_by_hand: bool) -> None:
    """A later failure restores the old content and its owner: a manual change remains one."""
    site = brewery_with(tmp_path, grafana)
    site.apply()
    if is_by_hand:
        grafana.by_hand("brew-prod", title="Mine")
    old = copy.deepcopy(grafana.dashboards["brew-prod"].content)
    site.edit("title: Sour, type: timeseries", "title: Sour, type: stat")
    seen: list[str] = []

    def interfere(received: Received) -> Reply | None:
        seen.append(str(received))
        return Reply(403, "not now") if seen.count(SAVE) == 1 and seen[-2] == SAVE else None

    grafana.interfere = interfere
    failed = site.apply("--force")
    assert failed.status == 2, failed.out
    assert "dashboard brew-prod: undone, as before\n" in failed.err
    found = grafana.dashboards["brew-prod"]
    assert {**found.content, "version": 0} == {**old, "version": 0}
    assert found.versions[0]["message"].startswith(MARK) is not is_by_hand


def test_a_fault_at_every_request(grafana: Grafana, site: Brewery) -> None:
    """Whichever request fails, nothing or everything is applied, as reported; a second run succeeds."""
    applied = 0
    for number in itertools.count():
        grafana.folders.clear()
        grafana.dashboards.clear()
        grafana.interfere = failing(number)
        failed = site.apply()
        if failed.status == 0:
            break
        assert failed.status == 2
        is_applied = "everything is applied, and cannot be verified" in failed.err
        assert (len(grafana.folders), len(grafana.dashboards)) == ((1, 1) if is_applied else (0, 0)), (
            failed.err
        )
        applied += is_applied
        assert site.apply().status == 0
    assert (number - applied, applied > 0) == (11, True)


def test_a_new_folder_is_removed(grafana: Grafana, site: Brewery) -> None:
    """After a failure a new folder is removed if it is empty, and remains otherwise."""
    grafana.interfere = lambda received: Reply(400, "no") if str(received) == SAVE else None
    failed = site.apply()
    assert (failed.status, grafana.folders) == (2, {})
    assert "folder Beer & Co: undone, as before\n" in failed.err

    def interfere(received: Received) -> Reply | None:
        if str(received) != SAVE:
            return None
        grafana.dashboards["theirs"] = StoredDashboard({"version": 1}, next(iter(grafana.folders)))
        return Reply(400, "no")

    grafana.interfere = interfere
    failed = site.apply()
    assert list(grafana.folders.values()) == ["Beer & Co"]
    assert "is no longer empty, so it is kept" in failed.err


@pytest.mark.parametrize("body", ["<html>welcome</html>", "[]", "{}"])
def test_a_body_that_is_something_else(grafana: Grafana, site: Brewery, body: str) -> None:
    """An answer of another shape is an error, and nothing is written."""
    grafana.interfere = lambda received: Reply(200, body)
    failed = site.apply()
    assert (failed.status, grafana.writes()) == (2, [])
    assert "something that is no JSON" in failed.err or "did not answer like Grafana" in failed.err


def test_a_slow_server(grafana: Grafana, site: Brewery) -> None:
    """An answer that arrives byte by byte is cut off at the timeout."""
    grafana.interfere = lambda received: Reply(200, "x" * 10_000, drip=0.05)
    failed = site.apply("--timeout", "0.5")
    assert failed.status == 2
    assert "did not answer within 0.5 s" in failed.err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host(grafana: Grafana, site: Brewery, method: str) -> None:
    """The token is not sent to another host."""
    other = Grafana(f"Bearer {TOKEN}")
    with serving(other):
        place = other.url.replace("127.0.0.1", "localhost")
        grafana.interfere = refusing(307, method, Location=f"{place}/api/dashboards/uid/brew")
        failed = site.apply()
    assert (failed.status, other.received) == (2, [])
    assert "another host" in failed.err


def test_two_contexts(grafana: Grafana, tmp_path: Path) -> None:
    """Two contexts share a Grafana and a folder, each with its own dashboard."""
    settings = {"url": grafana.url, "folder": "Beer & Co", "token": {"env": "GRAFANA_TOKEN"}}
    targets = {"prod": {"grafana": settings}, "tasting": {"grafana": settings}}
    site = brewery(tmp_path, targets, {"GRAFANA_TOKEN": TOKEN})
    for context in targets:
        applied = site.apply(context=context)
        assert applied.status == 0, applied.err
    titles = {uid: stored.content["title"] for uid, stored in grafana.dashboards.items()}
    assert titles == {"brew-prod": "Brewery (prod)", "brew-tasting": "Brewery (tasting)"}
    assert site.verify().status == 0
    assert len(grafana.folders) == 1


def test_the_canary(grafana: Grafana, site: Brewery) -> None:
    """The token is in the header of every request, and nowhere else."""
    outcomes = [site.apply(), site.verify(), site.apply("--dry-run", "--format", "json")]
    assert {each.headers["authorization"] for each in grafana.received} == {f"Bearer {TOKEN}"}
    sent = "".join(f"{each}{each.query}{each.body}" for each in grafana.received)
    assert TOKEN not in sent + "".join(each.out + each.err for each in outcomes)
