"""The live systems of a context, as `apply` and `verify` reach them."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from victor_monitoring.base.diagnostics import Diagnostic, UserError, in_order, nearest
from victor_monitoring.cli.options import Format, Specs, Today
from victor_monitoring.cli.printing import print_message, show, stop_on_errors
from victor_monitoring.cli.specs import SpecFile, compile_file, find_specs

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
    """The targets of a context, ready to be asked; `patience` is how many seconds they may take to agree."""

    sound: ApplicableContext
    environment: ApplyEnvironment
    delivery: Delivery
    targets: tuple[Target, ...]
    patience: float

    def hidden(self, text: str) -> str:
        """The text without secrets."""
        return self.environment.redactor(text)

    @property
    def context(self) -> str:
        """The context's name."""
        return self.sound.context

    @property
    def spec_name(self) -> str:
        """The spec's path, as the user gave it."""
        return self.sound.compiled.source.name

    @property
    def command(self) -> str:
        """The command that brings everything to what the spec says."""
        return shlex.join(["victor-mon", "apply", "--context", self.context, "--spec", self.spec_name])


def sound_context(given: Specs, context: str, today: Today) -> ApplicableContext:
    """The one spec that has the context; mistakes in a spec are printed and end the command with 1."""
    compiled = {spec: compile_file(spec, today) for spec in find_specs(given)}
    diagnostics = [each for one in compiled.values() for each in one.diagnostics]
    stop_on_errors(diagnostics)
    known = {name for one in compiled.values() for name in one.contexts}
    having = [(spec, one) for spec, one in compiled.items() if context in one.contexts]
    if not having:
        raise UserError(
            f"there is no context `{context}`", nearest(context, known, "add it under `contexts`")
        )
    if len(having) > 1:
        raise UserError(f"several specs have a context `{context}`", "name one: --spec FILE")
    (spec, one), *_ = having
    show(one.diagnostics, Format.TEXT, sys.stderr)
    if not one.targets.get(context):
        hint = "name them: `targets: [prometheus: {url: .., rules_dir: ..}]`"
        raise UserError(f"the context `{context}` has no targets", hint)
    return ApplicableContext(spec, one, context)


@contextlib.contextmanager
def opened(sound: ApplicableContext, *, timeout: float, force: bool = False) -> Iterator[LiveContext]:
    """The targets of the context until the block ends. No secret is in what is printed, errors included."""
    from victor_monitoring.app.deliveries import delivery
    from victor_monitoring.base.interruption import Interrupted, interruptible
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.secrets import Redactor

    redactor = Redactor()

    def tell(text: str) -> None:
        with contextlib.suppress(OSError):  # whoever listened has gone; what was begun is seen through
            print_message(redactor(text))

    given = delivery(sound.compiled, sound.context)
    patience = max(timeout, 2 * (given.spec.evaluate + 2 * given.spec.scrape) / 1000)
    try:
        with interruptible(), contextlib.ExitStack() as held:
            environment = ApplyEnvironment(sound.file.root, tell, held, redactor, force, timeout)
            placed = sound.compiled.targets[sound.context]
            targets = tuple(each.settings.target(given, environment, each.path) for each in placed)
            yield LiveContext(sound, environment, given, targets, patience)
    except UserError as error:
        raise UserError(redactor(error.message), redactor(error.hint)) from None
    except Interrupted:
        raise UserError("interrupted: nothing was touched", "run it again") from None


def gate(live: LiveContext) -> None:
    """Returns where the files are as rendered and promtool and amtool accept them."""
    from victor_monitoring.app.pipeline import render
    from victor_monitoring.live.apply.validation import validate_rendered
    from victor_monitoring.outputs import Rendering, compare

    file = live.sound.file
    rendering = Rendering(file.name, tuple(render(live.sound.compiled)))
    drifts = compare(file.root, [rendering], complete=True)
    for drift in drifts:
        print_message(f"{drift.path}: {drift.kind.value}: {drift.message}")
    if drifts:
        print_message("nothing is applied while files and spec differ: victor-mon generate")
        raise typer.Exit(1)
    placed = live.sound.compiled.targets[live.context]
    validate_rendered(
        live.delivery, live.environment, frozenset[str]().union(*(each.settings.takes for each in placed))
    )


def foreseen(live: LiveContext) -> list[Diagnostic]:
    """What will keep the live systems from what the spec says after everything is applied, as warnings."""
    return _in_place(live, [each for target in live.targets for each in target.foresee()])


def located(live: LiveContext, *, is_applied: bool = False) -> list[Diagnostic]:
    """What the live systems have otherwise than the spec, each in its place there.

    After something was applied they have time to come to agree.
    """
    from victor_monitoring.live.apply.run import findings

    return _in_place(live, findings(live.targets, live.environment.say, live.patience, is_applied=is_applied))


def as_far_as_known(found: Sequence[Diagnostic]) -> str:
    """What is to be added to a good result where something of it may not be read."""
    from victor_monitoring.live.apply.patterns import UNREADABLE

    return ", as far as you may read them" if any(each.code == UNREADABLE.code for each in found) else ""


def _in_place(live: LiveContext, found: Sequence[Finding]) -> list[Diagnostic]:
    """The findings without secrets, each in its place in the spec."""
    from victor_monitoring.language.syntax.finding import locate

    tree = live.sound.compiled.trees[live.context]
    shown = (replace(each, message=live.hidden(each.message), hint=live.hidden(each.hint)) for each in found)
    return in_order(locate(each, each.pattern, tree) for each in shown if each.pattern)
