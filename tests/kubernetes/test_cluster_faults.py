"""A fault at every step of applying to a real API server, an Alertmanager and a Grafana.

Each step meets some of the kinds of faults in turn, and so do the orders. The run prints the steps and
outcomes as a table.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.apply.faults import Case, Interference, Kind, Phase, Place, asked, healed
from tests.apply.grafana_stand_in import Grafana, Kept
from tests.apply.kept import KeptDashboard, KeptFile
from tests.apply.mixed import Mixed, named, orders
from tests.apply.proxy import Wire, proxy
from tests.apply.stand_in import serving
from tests.apply.world import HOST, paths, routed
from tests.cli.commands import Outcome, edit, in_process
from tests.end_to_end.live import alerting
from tests.kubernetes.conftest import NewClusters
from tests.kubernetes.failing import TARGET, FailingKubectl
from tests.kubernetes.kept_objects import KeptConfigMaps
from tests.tables import row

SPEC = Path(__file__).with_name("spec.yaml")
TOKEN = "canary-cluster-token"  # noqa: S105 - it opens nothing
NAMESPACE = "brewery"
NAMES = (TARGET, "alertmanager", "grafana")
# What happens in turn to each of kubectl's questions, to each of its changes, and to each request.
ASKING: Sequence[Kind] = ("fails", "gone", "interrupted")
CHANGING: Sequence[Kind] = ("lost", "taken", "interrupted", "fails", "gone")
REQUESTING: Sequence[Kind] = ("500", "gone", "taken", "interrupted")
TITLE = "faults while applying to a cluster, an Alertmanager and a Grafana, and what was told and true"
# The calls of kubectl, of which only those without --dry-run change anything, and the requests of the others.
CALLS: Mapping[Phase, str] = {
    "before": "apply api-resources version get get diff apply",
    "during": "get apply get apply get delete",
    "after": "get",
}
CONTEXT = """\
contexts:
  prod:
    labels: {environment: prod}
    component: configmap
    select: {namespace: brewery}
    receivers:
      pager: {webhook_configs: [{url: "http://127.0.0.1:9/pager"}]}
    targets: []
"""
STATUS, DASHBOARD = "/api/v2/status", "/api/dashboards/uid/brew-prod"
FOLDER = "/api/folders/victor-mon-e745733e9eefd0b3"  # by its title
ASKED: Mapping[Phase, Sequence[Place]] = {
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
    """The calls of kubectl in a phase, each with its number among all."""
    verbs = [(phase, verb) for phase, verbs in CALLS.items() for verb in verbs.split()]
    return [
        Place(TARGET, verb, "", number) for number, (at, verb) in enumerate(verbs, start=1) if at == phase
    ]


def cases() -> Iterator[tuple[tuple[str, ...], Case]]:
    """Every fault, and the order of the targets that it comes in."""
    turns, asking = itertools.cycle(orders(NAMES)), itertools.cycle(ASKING)
    changing, requesting = itertools.cycle(CHANGING), itertools.cycle(REQUESTING)
    for phase in CALLS:
        for place in calls(phase):
            is_change = phase == "during" and place.is_write
            for kind in itertools.islice(changing, 3) if is_change else (next(asking),):
                yield next(turns), Case(kind, phase, place)
    for phase, places in ASKED.items():
        for place in places:
            yield next(turns), Case(next(requesting), phase, place)


@dataclass
class Failing(Mixed):
    """The three of them, each failing in its own way."""

    kubectl: FailingKubectl = field(kw_only=True)

    def edit(self, old: str, new: str) -> None:
        """The spec with one text replaced, and everything rendered."""
        edit(self.spec, old, new)
        outcome = self.run("generate")
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
            return in_process(spec.parents[1], *arguments, env=env)

        url = behind["alertmanager"]
        cluster = KeptConfigMaps(pair.servers["prod"], NAMESPACE, "brew-alerts-prod")
        found = Failing(
            {
                TARGET: cluster,
                "alertmanager": KeptFile(
                    f"alertmanager {urls['alertmanager']}", config, url, lambda: (routed(url), None)
                ),
                "grafana": KeptDashboard(grafana, urls["grafana"], "brew-prod", "Beer & Co"),
            },
            {TARGET: kubectl, **dict.fromkeys(urls, Interference(wire))},
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
        grafana.dashboards["theirs"] = Kept({"uid": "theirs", "version": 1, "panels": []}, "theirs")
        given = SPEC.read_text(encoding="utf-8").replace("NAMESPACE", NAMESPACE)
        spec.write_text(given.partition("contexts:\n")[0] + CONTEXT, encoding="utf-8")
        found.put_in(NAMES[:2])
        found.edit("kubernetes: {rules_key", "outputs: {dashboard: null}\nkubernetes: {rules_key")
        applied = found.apply()
        assert applied.status == 0, applied.err
        (rules,) = cluster.snapshot()
        cluster.apply({**rules, "metadata": {**rules["metadata"], "name": "brew-old"}}, "victor-mon")
        cluster.note()
        found.learn("old")
        found.put_in(NAMES)
        found.edit("outputs: {dashboard: null}\n", "")
        found.edit("> 1GiB", "> 2GiB")
        found.edit("pager:", "siren:")
        found.become("new")
        yield found
        healed(found)


@pytest.mark.parametrize(("order", "case"), list(cases()), ids=named)
def test_a_fault(mixed: Failing, order: Sequence[str], case: Case, record_property) -> None:
    """What is told of every target is true, nothing of others is lost, and a second run heals it."""
    record_property(*row(TITLE, mixed.suffered(order, case)))


def test_every_step_has_its_fault(mixed: Failing) -> None:
    """What the faults come at is all that a run asks until it looks at what was applied."""
    mixed.put_in(NAMES)
    mixed.reset()
    assert mixed.apply().status == 0
    expected = [place for phase in CALLS for place in calls(phase)]
    assert mixed.kubectl.asked()[: len(expected)] == expected
    for name in NAMES[1:]:
        expected = [place for places in ASKED.values() for place in places if place.target == name]
        assert asked(mixed.wire, name)[: len(expected)] == expected
