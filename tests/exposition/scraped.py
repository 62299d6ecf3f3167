"""What a real Prometheus says of answers to its scrapes."""

from __future__ import annotations

import contextlib
import functools
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.end_to_end.live import Prometheus, running, until
from tests.exposition.variants import Variant


@contextlib.contextmanager
def served(variants: Sequence[Variant]) -> Iterator[str]:
    """Yield the address of a server that answers `/N` with variant N, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            variant = variants[int(self.path[1:])]
            self.send_response(variant.status)
            if variant.kind is not None:
                self.send_header("Content-Type", variant.kind.encode().decode("latin-1"))
            for name, value in {"Content-Length": str(len(variant.body)), **variant.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(variant.body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # Prometheus scrapes all variants within a few seconds

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


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
