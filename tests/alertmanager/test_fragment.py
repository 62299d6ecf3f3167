"""The fragment for Alertmanager, checked by amtool inside the configuration of a host."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager.host import FIXTURE, fragment, hosted
from tests.programs import version
from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render
from victor_monitoring.language.model.contexts import Receiver

GOLDEN = Path(__file__).parent / "golden"
MILL = {"service": "mill", "signal": "load", "team": "grain"}
SUMMER = {**MILL, "season": "summer"}


@pytest.mark.parametrize("context", [None, "summer", "fast"])
def test_fragment_equals_its_golden_file(context, request):
    """The fragment of base and of each context equals its golden file; `--update-goldens` rewrites it."""
    path = GOLDEN / f"{context or 'base'}.yaml"
    text = fragment(context)
    if request.config.getoption("--update-goldens"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("context", [None, "summer", "fast"])
def test_amtool_accepts_the_fragment_in_a_host(amtool, tmp_path, context):
    """Appended to a host's three lists, the fragment makes a configuration that amtool accepts."""
    path = written(tmp_path, hosted([fragment(context)]))
    done = subprocess.run([amtool, "check-config", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_amtool_accepts_a_whole_configuration(amtool, tmp_path):
    """With `standalone: true` the file is a complete configuration."""
    text = FIXTURE.read_text(encoding="utf-8") + "alertmanager: {standalone: true}\n"
    compiled = compiled_text(text)
    for artifact in render(compiled, outputs=["alertmanager"]):
        path = tmp_path / "alertmanager.yaml"
        path.write_text(artifact.text, encoding="utf-8")
        done = subprocess.run([amtool, "check-config", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


SINCE = {  # a version of Alertmanager that has each kind of receivers; Debian's has none of them
    "msteamsv2": (0, 28), "jira": (0, 28), "rocketchat": (0, 28), "incidentio": (0, 29),
    "mattermost": (0, 34),
}  # fmt: skip


@pytest.mark.parametrize("kind", SINCE)
def test_amtool_accepts_receivers_from_their_version_on(amtool, tmp_path, kind):
    """The example of each kind in the reference is accepted, or refused as a field that is not known yet."""
    example = Receiver.model_json_schema()["properties"][f"{kind}_configs"]["examples"][0]
    config = {"route": {"receiver": "a"}, "receivers": [{"name": "a", f"{kind}_configs": example}]}
    done = subprocess.run(
        [amtool, "check-config", written(tmp_path, config)], capture_output=True, text=True, check=False
    )
    numbers = tuple(int(each) for each in version(amtool).split(".")[:2])
    unknown = f"field {kind}_configs not found" in done.stderr + done.stdout
    assert (done.returncode == 0, unknown) == ((True, False) if numbers >= SINCE[kind] else (False, True)), (
        done
    )


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({**SUMMER, "severity": "critical"}, "mill/summer/pager,mill/summer/chat,mill/summer/grain"),
        ({**SUMMER, "severity": "warning"}, "mill/summer/chat,mill/summer/grain"),
        ({**SUMMER, "severity": "info"}, "mill/summer/grain"),
        ({**SUMMER, "severity": "critical", "team": "other"}, "mill/summer/pager,mill/summer/chat"),
        ({**SUMMER, "severity": "info", "team": "other"}, "host"),
        ({**MILL, "severity": "critical"}, "host"),
        ({**SUMMER, "service": "other", "severity": "critical"}, "host"),
        ({"severity": "critical", "season": "summer"}, "host"),
        ({"service": "neighbour"}, "neighbour"),
    ],
)
def test_routes(amtool, tmp_path, labels, receivers):
    """Each alert goes to every receiver that it matches, or to the host's if it matches none."""
    path = written(tmp_path, hosted([fragment("summer"), fragment(None)]))
    pairs = [f"{label}={value}" for label, value in labels.items()]
    command = [amtool, "config", "routes", "test", f"--config.file={path}", *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == receivers


def written(folder: Path, config: dict[str, Any]) -> Path:
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
