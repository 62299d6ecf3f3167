"""`victor-mon explain NAME`: explain a name of the spec."""

from __future__ import annotations

from typing import Annotated

import typer

from victor_monitoring.base.diagnostics import UserError, unknown_name_hint
from victor_monitoring.cli.options import Specs, Today
from victor_monitoring.cli.printing import print_message
from victor_monitoring.cli.specs import compile_file, find_specs

Topic = Annotated[str, typer.Argument(help="An alert, a signal, a metric, a component, or a check's code.")]


def explain(name: Topic, spec: Specs = None, today: Today = None) -> None:
    """Explain a name: definition, PromQL, thresholds per context with their lines, and users.

    Example: victor-mon explain HighLatency
    """
    from victor_monitoring.app.explanation import describe, describe_pattern, names_of, pattern_names

    about_pattern = describe_pattern(name)
    if about_pattern:
        print(about_pattern, end="")
        return
    compiled = [compile_file(each, today) for each in find_specs(spec)]
    texts = [text for each in compiled if (text := describe(each, name))]
    if texts:
        print("\n".join(texts), end="")
        return
    names = [*(other for each in compiled for other in names_of(each)), *pattern_names()]
    broken = next((each.source.name for each in compiled if each.has_errors), None)
    if broken:
        print_message(f"`{broken}` has errors, so not every name in it is known: victor-mon validate")
    raise UserError(f"nothing is named `{name}`", unknown_name_hint(name, names))
