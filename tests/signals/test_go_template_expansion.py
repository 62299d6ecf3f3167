"""Templates are expanded as by a real Prometheus, or not at all."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.programs import version
from tests.promql.expressions import fresh
from tests.signals.go_templates import EXPANSIONS, TEXTS, WHOLE
from victor_monitoring.promql.lexer import Token, string_bytes
from victor_monitoring.promql.prometheus_version import NEWEST, PrometheusVersion, parse_version
from victor_monitoring.signals.go_template.expansion import expanded, expanded_text
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.printing import NotExpandedError
from victor_monitoring.signals.go_template.reader import read

DRAWN = 800
LABELS = {"job": "x y", "instance": "a:1"}
VALUES = (2.5, 1234567.0, -0.000012, 0.0, 1e21)
EXPANDED = re.compile(r'alertname: (\d+), time.*?Annotations:\{(?:text="(.*?)")?\}\n', re.DOTALL)


def by_promtool(
    promtool: Path, folder: Path, texts: Sequence[str], labels: Mapping[str, str], value: float
) -> list[str]:
    """Return the texts that promtool makes of templates, in alerts on one series."""
    rules = [
        {"alert": str(index), "expr": "it * 1", "annotations": {"text": text}}
        for index, text in enumerate(texts)
    ]
    names = ", ".join(f"{name}={json.dumps(text)}" for name, text in labels.items())
    # None of the alerts is expected, so that promtool shows them.
    expected = [{"eval_time": "0s", "alertname": str(index), "exp_alerts": []} for index in range(len(texts))]
    test = {
        "interval": "1m",
        "input_series": [{"series": f"it{{{names}}}", "values": repr(value)}],
        "alert_rule_test": expected,
    }
    (folder / "rules.json").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    (folder / "test.json").write_text(json.dumps({"rule_files": ["rules.json"], "tests": [test]}))
    done = subprocess.run(
        [promtool, "test", "rules", "test.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    found = dict(EXPANDED.findall(done.stdout + done.stderr))
    return [
        string_bytes(Token("string", f'"{found[str(index)]}"', 0)).decode(errors="replace")
        for index in range(len(texts))
    ]


def ours(text: str, value: float, prometheus: PrometheusVersion) -> str | None:
    """Return the text that is made here; None if it is not expanded."""
    try:
        return expanded(read(text, prometheus), LABELS, value)
    except NotExpandedError:
        return None


def differences(promtool: Path, folder: Path, texts: Sequence[str], value: float) -> tuple[list[str], int]:
    """Return the texts of which other texts are made here, and the number of those that are expanded."""
    prometheus = parse_version(version(promtool))
    texts = [text for text in texts if is_template(text, prometheus)]
    found, count = [], 0
    for text, theirs in zip(texts, by_promtool(promtool, folder, texts, LABELS, value), strict=True):
        made = ours(text, value, prometheus)
        count += made is not None
        if made not in (None, theirs):
            found.append(f"{text!r}: {made!r}, and promtool has {theirs!r}")
    return found, count


def is_template(text: str, prometheus: PrometheusVersion) -> bool:
    """Return whether the version can read a template."""
    try:
        read(text, prometheus)
    except GoTemplateError:
        return False
    return True


@pytest.mark.parametrize("value", VALUES)
def test_each_construct_is_expanded_as_by_promtool(promtool: Path, tmp_path: Path, value: float) -> None:
    """Conditions, variables, definitions, formats and functions; what fails there is not expanded here."""
    found, count = differences(promtool, tmp_path, [*EXPANSIONS, *TEXTS], value)
    assert found == []
    assert count > 100


@pytest.mark.hypothesis
def test_drawn_templates_are_expanded_as_by_promtool(promtool: Path, tmp_path: Path) -> None:
    """Constructs within others, of which many fail when they are expanded."""
    texts: dict[str, None] = {}

    @settings(max_examples=DRAWN, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(WHOLE))
    def collect(text: str) -> None:
        texts[text] = None

    collect()
    found, count = differences(promtool, tmp_path, list(texts), 2.5)
    assert found == []
    assert count > len(texts) / 10


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{{ $labels.job }} at {{ .Labels.instance }}{{ $labels.other }}", "x y at a:1"),
        ("{{ $value }}|{{ $value | humanize }}|{{ humanizePercentage .Value }}", "0.25|250m|25%"),
        ('{{ printf "%.1f" $value }}', "0.2"),
        ('{{ index $labels "job" | toUpper }}', "X Y"),
        ('{{ if gt $value 0.2 }}many{{ else if eq $labels.job "x" }}one{{ else }}few{{ end }}', "many"),
        ("{{ with $labels.other }}a{{ else }}none{{ end }}", "none"),
        ("{{ range $name, $text := $labels }}{{ $name }}={{ $text }};{{ end }}", "instance=a:1;job=x y;"),
        ('{{ define "a" }}<{{ . }}>{{ end }}{{ template "a" $value }}', "<0.25>"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", "2"),
        ("a {{- 1 -}} b", "a1b"),
    ],
)
def test_labels_and_the_value_are_expanded(text: str, made: str) -> None:
    """The common constructs, with their texts."""
    assert ours(text, 0.25, NEWEST) == made


@pytest.mark.parametrize(
    "text",
    [
        '{{ query "up" | first | value }}', "{{ $externalLabels.cluster }}", "{{ .ExternalURL }}",
        "{{ pathPrefix }}", "{{ now }}", "{{ .Foo }}", '{{ template "other" }}',
        '{{ printf "%d" $value }}', "{{ eq $value 1 }}",
        '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', "{{ humanize $labels.job }}",
    ],
)  # fmt: skip
def test_a_template_that_needs_a_prometheus_or_fails_is_shown_as_written(text: str) -> None:
    """A server's data, the time and mistakes of types are not made up."""
    assert ours(text, 0.25, NEWEST) is None
    assert expanded_text(text, LABELS, 0.25) == text
