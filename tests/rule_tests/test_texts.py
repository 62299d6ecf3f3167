"""The texts of alerts that cases expect, compared by promtool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.language.small_spec import compiled
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.rule_tests.derive import Cases, derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases

# The alert fires above 5, with the value 5.05 1% beyond it; a maximum is exact.
COMPARED = {
    "labels": "{{ $labels.till }} in {{ .Labels.hall }}{{ $labels.nowhere }}",
    "instance": "Instance {{$labels.instance}} of job {{-  $labels.job -}} .",
    "humanized": "{{ $value | humanize }} tills are open, {{ humanize1024 $value }} at most",
    "printed": '{{ printf "%.2f" $value }} open, that is {{ $value | printf "%.0f" }}',
    "percent": '{{ $value | humanizePercentage }}, {{ printf "%6.2f%%" $value }}',
    "duration": "open for {{ $value | humanizeDuration }}",
    "if": "{{ if gt $value 100.0 }}very{{ else if ge $value 5.01 }}quite{{ else }}hardly{{ end }} many",
    "equal": '{{ if eq $labels.till "a" "b" }}known{{ else }}unknown{{ end }}',
    "and": '{{ if and (gt $value 2.0) (ne $labels.till "x") }}yes{{ end }}',
    "with": "{{ with $labels.zone }}zone {{ . }}{{ else }}no zone{{ end }}",
    "empty": "{{ with $labels.zone }}zone {{ . }}{{ end }}",
    "range": "{{ range $key, $text := $labels }}{{if ne $key `job`}}{{ $key }}={{ $text }};{{ end }}{{end}}",
    "map": "LABELS = {{ $labels }}",
    "index": 'till {{ index $labels "till" | toUpper }}, {{ $labels.hall | title }}',
    "url": 'https://shop.example.org/d/x?var-till={{ $labels.till | urlquery }}&q={{ urlquery "a b" }}',
    "host": '{{ reReplaceAll "(.*):\\\\d+" "$1" $labels.instance }}',
    "match": '{{ if match "^[a-c]$" $labels.till }}small{{ end }}',
    "variable": '{{ $name := printf "%s/%s" $labels.hall $labels.till }}{{ $name }} and {{ len $name }}',
    "define": '{{ define "it" }}<{{ . }}>{{ end }}{{ template "it" $labels.till }}',
    "lines": "- open: {{ $value | humanize }}\n- till: {{ $labels.till }}\n{{- /* the end */ -}}\n",
    "nested": '{{ with $value }}{{ . | printf "%.2f" | printf "%s of 9" }}{{ end }}',
    "plain": 'Close the {tills} of "all" halls, {{ `{{` }}.',
    "name": "{{ $labels.__name__ }} is open",
    "value": "VALUE = {{ $value }}",
    "digits": '{{ printf "%.14f" $value }}',
}
LEFT_OUT = {
    "query": '{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}',
    "external": "{{ externalURL }}/graph",
    "cluster": "{{ $externalLabels.cluster }}",
    "table": '{{ tableLink "up" }}',
}
SILENT = {"short", "threshold", "never-there", "elsewhere", "bystanders", "two-values"}
BODY = """\
severities: [warning]
meta: null
components:
  till:
    metrics:
      shop_open:
        {type: gauge, merge: livemax, help: Open., labels: {till: [a, b], hall: [east, west]}}
      shop_seen_timestamp_seconds: {type: gauge, merge: livemax, unit: timestamp, help: Seen.}
signals:
  open: {title: Open, unit: count, by: [till, hall], value: {of: shop_open}}
  sum: {title: Sum, unit: count, by: [till, hall], value: {of: shop_open, agg: sum}}
  most: {title: Most, unit: count, by: [till], value: {of: shop_open, agg: max}}
  few: {title: Few, unit: count, value: {of: shop_open, over_time: min}}
  states: {title: States, unit: count, count: {of: shop_open, where: "> 3"}}
  age: {title: Age, unit: seconds, age: {of: shop_seen_timestamp_seconds, agg: max}}
  until: {title: Until, unit: seconds, until: {of: shop_seen_timestamp_seconds}}
alerts:
  shop:
    Many: {signal: open, when: "> 5", severity: warning}
"""


def spec(annotations: Mapping[str, str], labels: Mapping[str, str] | None = None, **keys: object) -> Resolved:
    """Return a spec with an alert that has these annotations, labels and other keys."""
    body = yaml.safe_load(BODY)
    body["alerts"]["shop"]["Many"] |= {
        "annotations": {"summary": "Many", **annotations},
        "labels": dict(labels or {}),
        **keys,
    }
    found = compiled(yaml.safe_dump(body, sort_keys=False))
    assert found.base is not None
    assert not found.has_errors, found.diagnostics
    return found.base


def compared(derived: Cases) -> set[str]:
    """Return the kinds of cases that expect annotations of a firing alert."""
    return {
        case.kind
        for case in derived.cases
        if any(each.firing and each.has_annotations for each in case.expectations)
    }


def failed(promtool: Path, derived: Cases, changed: str | None = None) -> set[str]:
    """Return the kinds of the cases that fail, after a text of the alert is changed."""
    found = derived.rules()
    for rule in found.rules:
        if changed is not None:
            texts = tuple((n, text + "." if n == changed else text) for n, text in rule.annotations)
            assert texts != rule.annotations
            found = found.replacing(rule, replace(rule, annotations=texts))
    return {
        each.case.kind
        for each in run_cases(Promtool.at(promtool), derived.cases, found, lambda count: None)
        if not each.passed
    }


def test_texts_as_people_write_them_are_expected_as_prometheus_makes_them(promtool: Path) -> None:
    """All cases pass with every text that is known; the others are left out of the rules."""
    derived = derive(spec({**COMPARED, **LEFT_OUT}))
    assert derived.unknown["Many"] == LEFT_OUT.keys()
    assert "fires" in compared(derived)
    assert failed(promtool, derived) == set()


@pytest.mark.parametrize("name", COMPARED)
def test_each_text_is_compared(promtool: Path, name: str) -> None:
    """A case fails as soon as Prometheus makes another text."""
    derived = derive(spec({name: COMPARED[name]}))
    cases = tuple(each for each in derived.cases if each.kind == "fires")
    assert failed(promtool, replace(derived, cases=cases), name) == {"fires"}


def test_a_text_that_the_last_digits_of_a_value_change_is_expected_of_other_values(promtool: Path) -> None:
    """At 5.05, the value in most cases, either branch is possible; far beyond the threshold only one is."""
    derived = derive(spec({"at": "{{ if ge $value 5.05 }}many{{ else }}few{{ end }}"}, signal="sum"))
    assert compared(derived) == {"missed-scrape", "vanished"}
    assert not derived.unknown["Many"]
    assert failed(promtool, derived) == set()
    assert failed(promtool, derived, "at") == {"missed-scrape", "vanished"}


@pytest.mark.parametrize(
    ("signal", "when"),
    [
        ("open", "> 0.7"),
        ("most", "> 0.3"),
        ("few", "< 0.7"),
        ("states", "> 0"),
        ("few", "absent"),
        ("age", "> 1h"),
        ("until", "< 1h"),
    ],
)
def test_a_value_that_nothing_rounds_is_printed_as_it_is(promtool: Path, signal: str, when: str) -> None:
    """All digits are expected of values that are read, counted or subtracted."""
    text = "{{ $value }} {{ $value | humanizeDuration }} {{ $labels }}"
    derived = derive(spec({"text": text}, signal=signal, when=when))
    assert not derived.unknown.get("Many")
    assert {case.kind for case in derived.cases} - compared(derived) <= SILENT
    assert failed(promtool, derived) == set()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{{ if gt $value 7.0 }}high{{ else }}low{{ end }}", {}),
        ("{{ $labels.till | toUpper }}-{{ $labels.hall }}", {"for": "5m", "keep_firing_for": "5m"}),
    ],
)
def test_a_label_whose_text_is_known_is_expected(
    promtool: Path, text: str, keys: Mapping[str, object]
) -> None:
    """A label may follow from other labels, and without `for` from the value."""
    derived = derive(spec({}, {"level": text}, **keys))
    assert not derived.unproven
    assert not derived.skipped
    assert failed(promtool, derived) == set()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{{ if gt $value 7.0 }}high{{ else }}low{{ end }}", {"for": "5m"}),
        ("{{ if gt $value 7.0 }}high{{ else }}low{{ end }}", {"keep_firing_for": "5m"}),
        ("{{ $value }}", {"signal": "sum"}),
        ("{{ externalURL }}", {}),
    ],
)
def test_an_alert_with_a_label_whose_text_is_not_known_is_unproven(
    text: str, keys: Mapping[str, object]
) -> None:
    """With each other value another alert begins, and so does `for`; `keep_firing_for` keeps the old one."""
    derived = derive(spec({}, {"level": text}, **keys))
    assert [*derived.unproven.values()] == ["the template of its label `level` cannot be computed"]
    assert not derived.cases
    assert not derived.skipped


def test_a_case_in_which_a_label_may_have_two_texts_is_skipped(promtool: Path) -> None:
    """The other cases are made: their values are not at the edge between two texts."""
    text = "{{ if gt $value 5.0 }}high{{ else }}low{{ end }}"
    derived = derive(spec({}, {"level": text}, signal="sum", when=">= 5"))
    assert [(each.kind, each.reason) for each in derived.skipped] == [
        ("threshold", "the template of its label `level` cannot be computed")
    ]
    assert failed(promtool, derived) == set()
