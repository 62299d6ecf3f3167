"""Fakes of remote systems: real HTTP servers that check requests strictly and can fail on purpose."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.apply.server import Received, Reply, listening
from tests.apply.world import SPEC, paths
from tests.cli.commands import Outcome, edit, victor_mon


class Lost(Exception):
    """The request takes effect, and its answer is lost."""


Interference = Callable[[Received], Reply | None]


class FakeServer(ABC):
    """A fake system. `interfere` may answer a request instead of it, or raise `Lost`."""

    def __init__(self, credentials: str) -> None:
        self.url = ""
        self.credentials = credentials
        self.received: list[Received] = []
        self.interfere: Interference = lambda received: None
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, received: Received) -> Reply:
        """Return the answer to a request that has the right credentials."""

    def reply(self, received: Received) -> Reply | None:
        """Return the answer, or None if it is lost."""
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
        """Return the requests for changes since the last call."""
        found = [str(each) for each in self.received if each.is_write]
        self.received.clear()
        return found


def as_json(status: int, data: object) -> Reply:
    """Return a reply in JSON."""
    return Reply(status, json.dumps(data), {"Content-Type": "application/json"})


@contextlib.contextmanager
def serving(fake: FakeServer) -> Iterator[None]:
    """Let the fake answer at its `url` until the block ends."""
    with listening(fake.reply) as server:
        fake.url = server.url
        yield


@dataclass(frozen=True)
class Brewery:
    """A repository whose contexts are applied to fakes; `env` contains their secrets."""

    folder: Path
    env: Mapping[str, str]

    @property
    def spec(self) -> Path:
        """The path of the spec."""
        return self.folder / "specs" / "brew.yaml"

    def command(self, *arguments: str, path: str | None = None) -> Outcome:
        """Run a command, with `path` as PATH; return its outcome. AssertionError if it prints a secret."""
        found = paths() if path is None else {"PATH": path}
        outcome = victor_mon(self.folder, *arguments, env={**found, **self.env})
        for secret in self.env.values():
            assert secret not in outcome.out + outcome.err
        return outcome

    def apply(self, *arguments: str, context: str = "prod") -> Outcome:
        """Apply without a prompt, and return the outcome."""
        return self.command("apply", "--context", context, "--yes", "--timeout", "5", *arguments)

    def verify(self) -> Outcome:
        """Verify the context, and return the outcome."""
        return self.command("verify", "--context", "prod", "--timeout", "5")

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the spec, and render everything; git tracks nothing here."""
        edit(self.spec, old, new)
        outcome = self.command("generate", "--force")
        assert outcome.status == 0, outcome.err


def brewery(folder: Path, targets: Mapping[str, Any], env: Mapping[str, str]) -> Brewery:
    """Return a rendered brewery with these contexts, each with one or more targets."""
    text = SPEC.read_text(encoding="utf-8")
    head, _, rest = text.partition("contexts:\n")
    assert rest
    lines = ["contexts:"]
    for context, target in targets.items():
        lines += [f"  {context}:", f"    labels: {{environment: {context}}}"]
        lines.append(f"    targets: {json.dumps(target if isinstance(target, list) else [target])}")
    found = Brewery(folder / "repository", env)
    (found.folder / ".git").mkdir(parents=True)
    found.spec.parent.mkdir()
    found.spec.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    outcome = found.command("generate")
    assert outcome.status == 0, outcome.err
    return found


def refusing(status: int, method: str, times: int = 10**9, **headers: str) -> Interference:
    """Answer the first `times` requests of a method with this status."""
    left = times

    def interfere(received: Received) -> Reply | None:
        nonlocal left
        if received.method != method or left == 0:
            return None
        left -= 1
        return Reply(status, "no, for a reason", headers)

    return interfere


def failing(number: int) -> Interference:
    """Refuse the request of that number, counted from 0, with status 400."""
    numbers = itertools.count()
    return lambda received: Reply(400, "no, for a reason") if next(numbers) == number else None


def losing(method: str) -> Interference:
    """Let the first request of a method take effect, and lose its answer."""
    is_done = False

    def interfere(received: Received) -> Reply | None:
        nonlocal is_done
        if received.method == method and not is_done:
            is_done = True
            raise Lost
        return None

    return interfere
