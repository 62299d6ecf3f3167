"""A fault at every step of applying to a real API server, an Alertmanager and a Grafana.

Each step is tried with some kinds of faults; kinds and orders rotate. The run prints the steps and outcomes
as a table.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.apply.fake import serving
from tests.apply.fake_grafana import Grafana, StoredDashboard
from tests.apply.faults import Case, Kind, Phase, Place, ProxyFaults, assert_recovers, requests_to
from tests.apply.mixed import Mixed, orders, parameter_id
from tests.apply.proxy import Wire, proxy
from tests.apply.stores import DashboardStore, FileStore
from tests.apply.world import HOST, paths, routed
from tests.cli.commands import Outcome, edit, victor_mon
from tests.end_to_end.live import alerting
from tests.kubernetes.config_maps import ConfigMapStore
from tests.kubernetes.conftest import NewClusters
from tests.kubernetes.failing import TARGET, FailingKubectl
from tests.tables import row

pytestmark = pytest.mark.minutes(3)

SPEC = Path(__file__).with_name("spec.yaml")
TOKEN = "canary-cluster-token"  # noqa: S105 - it opens nothing
NAMESPACE = "brewery"
NAMES = (TARGET, "alertmanager", "grafana")
# The faults, in rotation, of kubectl's reads, of its changes, and of the requests to the other targets.
READ_FAULTS: Sequence[Kind] = ("fails", "gone", "interrupted")
CHANGE_FAULTS: Sequence[Kind] = ("lost", "taken", "interrupted", "fails", "gone")
REQUEST_FAULTS: Sequence[Kind] = ("500", "gone", "taken", "interrupted")
TITLE = "faults while applying to a cluster, an Alertmanager and a Grafana, and the reported states"
# The calls of kubectl: `apply` in the phase `before` is a dry run.
CALLS: Mapping[Phase, str] = {
    "before": "apply api-resources version get get diff apply",
    "during": "get apply get apply get delete",
    "after": "get",
}
CONTEXT = """\
contexts:
  prod:
    labels: {environment: prod}
    select: {namespace: brewery}
    receivers:
      pager: {webhook_configs: [{url: "http://127.0.0.1:9/pager"}]}
    targets: []
"""
STATUS, DASHBOARD = "/api/v2/status", "/api/dashboards/uid/brew-prod"
FOLDER = "/api/folders/victor-mon-e745733e9eefd0b3"  # derived from its title
REQUESTS: Mapping[Phase, Sequence[Place]] = {
    "before": [
        Place("alertmanager", "GET", STATUS),
        Place("grafana", "GET", DASHBOARD),
        Place("grafana", "GET", FOLDER),
        Place("grafana", "GET", "/api/folders"),
        Place("grafana", "GET", FOLDER, 2),
        Place("grafana", "GET", DASHBOARD, 2),
        Place("grafana", "GET", DASHBOARD, 3),
    ],
    "during": [
        Place("alertmanager", "POST", "/-/reload"),
        Place("alertmanager", "GET", STATUS, 2),
        Place("grafana", "POST", "/api/folders"),
        Place("grafana", "GET", DASHBOARD, 4),
        Place("grafana", "POST", "/api/dashboards/db"),
        Place("grafana", "GET", DASHBOARD, 5),
        Place("grafana", "GET", f"{DASHBOARD}/versions"),
    ],
    "after": [
        Place("alertmanager", "GET", STATUS, 3),
        Place("grafana", "GET", FOLDER, 3),
    ],
}


def calls(phase: Phase) -> list[Place]:
    """Return the calls of kubectl in a phase, each with its number among all calls."""
    verbs = [(phase, verb) for phase, verbs in CALLS.items() for verb in verbs.split()]
    return [
        Place(TARGET, verb, "", number) for number, (at, verb) in enumerate(verbs, start=1) if at == phase
    ]


def cases() -> Iterator[tuple[tuple[str, ...], Case]]:
    """Yield every fault, each with an order of the targets."""
    turns, asking = itertools.cycle(orders(NAMES)), itertools.cycle(READ_FAULTS)
    changing, requesting = itertools.cycle(CHANGE_FAULTS), itertools.cycle(REQUEST_FAULTS)
    for phase in CALLS:
        for place in calls(phase):
            is_change = phase == "during" and place.is_write
            for kind in itertools.islice(changing, 3) if is_change else (next(asking),):
                yield next(turns), Case(kind, phase, place)
    for phase, places in REQUESTS.items():
        for place in places:
            yield next(turns), Case(next(requesting), phase, place)


@dataclass
class Failing(Mixed):
    """A cluster, an Alertmanager and a Grafana, each with its own injector."""

    kubectl: FailingKubectl = field(kw_only=True)

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the spec, and render everything; git tracks nothing here."""
        edit(self.spec, old, new)
        outcome = self.run("generate", "--force")
        assert outcome.status == 0, outcome.err


@pytest.fixture(scope="module")
def mixed(
    new_clusters: NewClusters,
    promtool: Path,
    alertmanager: Path,
    amtool: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Failing]:
    folder = tmp_path_factory.mktemp("mixed")
    spec, config, wire = folder / "repository" / "specs" / "brew.yaml", folder / "am" / "host.yml", Wire()
    for each in (spec.parent, spec.parents[1] / ".git", config.parent):
        each.mkdir(parents=True)
    config.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    grafana = Grafana(f"Bearer {TOKEN}")
    with contextlib.ExitStack() as stack:
        pair = stack.enter_context(new_clusters(["prod"]))
        stack.enter_context(serving(grafana))
        behind = {"alertmanager": stack.enter_context(alerting(alertmanager, config)), "grafana": grafana.url}
        urls = {name: stack.enter_context(proxy(name, url, wire)) for name, url in behind.items()}
        kubectl = FailingKubectl(folder / "bin", pair.kubectl)
        env = {
            **pair.env,
            "PATH": os.pathsep.join([str(kubectl.folder), paths()["PATH"]]),
            "HOME": str(folder),
            "TOKEN": TOKEN,
        }

        def run(*arguments: str) -> Outcome:
            return victor_mon(spec.parents[1], *arguments, env=env)

        url = behind["alertmanager"]
        cluster = ConfigMapStore(pair.servers["prod"], NAMESPACE, "brew-alerts-prod")
        found = Failing(
            {
                TARGET: cluster,
                "alertmanager": FileStore(
                    f"alertmanager {urls['alertmanager']}", config, url, lambda: (routed(url), None)
                ),
                "grafana": DashboardStore(grafana, urls["grafana"], "brew-prod", "Beer & Co"),
            },
            {TARGET: kubectl, **dict.fromkeys(urls, ProxyFaults(wire))},
            run,
            is_slow=True,
            spec=spec,
            kubectl=kubectl,
            wire=wire,
            targets={
                TARGET: {"kube_context": "prod"},
                "alertmanager": {"url": urls["alertmanager"], "config": str(config)},
                "grafana": {"url": urls["grafana"], "token": {"env": "TOKEN"}, "folder": "Beer & Co"},
            },
        )
        pair("prod", "create", "namespace", NAMESPACE)
        pair("prod", "create", "configmap", "theirs", f"--namespace={NAMESPACE}", "--from-literal=a=b")
        grafana.folders["theirs"] = "Theirs"
        grafana.dashboards["theirs"] = StoredDashboard(
            {"uid": "theirs", "version": 1, "panels": []}, "theirs"
        )
        given = SPEC.read_text(encoding="utf-8").replace("NAMESPACE", NAMESPACE)
        spec.write_text(given.partition("contexts:\n")[0] + CONTEXT, encoding="utf-8")
        found.set_order(NAMES[:2])
        found.edit("kubernetes: {rules_key", "outputs: {dashboard: null}\nkubernetes: {rules_key")
        applied = found.apply()
        assert applied.status == 0, applied.err
        (rules,) = cluster.snapshot()
        cluster.apply({**rules, "metadata": {**rules["metadata"], "name": "brew-old"}}, "victor-mon")
        cluster.note()
        found.record("old")
        found.set_order(NAMES)
        found.edit("outputs: {dashboard: null}\n", "")
        found.edit("> 1GiB", "> 2GiB")
        found.edit("pager:", "siren:")
        found.apply_as("new")
        yield found
        assert_recovers(found)


@pytest.mark.parametrize(("order", "case"), list(cases()), ids=parameter_id)
def test_a_fault(mixed: Failing, order: Sequence[str], case: Case, record_property) -> None:
    """The report of every target is correct, foreign content remains, and a second run succeeds."""
    record_property(*row(TITLE, mixed.apply_with_fault(order, case)))


def test_every_step_has_its_fault(mixed: Failing) -> None:
    """The places of the faults are all calls and requests of a run until it verifies."""
    mixed.set_order(NAMES)
    mixed.reset()
    assert mixed.apply().status == 0
    expected = [place for phase in CALLS for place in calls(phase)]
    assert mixed.kubectl.calls()[: len(expected)] == expected
    for name in NAMES[1:]:
        expected = [place for places in REQUESTS.values() for place in places if place.target == name]
        assert requests_to(mixed.wire, name)[: len(expected)] == expected
