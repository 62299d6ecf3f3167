"""A real Prometheus and targets for it, on free ports of 127.0.0.1."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")
Exposition = Callable[[], str]


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str
    log: Path

    def get(self, path: str, **parameters: str) -> Any:
        """Return the `data` of an answer of its API."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}{query}", timeout=30) as answer:  # noqa: S310 - of the test
            return json.load(answer)["data"]

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Return the series that an expression yields now."""
        found: list[dict[str, Any]] = self.get("query", query=promql)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return every loaded rule, with the name and the file of its group."""
        groups = self.get("rules")["groups"]
        return [{**rule, "group": g["name"], "file": g["file"]} for g in groups for rule in g["rules"]]

    def rules_evaluated_since(self, start: datetime) -> list[dict[str, Any]]:
        """Return every rule once all have been evaluated after `start`, and none before."""
        found = self.rules()
        last = min(datetime.fromisoformat(rule["lastEvaluation"]) for rule in found)
        return found if last > start else []

    def alert(self, name: str) -> str:
        """Return the state of an alerting rule."""
        (found,) = [rule for rule in self.rules() if rule["name"] == name]
        return str(found["state"])


@dataclass
class Target:
    """A target that answers each scrape with the text that `text` returns."""

    text: Exposition
    port: int = 0
    _server: ThreadingHTTPServer | None = field(default=None, repr=False)

    def start(self) -> None:
        """Answer scrapes from now on."""
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = target.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # Prometheus was stopped meanwhile
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextlib.contextmanager
def target(text: Exposition) -> Iterator[Target]:
    """Yield a target that answers scrapes until the block ends."""
    found = Target(text)
    found.start()
    try:
        yield found
    finally:
        found.stop()


@contextlib.contextmanager
def running(
    program: Path,
    folder: Path,
    rule_files: Sequence[Path],
    scrapes: Sequence[Mapping[str, Any]],
    *options: str,
) -> Iterator[Prometheus]:
    """Yield a ready Prometheus with these rules, scrape jobs and options, until the block ends."""
    config = {"global": {}, "rule_files": [str(each) for each in rule_files], "scrape_configs": list(scrapes)}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [str(program), f"--config.file={folder}/prometheus.yml", *options]
    with _started(command, "--storage.tsdb.path", folder, "prometheus") as (url, log):
        yield Prometheus(url, log)


@contextlib.contextmanager
def alerting(program: Path, config: Path) -> Iterator[str]:
    """Yield the address of a ready Alertmanager with this configuration, until the block ends."""
    command = [str(program), f"--config.file={config}", "--cluster.listen-address="]
    with _started(command, "--storage.path", config.parent, "alertmanager") as (url, _):
        yield url


@contextlib.contextmanager
def _started(command: Sequence[str], storage: str, folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Yield the address and the log of a program that listens on a free port, once it is ready."""
    for attempt in itertools.count(1):
        port, log = free_port(), folder / f"{name}-{attempt}.log"
        whole = [
            *command,
            f"{storage}={folder}/{name}-data-{attempt}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with log.open("wb") as output, subprocess.Popen(whole, stdout=output, stderr=output) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                if until(functools.partial(ready, url, process)) == "ready":
                    yield url, log
                    return
                assert attempt < 3, log.read_text(encoding="utf-8")  # another process may have taken the port
            finally:
                process.terminate()
                process.wait(timeout=60)


def ready(url: str, process: subprocess.Popen[bytes]) -> str:
    """Return `ready` once the program at `url` is, `ended` once its process has ended; empty before."""
    if process.poll() is not None:
        return "ended"
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()  # noqa: S310 - of the test
        return "ready"
    return ""


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(probe: Callable[[], T], seconds: float = 60, *, every: float = 0.05) -> T:
    """Return the first true answer of `probe`, called `every` few seconds; AssertionError on timeout."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {answer!r}"
        time.sleep(every)
    return answer
