"""Answers to scrapes: the errors of a real Prometheus, and the refusals of `verify`."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.end_to_end.live import Prometheus, running, until
from tests.exposition.test_fetch import target
from tests.exposition.variants import Variant
from victor_monitoring.base.diagnostics import Source, UserError
from victor_monitoring.live.exposition.fetch import fetch
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion


@contextlib.contextmanager
def served(variants: Sequence[Variant]) -> Iterator[str]:
    """Yield the address of a server that answers `/N` with variant N, until the block ends."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        variant = variants[int(request.path[1:])]
        request.send_response(variant.status)
        if variant.kind is not None:
            request.send_header("Content-Type", variant.kind.encode().decode("latin-1"))
        for name, value in {"Content-Length": str(len(variant.body)), **variant.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        with contextlib.suppress(ConnectionError):
            request.wfile.write(variant.body)

    with target(answer) as url:
        yield url.removeprefix("http://")


def errors(program: Path, folder: Path, variants: Sequence[Variant]) -> Mapping[str, str]:
    """Return the error of a scrape of each variant by its name, empty where Prometheus accepts it."""
    with served(variants) as address:
        groups = [
            {"targets": [address], "labels": {"__metrics_path__": f"/{number}", "variant": str(number)}}
            for number in range(len(variants))
        ]
        (folder / "targets.json").write_text(json.dumps(groups), encoding="utf-8")
        scrape = {
            "job_name": "variants",
            "scrape_interval": "5s",
            "scrape_timeout": "5s",
            "file_sd_configs": [{"files": [str(folder / "targets.json")]}],
        }
        with running(program, folder, [], [scrape]) as prometheus:
            found = until(functools.partial(_scraped, prometheus, len(variants)), every=0.2)
    return {variants[number].name: error for number, error in found.items()}


def _scraped(prometheus: Prometheus, count: int) -> dict[int, str]:
    """Return the last error of each target by its number once all have answered a scrape; empty before."""
    targets = prometheus.get("targets", state="active")["activeTargets"]
    unanswered = [
        each for each in targets if each["health"] == "unknown" or each["lastError"].startswith("Get ")
    ]
    if len(targets) < count or unanswered:
        return {}
    return {int(each["labels"]["variant"]): each["lastError"] for each in targets}


def refusals(found: Sequence[Variant], version: PrometheusVersion | None) -> dict[str, str]:
    """Return the first message of `verify` about each variant that it refuses, read as by a version."""
    messages = {}
    with served(found) as address:
        for number, variant in enumerate(found):
            try:
                url = f"http://{address}/{number}"
                got = fetch(url, asked_as=version or OLDEST, read_by=version, timeout=5)
            except UserError as error:
                messages[variant.name] = error.message
                continue
            read = parse(Source(url, got.text), openmetrics=got.openmetrics, prometheus=version)
            refused = [fault for fault in read.faults if fault.is_refused]
            if refused:
                messages[variant.name] = refused[0].message
    return messages
