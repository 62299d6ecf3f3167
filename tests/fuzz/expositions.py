"""Expositions: a text is read as by a scrape of a Prometheus, and refused with a place and a rule."""

# ruff: noqa: E501 - texts of one family a line

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from tests.exposition import shop
from tests.exposition.scraped import errors, refusals
from tests.exposition.variants import OPENMETRICS, TEXT, Variant, variants
from tests.fuzz import damage
from tests.fuzz.kind import Fault, Input, Kind, require, require_explained
from tests.programs import program, version
from victor_monitoring.app.pipeline import Compiled
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.live.exposition.exposition import Exposition
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.live.exposition.verify import verify
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, parse_version

BODY, HEADERS = "body", "content-type"
KINDS = (
    TEXT, TEXT, TEXT, OPENMETRICS, OPENMETRICS, OPENMETRICS, "text/plain", "text/plain; version=1.0.0; escaping=allow-utf-8",
    "application/openmetrics-text", "application/openmetrics-text; version=0.0.1", "text/html", "", "text", "a/b; c=d",
)  # fmt: skip
LINES = (
    b"m 1", b'm{a="b"} 2', b'm{a="b",c="d",} 3 1700000000000', b'm{a="\\"\\\\\\n"} NaN', b"# TYPE m gauge", b"# HELP m A \\n b",
    b"# a comment", b'{"m.n","o.p"="q"} +Inf', b"m_total 1 # {t=\"x\"} 1 1.5", b"# UNIT m_seconds seconds", b"# TYPE m_seconds gauge",
    b'h_bucket{le="+Inf"} 1', b"h_sum 1e-3", b"h_count 0x1p3", b"# EOF", b"", b"m{} -Inf 1.5", b"# TYPE h histogram", b"m 1_000", b"m .5",
    "m{a=\"\u00fc\U0001f600\"} 1".encode(), b'm{a="b"}1', b"\tm\t1\t", b"up 1", b"1m 1", b"m{a=\"b\",a=\"c\"} 1", b"m 1 -1",
)  # fmt: skip


@functools.cache
def _compiled() -> Compiled:
    return shop.compiled()


@functools.cache
def seeds() -> Sequence[bytes]:
    """Return bodies in both formats."""
    shops = [path.read_bytes() for path in shop.RIGHT.values()]
    return [*shops, *shops, *(each.body for each in variants() if each.status == 200 and not each.headers)]


class Expositions(Kind):
    """Bodies and media types of answers to a scrape."""

    name = "expositions"
    share = 2.0
    sample = 30
    batch = 400
    programs = ("prometheus",)

    def draw(self, random: Random) -> Input:
        body = random.choice(seeds())
        if random.random() < 0.3:
            body = b"".join(random.choice(LINES) + b"\n" for _ in range(random.randint(1, 6)))
            body += random.choice((b"", b"# EOF\n"))
        kind = random.choice(KINDS).encode()
        if random.random() < 0.8:
            body = damage.damaged(random, body)
        if random.random() < 0.15:
            kind = damage.damaged(random, kind)
        return Input({BODY: body, HEADERS: kind})

    def examine(self, given: Input, folder: Path) -> bool:
        text = given.files[BODY].decode("utf-8", "surrogateescape")
        for openmetrics in (None, False, True):
            read = [
                parse(Source("metrics", text), openmetrics=openmetrics, prometheus=each)
                for each in (None, OLDEST, NEWEST)
            ]
            both, oldest, newest = (any(fault.is_refused for fault in each.faults) for each in read)
            require(
                both == (oldest or newest), "without a version it refuses what no version refuses, or less"
            )
            spec = _compiled()
            assert spec.base is not None
            require_explained(verify(spec.base, spec.trees[None], read[0]))
            if not both:
                _require_values(text, read[0])
        return True

    def confirm(self, given: Sequence[Input], folder: Path) -> Mapping[int, Fault]:
        prometheus = program("prometheus")
        sent = [
            Variant(str(number), each.files[BODY], _sendable(each.files[HEADERS]))
            for number, each in enumerate(given)
        ]
        scraped = errors(prometheus, folder, sent)
        refused = refusals(sent, parse_version(version(prometheus)))
        found: dict[int, Fault] = {}
        for number, each in enumerate(given):
            error, reason = scraped[str(number)], refused.get(str(number))
            text = each.files[BODY].decode("utf-8", "surrogateescape")
            if error and reason is None:
                found[number] = Fault("Prometheus refuses an exposition that is accepted", error)
            elif reason is not None and not error and not _is_stricter(text):
                found[number] = Fault("Prometheus takes an exposition that is refused", reason)
        return found


def _sendable(kind: bytes) -> str | None:
    """Return the media type without characters that no header may have; None for none at all."""
    text = kind.decode("utf-8", "replace")
    return "".join(each for each in text if each.isprintable() or each == "\t").strip() or None


def _is_stricter(text: str) -> bool:
    """Return whether a text has a NUL, after which Prometheus reads no more, or a line feed in a value."""
    is_open = any(line.count('"') % 2 for line in text.split("\n"))
    return "\0" in text or is_open


def _require_values(text: str, read: Exposition) -> None:
    """Raise Fault unless the client of Prometheus reads the same values of the text, if it takes the text."""
    reader = (
        openmetrics_parser.text_string_to_metric_families
        if read.openmetrics
        else text_string_to_metric_families
    )
    try:
        families = list(reader(text))
    except Exception:  # noqa: BLE001 - whatever it ends with, it takes less than Prometheus
        return
    expected = sorted(_plain(each.value) for family in families for each in family.samples)
    values = sorted(_plain(each.value) for each in read.samples)
    if len(expected) == len(values):
        require(expected == values, "other values than the client's parser", (values[:5], expected[:5]))


def _plain(value: float) -> tuple[bool, float]:
    return math.isnan(value), 0.0 if math.isnan(value) else float(value)
