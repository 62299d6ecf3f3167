"""A proxy between us and a live system, at the wire: every request passes it, or meets a fault there."""

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

# What happens to a request: an answer of 500; the answer lost; the system gone before it takes the request,
# or after; an interruption of us before it is answered, or before it is taken by a system that is slow. What
# is gone refuses connections from then on.
Fault = Literal["500", "lost", "gone", "taken", "interrupted", "slow", ""]
SLOWNESS = 0.5  # seconds, or until another request was answered meanwhile
# The client gives up at once: it is asked for more patience than it has.
REFUSAL = Reply(500, "refused on the way", {"Content-Type": "text/plain", "Retry-After": "3600"})
_OURS = ("host", "connection", "accept-encoding", "content-length")
_TAKEN = ("lost", "taken", "interrupted", "slow", "")


@dataclass(frozen=True)
class Request:
    """A request that came by: the target's name, the method and the path without its query."""

    target: str
    method: str
    path: str


Judge = Callable[[Request], Fault]


def _no_fault(_: Request) -> Fault:
    return ""


@dataclass
class Wire:
    """What several proxies share: every request in order, and what is done with it."""

    requests: list[Request] = field(default_factory=list)
    judge: Judge = field(default=_no_fault)
    servers: dict[str, Server] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    credentials: set[tuple[str, str]] = field(default_factory=set)  # each target's
    answered: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, judge: Judge | None = None) -> None:
        """Nothing has come by, nobody is gone, and `judge` decides from now on."""
        self.requests.clear()
        self.gone.clear()
        for server in self.servers.values():
            server.come()
        self.judge = judge or _no_fault

    def leave(self, target: str) -> None:
        """The target refuses every connection from now on, and cuts those that there are."""
        self.gone.add(target)
        self.servers[target].go()

    def fault(self, request: Request) -> Fault:
        """What happens to a request."""
        with self.lock:
            self.requests.append(request)
            if request.target in self.gone:
                return "gone"
            found = self.judge(request)
            if found in ("gone", "taken"):
                self.leave(request.target)
            return found


@contextlib.contextmanager
def proxy(name: str, url: str, wire: Wire) -> Iterator[str]:
    """The address of a proxy before `url`."""
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
        reply = passed(received) if fault in _TAKEN else None
        if fault == "interrupted":
            interrupt()
        wire.answered.set()
        return None if fault in ("lost", "taken") else reply

    def interrupt() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def passed(received: Received) -> Reply:
        behind = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        headers = {key: value for key, value in received.headers.items() if key not in _OURS}
        behind.request(received.method, received.target, received.body.encode(), headers)
        found = behind.getresponse()
        text = found.read().decode()
        behind.close()
        return Reply(found.status, text, {"Content-Type": found.headers.get("Content-Type", "")})

    with listening(answer) as server:
        wire.servers[name] = server
        yield server.url
