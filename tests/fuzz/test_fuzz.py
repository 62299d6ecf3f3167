"""Some damaged inputs of each kind; and the harness itself, which finds planted faults."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import campaign, damage, expositions, hosts, kubeconfigs, specs
from tests.fuzz.campaign import Campaign
from tests.fuzz.kind import Fault, Input, Kind
from victor_monitoring.cli.specs import compile_files
from victor_monitoring.live.alertmanager.host_config import merged
from victor_monitoring.live.exposition.verify import verify
from victor_monitoring.renderers import rules

SEED = 20261123


class Stub(Kind):
    """Texts of six lines."""

    name = "stub"
    batch = 2

    def draw(self, random: Random) -> Input:
        return Input({"text": b"one\ntwo\nthree\nfour x\nfive\nsix"})

    def examine(self, given: Input, folder: Path) -> bool:
        assert not list(folder.iterdir())
        return True


def found(kind: Kind, count: int, *, confirm: bool = False) -> dict[str, int]:
    """Return the signatures of the faults of so many inputs, with their counts."""
    run = Campaign([kind], SEED, say=lambda _: None)
    for number in range(1, count + 1):
        run.draw(kind, number)
    if confirm:
        run.confirm(kind)
    return {key.partition(": ")[2]: number for key, number in run.repeated.items()}


@pytest.mark.parametrize(
    ("kind", "count"), [(specs.Specs(), 60), (expositions.Expositions(), 300), (hosts.Hosts(), 60)]
)
def test_damaged_inputs(kind: Kind, count: int) -> None:
    """Each input is read or refused with a place and a hint, and accepted in silence never."""
    assert found(kind, count) == {}


def test_damaged_kubeconfigs(kubebuilder: Path) -> None:
    """Each command on a damaged kubeconfig ends with a hint, and with no secret."""
    assert found(kubeconfigs.Kubeconfigs(), 10) == {}


def test_an_input_is_drawn_again_by_its_number() -> None:
    """Seed and number alone make an input."""
    for kind in (specs.Specs(), expositions.Expositions(), hosts.Hosts(), kubeconfigs.Kubeconfigs()):
        one, two = (kind.draw(Random(f"{SEED} 7")) for _ in range(2))
        assert one.files == two.files


def test_damage_differs() -> None:
    """Of many changes of one text hardly two are the same."""
    (content,) = specs.seeds()[0].values()
    assert len({damage.damaged(Random(number), content) for number in range(200)}) > 180


def test_an_error_is_found_by_its_smallest_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback is a finding, made small, with the command that repeats it."""

    def examine(self: Stub, given: Input, folder: Path) -> bool:
        if b"x" in given.files["text"]:
            raise KeyError("x")
        return True

    monkeypatch.setattr(Stub, "examine", examine)
    said: list[str] = []
    run = Campaign([Stub()], SEED, say=said.append)
    run.draw(Stub(), 1)
    run.draw(Stub(), 2)
    (finding,) = run.findings.values()
    assert finding.given.files == {"text": b"x"}
    assert run.repeated.total() == 2
    assert said[-1] == f"repeat: python -m tests.fuzz --seed {SEED} --kind stub --input 1"


def test_an_input_without_an_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes longer than the deadline, twice, is a finding."""

    def examine(self: Stub, given: Input, folder: Path) -> bool:
        while True:
            pass

    monkeypatch.setattr(Stub, "examine", examine)
    monkeypatch.setattr(campaign, "DEADLINE", 0.02)
    monkeypatch.setattr(campaign, "SHRINKING", 0.1)
    assert found(Stub(), 1) == {"overdue": 1}


def test_an_outside_judge_is_asked_by_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign asks the judge about each full batch and the rest, and reports its faults."""
    asked: list[int] = []

    def confirm(self: Stub, given: Sequence[Input], folder: Path) -> Mapping[int, Fault]:
        asked.append(len(given))
        return {0: Fault("refused")} if len(asked) == 1 else {}

    monkeypatch.setattr(Stub, "confirm", confirm)
    run = Campaign([Stub()], SEED, say=lambda _: None)
    run.run(0.05)
    assert asked[0] == Stub.batch
    assert run.judged["stub"] == run.drawn["stub"]
    assert list(run.findings) == ["stub: refused"]


def test_a_reader_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyError of a reader is found in each kind."""

    def broken(*_: object, **__: object) -> object:
        raise KeyError("planted")

    for module, name, kind in (
        (specs, "compile_files", specs.Specs()),
        (expositions, "parse", expositions.Expositions()),
        (hosts, "merged", hosts.Hosts()),
    ):
        with monkeypatch.context() as planted:
            kind.draw(Random(1))  # the seeds are made by the reader
            planted.setattr(module, name, broken)
            planted.setattr(campaign, "SHRINKING", 0.0)
            assert any(key.startswith("KeyError in ") for key in found(kind, 3)), name


def test_a_diagnostic_without_a_hint_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A diagnostic of a spec or an exposition has a hint."""

    def compiled(*given):
        result, diagnostics = compile_files(*given)
        return result, [dataclasses.replace(each, hint="") for each in diagnostics]

    monkeypatch.setattr(specs, "compile_files", compiled)
    monkeypatch.setattr(
        expositions, "verify", lambda *given: [dataclasses.replace(each, hint="") for each in verify(*given)]
    )
    monkeypatch.setattr(campaign, "SHRINKING", 0.0)
    for kind in (specs.Specs(), expositions.Expositions()):
        assert any(key.endswith(" without a hint") for key in found(kind, 5))


def test_a_change_that_is_ignored_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spec whose change is read and rendered nowhere is accepted in silence."""
    monkeypatch.setattr(specs, "render", lambda _: [])
    monkeypatch.setattr(specs, "_unlocated", lambda _: ())
    monkeypatch.setattr(campaign, "SHRINKING", 0.0)
    assert "a change has no effect" in found(specs.Specs(), 150)


def test_a_lost_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment of the host that an edit drops is a fault."""
    hosts.seeds()
    monkeypatch.setattr(
        hosts, "merged", lambda *given: merged(*given).replace("# Ask the platform team.", "#")
    )
    monkeypatch.setattr(campaign, "SHRINKING", 0.0)
    assert "a line of the host is lost" in found(hosts.Hosts(), 20)


def test_a_cluster_that_is_not_reached_is_found(kubebuilder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that asks no server and says nothing takes the kubeconfig in silence."""
    monkeypatch.setattr(kubeconfigs, "_ask", lambda _: None)
    monkeypatch.setattr(campaign, "SHRINKING", 0.0)
    assert "a server that answers nothing useful is taken for a cluster" in found(
        kubeconfigs.Kubeconfigs(), 1
    )


def test_rules_that_promtool_refuses_are_found(promtool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendered rules are read by promtool."""
    render = rules.render

    def broken(spec):
        for each in render(spec):
            yield dataclasses.replace(each, text=each.text.replace("expr: ", "expr: '(' #"))

    kind, given = specs.Specs(), Input(specs.seeds()[0])
    monkeypatch.setattr(rules, "render", broken)
    run = Campaign([kind], SEED, say=lambda _: None)
    run._waiting = {kind.name: [(1, given)]}  # noqa: SLF001 - the input is chosen
    monkeypatch.setattr(campaign, "SHRINKING", 0.0)
    run.confirm(kind)
    assert list(run.findings) == ["specs: promtool refuses rules"]


def test_an_edit_that_amtool_refuses_is_found(amtool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that amtool takes is taken once it is edited."""
    given = [Input({hosts.NAME: each}) for each in hosts.seeds()[:3]]
    monkeypatch.setattr(hosts, "merged", lambda *given: merged(*given) + "\nnonsense: 1\n")
    faults = campaign._confirmed(hosts.Hosts(), given)  # noqa: SLF001 - without a campaign
    assert {each.rule for each in faults.values()} == {
        "amtool refuses the edited text, and took the text before"
    }


@pytest.mark.clock
def test_an_exposition_that_prometheus_refuses_is_found(
    prometheus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is accepted is scraped by a real Prometheus, and so is what is refused."""
    given = [
        Input({expositions.BODY: body, expositions.HEADERS: b"text/plain; version=0.0.4"})
        for body in (b"m 1\n", b"m{ 1\n", b"m 2\n")
    ]
    monkeypatch.setattr(expositions, "refusals", lambda *_: {"2": "planted"})
    faults = campaign._confirmed(expositions.Expositions(), given)  # noqa: SLF001 - without a campaign
    assert {number: each.rule for number, each in faults.items()} == {
        1: "Prometheus refuses an exposition that is accepted",
        2: "Prometheus takes an exposition that is refused",
    }
