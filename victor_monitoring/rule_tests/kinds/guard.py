"""The alert at the conditions of its guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from victor_monitoring.rule_tests.case_template import FIRES, RESOLVES, SILENT, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.joint import reads
from victor_monitoring.rule_tests.levels import GuardingSignal, Level, Levels
from victor_monitoring.rule_tests.noise import noise_series
from victor_monitoring.signals.alert import Guard
from victor_monitoring.signals.quantity import ABSENT
from victor_monitoring.signals.streams import Stream


def _has_guards(fixture: AlertFixture) -> bool:
    return bool(fixture.alert.guards)


@case_kind(130, "guard", _has_guards, compares=None)
def guard(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """While one guard is not passed, 1% short of `only_if` or beyond `unless`, the alert is silent.

    Its own condition and the other guards are passed. Then at the threshold of the guard, and with its data
    gone: `only_if` is silent, `unless` lets it fire; an absence as its condition is then met. Data that other
    conditions read as well is not gone alone.
    """
    for guarding in fixture.guarding:
        for each in guarding.guards:
            yield from _refused(fixture, guarding, each)
            if each.condition.is_comparison:
                yield from _at_threshold(fixture, guarding, each)
        yield from _gone(fixture, guarding)


def _refused(fixture: AlertFixture, guarding: GuardingSignal, guard: Guard) -> Iterator[CaseTemplate]:
    """Yield the cases in which the guard alone keeps the alert silent."""
    is_required = guard.allows(is_met=True)
    levels = [each for each in guarding.refusing(guard) if _is_possible(fixture, guarding, each)]
    if not levels:
        verb = "always" if is_required else "never"
        raise ValueError(f"`{_words(guard)}` is {verb} met where all other conditions are")
    about, level = f"`{_words(guard)}` is {'not met' if is_required else 'met'}", levels[0]
    streams = _with(fixture, guarding, level)
    phase = fixture.lasting(streams, fixture.until_firing)
    yield CaseTemplate(about, (phase,), SILENT)
    if noise := noise_series(fixture):
        phase = fixture.lasting((*streams, *noise), fixture.until_firing)
        yield CaseTemplate(f"{about}, next to other series of its metrics", (phase,), SILENT)
    if level is not None:
        streams = fixture.spread(*_at(fixture, guarding, level), exactly=False)
        phase = fixture.lasting(streams, fixture.until_firing)
        yield CaseTemplate(f"{about} by replicas that differ", (phase,), SILENT)


def _at_threshold(fixture: AlertFixture, guarding: GuardingSignal, guard: Guard) -> Iterator[CaseTemplate]:
    levels = Levels(guard.signal, guard.condition)
    others = {each for each in guarding.refused_by(levels.threshold) if each != guard}
    if others or not _is_possible(fixture, guarding, levels.threshold):
        return  # another condition on the signal decides there
    exact = fixture.exactly(guard.signal, levels.threshold, _candidates(fixture, guarding, levels.threshold))
    is_met = guard.condition.holds(levels.threshold)
    about = "at its threshold" if exact else f"a millionth {'beyond' if is_met else 'short of'} its threshold"
    streams = exact or _with(fixture, guarding, levels.closest(beyond=is_met))
    phase = fixture.lasting(streams, fixture.until_firing)
    fires = guard.allows(is_met=is_met)
    yield CaseTemplate(f"`{_words(guard)}` is {about}", (phase,), FIRES if fires else SILENT)


def _gone(fixture: AlertFixture, guarding: GuardingSignal) -> Iterator[CaseTemplate]:
    """Yield the case of a guarding signal whose series vanish while the condition is met."""
    fires = not guarding.refused_by(None)
    refused = (level for guard in guarding.guards for level in guarding.refusing(guard))
    levels = [level for level in (refused if fires else guarding.allowing()) if level is not None]
    if not levels or guarding.signal.name == fixture.signal.name:
        return
    before = _with(fixture, guarding, levels[0])
    after = tuple(each for each in before if not reads(guarding.signal, each))
    others = (fixture.signal, *(each.signal for each in fixture.guarding if each is not guarding))
    if any(reads(other, each) for each in before if each not in after for other in others):
        return  # it is not gone alone
    lasting = max(fixture.until_firing, fixture.until_resolved)
    phases = (fixture.lasting(before, fixture.until_firing), fixture.lasting(after, lasting))
    about = f"the data of `{guarding.signal.name}` is gone"
    yield CaseTemplate(about, phases, FIRES if fires else RESOLVES)


def _candidates(
    fixture: AlertFixture, guarding: GuardingSignal, level: Level
) -> Iterator[tuple[Stream, ...]]:
    """Yield series with the guarding signal at the level, and the condition met ever more."""
    for percent in (1, 25, 50, 100):
        with suppress(ValueError):
            yield _with(fixture, guarding, level, percent)


def _is_possible(fixture: AlertFixture, guarding: GuardingSignal, level: Level) -> bool:
    """Return whether the alert's own condition may be met with the guarding signal at the level."""
    is_own = guarding.signal.name == fixture.signal.name
    return not is_own or (level is not None and fixture.alert.condition.holds(level))


def _with(
    fixture: AlertFixture, guarding: GuardingSignal, level: Level, percent: int = 1
) -> tuple[Stream, ...]:
    """Return series with the condition met, one guarding signal at a level, and the others passed."""
    streams = fixture.guarded(*_at(fixture, guarding, level, percent), exactly=False)
    return (fixture.up(), *streams) if fixture.alert.condition.op == ABSENT else streams


def _at(
    fixture: AlertFixture, guarding: GuardingSignal, level: Level, percent: int = 1
) -> tuple[Level, Mapping[str, Level]]:
    """Return levels with the condition met: of the alert's own signal, and of all guarding ones."""
    levels = {**fixture.passed(), guarding.signal.name: level}
    if fixture.alert.condition.op == ABSENT:
        return None, levels
    is_own = guarding.signal.name == fixture.signal.name
    return level if is_own else fixture.levels.beyond(percent), levels


def _words(guard: Guard) -> str:
    return f"{guard.sense}: {guard.signal.name} {guard.condition.text}"
