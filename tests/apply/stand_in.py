"""A server that stands in for a system of somebody else, at the wire: real HTTP, strict, and able to fail."""

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
from tests.cli.commands import Outcome, edit, in_process


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
    with listening(stand_in.reply) as server:
        stand_in.url = server.url
        yield


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
    """The brewery with these contexts, each with a target or several, and everything rendered."""
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
