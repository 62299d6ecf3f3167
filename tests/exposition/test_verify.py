"""Each kind of deviation, edited into a matching exposition, is found at its position, and nothing else."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from tests.end_to_end.exposition import exposition as exposition_of
from tests.exposition.shop import RIGHT, edited, found, marked
from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.base.spec_file import read
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.live.exposition.verify import EXPOSITION, verify
from victor_monitoring.reporters import reporter
from victor_monitoring.victor import registry as generated

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "deviations.txt"
CASE = re.compile(
    r"=== (?P<title>.*) \[(?P<how>\w+)\]\n(?P<edits>(?s:.*?))\n>>>\n(?P<printed>(?s:.*?))(?=\n=== |\Z)"
)
TEXT = "=== {title} [{how}]\n{edits}\n>>>\n{printed}"
CASES = [match.groupdict() for match in CASE.finditer(GOLDEN.read_text(encoding="utf-8"))]


def printed(case: dict[str, str]) -> str:
    """Return the printed diagnostics of the matching exposition with a case's lines (-) replaced (+)."""
    blocks = re.findall(r"((?:^- .*\n?)+)((?:^\+ .*\n?)*)", case["edits"], re.MULTILINE)
    edits = [(_unmarked(old), _unmarked(new)) for old, new in blocks]
    return reporter("text")(found(edited(case["how"], *edits)))


def _unmarked(block: str) -> str:
    return "".join(f"{line[2:]}\n" for line in block.splitlines())


@pytest.fixture(scope="module", autouse=True)
def _updated(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-goldens"):
        for case in CASES:
            case["printed"] = printed(case)
        GOLDEN.write_text("\n".join(map(TEXT.format_map, CASES)), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_deviation_is_found_at_its_position_and_nothing_else(case: dict[str, str]) -> None:
    """One deviation from a matching exposition is one diagnostic, at the text that deviates."""
    assert printed(case) == case["printed"]
    assert case["printed"].endswith(("\n\n1 error\n", "\n\n1 warning\n"))


def test_every_kind_of_deviation_has_a_case() -> None:
    """Each pattern has a case and documentation."""
    assert {code for case in CASES for code in re.findall(r"\[(VM\d+)\]", case["printed"])} == {
        each.code for each in EXPOSITION
    }
    assert all(len(each.doc) > 60 for each in EXPOSITION)


@pytest.mark.parametrize("how", RIGHT)
def test_a_matching_exposition(how) -> None:
    """A matching exposition with the additions of clients has no diagnostic, in both formats."""
    assert found(edited(how)) == []


def test_federated_series() -> None:
    """Federated series have target labels, no types and no helps; each target has its own budget."""
    lines = [line for line in edited("text").splitlines() if line and not line.startswith("#")]
    series = [re.fullmatch(r"(\w+)\s*(?:\{(.*)\})?\s*(.*)", line) for line in lines]
    federated = "".join(
        f'{each[1]}{{job="shop",instance="{host}",cluster="eu",namespace="app",{each[2] or ""}}} {each[3]}\n'
        for host in "abcdef"
        for each in series
        if each
    )
    assert federated.count("\n") > 100
    assert found(federated) == []
    deviating = federated.replace('cluster="eu"', 'cluster="eu",colour="red"', 1)
    assert [(each.code, marked(each)) for each in found(deviating)] == [("VM807", "metrics: colour")]


@pytest.mark.parametrize("how", RIGHT)
def test_a_metric_that_may_be_absent(how) -> None:
    """A metric with `may_be_absent` or `rest` may be missing, or have metadata without series."""
    lines = [line for line in edited(how).splitlines() if "shop_refund_ratio" not in line]
    assert found("".join(f"{line}\n" for line in lines)) == []
    metadata = "# TYPE shop_refund_ratio gauge\n# HELP shop_reads_total Reads of the till.\n"
    assert found(metadata + "".join(f"{line}\n" for line in lines if "shop_reads" not in line)) == []


def test_metrics_of_another_endpoint() -> None:
    """With `components` those of other components are not compared; the prefix check still applies."""
    scales = 'scales_weight_bytes 1\nscales_weighings_total{kind="fruit"} 1\n'
    assert {each.code for each in found(scales)} == {"VM801"}
    assert found(scales, components=["scales"]) == []
    deviating = f'{scales}shop_tills_open{{a="b"}} 1\nshop_thefts_total 1\n'
    assert [marked(each) for each in found(deviating, components=["scales"])] == [
        "metrics: shop_thefts_total"
    ]


def test_the_budget_of_a_context() -> None:
    """The budget of a context replaces that of the base, and its line is shown."""
    (finding,) = found(edited("text"), context="small")
    assert (finding.code, finding.span.source.line(finding.span.line).strip()) == (
        "VM810",
        "budget: {series: 20, reason: A small shop}",
    )


def test_a_moment_is_exposed_in_seconds() -> None:
    """OpenMetrics has no unit of moments: their gauges are in the unit that ends the name."""
    text = (
        "victor_mon: 1\nservice: {name: mill, title: Mill}\n"
        "components: {jobs: {external: true, select: {}, metrics: {backup_timestamp_seconds: "
        "{type: gauge, unit: timestamp}}}}\n"
    )
    spec = compile_spec(Source("mill.yaml", text), today=datetime.date(2026, 1, 1))
    assert spec.base is not None
    name = "backup_timestamp_seconds"
    exposed = f"# TYPE {name} gauge\n# UNIT {name} seconds\n{name} 1.7e9\n# EOF\n"
    assert verify(spec.base, spec.trees[None], parse(Source("metrics", exposed))) == []


def test_several_undeclared_values_are_one_finding() -> None:
    """Several undeclared values of a label are reported once, with their number."""
    more = "".join(f'scales_weighings_total{{kind="{each}"}} 1\n' for each in ("fsh", "met", "bone"))
    (finding,) = found(edited("text", ("# TYPE process_cpu", f"{more}# TYPE process_cpu")))
    assert finding.message == "`fsh` is no value of `kind` of `scales_weighings_total` (nor are 2 more)"


def test_a_renamed_metric_is_two_findings_that_lead_to_each_other() -> None:
    """The metric is missing, its new name is not declared, and the hint of one names the other."""
    exposed, declared = found(edited("text", ("shop_tills_open", "shop_tills_opened")))
    assert (exposed.code, exposed.hint) == ("VM803", "did you mean `shop_tills_open`?")
    assert declared.code == "VM801"


def test_the_type_of_a_metric_named_like_a_counter() -> None:
    """In the text format a metric without `_total` is another metric, with a type of its own."""
    other = "# TYPE shop_orders gauge\nshop_orders 1\n"
    findings = found(edited("text", ("# TYPE shop_orders_total counter\n", other)))
    assert [(each.code, marked(each)) for each in findings] == [("VM803", "metrics: shop_orders")]


def test_a_text_that_is_no_exposition() -> None:
    """A page of HTML has malformed lines, of which twenty are shown, and no missing metrics."""
    findings = found("<p>\n" * 500)
    assert {each.code for each in findings} == {"VM800"}
    assert (len(findings), findings[-1].message) == (21, "480 more lines are malformed")


@pytest.mark.parametrize("metadata", ["", "# TYPE shop_tills_open gauge\n"])
def test_a_malformed_line_makes_no_metric_missing(metadata) -> None:
    """A malformed line is reported once; its metric is not reported as missing or without series."""
    lines = "".join(line for line in edited("text").splitlines(keepends=True) if "shop_tills_open" in line)
    findings = found(edited("text", (lines, f"{metadata}shop_tills_open three\n")))
    assert [(each.code, marked(each)) for each in findings] == [("VM800", "metrics: three")]


def test_an_empty_exposition() -> None:
    """Every metric that may not be absent is missing in an empty exposition."""
    assert [each.code for each in found("")] == ["VM801"] * 6


def _spec(path: str) -> Compiled:
    spec = compile_spec(read(ROOT / path, path), today=datetime.date(2026, 1, 1))
    assert spec.base is not None
    return spec


@pytest.mark.parametrize(
    ("write", "openmetrics"), [(generate_latest, False), (generate_openmetrics, True)], ids=["text", "om"]
)
def test_the_rendered_registry_agrees_with_its_spec(write, openmetrics) -> None:
    """A service that has set every gauge matches its spec, in both formats of the client."""
    spec = _spec("specs/performance.yaml")
    registry = CollectorRegistry()
    metrics = generated.Metrics(registry)
    assert spec.base is not None
    for declared in spec.base.declared:
        component = getattr(metrics, declared.component)
        child = getattr(component, str(generated.METRICS[declared.metric.name]["attribute"]))
        labels = {label.name: (label.values or ("some",))[0] for label in declared.metric.labels}
        child = child(**labels) if labels else child
        if declared.metric.type.NAME == "gauge":
            child.set(1)
    exposition = parse(Source("metrics", write(registry).decode()), openmetrics=openmetrics)
    assert len(exposition.samples) > 150
    assert verify(spec.base, spec.trees[None], exposition) == []


@pytest.mark.parametrize("job", ["checkout", "checkout-ingress"])
def test_another_exporter_agrees_with_its_spec(job: str) -> None:
    """A service in another language is verified the same way, endpoint by endpoint."""
    spec = _spec("tests/checkout.yaml")
    assert spec.base is not None
    selected = {
        each.select: name for name, each in spec.base.components.items() if each.select.fixed["job"] == job
    }
    ((select, _),) = selected.items()
    names = [name for name, each in spec.base.components.items() if each.select == select]
    text = exposition_of(spec.base, select)
    findings = verify(spec.base, spec.trees[None], parse(Source("metrics", text)), components=names)
    assert (findings, text.count("\n") > 4) == ([], True)
    assert {each.code for each in verify(spec.base, spec.trees[None], parse(Source("m", text)))} == {"VM801"}
