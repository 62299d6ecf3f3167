"""The alert while scrapes fail."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, CaseTemplate, case_kind
from victor_monitoring.rule_tests.fixture import AlertFixture


@case_kind(80, "missed-scrape")
def missed_scrape(fixture: AlertFixture) -> Iterator[CaseTemplate]:
    """Three scrapes in a row fail while the signal is well beyond the threshold: it fires after `for`.

    Without `for`, an alert on gauges that are read as they are is silent meanwhile.
    """
    is_bridged = all(each.has_lookback or each.kind.is_windowed() for each in fixture.signals)
    if fixture.alert.pending or is_bridged:
        yield CaseTemplate("three scrapes fail", fixture.failing(fixture.beyond(50)), FIRES)
