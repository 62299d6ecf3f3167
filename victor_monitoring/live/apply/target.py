"""What is to be done to live systems: steps, each with what is there and what shall be there."""

from __future__ import annotations

import base64
import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema, model_validator

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.base.unified_diff import unified
from victor_monitoring.language.model.fields import Text, Written, invalid
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.live.secrets import SecretSource


class StepKind(enum.StrEnum):
    """What a step does."""

    ADD = "add"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a live system: as it was read (`before`) and as it shall be (`after`); None is absent.

    `meaning` says line by line what changes for people, `diff` shows the texts. `conflict` says who else
    changed it: such a step is executed only by force.
    """

    kind: StepKind
    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    meaning: tuple[str, ...] = ()
    diff: str = field(repr=False, default="")
    conflict: str = ""


def step(
    name: str,
    before: str | None,
    after: str | None,
    *,
    meaning: Sequence[str] = (),
    diff: str | None = None,
    conflict: str = "",
    stale: bool = False,
) -> Step:
    """The step from one text to another; `stale` where equal texts have not taken effect yet."""
    if before is None:
        kind = StepKind.UNCHANGED if after is None else StepKind.ADD
    elif after is None:
        kind = StepKind.REMOVE
    else:
        kind = StepKind.UNCHANGED if before == after and not stale else StepKind.CHANGE
    if diff is None:
        diff = unified((before or "").encode(), (after or "").encode(), name.lstrip("/"))
    return Step(kind, name, before, after, tuple(meaning), diff, conflict)


if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.http.client import HttpClient


@dataclass(frozen=True, slots=True)
class OtherContext:
    """Another context of the spec: what it has in a live system that both share is not ours."""

    context: str
    settings: tuple[Settings, ...]
    routing: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a context renders, for its targets.

    `artifacts` are all files of the context, with their paths below the root. `rules`, `dashboard` and
    `routing` are the texts of three outputs, also where a Kubernetes object holds them; None: it is off.
    """

    spec: Resolved
    rules: str | None = field(repr=False)
    dashboard: str | None = field(repr=False)
    routing: str | None = field(repr=False)
    artifacts: tuple[Artifact, ...] = field(repr=False, default=())
    other_contexts: tuple[OtherContext, ...] = field(repr=False, default=())

    @property
    def context(self) -> str:
        """The context's name."""
        assert self.spec.context is not None  # base is applied nowhere
        return self.spec.context

    @property
    def hint(self) -> str:
        """What to do where a live system is not what the spec says."""
        return f"run `victor-mon apply --context {self.context}`"


class LiveState(enum.StrEnum):
    """Which of a step's two sides really stands in the live system."""

    BEFORE = "as before"
    AFTER = "as planned"
    OTHER = "neither as before nor as planned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObservedState:
    """What was found of a step's thing after a failure; `note` says what else there is to know."""

    state: LiveState
    note: str = ""


def state_of(step: Step, there: str | None) -> LiveState:
    """Which side of a step a text is."""
    if there == step.before:
        return LiveState.BEFORE
    return LiveState.AFTER if there == step.after else LiveState.OTHER


class Target(ABC):
    """A live system of a context.

    Every method may raise UserError, which says what failed and what mends it. Nothing but `execute` and
    `undo` changes anything.
    """

    name: str  # as it is printed: the kind and the address
    _path: Path  # of its settings in the spec

    @abstractmethod
    def preflight(self) -> None:
        """Nothing that can be known before anything is touched stands in the way; else UserError."""

    @abstractmethod
    def read(self) -> Mapping[str, str]:
        """What is there of ours: texts by name."""

    @abstractmethod
    def plan(self, there: Mapping[str, str]) -> Sequence[Step]:
        """The steps from what was read to what shall be: recordings before the alerts that read them."""

    @abstractmethod
    def execute(self, step: Step) -> None:
        """The step is done, and has taken effect."""

    @abstractmethod
    def undo(self, step: Step) -> None:
        """What `execute` did, whole or in part, is as it was read; UserError where that cannot be."""

    def foresee(self) -> Iterator[Finding]:
        """What will keep the live system from what the spec says, though everything can be applied."""
        yield from ()

    @abstractmethod
    def verify(self) -> Iterator[Finding]:
        """Everything that is otherwise in the live system than the spec says."""

    def observed(self, step: Step) -> ObservedState:
        """What is really there, by what can be read now."""
        return ObservedState(state_of(step, self.read().get(step.name)))

    def _found(self, pattern: Pattern, message: str, hint: str) -> Finding:
        """A difference that is the target's as a whole."""
        return Finding(self._path, message, hint, on_key=True, pattern=pattern)


class Settings(Written, ABC):
    """The settings of a kind of target, as the spec has them.

    `takes` says what of a delivery goes there, to be judged before: rules, routing, dashboard.
    """

    takes: ClassVar[frozenset[str]]

    @abstractmethod
    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: Path) -> Target:
        """The target; its settings stand at `path` of the spec."""


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http or https URL; None where it is none."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # a UnicodeError where a name is none, such as `a..b`
    except ValueError:
        return None
    return parts if is_whole and url.isascii() and url.isprintable() and " " not in url else None


def _address(value: object) -> str:
    parts = parts_of(value) if isinstance(value, str) else None
    if parts is None:
        raise invalid("an http or https address is wanted", "such as `https://prometheus.example.org`")
    if parts.username is not None or parts.password is not None:
        raise invalid("an address holds no credentials", "name their place: `token: {env: NAME}`")
    if "?" in str(value) or "#" in str(value):  # also where nothing follows: what is asked for would
        raise invalid("an address ends with its path", "leave out what follows `?` or `#`")
    return str(value).rstrip("/")


Address = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "description": "an address", "examples": ["http://localhost:9090"]}),
]


class HttpSettings(Settings):
    """What every target that is reached by HTTP has; a token is sent as a bearer's.

    There is a token, or a password, which may have a name.
    """

    url: Address
    token: SecretSource | None = None
    username: str | None = None
    password: SecretSource | None = None
    ca_file: Text | None = None

    def client(self, environment: ApplyEnvironment, headers: Mapping[str, str] | None = None) -> HttpClient:
        """Return a client of the address with its credentials, closed at the end of the run."""
        from victor_monitoring.live.http.client import connect  # noqa: PLC0415 - an extra, which reading a spec does without

        authorization = self._authorization(environment)
        sent = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
        ca_file = None if self.ca_file is None else environment.root / self.ca_file
        client = connect(self.url, sent, ca_file, environment.patience, environment.redactor)
        environment.held.callback(client.close)
        return client

    def _authorization(self, environment: ApplyEnvironment) -> str | None:
        if self.token is not None:
            return f"Bearer {environment.secret(self.token).reveal()}"
        if self.password is None:
            return None
        password = environment.secret(self.password).reveal()
        basic = base64.b64encode(f"{self.username or ''}:{password}".encode()).decode()
        environment.redactor.learn(basic)
        return f"Basic {basic}"

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        has_user = self.username is not None or self.password is not None
        if self.token is not None and has_user:
            raise invalid("a token stands alone", "leave out `username` and `password`, or the token")
        if self.username is not None and self.password is None:
            raise invalid("a `username` without a password", "name its place: `password: {env: NAME}`")
        return self
