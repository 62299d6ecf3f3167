"""`verify` accepts and refuses what a scrape of a real Prometheus accepts and refuses."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.exposition.scraped import errors, refusals
from tests.exposition.test_fetch import sends, target
from tests.exposition.variants import variants
from victor_monitoring.cli.expositions import fetched
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion, parse_version

# Where `verify` refuses what Prometheus accepts, each with the reason. It is never laxer.
STRICTER = {
    "text: a line feed in a value": "the format has `\\n`; its other readers end the value at the line",
    "text: a NUL after a line": "Prometheus stops reading there and drops the rest",
    "text: a NUL alone": "Prometheus stops reading there and drops the rest",
    "text: a NUL at the end": "Prometheus stops reading there and drops the rest",
    "OpenMetrics: a NUL after the end": "Prometheus stops reading there and drops the rest",
    "Content-Encoding br, but the text is plain": "a body is read as what it declares to be",
    "Content-Encoding nonsense, but the text is plain": "a body is read as what it declares to be",
}


@pytest.fixture(scope="module")
def scraped(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return the error of a scrape of each variant."""
    return errors(prometheus, tmp_path_factory.mktemp("scrapes"), list(variants()))


@pytest.fixture(scope="module")
def version(prometheus: Path) -> PrometheusVersion:
    """Return the version of the Prometheus that scrapes."""
    run = subprocess.run([prometheus, "--version"], capture_output=True, text=True, check=True)
    return parse_version((run.stdout + run.stderr).split()[2])


def test_it_agrees_with_prometheus(scraped: Mapping[str, str], version: PrometheusVersion) -> None:
    """All variants are accepted and refused as by the Prometheus that scrapes, but for the listed ones."""
    found = list(variants())
    assert len({each.name for each in found}) == len(found) > 600
    refused = refusals(found, version)
    differences = {name for name, error in scraped.items() if bool(error) != (name in refused)}
    assert {name: (scraped[name], refused.get(name)) for name in differences - STRICTER.keys()} == {}
    assert {name for name in differences if scraped[name]} == set()


def test_without_a_version_it_refuses_what_one_of_them_refuses() -> None:
    """Unset, `service.prometheus` stands for 2.42 and 3."""
    found = list(variants())
    either = refusals(found, OLDEST).keys() | refusals(found, NEWEST).keys()
    assert refusals(found, None).keys() == either


def test_a_service_that_names_metrics_by_who_asks() -> None:
    """Unless a version is declared, the answers to both versions are read where their names differ."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        is_newer = "allow-utf-8" in request.headers["Accept"]
        sends(b'{"shop.tills"} 1\n' if is_newer else b"shop_tills 1\n")(request)

    with target(answer) as url:
        names = [
            [sorted(each.names) for each in fetched(url, None, 5, version)]
            for version in (None, OLDEST, NEWEST)
        ]
    assert names == [[["shop.tills"], ["shop_tills"]], [["shop_tills"]], [["shop.tills"]]]
