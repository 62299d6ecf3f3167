"""The alert while scrapes fail."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.rule_tests.case_template import FIRES, Plot, case_kind
from victor_monitoring.rule_tests.fixture import Stage


@case_kind(80, "missed-scrape")
def missed_scrape(stage: Stage) -> Iterator[Plot]:
    """Three scrapes in a row fail well beyond the threshold: `for` goes on, and it fires in time."""
    yield Plot("three scrapes fail", stage.failing(stage.beyond(50)), FIRES)
