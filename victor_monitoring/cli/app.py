"""The commands of `victor-mon`, in the order of `--help`."""

from __future__ import annotations

from typing import Annotated

import typer

from victor_monitoring import __version__
from victor_monitoring.cli.apply import apply
from victor_monitoring.cli.check import check
from victor_monitoring.cli.demo import demo
from victor_monitoring.cli.diff import diff
from victor_monitoring.cli.explain import explain
from victor_monitoring.cli.generate import generate
from victor_monitoring.cli.import_rules import import_rules
from victor_monitoring.cli.init import init
from victor_monitoring.cli.schema import schema
from victor_monitoring.cli.serve import serve
from victor_monitoring.cli.test import test
from victor_monitoring.cli.validate import validate
from victor_monitoring.cli.verify import verify

app = typer.Typer(
    name="victor-mon",
    help="Monitoring as code: one spec, compiled into alert rules, a dashboard and a metric registry.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"victor-mon {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Handle the options before the command."""


for command in (init, validate, generate, check, test, diff, explain, apply, verify, serve, demo, schema):
    app.command()(command)
app.command("import")(import_rules)
