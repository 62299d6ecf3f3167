"""Answers that no Prometheus or Alertmanager gives are reported as such, without a traceback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.test_http import Answer, ScriptedServer, says
from tests.apply.world import HOST, SPEC
from tests.rules.rendered import compiled_text
from victor_monitoring.app.deliveries import delivery
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.apply.target import Target, step
from victor_monitoring.live.prometheus.api import PrometheusApi
from victor_monitoring.live.prometheus.rules import document_of
from victor_monitoring.live.targets.prometheus import PrometheusSettings

BUILDS = [
    ('{"version": "3.14.0", "revision": "a", "goVersion": "go1.26"}', "3.14"),
    ('{"version": "2.42.0+ds", "goVersion": "go1.19"}', "2.42"),
    ('{"version": "2.24.0"}', None),  # VictoriaMetrics
    ('{"version": "2.14.1", "goVersion": "go1.22", "application": "Grafana Mimir"}', None),
    ('{"version": "0.36.1", "goVersion": "go1.22"}', None),  # Thanos
    ('{"version": "", "goVersion": "go1.22"}', None),
    ('{"goVersion": 5}', None),
    ("[]", None),
]


@pytest.mark.parametrize(("build", "found"), BUILDS)
def test_only_a_prometheus_has_the_version_of_one(build: str, found: str | None, tmp_path: Path) -> None:
    """The build information of another system is no version of Prometheus, and no error."""
    assert running(says(200, f'{{"status": "success", "data": {build}}}'), tmp_path) == found


def test_a_system_without_build_information_has_no_version(tmp_path: Path) -> None:
    """A system without the endpoint, such as Cortex, has no version; a refusal is an error."""
    assert running(says(404, "404 page not found"), tmp_path) is None
    with pytest.raises(UserError, match="401"):
        running(says(401), tmp_path)


def running(answer: Answer, folder: Path) -> str | None:
    """Return the version read from a server with this answer."""
    server = ScriptedServer(answer)
    with contextlib.ExitStack() as held:
        held.callback(server.close)
        api = PrometheusApi(PrometheusSettings(url=server.url).client(ApplyEnvironment(folder, print, held)))
        version = api.version()
    return str(version) if version else None


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
    """Yield the targets of the brewery, all at a server with only this answer."""
    config = folder / "alertmanager.yml"
    config.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    server = ScriptedServer(says(200, body.replace("RULE", RULE)))
    text = (
        SPEC.read_text(encoding="utf-8").replace('"RULES"', f'"{folder}"').replace('"CONFIG"', f'"{config}"')
    )
    compiled = compiled_text(text.replace('"PROMETHEUS"', server.url).replace('"ALERTMANAGER"', server.url))
    with contextlib.ExitStack() as held:
        held.callback(server.close)
        environment = ApplyEnvironment(folder, print, held, patience=2)
        given = delivery(compiled, "prod")
        yield [each.settings.target(given, environment, each.path) for each in compiled.targets["prod"]]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.usefixtures("promtool")
def test_an_answer_of_another_shape(body: str, tmp_path: Path) -> None:
    """An answer of another shape is an error in preflight and verification, and noted after a failure."""
    with targets(tmp_path, body) as found:
        for target in found:
            for ask in (target.preflight, lambda each=target: list(each.verify())):
                with pytest.raises(UserError):
                    ask()
            text = "groups: []\nroute: {receiver: a}\n"
            assert "be queried" in target.observed(step("x", None, text)).note


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("a: &a [1]\nb: *a\n", "it has aliases"),
        ("[" * 200 + "]" * 200, "it is nested too deeply"),
        ("[" * 100_000, "it is (nested too deeply|not YAML)"),
        ("a: [", "it is not YAML"),
        ("!!int x", "it is not YAML"),
        ("!!python/object/apply:os.getcwd []", "it is not YAML"),
    ],
)
def test_yaml_that_is_dangerous(text: str, danger: str) -> None:
    """A document of a server that would exhaust memory or the stack is refused, as is anything but data."""
    with pytest.raises(ValueError, match=danger):
        document_of(text)
