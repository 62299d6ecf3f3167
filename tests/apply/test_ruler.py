"""`victor-mon apply` and `verify` with a fake ruler."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apply.fake import Brewery, brewery, failing, losing, refusing, serving
from tests.apply.fake_ruler import Ruler
from tests.apply.server import Received, Reply

TOKEN = "canary-ruler-token"  # noqa: S105 - it opens nothing
NAMESPACE = "brew-prod"


@pytest.fixture
def ruler(promtool: Path) -> Iterator[Ruler]:
    found = Ruler(f"Bearer {TOKEN}", "brewers")
    with serving(found):
        yield found


@pytest.fixture
def site(ruler: Ruler, tmp_path: Path) -> Brewery:
    return brewery_with(tmp_path, ruler)


def brewery_with(place: Path, ruler: Ruler, **settings: Any) -> Brewery:
    """Return a brewery whose target is the ruler."""
    given = {"url": ruler.url, "tenant": "brewers", "token": {"env": "RULER_TOKEN"}, **settings}
    return brewery(place, {"prod": {"ruler": given}}, {"RULER_TOKEN": TOKEN})


def threshold(ruler: Ruler, namespace: str = NAMESPACE) -> str:
    """Return the threshold of one alert in the ruler."""
    return str(ruler.groups[namespace]["brew_vat"]["rules"][0]["expr"]).rpartition(" ")[2]


def test_from_nothing(ruler: Ruler, site: Brewery) -> None:
    """Every group is created; a second run writes nothing, although the ruler normalises groups."""
    planned = site.apply("--dry-run")
    assert (planned.status, ruler.writes()) == (1, [])
    applied = site.apply()
    assert applied.status == 0, applied.err
    assert list(ruler.groups[NAMESPACE]) == ["brew_vat", "brew_meta"]
    assert ruler.writes() == [f"POST /config/v1/rules/{NAMESPACE}"] * 2
    again = site.apply()
    assert (again.status, ruler.writes()) == (0, [])
    assert again.out.endswith("\n2 unchanged\n")


def test_one_changed_threshold(ruler: Ruler, site: Brewery) -> None:
    """One group is written, and the plan describes the change."""
    site.apply()
    ruler.writes()
    site.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    applied = site.apply()
    assert applied.status == 0, applied.err
    assert (
        f"  change    {NAMESPACE}/brew_vat\n    alert MuchFoam: `> 1GiB` becomes `> 2GiB`: loosened\n"
        in applied.out
    )
    assert (len(ruler.writes()), threshold(ruler)) == (1, "2147483648")


def test_groups_no_longer_rendered(ruler: Ruler, tmp_path: Path) -> None:
    """In a shared namespace only groups with the spec's alerts are removed."""
    site = brewery_with(tmp_path, ruler, namespace="shared/by all")
    site.apply()
    groups = ruler.groups["shared/by all"]
    groups["old"] = {**copy.deepcopy(groups["brew_vat"]), "name": "old"}
    groups["foreign"] = {"name": "foreign", "rules": [{"alert": "Theirs", "expr": "up == 0"}]}
    found = site.verify()
    assert (found.status, "VM902" in found.out) == (1, True)
    ruler.writes()
    applied = site.apply()
    assert applied.status == 0, applied.err
    assert ruler.writes() == ["DELETE /config/v1/rules/shared/by all/old"]
    assert list(groups) == ["brew_vat", "brew_meta", "foreign"]


def test_a_foreign_group_under_the_same_name(ruler: Ruler, tmp_path: Path) -> None:
    """A foreign group under the spec's name is a conflict: shown, and overwritten only with `--force`."""
    site = brewery_with(tmp_path, ruler, namespace="shared")
    theirs = {"name": "brew_vat", "rules": [{"alert": "Theirs", "expr": "up == 0"}]}
    ruler.groups["shared"] = {"brew_vat": theirs}
    refused = site.apply()
    assert (refused.status, ruler.groups["shared"]) == (2, {"brew_vat": theirs})
    assert "    conflict: its alerts do not belong to `brew`\n" in refused.out
    assert site.apply("--force").status == 0


def test_verify(ruler: Ruler, site: Brewery) -> None:
    """`verify` names groups that are missing or were edited, and rules that are not healthy."""
    assert "VM901" in site.verify().out
    site.apply()
    ruler.groups[NAMESPACE]["brew_vat"]["rules"][0]["expr"] = "brew_foam_bytes > 5"
    ruler.groups[NAMESPACE]["brew_meta"]["source_tenants"] = ["others"]
    found = site.verify().out
    assert "`brew-prod/brew_vat` is not as rendered: alert MuchFoam: " in found
    assert "`brew-prod/brew_meta` is not as rendered: its evaluation options differ" in found
    assert f"ruler {ruler.url} has loaded another `MuchFoam`" in found
    assert site.apply().status == 0
    ruler.health = "err"
    assert "`ManySour` is not healthy: out of order" in site.verify().out


@pytest.mark.parametrize("status", [401, 403, 409, 412])
def test_a_refusal(ruler: Ruler, site: Brewery, status: int) -> None:
    """A refusal is reported at once with the ruler's message, and nothing is changed."""
    ruler.interfere = refusing(status, "POST")
    failed = site.apply()
    assert (failed.status, len(ruler.writes()), ruler.groups) == (2, 1, {})
    assert f"answered {status}" in failed.err
    assert "no, for a reason" in failed.err
    assert f"  ruler {ruler.url}: {NAMESPACE}/brew_vat: undone, as before\n" in failed.err
    assert f"  ruler {ruler.url}: {NAMESPACE}/brew_meta: not begun, as before\n" in failed.err


def test_a_wrong_token(ruler: Ruler, site: Brewery) -> None:
    """With a wrong token the preflight fails."""
    ruler.credentials = "Bearer another"
    failed = site.apply()
    assert (failed.status, ruler.writes()) == (2, [])
    assert "hint: is the token right, and may it do this?" in failed.err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_temporary_failure(ruler: Ruler, site: Brewery, method: str) -> None:
    """A read or a write that fails temporarily is repeated after a pause; a write sends the whole group."""
    ruler.interfere = refusing(503, method, times=2)
    applied = site.apply()
    assert applied.status == 0, applied.err


def test_an_answer_that_is_lost(ruler: Ruler, site: Brewery) -> None:
    """A change that took effect although its answer was lost is no failure."""
    ruler.interfere = losing("POST")
    applied = site.apply()
    assert applied.status == 0, applied.err


def test_a_failure_halfway(ruler: Ruler, site: Brewery) -> None:
    """Changes before a failure are undone, and a second run succeeds."""
    site.apply()
    old = {name: dict(group) for name, group in ruler.groups[NAMESPACE].items()}
    site.edit("for: 1s", "for: 3s")
    assert site.apply("--dry-run").out.endswith("\n2 to change\n")
    given: list[str] = []

    def interfere(received: Received) -> Reply | None:
        if received.method == "POST":
            given.append(received.body)
            return Reply(400, "too many rules") if len(given) == 2 else None
        return None

    ruler.interfere = interfere
    failed = site.apply()
    assert (failed.status, ruler.groups[NAMESPACE]) == (2, old)
    assert "brew_vat: undone, as before\n" in failed.err
    assert "brew_meta: undone, as before\n" in failed.err
    ruler.interfere = lambda received: None
    assert site.apply().status == 0


def test_a_fault_at_every_request(ruler: Ruler, site: Brewery) -> None:
    """Whichever request fails, nothing or everything is applied, as reported; a second run succeeds."""
    applied = 0
    for number in itertools.count():
        ruler.groups.clear()
        ruler.interfere = failing(number)
        failed = site.apply()
        if failed.status == 0:
            break
        assert failed.status == 2
        is_applied = "everything is applied, and cannot be verified" in failed.err
        assert len(ruler.groups.get(NAMESPACE, ())) == (2 if is_applied else 0), failed.err
        applied += is_applied
        assert site.apply().status == 0
    assert (number - applied, applied > 0) == (9, True)


def test_a_group_changed_meanwhile(ruler: Ruler, site: Brewery) -> None:
    """A group that was changed since it was read is not overwritten."""
    site.apply()
    site.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    theirs = {"name": "brew_vat", "rules": [{"alert": "Theirs", "expr": "up == 0"}]}
    reads: list[Received] = []

    def interfere(received: Received) -> Reply | None:
        if received.parts[-1] == NAMESPACE and received.method == "GET":
            reads.append(received)
            if len(reads) == 3:  # after the preflight and the plan
                ruler.groups[NAMESPACE]["brew_vat"] = theirs
        return None

    ruler.interfere = interfere
    failed = site.apply()
    assert (failed.status, ruler.groups[NAMESPACE]["brew_vat"]) == (2, theirs)
    assert "has changed since it was read" in failed.err
    assert "brew_vat: could not be undone, neither as before nor as planned" in failed.err


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "<html>welcome</html>"),
        Reply(200, "brew-prod: &a [*a]"),
        Reply(200, "brew-prod: [{}]"),
        Reply(200),
    ],
    ids=["html", "alias", "no-group", "empty"],
)
def test_a_body_that_is_something_else(ruler: Ruler, site: Brewery, reply: Reply) -> None:
    """An answer of another shape is an error, and nothing is written."""
    ruler.interfere = lambda received: reply if received.parts[-1] == NAMESPACE else None
    failed = site.apply()
    assert (failed.status, ruler.writes()) == (2, [])
    assert "did not answer with rule groups" in failed.err


def test_a_slow_server(ruler: Ruler, site: Brewery) -> None:
    """An answer that arrives byte by byte is cut off at the timeout."""
    ruler.interfere = lambda received: Reply(200, "x" * 10_000, drip=0.05)
    failed = site.apply("--timeout", "0.5")
    assert failed.status == 2
    assert "did not answer within 0.5 s" in failed.err


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host(ruler: Ruler, site: Brewery, method: str) -> None:
    """The token is not sent to another host."""
    other = Ruler(f"Bearer {TOKEN}", "brewers")
    with serving(other):
        place = other.url.replace("127.0.0.1", "localhost")
        ruler.interfere = refusing(307, method, Location=f"{place}/config/v1/rules/{NAMESPACE}")
        failed = site.apply()
    assert (failed.status, other.received) == (2, [])
    assert "another host" in failed.err or "sends POST on to" in failed.err


def test_a_namespace_of_two_contexts(ruler: Ruler, tmp_path: Path) -> None:
    """Two contexts with the same namespace would overwrite each other: refused before any request."""
    given = {"ruler": {"url": ruler.url, "namespace": "shared"}}
    site = brewery(tmp_path, {"prod": given, "tasting": given}, {})
    failed = site.apply()
    assert (failed.status, ruler.received) == (2, [])
    assert "`tasting` has the namespace `shared` too" in failed.err


def test_cortex(promtool: Path, tmp_path: Path) -> None:
    """A Cortex has other paths, and a password instead of a token."""
    cortex = Ruler("Basic YnJld2VyOmNhbmFyeS1jb3J0ZXg=", "brewers", ("api", "v1", "rules"))
    with serving(cortex):
        given = {
            "url": cortex.url,
            "rules_path": "/api/v1/rules",
            "query_path": "/prometheus",
            "tenant": "brewers",
            "username": "brewer",
            "password": {"env": "PASSWORD"},
        }
        site = brewery(tmp_path, {"prod": {"ruler": given}}, {"PASSWORD": "canary-cortex"})
        applied = site.apply()
    assert applied.status == 0, applied.err
    assert f"POST /api/v1/rules/{NAMESPACE}" in cortex.writes()


def test_more_rules_than_a_group_may_have(ruler: Ruler, tmp_path: Path) -> None:
    """A ruler with a limit gets groups of at most that many rules; the hint of a refusal names the limit."""
    ruler.most = 1
    site = brewery_with(tmp_path, ruler)
    refused = site.apply()
    assert (refused.status, ruler.groups) == (2, {})
    assert "rules per rule group limit (limit: 1 actual: " in refused.err
    assert "hint: name its limit at this target: `max_rules_per_group: 1`" in refused.err
    site.edit('"tenant": "brewers"', '"tenant": "brewers", "max_rules_per_group": 1')
    applied = site.apply()
    assert applied.status == 0, applied.err
    sizes = {name: len(group["rules"]) for name, group in ruler.groups[NAMESPACE].items()}
    assert set(sizes.values()) == {1}
    assert {"brew_vat", "brew_vat-2", "brew_vat-3", "brew_meta"} <= sizes.keys()
    assert site.apply().out.endswith(f"\n{len(sizes)} unchanged\n")
    ruler.most = 20
    site.edit('"max_rules_per_group": 1', '"max_rules_per_group": 20')
    assert site.apply().status == 0
    assert list(ruler.groups[NAMESPACE]) == ["brew_vat", "brew_meta"]
