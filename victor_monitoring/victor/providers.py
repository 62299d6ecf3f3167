"""The reader of a provider pool, and the mapping of a request's exception to its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypedDict

from victor_monitoring.runtime.reads import ComponentReport
from victor_monitoring.runtime.totals import Tally, Totals
from victor_monitoring.victor.registry import Metrics, ProviderPoolOutcome

# The gauges that only the pool sets while one is registered.
GAUGES: Final = ("providers_configured", "provider_up")
_OUTCOMES: Final[dict[ProviderPoolOutcome, str]] = {
    "success": "successes",
    "error": "errors",
    "timeout": "timeouts",
    "rate_limited": "rate_limited",
}


class ProviderStats(TypedDict, total=False):
    """A pool's statistics of one provider; the numbers are totals of requests since its start."""

    healthy: bool
    successes: int
    errors: int
    timeouts: int
    rate_limited: int


class ProviderPool(Protocol):
    """The interface of a provider pool that the collector needs."""

    def get_provider_stats(self) -> Mapping[str, ProviderStats]:
        """Return the statistics of the configured providers by name; unknown values are left out."""


class PoolReader:
    """Sets the metrics of a pool; its `requests` may also be recorded by calls and are counted once."""

    def __init__(self, pool: ProviderPool, metrics: Metrics, totals: Totals, requests: Tally) -> None:
        self._pool = pool
        self._metrics, self._totals, self._requests = metrics.provider_pool, totals, requests

    def ask(self) -> object:
        """Return the current statistics of the pool."""
        return self._pool.get_provider_stats()

    def use(self, answer: object) -> None:
        """Set the metrics from `get_provider_stats`. Raise InvalidReading if any value is impossible."""
        providers = ComponentReport(answer, "get_provider_stats()")
        providers.raise_if_invalid()
        self._metrics.providers_configured.set(len(providers))
        for name in providers:
            stats = providers.part(name)
            if (healthy := stats.boolean("healthy")) is not None:
                self._metrics.provider_up(str(name)).set(healthy)
            self._count_requests(str(name), stats)
        providers.raise_if_invalid()

    def _count_requests(self, name: str, stats: ComponentReport) -> None:
        for outcome, key in _OUTCOMES.items():
            if (total := stats.amount(key)) is not None:
                gained = self._totals.increment((name, key), total)
                if gained := self._requests.gain((name, outcome), gained):
                    self._metrics.provider_requests_total(name, outcome).inc(gained)


def outcome_of(error: BaseException | None) -> ProviderPoolOutcome:
    """Return a request's outcome by its exception: its class names and a status code of 429."""
    if error is None:
        return "success"
    names = [kind.__name__.lower() for kind in type(error).__mro__]
    if getattr(error, "status_code", None) == 429 or any("ratelimit" in name for name in names):
        return "rate_limited"
    return "timeout" if any("timeout" in name for name in names) else "error"
