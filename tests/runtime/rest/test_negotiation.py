"""Content negotiation of the exposition's format and compression."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from prometheus_client import parser as text_parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from tests.runtime.rest.client import get
from tests.runtime.shop import shop_collector
from victor_monitoring.runtime.exposition import OPENMETRICS, TEXT
from victor_monitoring.runtime.rest import register_routes
from victor_monitoring.runtime.rest.scrape import accepts_gzip, wants_openmetrics

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
        (BROWSER, False),
        ("", False),
        ("*/*", False),
        ("application/*", True),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ('application/openmetrics-text; version="1.0.0"', True),
        ("application/openmetrics-text, */*", True),
        ("application/openmetrics-text, text/plain", False),
        ("application/openmetrics-text;q=0.5, text/plain;q=0.6", False),
        ("text/plain;q=0.5, application/openmetrics-text;q=0.6", True),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0, application/*;q=1", False),
        ("application/openmetrics-text;version=2.0.0", False),
        ("application/json", False),
        ("application/openmetrics-text;q=much", False),
        ("application/openmetrics-text;q=7", False),
        ("application/openmetrics-text;q=nan", False),
        (";;=,,q=1;", False),
    ],
)
def test_openmetrics_is_sent_where_preferred(accept: str, openmetrics: bool) -> None:
    """The most specific range decides, the higher quality wins, and the default is text."""
    assert wants_openmetrics(accept) is openmetrics


@pytest.mark.parametrize(
    ("accept_encoding", "compressed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.1", True),
        ("*", True),
        ("x-gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("br;q=1, *;q=0", False),
    ],
)
def test_gzip_is_used_where_it_is_accepted(accept_encoding: str, compressed: bool) -> None:
    """A coding is accepted by its name or by `*`, unless its quality is 0."""
    assert accepts_gzip(accept_encoding) is compressed


@pytest.mark.parametrize("path", ["/metrics", "/api/shop/prometheus"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_scrape_matches_its_headers(path: str, coding: str) -> None:
    """Text and OpenMetrics parse as such, compressed or not; `Vary` names the request headers."""
    app = FastAPI()
    register_routes(app, shop_collector())
    for accept, form, parse in (
        (PROMETHEUS_2, OPENMETRICS, openmetrics_parser.text_string_to_metric_families),
        ("text/plain", TEXT, text_parser.text_string_to_metric_families),
    ):
        answer = get(app, path, {"Accept": accept, "Accept-Encoding": coding})
        assert answer.headers["content-type"] == form
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert answer.headers["cache-control"] == "no-store"
        families = {family.name for family in parse(answer.text)}
        assert {"shop_visits", "shop_wait_seconds"} <= families
