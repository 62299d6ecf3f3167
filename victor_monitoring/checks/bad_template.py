"""Templates that Prometheus refuses."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.reader import read


@check("VM409", "bad-template")
def bad_template(spec: Resolved) -> Iterator[Finding]:
    """Labels or annotations of an alert are no templates that Prometheus can read.

    Prometheus then loads none of the rules. Functions of later versions need `service.prometheus`.

    Bad: `annotations: {link: "/pods/{{ $lables.pod }}"}`. Good: the same with `$labels`.
    """
    for alert in spec.alerts:
        for path, text in alert.templates:
            try:
                read(text, spec.service.prometheus)
            except GoTemplateError as error:
                yield Finding(path, error.message, error.hint, error.part)
