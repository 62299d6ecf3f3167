"""deployment/compose: mounted files are rendered, configurations load, ports listen on loopback only."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = ROOT / "deployment" / "compose"
SERVICES: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_bytes())["services"]


def mounts(service: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of the repository that are mounted in a service, with their container paths."""
    for volume in SERVICES[service]["volumes"]:
        source, place, *mode = volume.split(":")
        if source.startswith("."):
            assert mode == ["ro"]
            yield (COMPOSE / source).resolve(), place


def container(service: str, folder: Path) -> Path:
    """Copy the service's files to their container paths below the folder, and return the folder."""
    for source, place in mounts(service):
        copy = folder / place.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    return folder


def test_mounted_files() -> None:
    """Every mounted file exists; rules and dashboard are the rendered ones."""
    sources = {source for name in SERVICES for source, _ in mounts(name)}
    assert all(each.is_file() for each in sources)
    rendered = {each.name for each in sources if each.is_relative_to(ROOT / "generated")}
    assert rendered == {"performance-alerts.yaml", "victor-performance.json"}


def test_loopback() -> None:
    """Every port is bound to 127.0.0.1."""
    ports = [port for each in SERVICES.values() for port in each["ports"]]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_default_password() -> None:
    """Grafana's password is set by the user; without one nothing starts."""
    wanted = SERVICES["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"]
    assert wanted.startswith("${GRAFANA_ADMIN_PASSWORD:?")  # refuses an unset or empty variable


def test_prometheus(promtool: Path, tmp_path: Path) -> None:
    """`promtool` accepts the configuration and its rules; the spec's job and intervals are configured."""
    folder = container("prometheus", tmp_path)
    config = folder / "etc/prometheus/prometheus.yml"
    checked = subprocess.run(
        [promtool, "check", "config", "--lint-fatal", config], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "SUCCESS: 1 rule files found" in checked.stdout
    spec = yaml.safe_load((ROOT / "specs/performance.yaml").read_bytes())
    found = yaml.safe_load(config.read_bytes())
    assert found["scrape_configs"][0]["job_name"] == spec["service"]["select"]["job"]
    assert found["scrape_configs"][0]["static_configs"][0]["labels"].keys() == set(spec["service"]["scope"])
    assert found["global"] == {
        "scrape_interval": spec["defaults"]["scrape_every"],
        "evaluation_interval": spec["defaults"]["evaluate_every"],
    }


def test_alertmanager(amtool: Path, tmp_path: Path) -> None:
    """`amtool` accepts the configuration, which contains the whole rendered fragment."""
    config = container("alertmanager", tmp_path) / "etc/alertmanager/alertmanager.yml"
    checked = subprocess.run([amtool, "check-config", config], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    found = yaml.safe_load(config.read_bytes())
    fragment = yaml.safe_load((ROOT / "generated/alertmanager.yaml").read_bytes())
    hint = "copy the lists of generated/alertmanager.yaml to deployment/compose/alertmanager.yml"
    assert found["route"]["routes"] == fragment["routes"], hint
    assert found["inhibit_rules"] == fragment["inhibit_rules"], hint
    assert found["receivers"] == [{"name": "nobody"}, *fragment["receivers"]], hint


def test_grafana(tmp_path: Path) -> None:
    """Grafana reads the dashboard from its mounted path, and data from the Prometheus of the composition."""
    provisioning = container("grafana", tmp_path) / "etc/grafana/provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards/victor.yaml").read_bytes())["providers"]
    (dashboard,) = (tmp_path / provider["options"]["path"].lstrip("/")).glob("*.json")
    assert json.loads(dashboard.read_bytes())["uid"] == "victor-performance"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_bytes())["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == (
        "prometheus",
        "http://prometheus:9090",
        True,
    )
