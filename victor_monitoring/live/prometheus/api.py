"""The API of Prometheus: what it has loaded, what it evaluates, and what it stores."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.response import HttpError
from victor_monitoring.live.prometheus.rules import document_of
from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion, parse_version

if TYPE_CHECKING:
    from victor_monitoring.live.http.client import HttpClient

_UNKNOWN: Final = "unknown"
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule as Prometheus has loaded it, in the words of its API; durations are seconds."""

    group: str
    interval: float
    kind: str  # alerting | recording
    name: str
    query: str
    pending: float
    keep_firing: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    health: str = field(compare=False, default=_UNKNOWN)
    error: str = field(compare=False, default="")
    evaluated: str = field(compare=False, default="")

    @property
    def is_evaluated(self) -> bool:
        """Whether it was evaluated since it was loaded."""
        return self.health != _UNKNOWN


class PrometheusApi:
    """A Prometheus behind an HTTP client."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._canonical: dict[str, str] = {}

    def data(self, path: str, **params: str) -> Any:
        """The `data` of an answer of its API."""
        answer = self.http.get(f"/api/v1/{path}", params)
        with self._understood(path):
            if answer["status"] != "success":
                raise KeyError
            return answer["data"]

    def query(self, promql: str) -> list[Mapping[str, Any]]:
        """The series that an expression yields now."""
        data = self.data("query", query=promql)
        with self._understood("query"):
            return list(data["result"])

    def version(self) -> PrometheusVersion | None:
        """The version that answers; None where it is another system, or does not say.

        VictoriaMetrics names a version of Prometheus that it is not, without the Go version that a Prometheus
        adds; Mimir names its application, Thanos its own version below 2; Cortex answers 404.
        """
        try:
            data = self.data("status/buildinfo")
        except HttpError as error:
            if error.status is None or error.status in _REFUSED:
                raise
            return None
        if not isinstance(data, dict) or "goVersion" not in data or "application" in data:
            return None
        try:
            version = parse_version(str(data.get("version")))
        except ValueError:
            return None
        return version if version.major >= OLDEST.major else None

    def may_reload(self) -> bool:
        """Whether it was started so that it can be told to reload."""
        flags = self.data("status/flags")
        with self._understood("status/flags"):
            return bool(flags.get("web.enable-lifecycle") == "true")

    def rule_files(self) -> list[str]:
        """The patterns of the rules files that it reads, as its configuration has them."""
        data = self.data("status/config")
        with self._understood("status/config"):
            return [str(each) for each in document_of(str(data["yaml"])).get("rule_files") or ()]

    def reload(self, patience: float) -> None:
        """Everything is read anew from its files; HttpError where it refuses."""
        self.http.send("POST", "/-/reload", repeat=False, patience=patience)

    def rules(self) -> Mapping[str, list[LoadedRule]]:
        """The rules that it has loaded, in order, by the names of their files: it may see other folders."""
        data = self.data("rules")
        found: dict[str, list[LoadedRule]] = {}
        with self._understood("rules"):
            for group in data["groups"]:
                rules = found.setdefault(PurePosixPath(str(group["file"])).name, [])
                rules += [_loaded(group, rule) for rule in group["rules"]]
        return found

    def has_loaded(self, rules: list[LoadedRule], text: str) -> bool:
        """Whether these rules are those of a rules file's text; only the way of writing PromQL may differ."""
        wanted = list(rules_of(text))
        by_group = sorted(rules, key=lambda rule: rule.group)
        wanted_by_group = sorted(wanted, key=lambda rule: rule.group)
        return len(wanted) == len(rules) and all(map(self.is_same, by_group, wanted_by_group))

    def is_same(self, loaded: LoadedRule, wanted: LoadedRule) -> bool:
        """Whether two rules say the same."""
        return _without_query(loaded) == _without_query(wanted) and (
            loaded.query == wanted.query or self._canon(loaded.query) == self._canon(wanted.query)
        )

    @contextlib.contextmanager
    def _understood(self, path: str) -> Iterator[None]:
        """What has another shape than an answer of Prometheus becomes an HttpError."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError):
            message = f"`{self.http.base}/api/v1/{path}` answered with something else than Prometheus does"
            raise HttpError(message, "is this the address of a Prometheus?") from None

    def _canon(self, promql: str) -> str:
        """The expression as Prometheus itself writes it; as it is where an old one has no word on it."""
        if promql not in self._canonical:
            try:
                self._canonical[promql] = str(self.data("format_query", query=promql))
            except HttpError as error:
                if error.status not in (400, 404):
                    raise
                self._canonical[promql] = "".join(promql.split())
        return self._canonical[promql]


def rules_of(text: str) -> Iterator[LoadedRule]:
    """The rules of a rules file, as Prometheus would tell of them; UserError where it is none."""
    try:
        for group in document_of(text)["groups"]:
            interval = _seconds(group.get("interval"))
            for rule in group["rules"]:
                kind = "alerting" if "alert" in rule else "recording"
                yield LoadedRule(
                    group=str(group["name"]),
                    interval=interval,
                    kind=kind,
                    name=str(rule["alert"] if "alert" in rule else rule["record"]),
                    query=str(rule["expr"]),
                    pending=_seconds(rule.get("for")),
                    keep_firing=_seconds(rule.get("keep_firing_for")),
                    labels=rule.get("labels") or {},
                    annotations=rule.get("annotations") or {},
                )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise UserError("this is no rules file", "look at it with `promtool check rules`") from None


def _loaded(group: Mapping[str, Any], rule: Mapping[str, Any]) -> LoadedRule:
    return LoadedRule(
        group=str(group["name"]),
        interval=float(group["interval"]),
        kind=str(rule["type"]),
        name=str(rule["name"]),
        query=str(rule["query"]),
        pending=float(rule.get("duration", 0)),
        keep_firing=float(rule.get("keepFiringFor", 0)),
        labels=rule.get("labels") or {},
        annotations=rule.get("annotations") or {},
        health=str(rule["health"]),
        error=str(rule.get("lastError") or ""),
        evaluated=str(rule["lastEvaluation"]),
    )


def _without_query(rule: LoadedRule) -> tuple[object, ...]:
    times = (rule.interval, rule.pending, rule.keep_firing)
    return (rule.group, rule.kind, rule.name, times, rule.labels, rule.annotations)


def _seconds(duration: object) -> float:
    return parse_duration(str(duration)) / 1000 if duration else 0.0
