"""Changes between two specs as text, as JSON, and as Markdown for a review comment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from victor_monitoring.app.pipeline import Compiled
from victor_monitoring.base.diagnostics import Span
from victor_monitoring.changes.change import Change, Effect
from victor_monitoring.changes.compare import changes, changes_everywhere
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.tree import span_at
from victor_monitoring.reporters._visible import counted

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a spec in base or in one of its contexts."""

    compiled: Compiled
    context: str | None = None

    @property
    def name(self) -> str:
        """The spec's name, followed by the context if one is chosen."""
        return self.compiled.source.name + (f" ({self.context})" if self.context else "")

    @property
    def spec(self) -> Resolved:
        """The resolved spec, which has no errors."""
        spec = self.compiled.contexts[self.context] if self.context else self.compiled.base
        assert spec is not None
        return spec


@dataclass(frozen=True, slots=True)
class PlacedChange:
    """A change and its position: in the new spec, or in the old one for a removal.

    `contexts` names the contexts that change where base does not, or differently; it is empty for base.
    """

    change: Change
    span: Span
    contexts: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the change as one line, prefixed with its contexts."""
        where = f"{', '.join(self.contexts)}: " if self.contexts else ""
        return f"{where}{self.change.words()}"


def differences(before: Side | None, after: Side | None) -> list[PlacedChange]:
    """Return every change from one spec to another with its position; neither has errors, one may be None.

    From base to base the changes of every context are included. A spec that is new or gone is a change, and
    so is each of its alerts.
    """
    pairs: list[tuple[Change, str | None]] = []
    if before is None or after is None:
        whole = before or after
        assert whole is not None
        pairs.append((_of_service(whole.spec, is_removal=after is None), None))
        old, new = (side.spec if side else _without_alerts(whole.spec) for side in (before, after))
        before = after = whole
    else:
        old, new = before.spec, after.spec
    if before.context is after.context is None:
        pairs += changes_everywhere(old, new)
    else:
        pairs += ((each, None) for each in changes(old, new))
    found: dict[tuple[Change, Span], list[str]] = {}
    for each, context in pairs:
        side = before if each.is_removal else after
        tree = side.compiled.trees[context or side.context]
        named = found.setdefault((each, span_at(tree, each.path, key=True)), [])
        named += [context] if context else []
    return [PlacedChange(change, span, tuple(contexts)) for (change, span), contexts in found.items()]


def as_text(found: Sequence[PlacedChange]) -> str:
    """Return one line per change with its position, then a summary; empty without changes."""
    lines = [f"{_place(each.span)}: {_marked(each)}" for each in found]
    return "".join(f"{line}\n" for line in [*lines, "", summary(found)]) if found else ""


def as_markdown(found: Sequence[PlacedChange], before: Side | None, after: Side | None) -> str:
    """Return a review comment: a table of the changes, their meaning and the things that they break."""
    head = f"**{summary(found)}** from {_named(before)} to {_named(after)}"
    if not found:
        return f"{head}\n"
    rows = [_row(each) for each in found]
    return "\n".join([head, "", "| what | change | |", "|---|---|---|", *rows]) + "\n"


def as_json(found: Sequence[PlacedChange], before: Side | None, after: Side | None) -> str:
    """Return one JSON document; its keys are stable across versions."""
    document = {
        "version": VERSION,
        "from": before and before.name,
        "to": after and after.name,
        "changes": [_data(each) for each in found],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def summary(found: Sequence[PlacedChange]) -> str:
    """Return the number of changes, and how many of them loosen or break something, in words."""
    if not found:
        return "no change"
    loosened = sum(each.change.verdict == "loosened" for each in found)
    breaking = sum(each.change.breaking for each in found)
    parts = [counted(len(found), "change")]
    parts += [
        f"{number} {word}" for number, word in ((loosened, "loosened"), (breaking, "breaking")) if number
    ]
    return ", ".join(parts)


def _named(side: Side | None) -> str:
    return f"`{side.name}`" if side else "nothing"


def _of_service(spec: Resolved, *, is_removal: bool) -> Change:
    effect = Effect.LOOSENED if is_removal else Effect.TIGHTENED
    words = "removed" if is_removal else "added"
    return Change("service", spec.service.name, words, ("service",), effect, is_removal=is_removal)


def _without_alerts(spec: Resolved) -> Resolved:
    contexts = {name: _without_alerts(each) for name, each in spec.contexts.items()}
    return replace(spec, alerts=(), meta=None, contexts=contexts)


def _marked(placed: PlacedChange) -> str:
    return f"{placed.words()}{' [breaking]' if placed.change.breaking else ''}"


def _row(placed: PlacedChange) -> str:
    change = placed.change
    where = f" in {', '.join(placed.contexts)}" if placed.contexts else ""
    marks = ", ".join(mark for mark in (change.verdict.value, "breaking" if change.breaking else "") if mark)
    breaks = f"<br>breaks {', '.join(change.breaks)}" if change.breaks else ""
    cells = (f"{change.thing} **{change.name}**{where}", f"{change.meaning}{breaks}", marks)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _data(placed: PlacedChange) -> Mapping[str, object]:
    change = placed.change
    return {
        "thing": change.thing,
        "name": change.name,
        "meaning": change.meaning,
        "verdict": change.verdict.value or None,
        "breaking": change.breaking,
        "breaks": list(change.breaks),
        "contexts": list(placed.contexts),
        "file": placed.span.source.name,
        "line": placed.span.line,
    }


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"
