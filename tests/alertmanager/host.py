"""A host's Alertmanager configuration with rendered fragments in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render

FIXTURE = Path(__file__).with_name("spec.yaml")


def fragment(context: str | None) -> str:
    """Return the fragment of the fixture's base or context."""
    compiled = compiled_text(FIXTURE.read_text(encoding="utf-8"))
    found = render(compiled, outputs=["alertmanager"], context=context) if context else render(compiled)
    return next(each.text for each in found if each.output == "alertmanager" and each.context == context)


def hosted(fragments: Sequence[str]) -> dict[str, Any]:
    """Return a host's configuration, with the lists of the fragments appended to its own."""
    config: dict[str, Any] = {
        "route": {
            "receiver": "host",
            "routes": [{"matchers": ['service="neighbour"'], "receiver": "neighbour"}],
        },
        "receivers": [{"name": "host"}, {"name": "neighbour"}],
        "inhibit_rules": [],
    }
    for each in map(yaml.safe_load, fragments):
        config["route"]["routes"] += each["routes"]
        config["receivers"] += each["receivers"]
        config["inhibit_rules"] += each["inhibit_rules"]
    return config
