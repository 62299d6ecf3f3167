"""`victor-mon verify`: compare live systems with the spec."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import UserError, in_order, unknown_name_hint
from victor_monitoring.cli.expositions import CaFile, fetched, read_exposition
from victor_monitoring.cli.live import ApplicableContext, applicable_context, as_far_as_known, located, opened
from victor_monitoring.cli.options import Format, FormatOption, Specs, StrictOption, Today
from victor_monitoring.cli.printing import fails, print_message, show, stop_on_errors
from victor_monitoring.cli.specs import compile_file, find_specs, require_context

if TYPE_CHECKING:
    from victor_monitoring.language.resolved.spec import Resolved

MetricsUrl = Annotated[
    str | None,
    typer.Option("--metrics-url", metavar="URL", help="The URL of an exposition.", show_default=False),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option("--metrics-file", metavar="FILE", help="An exposition in a file, or `-` for stdin."),
]
Components = Annotated[
    list[str] | None,
    typer.Option("--component", metavar="NAME", help="Only this component's metrics; repeatable."),
]
VerifiedContext = Annotated[
    str | None, typer.Option("--context", metavar="NAME", help="Compare with the spec in this context.")
]
ScrapeTimeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Seconds to wait for an answer.")
]


def verify(
    metrics_url: MetricsUrl = None,
    metrics_file: MetricsFile = None,
    ca_file: CaFile = None,
    component: Components = None,
    spec: Specs = None,
    context: VerifiedContext = None,
    timeout: ScrapeTimeout = 10.0,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    strict: StrictOption = False,
    today: Today = None,
) -> None:
    """Compare live systems with the spec: one exposition, or every target of a context.

    With --metrics-url or --metrics-file: metrics, types, units, labels, values, buckets and series budget
    of an exporter, in the text format or OpenMetrics. With --context alone: the content of the context's
    live systems, its health, and whether every series that it reads has data. Changes nothing.

    Example: victor-mon verify --metrics-url http://localhost:8000/metrics
    """
    from victor_monitoring.live.exposition.verify import verify as deviations

    if ca_file is not None and metrics_url is None:
        raise UserError("--ca-file is for --metrics-url", "targets of a context have a key `ca_file`")
    if metrics_url is None and metrics_file is None and context is not None:
        _live(applicable_context(spec, context, today), timeout, format, strict)
        return
    if (metrics_url is None) == (metrics_file is None):
        hint = "name it: --metrics-url URL or --metrics-file FILE; live systems: --context NAME"
        raise UserError("exactly one exposition is needed", hint)
    specs = find_specs(spec)
    if len(specs) > 1:
        raise UserError(
            "an exposition is compared with one spec, and there are several", "name it: --spec FILE"
        )
    compiled = compile_file(specs[0], today)
    stop_on_errors(compiled.diagnostics, format)
    assert compiled.base is not None  # it has no errors
    require_context(context, compiled.contexts)
    _require_components(compiled.base, component)
    resolved = compiled.base if context is None else compiled.contexts[context]
    prometheus = resolved.service.prometheus
    expositions = (
        fetched(metrics_url, ca_file, timeout, prometheus)
        if metrics_url is not None
        else [read_exposition(metrics_file or Path("-"), "--metrics-file FILE", prometheus)]
    )
    tree = compiled.trees[context]
    found = in_order(
        finding
        for exposition in expositions
        for finding in deviations(resolved, tree, exposition, components=component)
    )
    show(found, format, sys.stdout)
    if fails(found, strict):
        raise typer.Exit(1)
    if not found:
        name, count = expositions[0].source.name, len(expositions[0].samples)
        print_message(f"{name}: {count} series match {compiled.source.name}")


def _live(applicable: ApplicableContext, timeout: float, how: Format, strict: bool) -> None:
    """Print the differences between live systems and spec; exit with 1 if they make the command fail."""
    with opened(applicable, timeout=timeout) as live:
        found = located(live)
        show(found, how, sys.stdout)
    if fails(found, strict):
        raise typer.Exit(1)
    names = ", ".join(target.name for target in live.targets)
    print_message(f"{names}: as in {live.spec_name} for {live.context}{as_far_as_known(found)}")


def _require_components(spec: Resolved, components: Sequence[str] | None) -> None:
    """Raise UserError unless the chosen components exist."""
    for name in components or ():
        if name not in spec.components:
            raise UserError(f"there is no component `{name}`", unknown_name_hint(name, spec.components))
