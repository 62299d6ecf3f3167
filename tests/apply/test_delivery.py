"""What targets are given is what is written for the context, byte for byte."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
import yaml

from tests.rules.rendered import ROOT, compiled, places
from victor_monitoring.app.deliveries import delivery

CONTEXTS = [place for place in places() if place.context and place.spec == "performance"]


@pytest.mark.parametrize("place", CONTEXTS, ids=str)
def test_a_delivery_is_what_stands_in_the_repository(place) -> None:
    """Every file of it is the file in the repository; the texts are those files, or what an object holds."""
    given = delivery(compiled(place.spec), place.context)
    texts = {each.path: (ROOT / each.path).read_bytes() for each in given.artifacts}
    assert texts == {each.path: each.text.encode() for each in given.artifacts}
    files = {
        PurePosixPath(each.path.name): text.decode()
        for each, text in zip(given.artifacts, texts.values(), strict=True)
    }
    held = [
        text
        for each in given.artifacts
        if each.output == "kubernetes"
        for text in (yaml.safe_load(each.text).get("data") or {}).values()
    ]
    for text in (given.rules, given.dashboard, given.routing):
        assert text is None or text in [*files.values(), *held]
    assert given.rules is not None


def test_other_contexts_are_rivals() -> None:
    """Each knows what the others render for what they may share."""
    given = delivery(compiled("performance"), "prod")
    assert given.context == "prod"
    assert [each.context for each in given.other_contexts] == [
        c for c in compiled("performance").contexts if c != "prod"
    ]
    assert all(each.routing for each in given.other_contexts)
