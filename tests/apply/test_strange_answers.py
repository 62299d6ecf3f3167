"""Whoever answers with something else than Prometheus or Alertmanager is told as such, and no traceback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.test_http import Stand, says
from tests.apply.world import HOST, SPEC
from tests.rules.rendered import compiled_text
from victor_monitoring.apply.means import Means
from victor_monitoring.apply.plan import step
from victor_monitoring.apply.target import Target
from victor_monitoring.deliveries import delivery
from victor_monitoring.errors import UserError

RULE = '{"type": 1, "name": [], "query": {}, "health": 5, "lastEvaluation": 1, "duration": "x"}'
BODIES = [
    "null",
    "[]",
    "5",
    '{"status": "success"}',
    '{"status": "success", "data": null}',
    '{"status": "success", "data": []}',
    '{"status": "success", "data": {"result": 5, "groups": 5, "yaml": 5, "web.enable-lifecycle": "true"}}',
    '{"status": "success", "data": {"groups": [5], "yaml": "[", "web.enable-lifecycle": "true"}}',
    '{"status": "success", "data": {"groups": [{"file": "a", "rules": [{}]}], "yaml": "rule_files: 5"}}',
    '{"status": "success", "data": {"groups": [{"file": 5, "name": 5, "interval": 1, "rules": [RULE]}]}}',
    '{"config": []}',
    '{"config": {"original": 5}}',
    '{"config": {"original": "["}}',
    '{"config": {"original": "route: {routes: 5}"}}',
]


@contextlib.contextmanager
def targets(folder: Path, body: str) -> Iterator[list[Target]]:
    """The targets of the brewery, each behind a server that knows one answer only."""
    config = folder / "alertmanager.yml"
    config.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    stand = Stand(says(200, body.replace("RULE", RULE)))
    text = (
        SPEC.read_text(encoding="utf-8").replace('"RULES"', f'"{folder}"').replace('"CONFIG"', f'"{config}"')
    )
    compiled = compiled_text(text.replace('"PROMETHEUS"', stand.url).replace('"ALERTMANAGER"', stand.url))
    with contextlib.ExitStack() as held:
        held.callback(stand.close)
        means = Means(folder, print, held, patience=2)
        given = delivery(compiled, "prod")
        yield [each.settings.target(given, means, each.path) for each in compiled.targets["prod"]]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.usefixtures("promtool")
def test_an_answer_of_another_shape(body: str, tmp_path: Path) -> None:
    """Nothing is applied, verified or believed to stand there."""
    with targets(tmp_path, body) as found:
        for target in found:
            for ask in (target.preflight, lambda each=target: list(each.verify())):
                with pytest.raises(UserError):
                    ask()
            text = "groups: []\nroute: {receiver: a}\n"
            assert "be asked" in target.standing(step("x", None, text)).note
