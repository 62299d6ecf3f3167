"""The delivery to targets equals the files written for the context, byte for byte."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
import yaml

from tests.rules.rendered import ROOT, compiled, places
from victor_monitoring.app.deliveries import delivery

CONTEXTS = [place for place in places() if place.context and place.spec == "performance"]


@pytest.mark.parametrize("place", CONTEXTS, ids=str)
def test_a_delivery_equals_the_files_of_the_repository(place) -> None:
    """Every artifact equals its file in the repository; every text is such a file or an object's data."""
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


def test_a_delivery_has_the_other_contexts() -> None:
    """A delivery contains the routing of the other contexts, which may share its targets."""
    given = delivery(compiled("performance"), "prod")
    assert given.context == "prod"
    assert [each.context for each in given.other_contexts] == [
        c for c in compiled("performance").contexts if c != "prod"
    ]
    assert all(each.routing for each in given.other_contexts)
