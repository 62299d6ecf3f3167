"""An HTTP proxy between the command and a live system that forwards each request or injects a fault."""

from __future__ import annotations

import contextlib
import http.client
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.apply.server import Received, Reply, Server, listening

# The fault of a request: status 500; a lost answer; the system gone before it receives the request (gone), or
# after (taken); SIGINT to this process before the request is answered, or before a slow system receives it.
# A system that is gone refuses connections from then on.
Fault = Literal["500", "lost", "gone", "taken", "interrupted", "slow", ""]
SLOWNESS = 0.5  # seconds, or until another request is answered
# The client gives up at once: `Retry-After` exceeds its timeout.
REFUSAL = Reply(500, "refused on the way", {"Content-Type": "text/plain", "Retry-After": "3600"})
_OWN_HEADERS = ("host", "connection", "accept-encoding", "content-length")
_FORWARDED = ("lost", "taken", "interrupted", "slow", "")


@dataclass(frozen=True)
class Request:
    """A request seen by a proxy: the target's name, the method and the path without its query."""

    target: str
    method: str
    path: str


Judge = Callable[[Request], Fault]


def _no_fault(_: Request) -> Fault:
    return ""


@dataclass
class Wire:
    """The shared state of several proxies: every request in order, and the choice of its fault."""

    requests: list[Request] = field(default_factory=list)
    judge: Judge = field(default=_no_fault)
    servers: dict[str, Server] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    credentials: set[tuple[str, str]] = field(default_factory=set)  # target and header value
    answered: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, judge: Judge | None = None) -> None:
        """Forget all requests, bring all targets back, and let `judge` choose faults from now on."""
        self.requests.clear()
        self.gone.clear()
        for server in self.servers.values():
            server.start()
        self.judge = judge or _no_fault

    def take_down(self, target: str) -> None:
        """Make the target refuse new connections from now on, and cut existing ones."""
        self.gone.add(target)
        self.servers[target].stop()

    def fault(self, request: Request) -> Fault:
        """Record a request and return its fault."""
        with self.lock:
            self.requests.append(request)
            if request.target in self.gone:
                return "gone"
            found = self.judge(request)
            if found in ("gone", "taken"):
                self.take_down(request.target)
            return found


@contextlib.contextmanager
def proxy(name: str, url: str, wire: Wire) -> Iterator[str]:
    """Yield the address of a proxy in front of `url`."""
    place = urlsplit(url)

    def answer(received: Received) -> Reply | None:
        wire.credentials.add((name, received.headers.get("authorization", "")))
        fault = wire.fault(Request(name, received.method, urlsplit(received.target).path))
        if fault == "500":
            return REFUSAL
        if fault == "slow":
            wire.answered.clear()
            interrupt()
            wire.answered.wait(SLOWNESS)
        reply = forwarded(received) if fault in _FORWARDED else None
        if fault == "interrupted":
            interrupt()
        wire.answered.set()
        return None if fault in ("lost", "taken") else reply

    def interrupt() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def forwarded(received: Received) -> Reply:
        behind = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {key: value for key, value in received.headers.items() if key not in _OWN_HEADERS}
        behind.request(received.method, received.target, received.body.encode(), headers)
        found = behind.getresponse()
        text = found.read().decode()
        behind.close()
        return Reply(found.status, text, {"Content-Type": found.headers.get("Content-Type", "")})

    with listening(answer) as server:
        wire.servers[name] = server
        yield server.url
