"""The scrape endpoint: content negotiation of the exposition format and of compression."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from fastapi import Request, Response

from victor_monitoring.runtime.exposition import OPENMETRICS, TEXT

_OPENMETRICS = frozenset({"0.0.1", "1.0.0"})
_TEXT = frozenset({"0.0.4"})


@dataclass(frozen=True, slots=True)
class _Range:
    """One entry of an Accept header: a media type or coding, its parameters and quality (0: not accepted)."""

    name: str
    parameters: Mapping[str, str]
    quality: float


def wants_openmetrics(accept: str) -> bool:
    """Return whether OpenMetrics has a higher quality than the text format, which is the default."""
    ranges = tuple(_ranges(accept))
    openmetrics = _quality(ranges, "application/openmetrics-text", _OPENMETRICS)
    return openmetrics[0] > 0 and openmetrics > _quality(ranges, "text/plain", _TEXT)


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the body may be compressed with gzip."""
    qualities = {each.name: each.quality for each in _ranges(accept_encoding)}
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def _quality(ranges: tuple[_Range, ...], media_type: str, versions: frozenset[str]) -> tuple[float, int]:
    """Return the quality of a media type by its most specific range, and that range's specificity."""
    found = (0.0, 0)
    closest = 0
    for each in ranges:
        closeness = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
        if each.name not in closeness or each.parameters.get("version", next(iter(versions))) not in versions:
            continue
        close = 3 - closeness.index(each.name)
        if close > closest or (close == closest and each.quality > found[0]):
            closest, found = close, (each.quality, close)
    return found


def _ranges(header: str) -> Iterator[_Range]:
    """Yield the entries of the header; one with an invalid quality is skipped."""
    for entry in header.split(","):
        name, *rest = (part.strip() for part in entry.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        if name and 0 <= quality <= 1:
            yield _Range(name.lower(), parameters, quality)


# The successful response, for OpenAPI.
FORMS: Final = {
    "description": "Text for Prometheus; OpenMetrics if the request prefers it.",
    "content": {form.partition(";")[0]: {"schema": {"type": "string"}} for form in (TEXT, OPENMETRICS)},
}
# The fastest level: 15 times smaller. The default level is 19 times smaller and four times slower.
_LEVEL: Final = 1


class Exposed(Protocol):
    """An object with metrics to be scraped."""

    def exposition(self, *, openmetrics: bool = False) -> bytes:
        """Return the metrics, in the text format or in OpenMetrics."""


def scrape_of(exposed: Exposed) -> Callable[[Request], Response]:
    """Return an endpoint that responds with an exposition in the format that the request accepts."""

    def scrape(request: Request) -> Response:
        openmetrics = wants_openmetrics(_header(request, "accept"))
        body = exposed.exposition(openmetrics=openmetrics)
        headers = {
            "Cache-Control": "no-store",
            "Content-Type": OPENMETRICS if openmetrics else TEXT,
            "Vary": "Accept, Accept-Encoding",
        }
        if accepts_gzip(_header(request, "accept-encoding")):
            body = gzip.compress(body, _LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers)

    return scrape


def _header(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
