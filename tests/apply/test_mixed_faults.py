"""A fault at every step of applying to a Prometheus, a ruler and a Grafana, in three orders.

Every change is tried with every kind of fault, every read with one kind; kinds and orders rotate. Each target
is once the first, the second and the last. The run prints the steps and outcomes as a table.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.apply.fake import brewery, serving
from tests.apply.fake_grafana import Grafana, StoredDashboard
from tests.apply.fake_ruler import Ruler
from tests.apply.faults import Case, Kind, Phase, Place, ProxyFaults, requests_to
from tests.apply.mixed import Mixed, orders, parameter_id
from tests.apply.proxy import Wire, proxy
from tests.apply.stores import DashboardStore, FileStore, GroupStore, rules
from tests.apply.world import Vat, scraped, scraping
from tests.end_to_end.live import until
from tests.programs import version
from tests.tables import row

pytestmark = pytest.mark.minutes(2.5)

TOKEN = "canary-mixed-token"  # noqa: S105 - it opens nothing
NAMES = ("prometheus", "ruler", "grafana")
WRITING: Sequence[Kind] = ("500", "lost", "gone", "taken", "interrupted", "slow")
READING: Sequence[Kind] = ("500", "gone", "interrupted")
THEIRS = {"name": "theirs", "rules": [{"alert": "Theirs", "expr": "up == 0"}]}
TITLE = "faults while applying to a Prometheus, a ruler and a Grafana, and the reported states"
GROUPS, DASHBOARD = "/config/v1/rules/shared", "/api/dashboards/uid/brew-prod"
FOLDER = "/api/folders/victor-mon-e745733e9eefd0b3"  # derived from its title
# Prometheus is polled with these requests between the last change and the first verification.
POLLED = [
    Place("prometheus", "GET", "/api/v1/format_query", 2),
    Place("prometheus", "GET", "/api/v1/rules", 2),
]
# The requests to each target, up to the first one that verifies: the later ones are alike.
REQUESTS: Mapping[Phase, Sequence[Place]] = {
    "before": [
        Place("prometheus", "GET", "/api/v1/status/flags"),
        Place("prometheus", "GET", "/api/v1/status/config"),
        Place("ruler", "GET", "/api/v1/rules"),
        Place("ruler", "GET", GROUPS),
        Place("ruler", "GET", GROUPS, 2),
        Place("grafana", "GET", DASHBOARD),
        Place("grafana", "GET", FOLDER),
        Place("grafana", "GET", "/api/folders"),
        Place("grafana", "GET", FOLDER, 2),
        Place("grafana", "GET", DASHBOARD, 2),
        Place("grafana", "GET", f"{DASHBOARD}/versions"),
        Place("grafana", "GET", DASHBOARD, 3),
        Place("grafana", "GET", f"{DASHBOARD}/versions", 2),
    ],
    "during": [
        Place("prometheus", "POST", "/-/reload"),
        Place("prometheus", "GET", "/api/v1/rules"),
        Place("prometheus", "GET", "/api/v1/format_query"),
        Place("ruler", "GET", GROUPS, 3),
        Place("ruler", "POST", GROUPS),
        Place("ruler", "GET", GROUPS, 4),
        Place("ruler", "GET", GROUPS, 5),
        Place("ruler", "POST", GROUPS, 2),
        Place("ruler", "GET", GROUPS, 6),
        Place("ruler", "GET", GROUPS, 7),
        Place("ruler", "DELETE", f"{GROUPS}/brew_old"),
        Place("ruler", "GET", GROUPS, 8),
        Place("grafana", "POST", "/api/folders"),
        Place("grafana", "GET", DASHBOARD, 4),
        Place("grafana", "GET", f"{DASHBOARD}/versions", 3),
        Place("grafana", "POST", "/api/dashboards/db"),
        Place("grafana", "GET", DASHBOARD, 5),
        Place("grafana", "GET", f"{DASHBOARD}/versions", 4),
    ],
    "after": [
        Place("prometheus", "GET", "/api/v1/query"),
        Place("ruler", "GET", GROUPS, 9),
        Place("grafana", "GET", FOLDER, 3),
    ],
}


def cases() -> Iterator[tuple[tuple[str, ...], Case]]:
    """Yield every fault, each with an order of the targets."""
    turns, reading = itertools.cycle(orders(NAMES)), itertools.cycle(READING)
    for name in NAMES:
        first = next(place for place in REQUESTS["before"] if place.target == name)
        yield next(turns), Case("away", "before", first)
    for phase, places in REQUESTS.items():
        for place in places:
            for kind in WRITING if place.is_write else (next(reading),):
                yield next(turns), Case(kind, phase, place)


@pytest.fixture(scope="module")
def mixed(prometheus: Path, promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    folder = tmp_path_factory.mktemp("mixed")
    directory, wire, vat = folder / "rules", Wire(), Vat()
    rules_file = directory / "brew-prod.yaml"
    directory.mkdir()
    directory.joinpath("theirs.yaml").write_text(json.dumps({"groups": [THEIRS]}), encoding="utf-8")
    ruler, grafana = Ruler(f"Bearer {TOKEN}", "brewers"), Grafana(f"Bearer {TOKEN}")
    with contextlib.ExitStack() as stack:
        for each in (ruler, grafana):
            stack.enter_context(serving(each))
        real = stack.enter_context(scraping(folder, directory, stack.enter_context(scraped(vat))))
        behind = {"prometheus": real.url, "ruler": ruler.url, "grafana": grafana.url}
        urls = {name: stack.enter_context(proxy(name, url, wire)) for name, url in behind.items()}
        token = {"env": "TOKEN"}
        targets: dict[str, dict[str, Any]] = {
            "prometheus": {"url": urls["prometheus"], "rules_dir": str(directory)},
            "ruler": {"url": urls["ruler"], "tenant": "brewers", "namespace": "shared", "token": token},
            "grafana": {"url": urls["grafana"], "token": token},
        }
        stores = {
            "prometheus": FileStore(
                f"prometheus {urls['prometheus']}", rules_file, real.url, rules(real, rules_file)
            ),
            "ruler": GroupStore(ruler, urls["ruler"], "shared", "theirs"),
            "grafana": DashboardStore(grafana, urls["grafana"], "brew-prod", "Beer & Co"),
        }
        site = brewery(folder, {"prod": [{name: each} for name, each in targets.items()]}, {"TOKEN": TOKEN})
        found = Mixed(
            stores,
            dict.fromkeys(NAMES, ProxyFaults(wire)),
            site.command,
            spec=site.spec,
            wire=wire,
            targets=targets,
        )
        ruler.groups = {"shared": {"theirs": THEIRS}, "foreign": {"theirs": THEIRS}}
        grafana.folders["theirs"] = "Theirs"
        grafana.dashboards["theirs"] = StoredDashboard(
            {"uid": "theirs", "version": 1, "panels": []}, "theirs"
        )
        until(lambda: real.query('rate(brew_batches_total{outcome="good"}[2s])'))
        site.edit("evaluate_every: 500ms", "evaluate_every: 200ms")
        site.edit("    ManySour", "  brew_old:\n    ManySour")
        found.apply_as("old")
        targets["grafana"]["folder"] = "Beer & Co"
        found.set_order(NAMES)
        site.edit("  brew_old:", "  brew_new:")
        site.edit("> 1GiB", "> 2GiB")
        site.edit("title: Sour, type: timeseries", "title: Sour, type: stat")
        found.apply_as("new")
        yield found


def unused_paths(prometheus: Path) -> set[str]:
    """Return the paths that are not requested from this version.

    Prometheus 3 prints 2147483648 as written, so that no expression has to be formatted; 2.42 prints
    2.147483648e+09.
    """
    return set() if version(prometheus).startswith("2.") else {"/api/v1/format_query"}


@pytest.mark.parametrize(("order", "case"), list(cases()), ids=parameter_id)
def test_a_fault(mixed: Mixed, prometheus: Path, order: Sequence[str], case: Case, record_property) -> None:
    """The report of every target is correct, foreign content remains, and a second run succeeds."""
    if case.place.path in unused_paths(prometheus):
        # The request before it: a later one may come during or after the changes, depending on timing.
        case = replace(case, place=Place("prometheus", "GET", "/api/v1/rules"))
    record_property(*row(TITLE, mixed.apply_with_fault(order, case)))


def test_every_step_has_its_fault(mixed: Mixed, prometheus: Path) -> None:
    """The places of the faults are all requests of a run until it verifies."""
    mixed.set_order(NAMES)
    mixed.reset()
    assert mixed.apply().status == 0
    for name in NAMES:
        places = [place for places in REQUESTS.values() for place in places if place.target == name]
        expected = [place for place in places if place.path not in unused_paths(prometheus)]
        found = [place for place in requests_to(mixed.wire, name) if place not in POLLED]
        assert found[: len(expected)] == expected
