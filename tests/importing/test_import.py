"""Rules that people have, imported into a spec that renders them as they were."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.commands import Outcome, victor_mon
from tests.exposition.test_fetch import OPENMETRICS, sends, target
from victor_monitoring.app.importing import Imported, import_rules
from victor_monitoring.app.importing.comparison import compare
from victor_monitoring.app.importing.expositions import known_metrics
from victor_monitoring.app.importing.metrics import Declaration, KnownMetrics, declarations
from victor_monitoring.app.importing.recognition import recognised
from victor_monitoring.app.importing.spec_text import Block, Data, Guess, yaml_lines
from victor_monitoring.app.pipeline import render
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.base.spec_file import MAX_BYTES
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import vectors

HERE = Path(__file__).parent
EXPOSITIONS = HERE.parent / "exposition" / "fixtures"
TODAY = datetime.date(2026, 12, 3)
LONG = '{a_label="a value that is long enough for two of them not to fit"}'


def imported(*texts: str) -> Imported:
    """Return the import of texts as files."""
    sources = [Source(f"{number}.yaml", text) for number, text in enumerate(texts)]
    return import_rules(sources, name="shop", today=TODAY)


def test_rules_become_the_expected_spec() -> None:
    """The spec is readable: kinds before raw PromQL, comments kept, and it renders the rules as they were."""
    found = imported((HERE / "rules.yaml").read_text())
    assert found.text == (HERE / "spec.yaml").read_text()
    assert (found.comparison.alerts, found.comparison.records, found.diagnostics) == (6, 1, ())
    assert not found.compiled.has_errors


@pytest.mark.parametrize(
    ("name", "unit"), [("shop.prom", "seconds  # guessed"), ("shop.openmetrics", "seconds")]
)
def test_expositions_declare_metrics(name: str, unit: str) -> None:
    """Types, helps, units, labels and buckets are those of the exposition; only OpenMetrics has units."""
    exposition = parse(Source(name, (EXPOSITIONS / name).read_text()))
    rules = Source("rules.yaml", (HERE / "exposed.yaml").read_text())
    found = import_rules([rules], name="shop", metrics=[exposition], today=TODAY)
    assert found.text == (HERE / "exposed-spec.yaml").read_text().replace("seconds  # guessed", unit)
    assert (found.comparison.alerts, found.diagnostics) == (5, ())


def test_the_first_exposition_of_a_metric_counts() -> None:
    """Of several expositions each adds what the ones before it do not have."""
    texts = (
        "# TYPE shop_up counter\nshop_up 1\n",
        "# TYPE shop_up gauge\n# HELP shop_up Is it up?\nshop_up 1\n",
    )
    known = known_metrics(parse(Source("a.prom", text)) for text in texts)
    assert (known.types, known.helps) == ({"shop_up": "counter"}, {"shop_up": "Is it up?"})


def declared(expr: str, exposition: str = "", **annotations: str) -> Declaration:
    """Return the declaration of the first series that an alert reads."""
    rule = Rule("alert", "A", read(expr), annotations=tuple(annotations.items()))
    known = known_metrics([parse(Source("a.prom", exposition))])
    return declarations([rule], known)[next(vectors(rule.expr)).metric]


@pytest.mark.parametrize("bound", ["-1", "none"])
def test_bounds_that_a_spec_cannot_have_are_left_out(bound: str) -> None:
    """A histogram whose bounds are no numbers above 0 is declared without them."""
    text = f'# TYPE shop_seconds histogram\nshop_seconds_bucket{{le="{bound}"}} 1\nshop_seconds_count 1\n'
    found = declared("rate(shop_seconds_bucket[5m])", text).metric
    assert (found.type.NAME, found.buckets) == ("histogram", ())


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ("rate(shop_seconds_bucket[5m])", "histogram"),
        ("rate(shop_seconds_sum[5m]) / rate(shop_seconds_count[5m])", "summary"),
        ("rate(shop_seconds_sum[5m]) / rate(shop_seconds_bucket[5m])", "histogram"),
        ("rate(shop_seconds_bucket[5m]) / shop_seconds", "counter"),
        ("shop_seconds_bucket", "gauge"),
        ("shop:seconds:sum", "gauge"),
        ("rate(shop:seconds:sum[5m])", "counter"),
        ("rate(shop_done[5m]) > 1 unless shop_done == 0", "counter"),
        ("rate(shop_done[5m]) > 1 and sum(shop_done == 1) > 2", "gauge"),
    ],
)
def test_types_are_guessed_from_use(expr: str, kind: str) -> None:
    """Series that are read as buckets are those of a histogram, and growing ones are counters."""
    assert kind == declared(expr).metric.type.NAME


@pytest.mark.parametrize(
    ("expr", "unit"),
    [("shop_spare_bytes > 0", "bytes"), ("1 / (shop_spare_bytes != -1) > 1", "count")],
)
def test_a_metric_that_may_be_negative_is_no_amount(expr: str, unit: str) -> None:
    """Bytes are guessed from a name, but not of a metric that is compared with a negative number."""
    assert declared(expr).metric.unit.name == unit


@pytest.mark.parametrize(
    ("expr", "own"),
    [
        ("sum by (till) (shop_a / shop_b)", {"shop_a": ["till"], "shop_b": ["till"]}),
        (
            "sum by (till, hall) (shop_a / on (hall) group_left shop_b)",
            {"shop_a": ["hall", "till"], "shop_b": ["hall"]},
        ),
        (
            "max by (till, hall) (shop_b * on (id) group_right (hall) sum by (id) (shop_a))",
            {"shop_a": ["id", "till"], "shop_b": ["hall"]},
        ),
        ("sum by (till) (shop_a and on (hall) shop_b)", {"shop_a": ["till"], "shop_b": []}),
        ("sum by (till) (shop_a or on (hall) shop_b)", {"shop_a": ["till"], "shop_b": ["till"]}),
    ],
)
def test_a_label_that_is_kept_belongs_to_the_side_that_has_it(expr: str, own: dict[str, list[str]]) -> None:
    """Where series match on labels, the others are those of one side."""
    found = declarations([Rule("alert", "A", read(expr))], KnownMetrics())
    assert {name: list(each.metric.label_names) for name, each in found.items()} == own


def test_recorded_metrics_have_the_labels_that_rules_use() -> None:
    """Somebody else's recorded series has no label but those that selectors, matches and texts name."""
    expr = 'max without (x) (a:b{c="1"}) * on (d, instance) group_left (e) sum by (f) (g)'
    found = declared(expr, summary="{{ $labels.h }} {{ $value }}")
    assert found.metric.recorded
    assert sorted(found.metric.label_names) == ["c", "d", "h", "instance"]
    assert (found.guesses, len(found.guessed_labels)) == (frozenset(), 4)


def test_each_guess_is_marked_where_it_is() -> None:
    """A comment names the guesses of a line, unless all of it is guessed; exposed keys have none."""
    long = "a_long_name_of_a_label_with_many_words"
    data: Data = {
        "flow": {"type": Guess("gauge"), "unit": Guess("bytes")},
        "parts": {
            "type": "gauge",
            "unit": Guess("bytes"),
            "labels": {"b": {"open": True}, "c": Guess({"open": True})},
        },
        "block": {
            "type": Guess("gauge"),
            "labels": Guess({f"{long}_{number}": {"open": True} for number in (1, 2)}),
        },
        "exposed": {"type": "gauge"},
    }
    assert (
        "\n".join(yaml_lines("metrics", data, flow_from=1))
        == """\
metrics:
  flow: {type: gauge, unit: bytes}  # guessed
  parts: {type: gauge, unit: bytes, labels: {b: {open: true}, c: {open: true}}}  # guessed: unit, c
  block:
    type: gauge  # guessed
    labels:  # guessed
      a_long_name_of_a_label_with_many_words_1: {open: true}
      a_long_name_of_a_label_with_many_words_2: {open: true}
  exposed: {type: gauge}"""
    )


def written(text: str) -> dict[str, Any]:
    """Return the spec that rules become, which renders all of them as they were."""
    found = imported(text)
    assert found.comparison.alerts == len(found.rules.of("alert"))
    assert not found.compiled.has_errors
    spec: dict[str, Any] = yaml.safe_load(found.text)
    return spec


def alert(expr: str, name: str = "A", **keys: object) -> str:
    """Return an alerting rule on one line."""
    return f"- {json.dumps({'alert': name, 'expr': expr, **keys})}"


def group(*rules: str, name: str = "a", interval: str = "1m") -> str:
    """Return a rule group on one line."""
    return f"- {{name: {name}, interval: {interval}, rules: [{', '.join(rule[2:] for rule in rules)}]}}\n"


def test_what_all_alerts_share_is_written_once() -> None:
    """Labels of every alert become the service's, and the interval of every group the default."""
    labels = {"team": "shop", "severity": "page", "who": "{{ $labels.who }}"}
    one, two = alert("a > 1", labels={**labels, "tier": "1"}), alert("a > 2", name="B", labels=labels)
    spec = written(f"groups:\n{group(one)}{group(two, name='b')}")
    assert (spec["service"]["labels"], spec["defaults"]) == ({"team": "shop"}, {"evaluate_every": "1m"})
    assert spec["alerts"]["a"]["A"]["labels"] == {"who": "{{ $labels.who }}", "tier": "1"}
    assert "groups" not in spec
    apart = written(f"groups:\n{group(one)}{group(two, name='b', interval='2m')}")
    assert apart["groups"] == {"a": {"evaluate_every": "1m"}, "b": {"evaluate_every": "2m"}}


@pytest.mark.parametrize(
    ("expr", "text", "expected", "by"),
    [
        ("a > 1", "{{ $labels.pod }} fails", "{pod} fails", ["pod"]),
        (
            "a - b > 1",
            "{{ $labels.pod }} on {{ $labels.instance }}",
            "{pod} on {instance}",
            ["pod", "instance"],
        ),
        ("sum by (pod) (a) > 1", "{{ $labels.pod }}", "{pod}", ["pod"]),
        ("a_bytes > 1", "{{ $value | humanize1024 }}B left", "{value} left", None),
        ("sum by (pod) (a - b) > 1", "{{ $labels.pod }}", "{pod}", ["pod"]),
        ("a > 1", "{{ $labels.pod}}", None, None),
        ("a > 1", "{{ $value }}", None, None),
        ("a > 1", "{{ $labels.team }}", None, None),
        ("a > 1", "{{ $labels.value }}", None, None),
        ("absent(a)", "{{ $labels.instance }} and { }", None, None),
        ("a > 1", "A {} B", None, None),
        ("absent(a)", "No a", "No a", None),
    ],
)
def test_texts_have_placeholders(expr: str, text: str, expected: str | None, by: list[str] | None) -> None:
    """Templates that say no more than placeholders become these, if the signal can promise their labels."""
    spec = written(f"groups:\n{group(alert(expr, labels={'team': 'shop'}, annotations={'summary': text}))}")
    found = spec["alerts"]["a"]["A"]
    assert (found.get("summary"), next(iter(spec["signals"].values())).get("by")) == (expected, by)


@pytest.mark.parametrize(
    ("expr", "owners"),
    [
        ("a * on (id) group_right () b > 1", ["b"]),
        ("a * on (id) group_left () b > 1", ["a"]),
        ("a * on (id) group_left (name) b > 1", ["b"]),
        ("a * on (id) group_left (name) sum without (id) (b) > 1", ["b"]),
        ("a * on (name) group_right () b > 1", ["a"]),
    ],
)
def test_a_label_in_a_text_belongs_to_the_side_that_has_it(expr: str, owners: list[str]) -> None:
    """It is declared at the metric from which the values of the operation have it."""
    texts = {"summary": "{{ $labels.name }}"}
    components = written(f"groups:\n{group(alert(expr, annotations=texts))}")["components"].values()
    metrics = {name: each for component in components for name, each in component["metrics"].items()}
    assert [name for name, each in metrics.items() if "name" in each.get("labels", {})] == owners


def test_a_label_that_an_alert_needs_absent_is_not_promised() -> None:
    """A signal whose absence is watched keeps one value, so that an instance cannot hide another."""
    texts = {"summary": "{{ $labels.instance }} is down"}
    spec = written(f"groups:\n{group(alert('a == 0', annotations=texts), alert('absent(a)', name='B'))}")
    assert spec["signals"] == {"a": {"unit": "count", "value": {"of": "a"}}}


@pytest.mark.parametrize(
    ("expr", "text", "unit", "when"),
    [
        ("a_bytes > 5 * 1024 * 1024 * 1024", "", "bytes", "> 5GiB"),
        ("a > 0.9 * 1000", "", "count", "> 900"),
        ("sum by (b) (a) > 5 * 1024 * 1024", "", "bytes", "> 5MiB"),
        ("a_seconds > 5 * 1024", "", "seconds", "> 5120s"),
        ("a > 3 * 0.1", "", "count", "present"),
        ("a / b > 0.8", "", "ratio", "> 80%"),
        ("a / b > 1", "", "count", "> 1"),
        ("a / b > 1", "{{ $value | humanizePercentage }} of b", "ratio", "> 100%"),
        ("a_seconds + a_seconds > 60", "", "seconds", "> 1m"),
        ("a + b > 60", "{{ $value | humanizeDuration }}", "count", "> 60"),
        ("time() - a > 86400", "", "seconds", "> 1d"),
        ("max(a) - time() < 86400", "", "seconds", "< 1d"),
        ("a_timestamp_seconds == 0", "", "timestamp", "present"),
    ],
)
def test_thresholds_are_in_the_unit_of_the_value(expr: str, text: str, unit: str, when: str) -> None:
    """The unit follows from metrics, texts and thresholds; numbers are computed where floats are exact."""
    spec = written(f"groups:\n{group(alert(expr, annotations={'summary': text or 'A'}))}")
    found = next(iter(spec["signals"].values()))
    assert (found["unit"], spec["alerts"]["a"]["A"]["when"]) == (unit, when)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (f"a{LONG}\n  / b{LONG} > 5", f"a{LONG}\n  / b{LONG}\n"),
        ("# Why.\na\n  - b > 5", "# Why.\na\n  - b\n"),
        (f"(\n  a{LONG}\n  - b{LONG}\n) > 5", f"(\n  a{LONG}\n  - b{LONG}\n)\n"),
        ("a\n  - b > 5", "a - b"),
        (f"absent(\n  a{LONG}\n  - b{LONG}\n)", f"a{LONG} - b{LONG}"),
    ],
)
def test_expressions_of_several_lines_stay_as_they_were(expr: str, expected: str) -> None:
    """What is left of a comparison keeps its lines and comments, unless it fits on one line."""
    spec = written(f"groups:\n{group(alert(expr, annotations={'summary': 'A'}))}")
    assert next(iter(spec["signals"].values()))["expr"].strip() == expected.strip()


@pytest.mark.parametrize(
    ("name", "signal"),
    [("DiskFullIn3Days", "disk_full_in_3_days"), ("HTTP5xx", "http5xx"), ("load15", "load15")],
)
def test_signals_are_named_in_words(name: str, signal: str) -> None:
    """A signal without one metric has the words of the alert's name."""
    assert list(written(f"groups:\n{group(alert('a - b > 1', name=name))}")["signals"]) == [signal]


def test_labels_of_open_records_are_not_promised() -> None:
    """The values of an imported record that keeps all labels may have one that no metric declares."""
    text = {"summary": "{{ $labels.pod }}"}
    rules = group('- {record: "a:b", expr: a}', alert("a:b - b > 1", annotations=text))
    spec = written(f"groups:\n{rules}")
    assert spec["alerts"]["a"]["A"]["annotations"] == text


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ({"expr": read("a > 2")}, "expression"),
        ({"labels": (("x", "y"),)}, "labels"),
        ({"annotations": (("x", "y"),), "pending": 1}, "annotations and `for`"),
        ({"expr": read("sum by (b, a) (a) > 3 * 2")}, ""),
    ],
)
def test_each_rule_is_compared_with_the_rendered_one(part: dict[str, Any], changed: str) -> None:
    """A rule that is rendered otherwise is named with the parts that differ, but for the order of labels."""
    found = imported(f"groups:\n{group(alert('a > 1' if changed else 'sum by (a, b) (a) > 6'))}")
    one = found.draft.rules["A"]
    found.draft.rules["A"] = replace(one, rule=replace(one.rule, **part))
    comparison = compare(found.draft, found.compiled)
    messages = [each.message for each in comparison.diagnostics]
    assert messages == ([f"`A` is rendered with another {changed}"] if changed else [])
    assert comparison.alerts == (not changed)


def test_units_of_recorded_values_are_known() -> None:
    """An expression of imported records has the unit of their expressions, and their labels only."""
    rules = (
        '- {"record": "a:b", "expr": "sum by (pod) (a_bytes)"}',
        alert(
            "a:b - a:b > 1024",
            annotations={"summary": "{{ $labels.pod }}", "description": "{{ $labels.job }}"},
        ),
    )
    found = imported(f"groups:\n{group(*rules)}")
    assert found.draft.acknowledged == ["A"]  # it has no label `job`
    assert yaml.safe_load(found.text)["signals"]["a"] == {
        "unit": "bytes", "by": ["pod"], "expr": "a:b - a:b"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({"a": "b" * 100}, 1),
        ({"a": "b" * 80, "c": 1}, 1),
        ({"a": "b" * 100, "c": 1}, 3),
        ({"a": "b" * 120, "c": 1}, 1),
        ({"a": "b" * 120, "c": "d" * 60}, 3),
        ({"a": Block("b\nc", "b c")}, 1),
        ({"a": Block("b\nc"), "d": 1}, 5),
        ({"a": Block("b\nc", "b" * 99), "d": 1}, 3),
        ({"a": Block("b\nc", "b" * 120), "d": 1}, 5),
    ],
)
def test_mappings_are_on_one_line_where_that_is_shorter(data: Data, lines: int) -> None:
    """A mapping is on one line if it fits, or if a value is too long for a line of its own anyway."""
    found = list(yaml_lines("key", data, flow_from=0))
    assert len(found) == lines
    assert isinstance(data, dict)
    assert yaml.safe_load("\n".join(found))["key"].keys() == data.keys()


def test_mistakes_are_left_out_with_their_positions() -> None:
    """A rule that cannot be imported is named with its position, and the others are imported."""
    found = imported((HERE / "mistakes.yaml").read_text())
    assert [(each.name, each.span.line) for each in found.diagnostics] == [
        ("bad-rule", 5),
        ("left-out-rule", 6),
        ("left-out-rule", 8),
        ("bad-rule", 13),
        ("lost-label", 18),
    ]
    assert list(found.draft.rules) == ["Right", "Lost"]


def test_kubernetes_objects_contain_rules() -> None:
    """PrometheusRule objects, ConfigMaps and lists of them are read, of many documents in one file."""
    rule = "groups: [{name: a, rules: [{alert: %s, expr: shop_up == 0}]}]"
    text = "\n---\n".join(
        (
            "kind: PrometheusRule\nspec:\n  " + rule % "One",
            "kind: ConfigMap\ndata:\n  rules.yaml: |\n    " + rule % "Two",
            "kind: List\nitems:\n- kind: PrometheusRule\n  spec:\n    " + rule % "Three",
            "kind: Deployment\nspec: {replicas: 1}",
        )
    )
    assert [each.rule.name for each in imported(text).rules.of("alert")] == ["One", "Two", "Three"]


def sorted_rules(found: Imported, kind: str) -> list[Rule]:
    """Return the rules of a kind that were read, each with its labels and annotations in one order."""
    return [
        replace(
            each.rule,
            labels=tuple(sorted(each.rule.labels)),
            annotations=tuple(sorted(each.rule.annotations)),
        )
        for each in found.rules.of(kind)
    ]


LABELS = "role: alert-rules, app.kubernetes.io/version: '1.2', app.kubernetes.io/part-of: other"


@pytest.mark.parametrize(
    ("head", "spec"),
    [
        ("kind: PrometheusRule\nspec:\n", {"objects": "operator"}),
        ("kind: ConfigMap\ndata:\n  shop.rules: |\n", {"objects": "configmap", "rules_key": "shop.rules"}),
    ],
)
def test_objects_are_rendered_as_they_were_read(head: str, spec: dict[str, object]) -> None:
    """The rendered object has the kind, key, namespace, labels and rules of the object that was read."""
    rules = "".join(f"    {line}\n" for line in (HERE / "rules.yaml").read_text().splitlines())
    found = imported(f"metadata: {{name: shop, namespace: sales, labels: {{{LABELS}}}}}\n{head}{rules}")
    assert found.draft.objects is not None
    assert yaml.safe_load(found.text)["kubernetes"] == {
        **spec,
        "labels": {"role": "alert-rules", "app.kubernetes.io/version": "1.2"},
    }
    assert {each.code for each in found.compiled.diagnostics} == set()  # such as that nothing scrapes it
    (artifact,) = render(found.compiled, outputs=["kubernetes"])
    again = imported(artifact.text)
    assert again.draft.objects == found.draft.objects
    for kind in ("record", "alert"):
        assert sorted_rules(again, kind) == sorted_rules(found, kind)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            "{namespace: sales, labels: {role: alerts, team: tills}}",
            ("sales", {"role": "alerts", "team": "tills"}),
        ),
        ("{namespace: other, labels: {role: alerts}}", ("", {"role": "alerts"})),
        ("{labels: {role: none}}", ("", {})),
    ],
)
def test_objects_keep_what_they_have_in_common(metadata: str, expected: tuple[str, dict[str, str]]) -> None:
    """Of several objects a spec has the namespace and the labels that all of them have."""
    rule = "kind: PrometheusRule\nspec: {groups: [{name: a, rules: [{alert: A, expr: shop_up == 0}]}]}\n"
    first = f"{rule}metadata: {{namespace: sales, labels: {{role: alerts, team: tills}}}}"
    found = imported(first, f"{rule}metadata: {metadata}").draft.objects
    assert found is not None
    assert (found.namespace, found.labels) == expected


def test_files_among_objects_are_rendered_as_files() -> None:
    """A spec renders objects of one kind, so those of several kinds become a file."""
    rule = "groups: [{name: a, rules: [{alert: A, expr: shop_up == 0}]}]"
    found = imported(f"kind: PrometheusRule\nspec: {{{rule}}}", rule)
    assert (found.draft.objects, yaml.safe_load(found.text)["outputs"]["kubernetes"]) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["groups:\n{{- if .Values.on }}\n- name: a\n{{- end }}", "groups: {% raw %}", "a: {{ .Values.a }}"],
)
def test_templates_are_passed_over(text: str) -> None:
    """A file with templates of Helm or Jinja is named, and the others are imported."""
    found = imported(text, (HERE / "mistakes.yaml").read_text())
    assert found.diagnostics[0].name == "unread-template"
    assert list(found.draft.rules) == ["Right", "Lost"]


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ('shop_up{job="a"}', "value"),
        ("max by (job) (shop_load)", "value"),
        ("avg_over_time(shop_load[5m])", "value"),
        ("rate(shop_orders_total[5m])", "rate"),
        ("sum by (job) (rate(shop_orders_total[5m]))", "rate"),
        ("increase(shop_orders_total[1h])", "increase"),
        ("histogram_quantile(0.9, sum by (le, job) (rate(shop_seconds_bucket[5m])))", "quantile"),
        ("sum(rate(shop_seconds_sum[5m])) / sum(rate(shop_seconds_count[5m]))", "mean"),
        ("max(time() - shop_backup_timestamp_seconds)", "age"),
        ("shop_load offset 5m", None),
        ("sum(rate(shop_a_sum[5m])) / sum(rate(shop_b_count[5m]))", None),
        ("max without (job) (shop_load)", None),
        ("shop_a - shop_b", None),
    ],
)
def test_kinds_are_recognised_by_what_they_render(expr: str, kind: str | None) -> None:
    """An expression is of a kind if the kind renders it, and of none otherwise."""
    found = recognised(read(expr))
    assert (None if found is None else found.kind.NAME) == kind


def test_the_command_writes_a_spec_once(tmp_path: Path) -> None:
    """The command writes a spec that validates, and replaces it only with --force."""
    (tmp_path / "rules.yaml").write_text((HERE / "rules.yaml").read_text())
    first = victor_mon(tmp_path, "import", "rules.yaml", "--name", "shop")
    assert (first.status, "identical 6 of 6 alerts, 1 of 1 recording rule" in first.err) == (0, True)
    assert (tmp_path / "specs" / "shop.yaml").read_text() == (HERE / "spec.yaml").read_text()
    assert victor_mon(tmp_path, "validate").status == 0
    again = victor_mon(tmp_path, "import", "rules.yaml", "--name", "shop")
    assert (again.status, "--force" in again.err) == (2, True)
    assert victor_mon(tmp_path, "import", "rules.yaml", "--name", "shop", "--force").status == 0


def test_the_command_reads_files_and_addresses(tmp_path: Path) -> None:
    """Expositions come from saved files and from targets, as many as are named."""
    (tmp_path / "rules.yaml").write_text((HERE / "exposed.yaml").read_text())
    (tmp_path / "more.prom").write_text(
        "# HELP shop_unknown Nobody knows.\n# TYPE shop_unknown gauge\nshop_unknown 2\n"
    )
    command = ("import", "rules.yaml", "--name", "shop", "--metrics", "more.prom", "--metrics")
    with target(sends((EXPOSITIONS / "shop.openmetrics").read_bytes(), OPENMETRICS)) as url:
        outcome = victor_mon(tmp_path, *command, f"{url}/metrics")
    written = (tmp_path / "specs" / "shop.yaml").read_text()
    assert (outcome.status, "help: Nobody knows." in written, "buckets: [250ms" in written) == (0, True, True)


@pytest.mark.parametrize(
    ("place", "status", "message"),
    [
        ("missing.prom", 2, "`missing.prom` cannot be read: No such file or directory"),
        ("empty.prom", 2, "`empty.prom` has no series"),
        ("rules.yaml", 1, "rules.yaml:4:7: error[VM800] malformed-exposition"),
        ("http://127.0.0.1:1/metrics", 2, "refused"),
    ],
)
def test_mistakes_about_expositions_are_shown(tmp_path: Path, place: str, status: int, message: str) -> None:
    """A file or an address without an exposition is named, and nothing is written."""
    (tmp_path / "rules.yaml").write_text((HERE / "exposed.yaml").read_text())
    (tmp_path / "empty.prom").touch()
    outcome = victor_mon(tmp_path, "import", "rules.yaml", "--name", "shop", "--metrics", place)
    assert (outcome.status, message in outcome.err) == (status, True), outcome.err
    assert not (tmp_path / "specs").exists()


def test_the_report_counts_what_is_left_to_do(tmp_path: Path) -> None:
    """Rules with mistakes are named with their findings, and counted by the reason."""
    (tmp_path / "mistakes.yaml").write_text((HERE / "mistakes.yaml").read_text())
    outcome = victor_mon(tmp_path, "import", "mistakes.yaml", "--name", "shop")
    assert (outcome.status, outcome.err) == (1, (HERE / "report.txt").read_text())
    assert victor_mon(tmp_path, "validate").status == 0


def test_errors_of_the_spec_are_shown_in_place_of_differences() -> None:
    """A label that the language refuses is named where the spec has it, and no rule is called different."""
    found = imported("groups: [{name: a, rules: [{alert: A, expr: 'shop_up{nan=\"a\"} == 0'}]}]")
    shown = [(each.span.source.name, each.message) for each in found.diagnostics]
    assert shown == [("shop.yaml", "PromQL cannot group by a label `nan`")]


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """A rules file may be as large as a spec."""
    with (tmp_path / "rules.yaml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    outcome = victor_mon(tmp_path, "import", "rules.yaml", "--name", "shop")
    assert outcome == Outcome(
        2, "", "victor-mon: `rules.yaml` is larger than 16 MiB\nhint: split it into several files\n"
    )


def test_a_folder_without_rules_writes_nothing(tmp_path: Path) -> None:
    """Without a rule there is no spec, and the message says how to name one."""
    (tmp_path / "values.yaml").write_text("a: 1\n")
    outcome = victor_mon(tmp_path, "import", ".", "--name", "shop")
    assert (outcome.status, "no rules to import" in outcome.err) == (2, True)
    assert not (tmp_path / "specs").exists()


def test_names_that_differ_by_their_ending_are_two_metrics() -> None:
    """An exporter may have a gauge and a counter of one name, which a client library would not."""
    rules = "[{alert: A, expr: shop_jobs > 5}, {alert: B, expr: 'rate(shop_jobs_total[5m]) > 5'}]"
    found = imported("groups: [{name: a, rules: " + rules + "}]")
    assert (found.comparison.alerts, found.draft.acknowledged) == (2, [])


def test_a_rule_that_reads_its_own_record_is_left_out() -> None:
    """A recording rule that reads the series that it records is left out, and named."""
    found = imported("groups: [{name: a, rules: [{record: 'a:b', expr: 'a:b + 1'}]}]")
    assert [each.name for each in found.diagnostics] == ["left-out-rule"]
