"""Expected labels and annotations of alerts, as far as the texts of their templates are known.

The value that Prometheus computes may differ in its last digits from the one that is computed here. A text is
known if all values this close to it make the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.promql.prometheus_version import NEWEST
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.go_template.expansion import expanded
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.printing import NotExpandedError
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.template import Template, has_go_template

_CLOSE: Final = 1e-9  # as a share of the value


class UnknownLabelError(ValueError):
    """A label whose text is not known, so that no firing alert can be expected."""


def firing(alert: Alert, series: Mapping[str, str], value: float | None) -> Firing:
    """Return the firing alert for a series of the alert's expression with these labels and this value.

    Texts that read the value are not known without one. Raise UnknownLabelError if the text of a label is
    not known; under `for` and `keep_firing_for` it is not if it reads the value, as another text begins
    another alert.
    """
    is_lasting = alert.pending or alert.keep_firing
    read_labels = alert.template_labels(series)
    labels = dict(series)
    for label, text in alert.labels:
        found = _known(text, read_labels, None if is_lasting else value)
        if found is None:
            raise UnknownLabelError(f"the template of its label `{label}` cannot be computed")
        labels[label] = found
    texts = dict(_filled(alert, series, value))
    if alert.runbook:
        texts["runbook_url"] = alert.runbook
    texts |= {name: _known(text, read_labels, value) for name, text in alert.annotations}
    return Firing(
        {label: text for label, text in labels.items() if text},
        {name: text for name, text in texts.items() if text is not None},
        frozenset(name for name, text in texts.items() if text is None),
    )


def _filled(alert: Alert, series: Mapping[str, str], value: float | None) -> Iterator[tuple[str, str | None]]:
    """Yield the annotations with placeholders; None for one that prints a value without one."""

    def filled(template: Template) -> str | None:
        if value is None and any(each.name == "value" for each in template.placeholders):
            return None
        return alert.filled(template, series, value or 0.0)

    if alert.summary:
        yield "summary", filled(alert.summary)
    if alert.description:
        yield "description", filled(alert.description)
    if alert.actions:
        actions = [filled(each) for each in alert.actions]
        known = [f"- {each}" for each in actions if each is not None]
        yield "actions", "\n".join(known) if len(known) == len(actions) else None


def _known(text: str, labels: Mapping[str, str], value: float | None) -> str | None:
    """Return the text that Prometheus makes of a label or an annotation; None if it is not known."""
    if not has_go_template(text):
        return text
    near = [None] if value is None else [value, value * (1 - _CLOSE), value * (1 + _CLOSE)]
    try:
        found = {expanded(read(text, NEWEST), labels, each) for each in near}
    except (GoTemplateError, NotExpandedError):
        return None
    return found.pop() if len(found) == 1 else None
