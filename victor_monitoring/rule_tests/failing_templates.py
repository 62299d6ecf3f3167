"""Templates that fail when Prometheus expands them, found by promtool on alerts that have nothing else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.lexer import Token, string_bytes
from victor_monitoring.promql.rules import Rule, RuleFile, RuleGroup
from victor_monitoring.promql.tree import Binary, Number, Vector
from victor_monitoring.rule_tests.promtool import Promtool
from victor_monitoring.rule_tests.script import series_text
from victor_monitoring.signals.go_template.uses import Uses

# Of labels whose values are unknown: a template may want text or a number.
_UNKNOWN: Final = ("a", "1")
_MOST_VALUES: Final = 20  # of a label that are tried
_FAILURE: Final = re.compile(
    r"alertname: (?P<trial>\d+), (?:(?!alertname: ).)*?<error expanding template: "
    r"(?:(?:(?!alertname: ).)*? at <(?P<place>[^\n]*?)>: )?(?P<reason>[^\n]*?)>\"[,}]",
    re.DOTALL,
)
# The name of the function, which `place` has, and a type of Go that depends on the version.
_DETAILS: Final = re.compile(r"\Aerror calling \w+: | in type struct \{.*\}\Z")


@dataclass(frozen=True, slots=True)
class FailingTemplate:
    """A template of an alert, by its path, that fails; `place` is the part that does, if it is known."""

    alert: Alert
    path: Path
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Trial:
    """A template with labels and a value that its alert may have; `chosen` are those of known values."""

    alert: Alert
    path: Path
    text: str
    labels: Mapping[str, str]
    chosen: int


def failing_templates(promtool: Promtool, spec: Resolved) -> Iterator[FailingTemplate]:
    """Yield the templates that fail with values that their alert may have, each once.

    Each value of a label with known values is tried. Where values are unknown, a template fails if it does so
    with text and with a number. Results of queries and the address of the server are
    unknown: a template with one is not tried.
    """
    trials = [trial for alert in spec.alerts for trial in _trials(spec, alert)]
    failed = _failed(promtool, trials) if trials else {}
    seen: set[Path] = set()
    for (path, _), group in itertools.groupby(
        enumerate(trials), key=lambda pair: (pair[1].path, pair[1].chosen)
    ):
        numbers = [number for number, _ in group]
        if path not in seen and all(number in failed for number in numbers):
            seen.add(path)
            found = failed[numbers[0]]
            reason = _DETAILS.sub("", _unquoted(found["reason"]))
            yield FailingTemplate(trials[numbers[0]].alert, path, _unquoted(found["place"] or ""), reason)


def _trials(spec: Resolved, alert: Alert) -> Iterator[_Trial]:
    texts = dict(alert.templates)
    for path, uses in alert.template_uses(spec.service.prometheus):
        known = _known(alert, uses)
        count = max([1, *map(len, known.values())])
        for chosen, unknown in itertools.product(range(count), _UNKNOWN):
            labels = {
                name: values[chosen % len(values)] if values else unknown for name, values in known.items()
            }
            if not uses.needs_server:
                yield _Trial(alert, path, texts[path], labels, chosen)


def _known(alert: Alert, uses: Uses) -> Mapping[str, Sequence[str]]:
    """Return the labels that a template reads and its alert may have, each with its values if known."""
    found = {}
    for name in dict.fromkeys(use.name for use in uses.labels):
        if alert.may_have(name) and name != NAME and name.isascii() and name.isidentifier():
            values = alert.signal.inference.labels[name].known
            found[name] = sorted(values or ())[:_MOST_VALUES]
    return found


def _failed(promtool: Promtool, trials: Sequence[_Trial]) -> Mapping[int, re.Match[str]]:
    """Return the failure of each trial that fails, by its number."""
    rules = [
        Rule(
            "alert",
            str(number),
            Binary("*", Vector(f"trial_{number}"), Number(1)),
            (),
            (("text", trial.text),),
        )
        for number, trial in enumerate(trials)
    ]
    test = {
        "interval": "1m",
        "input_series": [
            {
                "series": series_text(f"trial_{number}", tuple(trial.labels.items())),
                "values": f"{trial.alert.condition.met_value()!r}",
            }
            for number, trial in enumerate(trials)
        ],
        # None is expected, so that promtool shows all of them.
        "alert_rule_test": [
            {"eval_time": "0s", "alertname": str(number), "exp_alerts": []} for number in range(len(trials))
        ],
    }
    printed = promtool.failure(RuleFile((RuleGroup("trials", None, tuple(rules)),)), test)
    return {int(found["trial"]): found for found in _FAILURE.finditer(printed)}


def _unquoted(printed: str) -> str:
    """Return a text that promtool prints as a part of a string of Go."""
    return string_bytes(Token("string", f'"{printed}"', 0)).decode()
