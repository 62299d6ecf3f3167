"""The live systems of a context, opened for `apply` and `verify`."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from victor_monitoring.base.diagnostics import Diagnostic, UserError, in_order
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.options import Format, Specs, Today
from victor_monitoring.cli.printing import print_message, show, stop_on_errors
from victor_monitoring.cli.specs import compile_files, find_specs, require_context

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.language.syntax.finding import Finding
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.apply.target import Delivery, Target


@dataclass(frozen=True, slots=True)
class ApplicableContext:
    """A context with targets, of a spec without errors."""

    file: SpecFile
    compiled: Compiled
    context: str


@dataclass(frozen=True, slots=True)
class LiveContext:
    """The opened targets of a context; `patience` is the time in which they must match it, in seconds."""

    applicable: ApplicableContext
    environment: ApplyEnvironment
    delivery: Delivery
    targets: tuple[Target, ...]
    patience: float

    def redacted(self, text: str) -> str:
        """Return the text without secrets."""
        return self.environment.redactor(text)

    @property
    def context(self) -> str:
        """The context's name."""
        return self.applicable.context

    @property
    def spec_name(self) -> str:
        """The spec's path, as the user gave it."""
        return self.applicable.compiled.source.name

    @property
    def command(self) -> str:
        """The command line that applies the context."""
        return shlex.join(["victor-mon", "apply", "--context", self.context, "--spec", self.spec_name])


def applicable_context(given: Specs, context: str, today: Today) -> ApplicableContext:
    """Return the only spec that has the context; print errors and exit with 1 if a spec has any."""
    specs = find_specs(given)
    found, diagnostics = compile_files(specs, today)
    stop_on_errors(diagnostics)
    compiled = dict(zip(specs, found, strict=True))
    names = {name for one in compiled.values() for name in one.contexts}
    matches = [(spec, one) for spec, one in compiled.items() if context in one.contexts]
    require_context(context, names, hint="add it under `contexts`")
    if len(matches) > 1:
        raise UserError(f"several specs have a context `{context}`", "name one: --spec FILE")
    (spec, one), *_ = matches
    show(one.diagnostics, Format.TEXT, sys.stderr)
    if not one.targets.get(context):
        hint = "name them: `targets: [prometheus: {url: .., rules_dir: ..}]`"
        raise UserError(f"the context `{context}` has no targets", hint)
    return ApplicableContext(spec, one, context)


@contextlib.contextmanager
def opened(
    applicable: ApplicableContext, *, timeout: float, force: bool = False, wait: float = 0.0
) -> Iterator[LiveContext]:
    """Yield the targets of the context; secrets are redacted from all output, errors included.

    In seconds: the `timeout` of a live system, and the `wait` for another apply.
    """
    from victor_monitoring.app.deliveries import delivery
    from victor_monitoring.base.interruption import Interrupted, interruptible
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.secrets import Redactor

    redactor = Redactor()

    def report(text: str) -> None:
        with contextlib.suppress(OSError):  # stderr is closed: finish the work all the same
            print_message(redactor(text))

    given = delivery(applicable.compiled, applicable.context)
    patience = max(timeout, 2 * (max(given.spec.intervals) + 2 * given.spec.scrape) / 1000)
    try:
        with interruptible(), contextlib.ExitStack() as held:
            environment = ApplyEnvironment(applicable.file.root, report, held, redactor, force, timeout, wait)
            placed = applicable.compiled.targets[applicable.context]
            targets = tuple(each.settings.target(given, environment, each.path) for each in placed)
            yield LiveContext(applicable, environment, given, targets, patience)
    except UserError as error:
        raise UserError(redactor(error.message), redactor(error.hint)) from None
    except Interrupted:
        raise UserError("interrupted: nothing was changed", "run it again") from None


def check_artifacts(live: LiveContext) -> None:
    """Exit with 1 if a file has drifted; raise UserError unless promtool and amtool accept the artifacts."""
    from victor_monitoring.app.pipeline import render
    from victor_monitoring.live.apply.validation import validate_rendered
    from victor_monitoring.outputs import NEEDS_FORCE, Rendering, compare

    file = live.applicable.file
    rendering = Rendering(file.name, tuple(render(live.applicable.compiled)))
    drifts = compare(file.root, [rendering], complete=True)
    for drift in drifts:
        hint = f"\nhint: {drift.hint}" if drift.kind in NEEDS_FORCE else ""
        print_message(f"{drift.path}: {drift.kind.value}: {drift.message}{hint}")
    if drifts:
        print_message("nothing is applied while files and spec differ: victor-mon generate")
        raise typer.Exit(1)
    placed = live.applicable.compiled.targets[live.context]
    validate_rendered(
        live.delivery, live.environment, frozenset[str]().union(*(each.settings.takes for each in placed))
    )


def predicted_findings(live: LiveContext) -> list[Diagnostic]:
    """Return a warning for each difference that will remain after everything is applied."""
    return _in_place(live, [each for target in live.targets for each in target.predicted_findings()])


def located(live: LiveContext, *, is_applied: bool = False) -> list[Diagnostic]:
    """Return the differences of the live systems, each at its position in the spec.

    After a change (`is_applied`) the live systems have `patience` seconds to match the spec.
    """
    from victor_monitoring.live.apply.run import findings

    return _in_place(live, findings(live.targets, live.environment.say, live.patience, is_applied=is_applied))


def as_far_as_known(found: Sequence[Diagnostic]) -> str:
    """Return the suffix of a success message if some live content may not be read, else an empty text."""
    from victor_monitoring.live.apply.patterns import UNREADABLE

    return ", as far as you may read them" if any(each.code == UNREADABLE.code for each in found) else ""


def _in_place(live: LiveContext, found: Sequence[Finding]) -> list[Diagnostic]:
    """Return the findings as diagnostics without secrets, each at its position in the spec."""
    from victor_monitoring.language.syntax.finding import locate

    tree = live.applicable.compiled.trees[live.context]
    shown = (
        replace(each, message=live.redacted(each.message), hint=live.redacted(each.hint)) for each in found
    )
    return in_order(locate(each, each.pattern, tree) for each in shown if each.pattern)
