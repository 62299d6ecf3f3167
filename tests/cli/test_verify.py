"""`victor-mon verify`: an exposition against the spec, from a file, from stdin and from a target."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Outcome, edit, victor_mon
from tests.exposition.shop import RIGHT, SPEC
from tests.exposition.test_fetch import OPENMETRICS, sends, target

METRICS = "shop.prom"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Create a repository with the small spec and an exposition that conforms to it."""
    (tmp_path / "specs").mkdir()
    shutil.copy(SPEC, tmp_path / "specs" / "shop.yaml")
    shutil.copy(RIGHT["text"], tmp_path / METRICS)
    return tmp_path


def verify(folder: Path, *arguments: str) -> Outcome:
    """Run `verify` on the exposition in the file."""
    return victor_mon(folder, "verify", "--metrics-file", METRICS, *arguments)


def test_an_exposition_that_conforms(folder: Path) -> None:
    """Nothing is printed to stdout, and the number of series to stderr."""
    outcome = verify(folder)
    assert outcome == Outcome(0, "", "shop.prom: 25 series match specs/shop.yaml\n")


def test_deviations_are_printed_with_their_place(folder: Path) -> None:
    """A missing metric is located in the spec, a different one in the exposition; exit status 1."""
    edit(folder / METRICS, "shop_busy_seconds_total 18.5", "shop_idle_seconds_total 18.5")
    edit(folder / METRICS, "# TYPE shop_busy_seconds_total counter\n", "")
    edit(folder / METRICS, "# HELP shop_busy_seconds_total Time at which a till was busy.\n", "")
    outcome = verify(folder)
    assert (outcome.status, outcome.out) == (
        1,
        """\
shop.prom:14:1: warning[VM803] undeclared-metric: `shop_idle_seconds_total` is not declared
14 | shop_idle_seconds_total 18.5
   | ^^^^^^^^^^^^^^^^^^^^^^^
hint: did you mean `shop_busy_seconds_total`?

specs/shop.yaml:25:7: error[VM801] unexposed-metric: `shop_busy_seconds_total` is not exposed
25 |       shop_busy_seconds_total:
   |       ^^^^^^^^^^^^^^^^^^^^^^^
hint: expose it; if another endpoint does: --component NAME; only if it may be missing, write \
`may_be_absent: true`: alerts on it cannot fire while it is missing

1 error, 1 warning
""",
    )


def test_warnings_count_with_strict(folder: Path) -> None:
    """A different help text is a warning: exit status 0, and 1 with `--strict`."""
    edit(folder / METRICS, "Tills with a cashier.", "Tills.")
    outcomes = verify(folder), verify(folder, "--strict")
    assert [(each.status, "warning[VM805]" in each.out) for each in outcomes] == [(0, True), (1, True)]


@pytest.mark.parametrize("how", ["json", "github", "sarif"])
def test_formats_for_machines_name_the_url(folder: Path, how: str) -> None:
    """Each format has the finding with the URL in a form that its readers accept."""
    edit(folder / METRICS, "shop_tills_open 3.0", 'shop_tills_open{till="left"} 3.0')
    with target(sends((folder / METRICS).read_bytes())) as url:
        outcome = victor_mon(folder, "verify", "--metrics-url", f"{url}/metrics", "--format", how)
    assert outcome.status == 1
    if how == "json":
        (found,) = json.loads(outcome.out)["diagnostics"]
        assert (found["code"], found["file"], found["line"]) == ("VM807", f"{url}/metrics", 4)
    elif how == "sarif":
        (found,) = json.loads(outcome.out)["runs"][0]["results"]
        place = found["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (f"{url}/metrics", 4)
    else:
        escaped = f"{url}/metrics".replace(":", "%3A")
        assert outcome.out.startswith(f"::error file={escaped},line=4,endLine=4,col=17,endColumn=21,")


def test_a_target_in_openmetrics(folder: Path) -> None:
    """A target that answers in OpenMetrics is verified as well."""
    with target(sends(RIGHT["openmetrics"].read_bytes(), OPENMETRICS)) as url:
        outcome = victor_mon(folder, "verify", "--metrics-url", url)
    assert (outcome.status, outcome.out) == (0, "")


def test_stdin(folder: Path) -> None:
    """`-` reads stdin, under the name `<stdin>`."""
    run = subprocess.run(
        [sys.executable, "-m", "victor_monitoring", "verify", "--metrics-file", "-", "--spec", SPEC],
        cwd=ROOT,
        input=(folder / METRICS).read_bytes().replace(b"shop_tills_open 3.0", b"shop_tills_open three"),
        capture_output=True,
        check=False,
    )
    assert run.stdout.startswith(b"<stdin>:4:17: error[VM800]"), run.stderr
    assert run.returncode == 1


def test_a_component_and_a_context(folder: Path) -> None:
    """`--component` leaves out the other components, `--context` selects the spec of a context."""
    assert "VM810" in verify(folder, "--context", "small").out
    edit(folder / METRICS, "shop_tills_open", "other_tills_open")
    assert verify(folder, "--component", "scales").status == 0
    both = verify(folder, "--component", "scales", "--component", "till")
    assert (both.status, both.out.count("VM801")) == (1, 1)


def test_a_spec_with_errors(folder: Path) -> None:
    """The errors are printed as by `validate`, and nothing is fetched."""
    edit(folder / "specs/shop.yaml", "type: gauge", "type: guage")
    outcome = victor_mon(folder, "verify", "--metrics-url", "http://127.0.0.1:1/")
    assert (outcome.status, outcome.out, "VM042" in outcome.err) == (1, "", True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "--metrics-url URL or --metrics-file FILE"),
        (["--metrics-file", METRICS, "--metrics-url", "http://h/"], "exactly one exposition is needed"),
        (["--metrics-file", "shop.prm"], "`shop.prm` cannot be read"),
        (["--metrics-file", METRICS, "--ca-file", "ca.pem"], "--ca-file is for --metrics-url"),
        (["--context", "small", "--ca-file", "ca.pem"], "targets of a context have a key `ca_file`"),
        (["--metrics-url", "https://127.0.0.1:1/", "--ca-file", "none.pem"], "`none.pem` cannot be used"),
        (["--metrics-url", "http://127.0.0.1:1/metrics"], "that the service is running"),
        (["--metrics-url", "shop.prom"], "such as http://"),
        (["--metrics-file", METRICS, "--component", "tll"], "did you mean `till`?"),
        (["--metrics-file", METRICS, "--context", "smal"], "did you mean `small`?"),
        (["--metrics-file", METRICS, "--timeout", "0"], "--timeout"),
        (["--metrics-file", METRICS, "--spec", "specs/shop.yaml", "--spec", "specs/b.yaml"], "--spec FILE"),
    ],
)
def test_wrong_usage_has_a_hint(folder: Path, arguments: list[str], text: str) -> None:
    """Wrong usage and a target that does not answer exit with 2 and print the correction."""
    outcome = victor_mon(folder, "verify", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert text in outcome.err
