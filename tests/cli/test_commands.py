"""Output and exit status of the commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pydantic
import pytest
import yaml

from tests.cli.commands import ROOT, SPEC, edit, project, victor_mon
from victor_monitoring.app.reference import reference_text
from victor_monitoring.cli.init import starter_spec
from victor_monitoring.cli.schema import schema_text

PYDANTIC = tuple(map(int, pydantic.VERSION.split(".")[:2]))


def test_validate_counts_the_contents_of_a_spec(tmp_path: Path) -> None:
    """A spec without mistakes is reported with its numbers of alerts, signals, metrics and contexts."""
    folder = project(tmp_path)
    assert victor_mon(folder, "validate").err.endswith(" metrics, 3 contexts\n")
    prod, *_ = (folder / SPEC).read_text(encoding="utf-8").partition("  staging:\n")
    (folder / SPEC).write_text(prod, encoding="utf-8")
    assert victor_mon(folder, "validate").err.endswith(" metrics, 1 context\n")


def test_validate_finds_every_mistake_at_once_with_its_place(tmp_path: Path) -> None:
    """Mistakes of several kinds are reported in one run, sorted, with caret and hint; exit status 1."""
    folder = project(tmp_path)
    edit(folder / SPEC, 'when: "< 40%"', 'when: "< 40"')
    edit(folder / SPEC, "signal: threads", "signal: thraeds")
    found = victor_mon(folder, "validate")
    assert found.status == 1
    assert found.out.index("VM210") < found.out.index("VM104")
    assert "^^^^^^" in found.out
    assert "hint: did you mean `threads`?" in found.out


@pytest.mark.parametrize("how", ["json", "sarif"])
def test_findings_in_formats_for_machines_parse(tmp_path: Path, how: str) -> None:
    """The formats for machines are JSON on stdout, and the exit status is the same."""
    folder = project(tmp_path)
    edit(folder / SPEC, "signal: threads", "signal: thraeds")
    found = victor_mon(folder, "validate", "--format", how)
    assert found.status == 1
    assert "VM104" in json.dumps(json.loads(found.out))


def test_findings_as_github_annotations(tmp_path: Path) -> None:
    """Each finding is one workflow command with file and line."""
    folder = project(tmp_path)
    edit(folder / SPEC, "signal: threads", "signal: thraeds")
    found = victor_mon(folder, "validate", "--format", "github")
    assert found.out.startswith("::error file=specs/performance.yaml,line=")


@pytest.mark.parametrize("how", ["github", "json", "sarif"])
def test_findings_for_machines_have_paths_from_the_root_of_the_repository(tmp_path: Path, how: str) -> None:
    """A spec and a drifted file are named from the repository's root, wherever the command runs."""
    folder = project(tmp_path / "shop")
    edit(folder / SPEC, "budget: {series: 5000}", "budget: {series: 5000}\nchecks: {unshown-alert: warning}")
    edit(folder / SPEC, "        - {title: Memory Usage, type: timeseries, signal: memory}\n", "")
    runs = [
        victor_mon(folder, "check", "--format", how),
        victor_mon(folder / "specs", "check", "--format", how, "--spec", "performance.yaml"),
        victor_mon(tmp_path, "check", "--format", how, "--spec", "shop/specs/performance.yaml"),
        victor_mon(tmp_path, "check", "--format", how, "--spec", str(folder / SPEC)),
    ]
    for file in (SPEC.as_posix(), "generated/performance-alerts.yaml"):
        assert any(f"{before}{file}" in runs[0].out for before in ('"', "file="))
    assert [each.out for each in runs] == [runs[0].out] * 4


def test_strict_and_today(tmp_path: Path) -> None:
    """An acknowledgement that has expired is a warning, and with `--strict` a failure."""
    folder = project(tmp_path)
    text = (folder / SPEC).read_text(encoding="utf-8")
    reason = next(line for line in text.splitlines() if "slower-critical:" in line)
    key = reason[: reason.index("slower-critical:")]
    edit(folder / SPEC, reason, f"{key}slower-critical: {{reason: For now, until: 2026-01-31}}"
         + ("}" if key.rstrip().endswith("{") else ""))  # fmt: skip
    assert victor_mon(folder, "validate", "--strict", "--today", "2026-01-31").status == 0
    late = victor_mon(folder, "validate", "--today", "2026-02-01")
    assert (late.status, "VM605" in late.out, "VM304" in late.out) == (1, True, True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["generate", "--only", "ruels"], "did you mean `rules`?"),
        (["generate", "--context", "prdo"], "did you mean `prod`?"),
        (["explain", "HighMemoryUsge"], "did you mean `HighMemoryUsage`?"),
        (["validate", "--spec", "nowhere.yaml"], "--spec FILE"),
        (["validate", "--format", "xml"], "'text'"),
        (["generate", "--out", "specs/performance.yaml"], "is a file"),
        (["check", "--out", "specs/performance.yaml"], "is a file"),
        (["vaildate"], "vaildate"),
        (["init", "--name", "performance"], "was not changed"),
    ],
)
def test_wrong_usage_has_a_hint(tmp_path: Path, arguments: list[str], text: str) -> None:
    """Wrong usage exits with 2 and prints the correction, without a traceback."""
    outcome = victor_mon(project(tmp_path), *arguments)
    assert outcome.status == 2
    assert text in outcome.err


def test_no_spec_says_how_to_start(tmp_path: Path) -> None:
    """Without a spec, the hint is to run `victor-mon init`."""
    outcome = victor_mon(tmp_path, "validate")
    assert (outcome.status, "victor-mon init" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    "verb", ["init", "import", "validate", "generate", "check", "explain", "verify", "schema"]
)
def test_help_has_an_example(verb: str) -> None:
    """The help of every command has an example."""
    outcome = victor_mon(ROOT, verb, "--help")
    assert (outcome.status, f"Example: victor-mon {verb}" in outcome.out) == (0, True)


def test_explain_an_alert_shows_the_line_of_every_threshold(tmp_path: Path) -> None:
    """Each context has its threshold with file and line; an override has its own line."""
    folder = project(tmp_path)
    lines = (folder / SPEC).read_text(encoding="utf-8").splitlines()
    written = next(n for n, line in enumerate(lines, 1) if 'when: "> 1GiB"' in line)
    override = next(n for n, line in enumerate(lines, 1) if '"> 4GiB"' in line)
    out = victor_mon(folder, "explain", "HighMemoryUsage").out
    assert f"base     > 1GiB for 10m  warning  specs/performance.yaml:{written}\n" in out
    assert f"prod     > 4GiB for 10m  warning  specs/performance.yaml:{override}\n" in out
    assert f"fast     > 1GiB for 10s  warning  specs/performance.yaml:{written}\n" in out


def test_explain_shows_the_guard_of_an_alert() -> None:
    """The condition of the guard follows that of the alert."""
    out = victor_mon(ROOT, "explain", "--spec", "specs/examples/queue.yaml", "QueueWithoutConsumers").out
    assert "\n    base  < 1 while Waiting messages > 0 for 5m " in out, out


def test_explain_says_as_which_prometheus_values_are_computed(tmp_path: Path) -> None:
    """One version for all contexts is one line; else each version has the line that sets it."""
    folder = project(tmp_path)
    assumed = "as by Prometheus 3: windows without a sample at their very start (`prometheus` is not set)"
    assert f"\n  computed   {assumed}\n" in victor_mon(folder, "explain", "cpu").out
    edit(folder / SPEC, "\nservice:\n", '\nservice:\n  prometheus: "2.42"\n')
    edit(folder / SPEC, "\n  staging:\n", '\n  staging:\n    prometheus: "3.14"\n')
    out = victor_mon(folder, "explain", "HighCPUUsage").out
    lines = (folder / SPEC).read_text(encoding="utf-8").splitlines()
    base, staging = (
        lines.index(f'{indent}prometheus: "{v}"') + 1 for indent, v in (("  ", "2.42"), ("    ", "3.14"))
    )
    assert (
        "\n  computed\n    base, prod, fast  as by Prometheus 2.42: windows with a sample at their very start"
        f"  {SPEC}:{base}\n    staging           as by Prometheus 3.14: windows without a sample at their "
        f"very start  {SPEC}:{staging}\n"
    ) in out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cache_hit_ratio", "alert HighCacheMissRate"),
        ("victor_tool_executions_total", "signal tool_error_ratio"),
        ("cache", "anchor"),
        ("VM302", "threshold-off-bucket"),
        ("VM700", "drift"),
        ("VM801", "unexposed-metric"),
        ("unknown-key", "VM040"),
    ],
)
def test_explain_shows_a_name_and_its_users(name: str, text: str) -> None:
    """Signals, metrics, components and findings can be explained by name."""
    outcome = victor_mon(ROOT, "explain", name)
    assert (outcome.status, text in outcome.out) == (0, True)


def test_explain_says_nothing_of_what_an_external_metric_leaves_out() -> None:
    """No help, no limit and no buckets: their lines and parts of lines are missing."""
    explained = ("explain", "--spec", "specs/examples/exporter.yaml")
    assert "\n  label      database: open\n" in victor_mon(ROOT, *explained, "ledgerdb_connections").out
    out = victor_mon(ROOT, *explained, "ledgerdb_query_duration_seconds").out
    assert re.findall(r"^  (\w+)", out, re.MULTILINE) == ["defined", "unit", "used"]


def test_the_command_line_needs_no_rendered_module(tmp_path: Path) -> None:
    """The tool never imports the registry that it renders."""
    watch = (
        "import sys; sys.argv = ['victor-mon', 'validate']\n"
        "from victor_monitoring.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in sys.modules if name.startswith('victor_monitoring.victor')])"
    )
    run = subprocess.run([sys.executable, "-c", watch], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, "valid" in run.stderr) == ("[]\n", True)


@pytest.mark.parametrize(
    "line",
    [
        "validate",
        "generate",
        "check",
        "test --filter OpenCircuit",
        "explain VM101",
        "schema",
        "diff --context prod",
    ],
)
def test_a_command_that_asks_nothing_loads_no_http_client(line: str, tmp_path: Path) -> None:
    """Only commands that send requests import httpx."""
    watch = (
        f"import sys; sys.argv = ['victor-mon', *{line.split()}]\n"
        "from victor_monitoring.cli import main\n"
        "try: main()\n"
        "finally: print('httpx' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", watch],
        cwd=project(tmp_path), env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stderr
    assert run.stdout.splitlines()[-1] == "False", run.stderr


@pytest.mark.parametrize(
    "line", ["validate", "check", "validate --spec specs/examples/organisation/wishlist.yaml"]
)
def test_no_socket_is_opened(line: str) -> None:
    """The commands that run on untrusted changes open no socket."""
    watch = (
        "import sys\n"
        "def hook(event, _):\n"
        "    if event.startswith('socket.'): sys.exit(99)\n"
        f"sys.addaudithook(hook); sys.argv = ['victor-mon', *{line.split()}]\n"
        "from victor_monitoring.cli import main; main()"
    )
    run = subprocess.run([sys.executable, "-c", watch], cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("path", [*ROOT.glob("specs/**/*.yaml"), None], ids=str)
def test_the_schema_accepts_valid_specs(path: Path | None) -> None:
    """The specs of this repository and the starter conform to the JSON Schema."""
    text = starter_spec("shop") if path is None else path.read_text(encoding="utf-8")
    jsonschema.validate(yaml.safe_load(text), json.loads(schema_text()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type: counter", "type: conter"),
        ("severities:", "severity:"),
        ("for: 10m", "for: 10"),
        ("owner:", "o:"),
    ],
)
def test_the_schema_refuses_mistakes(old: str, new: str) -> None:
    """The JSON Schema rejects misspelt keys and values, and wrong types."""
    text = starter_spec("shop")
    assert old in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text.replace(old, new)), json.loads(schema_text()))


@pytest.mark.skipif(PYDANTIC < (2, 11), reason="an older pydantic words the same schema otherwise")
@pytest.mark.parametrize(
    ("path", "render"), [("specs/victor-mon.schema.json", schema_text), ("specs/README.md", reference_text)]
)
def test_schema_and_reference_are_as_rendered(path: str, render: object) -> None:
    """The committed schema and reference equal a new rendering."""
    assert callable(render)
    assert (ROOT / path).read_text(encoding="utf-8") == render()


def test_specs_are_all_yaml_files_with_a_key_of_a_spec(tmp_path: Path) -> None:
    """Both endings are read; YAML of other programs is passed over with a note, unless it is named."""
    folder = project(tmp_path)
    victor_mon(folder, "init", "--name", "basket")
    specs = folder / "specs"
    (specs / "basket.yaml").rename(specs / "basket.yml")
    (specs / "api.yaml").write_text("openapi: 3.1.0\ncomponents: {schemas: {}}\n", encoding="utf-8")
    (specs / "list.yml").write_text("- a\n", encoding="utf-8")
    ended = victor_mon(folder, "validate")
    assert ended.status == 0, ended.err
    notes = ["api.yaml", "list.yml"]
    note = "is passed over: it has no key of a spec, such as `victor_mon`"
    assert ended.err.splitlines()[:2] == [f"note: `specs/{name}` {note}" for name in notes]
    assert [line.partition(":")[0] for line in ended.err.splitlines()[2:]] == [
        "specs/basket.yml", "specs/performance.yaml"
    ]  # fmt: skip
    ended = victor_mon(folder, "validate", "--spec", "specs/api.yaml")
    assert (ended.status, "`victor_mon` is missing" in ended.out) == (1, True)


def test_a_spec_without_its_version_is_no_other_program(tmp_path: Path) -> None:
    """A file with another key of a spec is one, so that a forgotten key is an error; alone it is one too."""
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "shop.yaml"
    path.write_text("alerts: {}\n", encoding="utf-8")
    ended = victor_mon(tmp_path, "validate")
    assert (ended.status, "`victor_mon` is missing" in ended.out) == (1, True)
    path.write_text("openapi: 3.1.0\n", encoding="utf-8")
    ended = victor_mon(tmp_path, "validate")
    assert (ended.status, "there is no spec in `specs/`" in ended.err) == (2, True)
