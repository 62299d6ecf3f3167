"""A server that stands in for a system of somebody else, at the wire: real HTTP, strict, and able to fail."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.apply.world import SPEC, paths
from tests.cli.commands import Outcome, edit, in_process


@dataclass(frozen=True)
class Received:
    """A request as it came: the parts of its path are decoded, its headers are in lower case."""

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: str

    def __str__(self) -> str:
        return f"{self.method} /{'/'.join(self.parts)}"

    @property
    def is_write(self) -> bool:
        """Whether it asks for a change."""
        return self.method != "GET"


@dataclass(frozen=True)
class Reply:
    """An answer. With `drip` seconds between its bytes it never seems to end."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0


class Lost(Exception):
    """The request is done, and its answer is lost."""


Interference = Callable[[Received], Reply | None]


class StandIn(ABC):
    """What a system does; `interfere` may come before it. Raising `Lost` there loses the answer."""

    def __init__(self, credentials: str) -> None:
        self.url = ""
        self.credentials = credentials
        self.received: list[Received] = []
        self.interfere: Interference = lambda received: None
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, received: Received) -> Reply:
        """What the system answers to a request with the right credentials."""

    def reply(self, received: Received) -> Reply | None:
        """The answer; None where it is lost."""
        with self.lock:
            self.received.append(received)
            try:
                interfered = self.interfere(received)
            except Lost:
                self.answer(received)
                return None
            if interfered is not None:
                return interfered
            if received.headers.get("authorization") != self.credentials:
                return as_json(401, {"message": "Unauthorized"})
            return self.answer(received)

    def writes(self) -> list[str]:
        """What was asked to be changed since this was last asked for."""
        found = [str(each) for each in self.received if each.is_write]
        self.received.clear()
        return found


def as_json(status: int, data: object) -> Reply:
    """A reply in JSON."""
    return Reply(status, json.dumps(data), {"Content-Type": "application/json"})


@contextlib.contextmanager
def serving(stand_in: StandIn) -> Iterator[None]:
    """The stand-in answers at its `url` until the block ends."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            names = tuple(unquote(each) for each in parts.path.split("/")[1:])
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = stand_in.reply(Received(self.command, names, parse_qs(parts.query), headers, body))
            if found is None:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(found.status)
            content = found.body.encode()
            for name, value in {**found.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            for index in range(0, len(content), 1 if found.drip else len(content)):
                self.wfile.write(content[index : index + 1] if found.drip else content)
                if found.drip and ended.wait(found.drip):
                    return

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names that are looked for

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):
                super().finish()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A connection that was cut is what is wanted."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Brewery:
    """A repository whose contexts are applied to stand-ins; `env` holds their secrets."""

    folder: Path
    env: Mapping[str, str]

    @property
    def spec(self) -> Path:
        """The spec."""
        return self.folder / "specs" / "brew.yaml"

    def command(self, *arguments: str) -> Outcome:
        """The outcome of a command; no secret is in it."""
        outcome = in_process(self.folder, *arguments, env={**paths(), **self.env})
        for secret in self.env.values():
            assert secret not in outcome.out + outcome.err
        return outcome

    def apply(self, *arguments: str, context: str = "prod") -> Outcome:
        """The outcome of applying without asking."""
        return self.command("apply", "--context", context, "--yes", "--timeout", "5", *arguments)

    def verify(self) -> Outcome:
        """The outcome of reading everything back."""
        return self.command("verify", "--context", "prod", "--timeout", "5")

    def edit(self, old: str, new: str) -> None:
        """The spec with one text replaced, and everything rendered."""
        edit(self.spec, old, new)
        outcome = self.command("generate")
        assert outcome.status == 0, outcome.err


def brewery(folder: Path, targets: Mapping[str, Any], env: Mapping[str, str]) -> Brewery:
    """The brewery with one target in each of the contexts that are named, and everything rendered."""
    text = SPEC.read_text(encoding="utf-8")
    head, _, rest = text.partition("contexts:\n")
    assert rest
    lines = ["contexts:"]
    for context, target in targets.items():
        lines += [f"  {context}:", f"    labels: {{environment: {context}}}"]
        lines += ["    targets:", f"      - {json.dumps(target)}"]
    found = Brewery(folder / "repository", env)
    (found.folder / ".git").mkdir(parents=True)
    found.spec.parent.mkdir()
    found.spec.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    outcome = found.command("generate")
    assert outcome.status == 0, outcome.err
    return found


def refusing(status: int, method: str, times: int = 10**9, **headers: str) -> Interference:
    """The first so many requests of a method are answered with this status."""
    left = times

    def interfere(received: Received) -> Reply | None:
        nonlocal left
        if received.method != method or left == 0:
            return None
        left -= 1
        return Reply(status, "no, for a reason", headers)

    return interfere


def failing(number: int) -> Interference:
    """The request of that number, from 0 on, is refused for good."""
    numbers = itertools.count()
    return lambda received: Reply(400, "no, for a reason") if next(numbers) == number else None


def losing(method: str) -> Interference:
    """The first request of a method is done, and its answer lost."""
    is_done = False

    def interfere(received: Received) -> Reply | None:
        nonlocal is_done
        if received.method == method and not is_done:
            is_done = True
            raise Lost
        return None

    return interfere
