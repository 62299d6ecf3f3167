"""Whether the rules of a rules file are loaded and evaluated, by the word of Prometheus' API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from victor_monitoring.apply.live import place_of
from victor_monitoring.apply.patterns import UNEVALUATED, UNHEALTHY, UNLOADED
from victor_monitoring.apply.prometheus import LoadedRule, Prometheus, rules_of
from victor_monitoring.resolved.spec import Resolved
from victor_monitoring.spec.finding import Finding


def rule_findings(
    spec: Resolved, system: str, api: Prometheus, loaded: Sequence[LoadedRule], wanted: str, mend: str
) -> Iterator[Finding]:
    """Rules of a text that are not loaded by the `system`, are loaded otherwise, or cannot be evaluated.

    `mend` is what has them loaded.
    """
    by_name: dict[tuple[str, str], list[LoadedRule]] = {}
    for rule in loaded:
        by_name.setdefault((rule.group, rule.name), []).append(rule)
    for rule in rules_of(wanted):
        there = by_name.get((rule.group, rule.name), [])
        same = [each for each in there if api.is_same(each, rule)]
        place = place_of(spec, rule.name)
        if not there:
            message = f"`{rule.name}` is not loaded by {system}"
            yield Finding(place, message, mend, on_key=True, pattern=UNLOADED)
        elif not same:
            message = f"{system} has loaded another `{rule.name}`"
            yield Finding(place, message, mend, on_key=True, pattern=UNLOADED)
        elif same[0].error:
            message = f"`{rule.name}` is not healthy: {same[0].error}"
            yield Finding(place, message, "ask Prometheus for its parts", on_key=True, pattern=UNHEALTHY)
        elif same[0].health != "ok":
            message = f"`{rule.name}` has not been evaluated yet"
            again = f"ask again in {rule.interval:g} s"
            yield Finding(place, message, again, on_key=True, pattern=UNEVALUATED)
