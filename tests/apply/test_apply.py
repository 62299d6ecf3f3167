"""`victor-mon apply` and `verify --context`, with a real Prometheus and a real Alertmanager."""

from __future__ import annotations

import fcntl
import json
import os
import re
from pathlib import Path

import pytest
import yaml

from tests.apply.world import SPEC, World, reload
from tests.cli.commands import edit
from tests.end_to_end.live import running, until
from tests.programs import version
from victor_monitoring.promql.prometheus_version import parse_version

NOTHING = "nothing to do; the live systems match the spec\n"


def stamps(world: World) -> list[tuple[str, int, int]]:
    """Return the applied files, each with its inode and modification time."""
    found = [*world.rules.iterdir(), *world.config.parent.glob("*.yml")]
    return sorted((str(each), each.stat().st_ino, each.stat().st_mtime_ns) for each in found)


def test_from_nothing(brewery: World) -> None:
    """The rendered files are applied, loaded, healthy and routed; a second run writes nothing."""
    planned = brewery.run("apply", "--context", "prod", "--dry-run")
    assert (planned.status, brewery.loaded()) == (1, {})
    assert planned.out.endswith("1 to add, 1 to change\n")
    applied = brewery.apply()
    assert applied.status == 0, applied.err
    rendered = brewery.folder / "deployment/kubernetes/overlays/prod/brew/brew-alerts.yaml"
    assert brewery.rules_file.read_bytes() == rendered.read_bytes()
    names = {
        "MuchFoam",
        "ManySour",
        "TargetDown",
        "ServiceAbsent",
        "MetricMissing",
        "job:brew_sour:ratio_rate_2s",
    }
    assert brewery.loaded().keys() == names
    assert "brew/prod/pager" in {each["name"] for each in brewery.routed()["receivers"]}
    before = stamps(brewery)
    again = brewery.apply()
    assert (again.status, again.err.splitlines(keepends=True)[-1]) == (0, NOTHING)
    assert again.out.endswith("\n2 unchanged\n")
    assert stamps(brewery) == before
    assert brewery.run("apply", "--context", "prod", "--dry-run").status == 0


def test_one_changed_threshold(brewery: World) -> None:
    """A changed threshold is one line of the plan, in the spec's words; it is reloaded and verified."""
    assert brewery.apply().status == 0
    brewery.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    planned = brewery.run("apply", "--context", "prod", "--dry-run")
    lines = [
        line for line in planned.out.splitlines() if line.startswith("    ") and not line.startswith("     ")
    ]
    assert lines == ["    alert MuchFoam: `> 1GiB` becomes `> 2GiB`: loosened"]
    assert planned.out.endswith("\n1 to change, 1 unchanged\n")
    applied = brewery.apply()
    assert applied.status == 0, applied.err
    assert float(brewery.loaded()["MuchFoam"].rpartition(" > ")[2]) == 2**31


def test_a_prometheus_of_another_version(brewery: World, prometheus: Path) -> None:
    """`apply` and `verify` warn at the version in the spec, of the context or the service; it is no error."""
    running = parse_version(version(prometheus))
    other = "3.99" if running.left_open else "2.99"
    brewery.edit("  prod:\n", f'  prod:\n    prometheus: "{other}"\n')
    applied = brewery.apply()
    message = f"prometheus {brewery.prometheus.url} is version {running}, and `prometheus` says {other}\n"
    assert (applied.status, applied.out.count(message)) == (0, 1)
    found = brewery.verify()
    assert (found.status, found.out.count("VM911"), message in found.out) == (0, 1, True)
    assert f'    prometheus: "{other}"\n' in found.out
    assert f'hint: write `prometheus: "{running}"`, then run `victor-mon generate`\n' in found.out
    brewery.edit(f'    prometheus: "{other}"\n', "")
    brewery.edit("select: {job: brew}}", f'select: {{job: brew}}, prometheus: "{running}"}}')
    assert "VM911" not in brewery.apply().out
    windows = "2.43" if running.left_open else "3.0"
    brewery.edit(f'prometheus: "{running}"', f'prometheus: "{windows}"')
    newer = max(running, parse_version(windows))
    message = f"says {windows}: a sample exactly at the start of a window is not in it for {newer}\n"
    assert message in brewery.verify().out


def test_a_rule_broken_by_hand(brewery: World) -> None:
    """`verify` finds and names a rule that was edited, whether reloaded or not; `apply` restores it."""
    assert brewery.apply().status == 0
    edit(brewery.rules_file, "> 0.6", "> 0.9")
    found = brewery.verify()
    assert found.status == 1
    assert "VM900" in found.out
    assert "alert ManySour: `> 60%` becomes `> 90%`: loosened" in found.out
    reload(brewery.prometheus.url)
    found = brewery.verify()
    assert f"prometheus {brewery.prometheus.url} has loaded another `ManySour`" in found.out
    assert found.out.count("hint: run `victor-mon apply --context prod`\n") == 2  # the file, and the rule
    assert brewery.apply().status == 0
    assert brewery.verify().status == 0


def test_a_rule_that_cannot_be_evaluated(brewery: World) -> None:
    """`apply` and `verify` fail with Prometheus' own message, `verify` at the position of the alert."""
    brewery.edit("metric_prefix: brew_,", "metric_prefix: brew_, labels: {outcome: any},")
    brewery.edit("\ncomponents:\n", '\nchecks: {overwritten-label: "off"}\ncomponents:\n')
    brewery.edit(
        "\nalerts:\n  brew_vat:\n",
        "\n  batches: {title: Batches, unit: per_second, by: [outcome], rate: {of: brew_batches_total}}\n"
        "alerts:\n  brew_vat:\n    Brewing: {signal: batches, when: any, severity: warning, summary: A}\n",
    )
    words = "vector contains metrics with the same labelset after applying alert labels"
    applied = brewery.apply()
    assert applied.status == 2
    assert f"cannot evaluate `Brewing`: {words}\n" in applied.err
    rendered = brewery.folder / "deployment/kubernetes/overlays/prod/brew/brew-alerts.yaml"
    brewery.rules_file.write_bytes(rendered.read_bytes())
    reload(brewery.prometheus.url)
    found = brewery.verify()
    assert found.status == 1
    assert re.search(
        rf"specs/brew\.yaml:\d+:5: error\[VM904\] [^\n]*`Brewing` is not healthy: {words}", found.out
    )


def test_settings_of_a_group(brewery: World) -> None:
    """Interval and limit of a group are applied, and compared with those that Prometheus has loaded."""
    brewery.edit("\nalerts:\n", "\ngroups: {brew_vat: {evaluate_every: 1s, limit: 50}}\nalerts:\n")
    assert brewery.apply().status == 0
    assert brewery.verify().status == 0
    text = brewery.rules_file.read_text(encoding="utf-8")
    assert text.count("limit: 50") == 1
    brewery.rules_file.write_text(text.replace("limit: 50", "limit: 49"), encoding="utf-8")
    reload(brewery.prometheus.url)
    found = brewery.verify()
    assert f"prometheus {brewery.prometheus.url} has loaded another `MuchFoam`" in found.out
    assert brewery.apply().status == 0


def unload(brewery: World) -> None:
    """Make Prometheus unload the spec's file, which remains on disk."""
    text = brewery.rules_file.read_bytes()
    brewery.rules_file.unlink()
    reload(brewery.prometheus.url)
    brewery.rules_file.write_bytes(text)


def test_rules_that_were_just_loaded(brewery: World) -> None:
    """`verify` waits until rules that were just loaded are evaluated, and finds no difference."""
    assert brewery.apply().status == 0
    unload(brewery)
    reload(brewery.prometheus.url)
    found = brewery.verify()
    assert found.status == 0, found.out


@pytest.mark.parametrize("text", ["groups: [", "groups: !!int a", "a: &a [*a]", "[" * 900 + "]" * 900])
def test_a_file_that_is_no_yaml(brewery: World, text: str) -> None:
    """A rules file that is no YAML is reported, and replaced by `apply`."""
    assert brewery.apply().status == 0
    heading = brewery.rules_file.read_text(encoding="utf-8").partition("groups:")[0]
    brewery.rules_file.write_text(f"{heading}{text}\n", encoding="utf-8")
    found = brewery.verify()
    assert (found.status, "is not as rendered: the live content is no YAML" in found.out) == (1, True)
    assert brewery.apply().status == 0


def test_rules_that_come_in_another_way(brewery: World) -> None:
    """A Prometheus without `rules_dir` is only read, and the hint does not recommend `apply`."""
    assert brewery.apply().status == 0
    brewery.edit(f', rules_dir: "{brewery.rules}"', "")
    brewery.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    found = brewery.verify()
    assert "has loaded another `MuchFoam`" in found.out
    assert "hint: check how its rules are delivered: without `rules_dir` it is only queried\n" in found.out
    assert "victor-mon apply" not in found.out


def test_a_file_that_was_never_loaded(brewery: World) -> None:
    """A file that is on disk as rendered but not loaded is a change, and `apply` loads it."""
    assert brewery.apply().status == 0
    unload(brewery)
    assert "VM903" in brewery.verify().out
    applied = brewery.apply()
    assert applied.status == 0, applied.err
    assert "    Prometheus has not loaded it\n" in applied.out


def test_a_reload_that_fails(brewery: World) -> None:
    """An invalid foreign file makes the reload fail: the spec's file is restored, and both are reported."""
    assert brewery.apply().status == 0
    before = brewery.rules_file.read_bytes(), brewery.loaded()
    foreign = brewery.rules / "foreign.yaml"
    foreign.write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]\n", encoding="utf-8")
    brewery.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    failed = brewery.apply()
    assert failed.status == 2
    assert f"refuses to reload: `{foreign}`, which is not of this spec, is invalid" in failed.err
    assert f"  prometheus {brewery.prometheus.url}: {brewery.rules_file}: undone, as before\n" in failed.err
    assert "next: victor-mon apply --context prod --spec specs/brew.yaml\n" in failed.err
    assert (brewery.rules_file.read_bytes(), brewery.loaded()) == before
    foreign.unlink()
    assert brewery.apply().status == 0


def test_files_no_longer_rendered(brewery: World) -> None:
    """Own files that are no longer rendered are removed; foreign files and those of other contexts stay."""
    brewery.rules.joinpath("foreign.yaml").write_text("groups: []\n", encoding="utf-8")
    assert brewery.apply(context="tasting").status == 0
    old = brewery.rules / "brew-autumn.yaml"
    old.write_bytes(brewery.rules.joinpath("brew-tasting.yaml").read_bytes())
    assert "VM902" in brewery.verify().out
    applied = brewery.apply()
    assert f"  remove    {old}\n" in applied.out
    names = sorted(each.name for each in brewery.rules.iterdir())
    assert names == ["brew-prod.yaml", "brew-tasting.yaml", "foreign.yaml"]


def test_a_wrong_select(brewery: World) -> None:
    """`apply` and `verify` fail and name a selected label that no live series has (an external one)."""
    brewery.edit(
        "    labels: {environment: prod}\n", "    labels: {environment: prod}\n    select: {cluster: eu}\n"
    )
    applied = brewery.apply("--timeout", "1")
    assert applied.status == 1
    assert "error[VM906] unmatched-selector: no live series has the label `cluster`" in applied.out
    assert "    select: {cluster: eu}\n" in applied.out
    waiting = [line for line in applied.err.splitlines() if line.startswith("waiting, ")]
    assert waiting[-1].endswith(" s at most: no live series has the label `cluster`")
    assert len(waiting) == len(set(waiting))  # reported when it changes, not at every poll
    assert "external labels cannot be selected on" in brewery.verify().out
    assert brewery.verify().status == 1


def test_series_that_are_missing(brewery: World) -> None:
    """Metrics and selectors without live series are reported in place, unless they may be absent."""
    assert brewery.apply().status == 0
    brewery.vat.text = 'brew_batches_total{outcome="good"} 5\n'
    gone = 'brew_foam_bytes or brew_batches_total{outcome="sour"}'
    until(lambda: brewery.prometheus.query("up == 1") and not brewery.prometheus.query(gone))
    found = brewery.verify()
    assert found.status == 1
    assert "`brew_foam_bytes` has no live series" in found.out
    assert '`brew_batches_total{job="brew",outcome="sour"}` matches no live series' in found.out
    assert "brew_tastings_total`" not in found.out


def test_two_at_once(brewery: World) -> None:
    """An apply that waits longer than `--wait` for another one on its directory changes nothing."""
    descriptor = os.open(brewery.rules, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        refused = brewery.apply("--wait", "0.2")
    finally:
        os.close(descriptor)
    assert (refused.status, brewery.loaded()) == (2, {})
    at_work = f"another apply is at work on `{brewery.rules}`"
    assert f"{at_work}: waiting for its end, 0.2 s at most\n" in refused.err
    assert f"victor-mon: {at_work}\n" in refused.err


def test_a_prometheus_that_reloads_by_itself(brewery: World, prometheus: Path, tmp_path: Path) -> None:
    """Files are written, and apply waits until they are loaded; before 3.0 it says which flag it needs."""
    reloads = parse_version(version(prometheus)).major >= 3
    flags = ("--enable-feature=auto-reload-config", "--config.auto-reload-interval=1s") if reloads else ()
    with running(prometheus, tmp_path, [brewery.rules / "*.yaml"], [brewery.scrape], *flags) as alone:
        until(lambda: alone.query('rate(brew_batches_total{outcome="good"}[2s])'))
        brewery.write_spec(SPEC.read_text(encoding="utf-8"), prometheus=alone.url)
        applied = brewery.apply()
        if not reloads:
            reason = f"victor-mon: prometheus {alone.url} reloads neither on request nor by itself\n"
            assert f"{reason}hint: start it with --web.enable-lifecycle" in applied.err
            return
        assert applied.status == 0, applied.out + applied.err
        assert "waiting until it reloads by itself, 11 s at most" in applied.err
        (tmp_path / "prometheus.yml").write_text("rule_files: []", encoding="utf-8")
        brewery.edit('when: "> 1GiB"', 'when: "> 2GiB"')
        failed = brewery.apply("--timeout", "0.5")
    assert failed.status == 2
    assert f"has not loaded the content of `{brewery.rules_file}` by itself: within 1.5 s" in failed.err


def test_a_reload_that_fails_while_few_may_read_the_file(brewery: World) -> None:
    """The message names who may read the file: Prometheus may be another user."""
    assert brewery.apply().status == 0
    brewery.rules_file.chmod(0o600)
    brewery.edit('when: "> 1GiB"', 'when: "> 2GiB"')
    config = brewery.rules.parent / "prometheus.yml"
    text = config.read_text(encoding="utf-8")
    try:
        config.write_text("rule_files: {}", encoding="utf-8")
        failed = brewery.apply()
    finally:
        config.write_text(text, encoding="utf-8")
    assert failed.status == 2
    owner = brewery.rules_file.owner()
    readers = f"`{brewery.rules_file}` may be read by `{owner}` only\n"
    assert f"hint: does it run as one of them? {readers}" in failed.err


def test_a_foreign_file_under_the_same_name(brewery: World) -> None:
    """A foreign file under the spec's name is a conflict: shown, and overwritten only with `--force`."""
    brewery.rules_file.write_text("groups: []\n", encoding="utf-8")
    refused = brewery.apply()
    assert (refused.status, brewery.rules_file.read_text(encoding="utf-8")) == (2, "groups: []\n")
    assert "    conflict: it is not a file of this spec\n" in refused.out
    assert brewery.apply("--force").status == 0


def test_json(brewery: World) -> None:
    """One document contains the plan, the outcome of each step, and the findings."""
    planned = json.loads(brewery.apply("--dry-run", "--format", "json").out)
    assert [(each["kind"], "outcome" in each) for each in planned["steps"]] == [
        ("add", False),
        ("change", False),
    ]
    applied = json.loads(brewery.apply("--format", "json").out)
    assert [each["outcome"] for each in applied["steps"]] == ["done", "done"]
    assert (applied["version"], applied["context"], applied["findings"]) == (1, "prod", [])


def test_twenty_foreign_routes(brewery: World) -> None:
    """Adding, changing and removing the spec's part leaves every line of the host's file unchanged."""
    host = brewery.config.read_text(encoding="utf-8")
    assert brewery.apply().status == 0
    first = brewery.config.read_text(encoding="utf-8")
    assert without_own_part(first) == yaml.safe_load(host)
    assert [line for line in first.splitlines() if line in host.splitlines()] == host.splitlines()
    brewery.edit("pager: {severities: [critical], ", "siren: {severities: [critical], ")
    applied = brewery.apply()
    assert applied.status == 0, applied.err
    assert "    receiver brew/prod/pager: removed\n    receiver brew/prod/siren: added\n" in applied.out
    assert "canary-host-smtp" not in applied.out + applied.err
    assert without_own_part(brewery.config.read_text(encoding="utf-8")) == yaml.safe_load(host)
    assert len(brewery.routed()["route"]["routes"]) == 21


def test_a_foreign_route_that_comes_first(brewery: World) -> None:
    """A host's route that diverts the spec's alerts is reported, with the first alert of each receiver."""
    edit(brewery.config, "  routes:\n", "  routes:\n    - receiver: platform\n")
    found = brewery.apply("--timeout", "1")
    assert found.status == 1
    assert "VM908" in found.out
    assert "`ManySour` does not reach the receiver `brew/prod/pager`" in found.out


def test_a_host_that_is_broken_later(brewery: World) -> None:
    """A file that amtool cannot route by is reported as such, not as receivers that no alert reaches."""
    assert brewery.apply().status == 0
    edit(brewery.config, "receiver: platform   #", "receiver: nobody   #")
    found = brewery.verify()
    assert found.status == 2
    assert f"amtool cannot route alerts by `{brewery.config}`" in found.err
    assert "VM908" not in found.out


def test_a_host_that_amtool_refuses(brewery: World) -> None:
    """Nothing is changed, not even in Prometheus, if amtool refuses the host's file as it is."""
    edit(brewery.config, "receiver: platform   #", "receiver: nobody   #")
    refused = brewery.apply()
    assert (refused.status, brewery.loaded(), list(brewery.rules.iterdir())) == (2, {}, [])
    assert f"amtool refuses `{brewery.config}` as it is now, without the rendered part: " in refused.err
    assert 'undefined receiver "nobody"' in refused.err
    assert f"hint: correct `{brewery.config}`: Alertmanager will not load it either" in refused.err
    edit(brewery.config, "receiver: nobody   #", "receiver: platform   #")
    assert brewery.apply().status == 0


def test_a_route_edited_by_hand(brewery: World) -> None:
    """`verify` reports an edited route as neither loaded nor rendered, and `apply` restores it."""
    assert brewery.apply().status == 0
    edit(brewery.config, "group_interval: 1m", "group_interval: 2m")
    found = brewery.verify()
    assert "route subtree: changed" in found.out
    assert "has not loaded the content of" in found.out
    assert brewery.apply().status == 0
    assert brewery.verify().status == 0


def without_own_part(text: str) -> dict[str, object]:
    config = yaml.safe_load(text)
    config["route"]["routes"] = [
        each for each in config["route"]["routes"] if 'service="brew"' not in str(each)
    ]
    config["receivers"] = [each for each in config["receivers"] if not each["name"].startswith("brew/")]
    config["inhibit_rules"] = [each for each in config["inhibit_rules"] if 'service="brew"' not in str(each)]
    return dict(config)
