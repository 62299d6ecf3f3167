"""`victor-mon import`: write a spec that renders existing Prometheus rules."""

from __future__ import annotations

import datetime
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import Severity, Source, UserError
from victor_monitoring.base.spec_file import limited
from victor_monitoring.cli.expositions import CaFile, fetched, read_exposition
from victor_monitoring.cli.init import require_slug
from victor_monitoring.cli.options import Format, Today
from victor_monitoring.cli.printing import fails, print_message, show, stop_on_errors
from victor_monitoring.cli.schema import write_text
from victor_monitoring.promql.prometheus_version import OLDEST

if TYPE_CHECKING:
    from victor_monitoring.app.importing import Imported
    from victor_monitoring.live.exposition.exposition import Exposition

_PATIENCE = 10.0  # seconds
_ENDINGS = (".yaml", ".yml", ".rules", ".rule")

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Rules files, or folders with such files.")
]
ServiceName = Annotated[str, typer.Option("--name", help="The service's name in the spec.")]
SpecPath = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="FILE", help="The spec to write. Default: specs/NAME.yaml."),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metrics",
        metavar="FILE|URL",
        help="An exposition that declares metrics, or `-` for stdin; repeatable.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--force", help="Replace a spec that exists.")]


def import_rules(
    paths: Paths,
    name: ServiceName,
    metrics: Metrics = None,
    ca_file: CaFile = None,
    out: SpecPath = None,
    force: Overwrite = False,
    today: Today = None,
) -> None:
    """Write a spec that renders the same alerts as existing rules files.

    It reads rules files, PrometheusRule objects and ConfigMaps. Metrics of the expositions that --metrics
    names are declared as they are exposed, all others from their use: check their types and units. Rules that
    are left out, or rendered otherwise, are printed; the exit status is then 1.

    Example: victor-mon import rules/ --name shop --metrics http://localhost:8000/metrics
    """
    from victor_monitoring.app.importing import import_rules as imported

    require_slug(name)
    spec = out or Path("specs") / f"{name}.yaml"
    if spec.exists() and not force:
        hint = "name another one: --out FILE; or replace it: --force"
        raise UserError(f"`{spec.as_posix()}` exists and was not changed", hint)
    sources = [_source(path) for path in _files(paths)]
    expositions = [_exposition(each, ca_file) for each in metrics or ()]
    found = imported(
        sources,
        name=name,
        metrics=expositions,
        file=spec.as_posix(),
        today=today.date() if today else datetime.date.today(),
    )
    show(found.diagnostics, Format.TEXT, sys.stderr)
    if not found.draft.rules and not found.draft.records:
        raise UserError("there are no rules to import", "name files with `groups:`, or a folder of them")
    write_text(spec, found.text)
    _print_report(found, len(sources), spec)
    if fails(found.diagnostics) or found.compiled.has_errors:
        raise typer.Exit(1)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the named files, and the files below the named folders whose names end like those of rules."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in _ENDINGS and each.is_file())
        else:
            yield path


def _source(path: Path) -> Source:
    name = path.as_posix()
    try:
        return limited(path, name, "split it into several files")
    except OSError as error:
        raise UserError(
            f"`{name}` cannot be read: {error.strerror}", "name a rules file, or a folder"
        ) from None


def _exposition(place: str, ca_file: Path | None) -> Exposition:
    """Return the exposition of a URL or a file; malformed lines are printed if nothing else is there."""
    from victor_monitoring.live.exposition.verify import faults

    if "://" in place:
        (found,) = fetched(place, ca_file, _PATIENCE, OLDEST)
    else:
        found = read_exposition(Path(place), "--metrics FILE, or --metrics URL")
    if not found.samples:
        stop_on_errors(list(faults(found)))
        raise UserError(f"`{found.source.name}` has no series", "name an exposition: --metrics FILE")
    return found


def _print_report(found: Imported, files: int, spec: Path) -> None:
    """Print how many rules the spec renders as they were, and what is left to do."""
    from victor_monitoring.reporters._visible import counted
    from victor_monitoring.reporters.text import summary

    same, made, place = found.comparison, found.draft, spec.as_posix()
    alerts, records = (len(found.rules.of(kind)) for kind in ("alert", "record"))
    read = f"{counted(alerts, 'alert')} and {counted(records, 'recording rule')}"
    print_message(f"read      {read} of {counted(files, 'file')}")
    read = (
        f"{same.alerts} of {counted(alerts, 'alert')}, {same.records} of {counted(records, 'recording rule')}"
    )
    print_message(f"identical {read}")
    reasons = made.left_out + Counter({"refused by Prometheus": len(found.rules.diagnostics)})
    if reasons:
        print_message(f"left out  {counted(reasons.total(), 'rule')}")
        for reason, count in reasons.most_common():
            print_message(f"{'':<9} {reason}: {count}")
    if guesses := sum(each.is_guess for each in made.metrics.values()):
        hint = "see `# guessed`, or name expositions: --metrics"
        print_message(f"guessed   {guesses} of {counted(len(made.metrics), 'metric')}: {hint}")
    if accepted := len(made.acknowledged):
        before = "with errors that the rules had before: see `ack:`"
        print_message(f"accepted  {accepted} of {counted(len(made.rules), 'alert')} {before}")
    print_message(f"wrote     {place}")
    errors = [each for each in found.compiled.diagnostics if each.severity is Severity.ERROR]
    if errors:
        print_message(f"left      {summary(errors)} in the spec: victor-mon validate --spec {place}")
    else:
        print_message(f"next: victor-mon validate --spec {place}, then victor-mon generate")
