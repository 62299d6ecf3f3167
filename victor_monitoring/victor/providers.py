"""Providers: a pool of them read into metrics, and an error of a request as its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypedDict

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.totals import Tally, Totals
from victor_monitoring.victor.registry import Metrics, ProviderPoolOutcome

# The gauges that only the pool sets, while one is registered.
GAUGES: Final = ("providers_configured", "provider_up")
_OUTCOMES: Final[dict[ProviderPoolOutcome, str]] = {
    "success": "successes",
    "error": "errors",
    "timeout": "timeouts",
    "rate_limited": "rate_limited",
}


class ProviderStats(TypedDict, total=False):
    """What a pool says of one provider; the numbers are totals of requests since its start."""

    healthy: bool
    successes: int
    errors: int
    timeouts: int
    rate_limited: int


class ProviderPool(Protocol):
    """What the collector asks of a pool of providers."""

    def get_provider_stats(self) -> Mapping[str, ProviderStats]:
        """The providers that are configured, by name; what is not known of one is left out."""


class PoolReader:
    """Puts what one pool says into metrics, its `requests` too, which calls may tell of as well."""

    def __init__(self, pool: ProviderPool, metrics: Metrics, totals: Totals, requests: Tally) -> None:
        self._pool = pool
        self._metrics, self._totals, self._requests = metrics.provider_pool, totals, requests

    def ask(self) -> object:
        """What the pool says now."""
        return self._pool.get_provider_stats()

    def use(self, answer: object) -> None:
        """Takes the answer of `get_provider_stats`. Raises Nonsense where a part of it cannot be true."""
        providers = ComponentReport(answer, "get_provider_stats()")
        providers.judge()
        self._metrics.providers_configured.set(len(providers))
        for name in providers:
            stats = providers.part(name)
            if (healthy := stats.truth("healthy")) is not None:
                self._metrics.provider_up(str(name)).set(healthy)
            self._count_requests(str(name), stats)
        providers.judge()

    def _count_requests(self, name: str, stats: ComponentReport) -> None:
        for outcome, key in _OUTCOMES.items():
            if (total := stats.amount(key)) is not None:
                gained = self._totals.increment((name, key), total)
                if gained := self._requests.gain((name, outcome), gained):
                    self._metrics.provider_requests_total(name, outcome).inc(gained)


def outcome_of(error: BaseException | None) -> ProviderPoolOutcome:
    """The outcome of a request that ended so, by the names and numbers that the providers' clients share."""
    if error is None:
        return "success"
    names = [kind.__name__.lower() for kind in type(error).__mro__]
    if getattr(error, "status_code", None) == 429 or any("ratelimit" in name for name in names):
        return "rate_limited"
    return "timeout" if any("timeout" in name for name in names) else "error"
