"""The HTTP API of Prometheus: loaded rules, their evaluation, queries, configuration and version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    """A rule as the API of Prometheus reports it; durations are in seconds."""

    group: str
    interval: float | None  # None in a rules file that leaves it to the server
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
    limit: int = 0  # of its group

    @property
    def is_evaluated(self) -> bool:
        """Whether the rule was evaluated since it was loaded."""
        return self.health != _UNKNOWN


@dataclass(frozen=True, slots=True)
class Reloading:
    """How a server gets to load changed files: on request, or by itself at an interval in seconds."""

    on_request: bool  # --web.enable-lifecycle
    interval: float | None  # --enable-feature=auto-reload-config


class PrometheusApi:
    """A Prometheus behind an HTTP client."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self._canonical: dict[str, str] = {}

    def data(self, path: str, **params: str) -> Any:
        """Return the `data` of an API response; raise HttpError if it has none."""
        answer = self.http.get(f"/api/v1/{path}", params)
        with self._expect_prometheus(path):
            if answer["status"] != "success":
                raise KeyError
            return answer["data"]

    def query(self, promql: str) -> list[Mapping[str, Any]]:
        """Return the result of an instant query."""
        data = self.data("query", query=promql)
        with self._expect_prometheus("query"):
            return list(data["result"])

    def version(self) -> PrometheusVersion | None:
        """Return the version of Prometheus; None if the server is another system or reports no version.

        VictoriaMetrics reports a version of Prometheus, but without `goVersion`; Mimir reports its
        `application`, Thanos its own version below 2; Cortex answers 404.
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

    def reloading(self) -> Reloading:
        """Return how the server gets to load changed files."""
        flags = self.data("status/flags")
        with self._expect_prometheus("status/flags"):
            features = str(flags.get("enable-feature") or "").split(",")
            interval = str(flags.get("config.auto-reload-interval") or "")
            return Reloading(
                on_request=flags.get("web.enable-lifecycle") == "true",
                interval=_seconds(interval) if "auto-reload-config" in features else None,
            )

    def rule_files(self) -> list[str]:
        """Return the `rule_files` patterns of its configuration."""
        data = self.data("status/config")
        with self._expect_prometheus("status/config"):
            return [str(each) for each in document_of(str(data["yaml"])).get("rule_files") or ()]

    def reload(self, patience: float) -> None:
        """Reload the configuration and rules files; raise HttpError if the server refuses."""
        self.http.send("POST", "/-/reload", repeat=False, patience=patience)

    def rules(self) -> Mapping[str, list[LoadedRule]]:
        """Return the loaded rules, in order, by file name without folder: the server's folders may differ."""
        data = self.data("rules")
        found: dict[str, list[LoadedRule]] = {}
        with self._expect_prometheus("rules"):
            for group in data["groups"]:
                rules = found.setdefault(PurePosixPath(str(group["file"])).name, [])
                rules += [_loaded(group, rule) for rule in group["rules"]]
        return found

    def has_loaded(self, rules: list[LoadedRule], text: str) -> bool:
        """Return whether loaded rules equal those of a rules file's text, up to the formatting of PromQL."""
        wanted = list(rules_of(text))
        by_group = sorted(rules, key=lambda rule: rule.group)
        wanted_by_group = sorted(wanted, key=lambda rule: rule.group)
        return len(wanted) == len(rules) and all(map(self.is_same, by_group, wanted_by_group))

    def is_same(self, loaded: LoadedRule, wanted: LoadedRule) -> bool:
        """Return whether two rules are equal, up to the formatting of PromQL."""
        if wanted.interval is None:
            loaded = replace(loaded, interval=None)
        return _without_query(loaded) == _without_query(wanted) and (
            loaded.query == wanted.query
            or self._canonical_form(loaded.query) == self._canonical_form(wanted.query)
        )

    @contextlib.contextmanager
    def _expect_prometheus(self, path: str) -> Iterator[None]:
        """Raise HttpError if the block fails to read a response of another shape than Prometheus' own."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError):
            message = f"`{self.http.base}/api/v1/{path}` did not answer like Prometheus"
            raise HttpError(message, "check that this is the address of a Prometheus") from None

    def _canonical_form(self, promql: str) -> str:
        """Return the expression as Prometheus formats it; if an old one cannot, without whitespace."""
        if promql not in self._canonical:
            try:
                self._canonical[promql] = str(self.data("format_query", query=promql))
            except HttpError as error:
                if error.status not in (400, 404):
                    raise
                self._canonical[promql] = "".join(promql.split())
        return self._canonical[promql]


def rules_of(text: str) -> Iterator[LoadedRule]:
    """Yield the rules of a rules file as Prometheus would report them; raise UserError if it is malformed."""
    try:
        for group in document_of(text)["groups"]:
            interval = _seconds(group["interval"]) if group.get("interval") else None
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
                    limit=int(group.get("limit") or 0),
                )
    except (LookupError, TypeError, ValueError, AttributeError):
        raise UserError("this is not a rules file", "check it with `promtool check rules`") from None


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
        limit=int(group.get("limit") or 0),
    )


def _without_query(rule: LoadedRule) -> tuple[object, ...]:
    times = (rule.interval, rule.pending, rule.keep_firing)
    return (rule.group, rule.kind, rule.name, times, rule.labels, rule.annotations, rule.limit)


def _seconds(duration: object) -> float:
    return parse_duration(str(duration)) / 1000 if duration else 0.0
