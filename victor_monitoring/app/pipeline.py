"""Every step from the text of a spec to files, in order.

text -> located tree -> spec model -> resolved -> artifacts -> files
load    read           resolve       checks      render       write | compare
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from victor_monitoring import renderers
from victor_monitoring.app.object_sizes import OBJECT_SIZES
from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.base.diagnostics import Diagnostic, Severity, Source, in_order
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.checks.check import Check, all_checks
from victor_monitoring.checks.run import CheckResult, check_acks, run_checks
from victor_monitoring.language.model.overlay import overlay
from victor_monitoring.language.model.read import cut_texts, read
from victor_monitoring.language.resolved.resolve import resolve
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.resolved.time_scale import TimeScale
from victor_monitoring.language.syntax.bases import load_extended
from victor_monitoring.language.syntax.finding import Finding, locate
from victor_monitoring.language.syntax.tree import MapNode
from victor_monitoring.live.targets import PlacedSettings, read_targets


@dataclass(frozen=True, slots=True)
class Compiled:
    """A spec resolved for base and for every context, with all its diagnostics."""

    source: Source
    base: Resolved | None
    contexts: Mapping[str, Resolved]
    diagnostics: Sequence[Diagnostic]
    trees: Mapping[str | None, MapNode] = field(repr=False, default_factory=dict)
    targets: Mapping[str, tuple[PlacedSettings, ...]] = field(repr=False, default_factory=dict)

    @property
    def has_errors(self) -> bool:
        """Whether it has errors, so that nothing may be rendered from it."""
        return _has_errors(self.diagnostics)


def compile_spec(
    source: Source,
    *,
    today: datetime.date,
    checks: Sequence[Check] | None = None,
    file: SpecFile | None = None,
) -> Compiled:
    """Return the compiled spec with all its diagnostics; acknowledgements are valid as of `today`.

    The bases that the spec extends are read relative to its `file`.
    """
    checks = all_checks() if checks is None else checks
    loaded = load_extended(source, file)
    diagnostics = list(loaded.diagnostics)
    if loaded.tree is None:
        return Compiled(source, None, {}, in_order(diagnostics))

    reading = read(loaded.tree)
    located = _diagnostics([*reading.findings, *cut_texts(loaded.tree)], loaded.tree)
    reported = {each.span for each in loaded.diagnostics}
    diagnostics += [each for each in located if each.span not in reported]
    if reading.spec is None:
        return Compiled(source, None, {}, in_order(diagnostics))

    written = {name: context.targets for name, context in reading.spec.contexts.items()}
    targets, findings = read_targets(loaded.tree, written)
    diagnostics += _diagnostics(findings, loaded.tree)
    base, findings = resolve(reading.spec, broken=reading.broken)
    diagnostics += _diagnostics(findings, loaded.tree)
    judgements = [run_checks(base, loaded.tree, checks, today)]
    for context in reading.spec.contexts:
        tree, findings = overlay(loaded.tree, context)
        overlaid = reading if tree is loaded.tree else read(tree)  # many contexts override nothing
        diagnostics += _diagnostics([*findings, *overlaid.findings], tree)
        if overlaid.spec is not None and context in overlaid.spec.contexts:
            resolved, findings = resolve(
                overlaid.spec,
                context=context,
                base=base,
                broken=overlaid.broken,
                rules_per_group=_rules_per_group(targets.get(context, ())),
            )
            diagnostics += _diagnostics(findings, tree)
            judgements.append(run_checks(resolved, tree, checks, today))

    if not any(_has_errors(each) for each in (diagnostics, *(each.diagnostics for each in judgements))):
        checks = [*checks, OBJECT_SIZES]  # it renders, for which a spec must have no errors
        judgements += [run_checks(each.spec, each.tree, [OBJECT_SIZES], today) for each in judgements]
    diagnostics += [each for judgement in judgements for each in judgement.diagnostics]
    diagnostics += check_acks(judgements, checks, today)
    return replace(_compiled(source, judgements, diagnostics), targets=targets)


def render(
    compiled: Compiled, *, outputs: Collection[str] | None = None, context: str | None = None
) -> list[Artifact]:
    """Return the files of a spec without errors: of base and all contexts, or of one, or some `outputs`."""
    resolved = (
        [compiled.base, *compiled.contexts.values()] if context is None else [compiled.contexts[context]]
    )
    return [artifact for spec in resolved if spec is not None for artifact in renderers.render(spec, outputs)]


def time_scaled(compiled: Compiled, limit: int) -> Resolved:
    """Return base, without errors, at the largest time scale up to `limit` that leaves whole milliseconds."""
    written = read(compiled.trees[None]).spec
    assert written is not None  # a spec without errors can be read
    as_written = TimeScale(None, 1)
    resolve(written, scale=as_written)
    resolved, _ = resolve(written, scale=TimeScale(None, as_written.largest(limit)))
    return resolved


def _rules_per_group(targets: Sequence[PlacedSettings]) -> int | None:
    """Return the most rules that every target of a context accepts in a group; None if there is no limit."""
    limits = (each.settings.rules_per_group for each in targets)
    return min((limit for limit in limits if limit is not None), default=None)


def _has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in diagnostics)


def _diagnostics(findings: Sequence[Finding], tree: MapNode) -> list[Diagnostic]:
    """Return the findings of the language, each of which has its own pattern, with their positions."""
    found = []
    for finding in findings:
        assert finding.pattern is not None  # only those of checks get theirs from the check
        found.append(locate(finding, finding.pattern, tree))
    return found


def _compiled(source: Source, judgements: Sequence[CheckResult], diagnostics: list[Diagnostic]) -> Compiled:
    contexts = {each.spec.context: each.spec for each in judgements if each.spec.context}
    trees = {each.spec.context: each.tree for each in judgements}
    base = replace(judgements[0].spec, contexts=contexts)
    return Compiled(source, base, contexts, in_order(diagnostics), trees)
