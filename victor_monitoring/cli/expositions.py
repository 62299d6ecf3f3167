"""Expositions that a command is given: fetched from a URL, or read from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import Source, UserError
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion

if TYPE_CHECKING:
    from victor_monitoring.live.exposition.exposition import Exposition

CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file", metavar="FILE", help="The authorities that an https URL is trusted by, in PEM."
    ),
]


def fetched(
    url: str, ca_file: Path | None, timeout: float, prometheus: PrometheusVersion | None = None
) -> list[Exposition]:
    """Return the exposition at a URL as `prometheus` gets and reads it.

    If that is None, return those of the oldest and of the newest supported version, or one if they have the
    same series. Raise UserError if none arrives in `timeout` seconds.
    """
    from victor_monitoring.live.exposition.fetch import fetch
    from victor_monitoring.live.exposition.parse import parse

    def scraped(asked_as: PrometheusVersion, read_by: PrometheusVersion | None) -> Exposition:
        found = fetch(url, ca_file=ca_file, timeout=timeout, asked_as=asked_as, read_by=prometheus)
        return parse(Source(url, found.text), openmetrics=found.openmetrics, prometheus=read_by)

    if prometheus is not None:
        return [scraped(prometheus, prometheus)]
    newest, oldest = scraped(NEWEST, NEWEST), scraped(OLDEST, None)
    return [oldest] if newest.names == oldest.names else [newest, oldest]


def read_exposition(path: Path, option: str, prometheus: PrometheusVersion | None = None) -> Exposition:
    """Return the exposition in a file, or on stdin if the path is `-`; raise UserError if it is unreadable.

    `option` names the file on the command line. The text is read as `prometheus` reads it.
    """
    from victor_monitoring.live.exposition.parse import parse

    if path == Path("-"):
        name, content = "<stdin>", sys.stdin.buffer.read()
    else:
        name = path.as_posix()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"`{name}` cannot be read: {error.strerror}", option) from None
    return parse(Source(name, content.decode("utf-8", "surrogateescape")), prometheus=prometheus)
