"""`victor-mon test`: the derived cases, run by promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

from tests.cli.commands import project, victor_mon, with_promtool


def test_the_cases_of_an_alert_pass_in_base_and_in_every_context(promtool: Path, tmp_path: Path) -> None:
    """The cases are printed by alert and by kind, and their number for base and each context."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--filter", "HighThreadCount", env=with_promtool(promtool))
    assert run.status == 0
    assert run.out.startswith("HighThreadCount    15  fires, short, threshold, recovers,")
    assert run.err.splitlines() == [
        f"victor-performance {place}: {count} cases, none failed"
        for place, count in (("base", 15), ("prod", 14), ("staging", 14), ("fast", 15))
    ]


def test_results_for_machines(promtool: Path, tmp_path: Path) -> None:
    """JSON counts by alert and by kind; JUnit lists every case under its alert."""
    folder = project(tmp_path / "repository")
    arguments = ("--filter", "TargetDown", "--context", "prod", "--format", "json", "--junit", "results.xml")
    run = victor_mon(folder, "test", *arguments, env=with_promtool(promtool))
    assert run.status == 0
    document = json.loads(run.out)
    assert document["diagnostics"] == []
    place = document["places"]["victor-performance prod"]
    assert (place["cases"], place["failed"]) == (5, 0)
    assert place["byAlert"]["TargetDown"]["elsewhere"] == 2
    suites = Xml.parse(folder / "results.xml").getroot()  # noqa: S314 - written a moment ago by the command itself
    (suite,) = suites
    assert suite.attrib == {
        "name": "victor-performance prod", "tests": "5", "failures": "0", "errors": "0", "skipped": "0",
    }  # fmt: skip
    assert {case.get("classname") for case in suite} == {"victor-performance prod.TargetDown"}


def test_the_cases_are_listed_without_promtool(tmp_path: Path) -> None:
    """A line names the place, the alert, the kind and the case."""
    folder = project(tmp_path / "repository")
    wanted = ("--list", "--filter", "HighThreadCount, fires")
    run = victor_mon(folder, "test", *wanted, env={"PATH": str(tmp_path)})
    assert run.status == 0
    assert run.out.splitlines() == [
        f"victor-performance {place}: HighThreadCount, fires: 1% beyond the threshold"
        for place in ("base", "prod", "staging", "fast")
    ]


def test_the_cases_are_written_for_promtool(promtool: Path, tmp_path: Path) -> None:
    """Promtool runs the file in any folder; writing it again changes nothing.

    The spec is small; `make prove` runs the file of each large one.
    """
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    assert victor_mon(folder, "init", "--name", "shop").status == 0
    assert victor_mon(folder, "generate").status == 0
    (folder / "checked").mkdir()
    for done in ("wrote    ", "unchanged"):
        run = victor_mon(folder, "test", "--write", "checked/rules.test.yaml", env={"PATH": str(tmp_path)})
        assert (run.status, run.err) == (0, f"{done} checked/rules.test.yaml\n")
    command = [str(promtool), "test", "rules", "rules.test.yaml"]
    tested = subprocess.run(command, cwd=folder / "checked", capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    run = victor_mon(project(tmp_path / "other"), "test", "--write", "x.yaml", "--context", "prod")
    assert run.err.startswith("victor-mon: `--write` writes the cases of one spec, in base\nhint: ")
    assert run.status == 2


def test_without_promtool_the_hint_is_the_package(tmp_path: Path) -> None:
    """A missing program is reported plainly, with exit status 2."""
    run = victor_mon(project(tmp_path / "repository"), "test", env={"PATH": str(tmp_path)})
    assert run.status == 2
    assert run.err.startswith("victor-mon: `promtool` is not on PATH")
    assert "apt-get install prometheus" in run.err


def test_a_filter_without_a_case_is_an_error(promtool: Path, tmp_path: Path) -> None:
    """A misspelt name is not reported as a passed test."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--filter", "HighThreadCont", env=with_promtool(promtool))
    assert run.status == 2
    assert run.err == "victor-mon: no case contains `HighThreadCont`\nhint: did you mean `HighThreadCount`?\n"


def test_mutants_are_counted_by_alert_and_by_mutation(promtool: Path, tmp_path: Path) -> None:
    """All are noticed, and the kinds of case that noticed them are printed."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--mutate", "--filter", "HighThreadCount", env=with_promtool(promtool))
    assert run.err == "victor-performance base: 35 mutants, 0 survived, 0 equivalent, 100.0% noticed\n"
    assert (run.status, run.out.splitlines()[:2]) == (
        0,
        ["alert            mutants  noticed  equivalent", "HighThreadCount       35       35"],
    )
    assert "\nthreshold                3        3\n" in run.out
    assert "noticed first by: fires" in run.out


RAW = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning]
meta: null
components:
  till: {metrics: {shop_open: {type: gauge, merge: max, help: Open tills., labels: {till: [a, b]}}}}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
  raw: {title: Raw, unit: count, record: "till:open:max", expr: max by (till) (shop_open)}
  all: {title: All, unit: count, expr: sum by (job) (shop_open)}
  rawer: {title: Rawer, unit: count, expr: "till:open:max * 2"}
alerts:
  shop:
    Many: {signal: open, when: "> 5", severity: warning, summary: Many}
    RawMany: {signal: rawer, when: "> 5", severity: warning, summary: Many}
    Guarded: {signal: open, when: "> 6", only_if: {signal: all, when: any}, severity: warning, summary: Many}
"""


def test_alerts_on_raw_expressions_are_named_as_unproven(promtool: Path, tmp_path: Path) -> None:
    """No series are known that bring such a signal to a level; guards are signals, too."""
    (tmp_path / "shop.yaml").write_text(RAW, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", env=with_promtool(promtool))
    assert run.status == 0
    place, warning = "shop.yaml:{}:5", "warning[VM704] unproven-alert: no case makes `{}` fire: "
    reason = "no series are known that bring `{}` to a level"
    assert [line for line in run.err.splitlines() if "VM704" in line] == [
        f"{place}: {warning}{reason}".format(line, alert, signal)
        for line, alert, signal in ((15, "RawMany", "rawer"), (16, "Guarded", "all"))
    ]
    assert [line.split()[0] for line in run.out.splitlines()] == ["Many", "all"]


TEMPLATES = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning, critical]
meta: null
components:
  till: {metrics: {shop_open: {type: gauge, merge: max, help: Open tills., labels: {till: [a, b]}}}}
signals:
  open: {title: Open, unit: count, by: [till], value: {of: shop_open, agg: max}}
alerts:
  shop:
    Many:
      signal: open
      when: "> 5"
      severity: warning
      labels: {till: "{{ $labels.till }}", queue: "q-{{$labels.till}}"}
      annotations:
        summary: "{{ $value | humanize }} at {{ $labels.till }}"
        many: "{{ if gt $value 6.0 }}{{ printf `%.2f` $value }}{{ else }}few{{ end }}"
        odd: "{{ if true }}{{ $value }}{{ end }}"
    TooMany:
      {name: Many, signal: open, when: "> 7", severity: critical, summary: A, labels: {o: "{{$labels.till}}"}}
    Odd:
      {signal: open, when: "> 9", severity: null, summary: A, labels: {at: "{{ $externalLabels.at }}"}}
    Alike:
      {name: Same, signal: open, when: "> 10", severity: null, summary: A, labels: {of: "{{ $labels.till }}"}}
    Like: {name: Same, signal: open, when: "> 11", severity: null, summary: A, labels: {of: a}}
outputs: {rules: r.yaml, tests: t.yaml, dashboard: null, registry: null, alertmanager: null, kubernetes: null}
"""


def test_templates_are_compared_as_far_as_they_can_be_computed(promtool: Path, tmp_path: Path) -> None:
    """Other annotations are left out, and alerts with other templates in labels are unproven."""
    (tmp_path / "shop.yaml").write_text(TEMPLATES, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", "--mutate", env=with_promtool(promtool))
    assert run.status == 0, run.err
    assert " 0 survived" in run.err
    assert "annotation" in run.out
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", env=with_promtool(promtool))
    assert run.status == 0, run.out + run.err
    assert [line.partition(": no case makes ")[2] for line in run.err.splitlines() if "VM704" in line] == [
        "`Odd` fire: the template of its label `at` cannot be computed",
        "`Alike` fire: its labels and those of `Like`, of the same name, may be equal",
        "`Like` fire: its labels and those of `Alike`, of the same name, may be equal",
    ]
    generate = victor_mon(tmp_path, "generate", "--spec", "shop.yaml")
    assert generate.status == 0, generate.err
    done = subprocess.run(
        [promtool, "test", "rules", "t.yaml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


FAILING = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning, critical]
meta: null
components:
  till:
    metrics:
      shop_open:
        type: gauge
        merge: max
        help: Open tills.
        labels: {till: [a, b], way: {open: true, limit: 5}}
signals:
  open: {title: Open, unit: count, by: [till, way], value: {of: shop_open, agg: max}}
alerts:
  shop:
    Many:
      signal: open
      when: "> 5"
      severity: warning
      labels: {kind: '{{ if eq $labels.till "b" }}{{ .Foo }}{{ end }}'}
      annotations:
        summary: "{{ $value | humanize }} at {{ $labels.till }}"
        text: |
          Open for
          {{ humanizeDuration $labels.till }}
        number: "{{ humanizeDuration $labels.way }}"
        either: "{{ slice $labels.way 3 }}"
        value: "{{ humanizeDuration $value }}{{ humanizeTimestamp $value }}"
        small: '{{ if gt $value 5.5 }}{{ $value }}{{ else }}{{ template "y" }}{{ end }}'
        missing: '{{ template "x" }}'
        query: '{{ query "up" | first | value }}'
        address: "{{ externalURL }}/graph"
        path: "{{ pathPrefix }}/graph"
    Few:
      signal: open
      when: "< 3"
      severity: warning
      summary: A
      annotations: {most: "{{ index $labels.way 9 }}"}
outputs: {rules: r.yaml, tests: null, dashboard: null, registry: null, alertmanager: null, kubernetes: null}
"""


def test_templates_that_fail_when_they_are_expanded_are_errors(promtool: Path, tmp_path: Path) -> None:
    """Each known value of a label is tried, and text and a number in place of unknown ones."""
    (tmp_path / "shop.yaml").write_text(FAILING, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", env=with_promtool(promtool))
    assert run.status == 1
    found = [
        line.partition(": error[VM705] failing-template: ")
        for line in run.err.splitlines()
        if "VM705" in line
    ]
    number = 'strconv.ParseFloat: parsing "a": invalid syntax'
    assert [(place, message) for place, _, message in found] == [
        ("shop.yaml:21:22", "`.Foo` in the label `kind` of `Many` fails: can't evaluate field Foo"),
        (
            "shop.yaml:24:15",
            f"`humanizeDuration $labels.till` in the annotation `text` of `Many` fails: {number}",
        ),
        (
            "shop.yaml:28:17",
            "`slice $labels.way 3` in the annotation `either` of `Many` fails: index out of range: 3",
        ),
        (
            "shop.yaml:31:18",
            '`{{template "x"}}` in the annotation `missing` of `Many` fails: template "x" not defined',
        ),
        (
            "shop.yaml:40:27",
            "`index $labels.way 9` in the annotation `most` of `Few` fails: index out of range: 9",
        ),
    ]
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", "--filter", "Few", env=with_promtool(promtool))
    assert [line.partition("annotation ")[2][:6] for line in run.err.splitlines() if "VM705" in line] == [
        "`most`"
    ]


def test_rules_of_unproven_alerts_are_not_mutated(promtool: Path, tmp_path: Path) -> None:
    """Their mutants would survive, which `victor-mon test` already says of the whole alert."""
    (tmp_path / "shop.yaml").write_text(RAW, encoding="utf-8")
    run = victor_mon(tmp_path, "test", "--spec", "shop.yaml", "--mutate", env=with_promtool(promtool))
    assert run.status == 0
    assert " 0 survived" in run.err
    assert "RawMany" not in run.out
