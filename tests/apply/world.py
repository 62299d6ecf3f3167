"""A brewery with its live systems: a repository, a Prometheus, an Alertmanager, and a scraped vat."""

from __future__ import annotations

import contextlib
import os
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cli.commands import Outcome, edit, in_own_process, victor_mon
from tests.end_to_end.live import Prometheus, alerting, running, target, until
from tests.programs import MissingProgramError, program

SPEC = Path(__file__).with_name("spec.yaml")
HOST = Path(__file__).with_name("host.yaml")


@dataclass
class Vat:
    """The exposition of a vat: foam, and batches of which half are sour; or `text`."""

    text: str = ""

    def __call__(self) -> str:
        count = int(time.time() % 1_000_000 * 10)
        batches = "".join(f'brew_batches_total{{outcome="{each}"}} {count}\n' for each in ("good", "sour"))
        return self.text or f"brew_foam_bytes 5\n{batches}"


@dataclass
class World:
    """The repository in `folder`, and the live systems that it is applied to."""

    folder: Path
    rules: Path
    config: Path
    prometheus: Prometheus
    alertmanager: str
    scrape: Mapping[str, Any]
    vat: Vat

    @property
    def spec(self) -> Path:
        """The path of the spec."""
        return self.folder / "specs" / "brew.yaml"

    @property
    def rules_file(self) -> Path:
        """The path of the spec's rules file in the directory of Prometheus."""
        return self.rules / "brew-prod.yaml"

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Outcome:
        """Run a command in the repository as a separate process, and return the outcome."""
        return in_own_process(self.folder, *arguments, env={**paths(), **(env or {})})

    def command(self, *arguments: str) -> Outcome:
        """Run a command in the repository in this process, which is quicker, and return the outcome."""
        return victor_mon(self.folder, *arguments, env=paths())

    def apply(self, *arguments: str, context: str = "prod") -> Outcome:
        """Apply without a prompt, and return the outcome."""
        return self.command("apply", "--context", context, "--yes", *arguments)

    def verify(self) -> Outcome:
        """Verify the context, and return the outcome."""
        return self.command("verify", "--context", "prod")

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the spec, and render everything; git tracks nothing here."""
        edit(self.spec, old, new)
        outcome = self.command("generate", "--force")
        assert outcome.status == 0, outcome.err

    def reset(self) -> None:
        """Remove everything that was applied, and restore the spec."""
        for each in self.rules.iterdir():
            each.unlink()
        self.config.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
        self.vat.text = ""
        self.write_spec(SPEC.read_text(encoding="utf-8"))
        for url in (self.prometheus.url, self.alertmanager):
            reload(url)

    def write_spec(self, text: str, **urls: str) -> None:
        """Write the spec with the addresses of the live systems, and render everything."""
        places = {
            "PROMETHEUS": urls.get("prometheus", self.prometheus.url),
            "ALERTMANAGER": urls.get("alertmanager", self.alertmanager),
            "RULES": str(self.rules),
            "CONFIG": str(self.config),
        }
        for name, value in places.items():
            text = text.replace(f'"{name}"', f'"{value}"')
        self.spec.parent.mkdir(exist_ok=True)
        self.spec.write_text(text, encoding="utf-8")
        outcome = self.command("generate", "--force")
        assert outcome.status == 0, outcome.err

    def loaded(self) -> dict[str, str]:
        """Return the expressions of the rules that Prometheus has loaded from the spec's file, by name."""
        return {
            rule["name"]: rule["query"]
            for rule in self.prometheus.rules()
            if rule["file"] == str(self.rules_file)
        }

    def routed(self) -> dict[str, Any]:
        """Return the configuration that Alertmanager has loaded."""
        return routed(self.alertmanager)


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Run a repository's live systems until the block ends; nothing is applied."""
    rules, config, repository = folder / "rules", folder / "am" / "alertmanager.yml", folder / "repository"
    for each in (rules, config.parent, repository / ".git"):
        each.mkdir(parents=True)
    config.write_text(HOST.read_text(encoding="utf-8"), encoding="utf-8")
    vat = Vat()
    with contextlib.ExitStack() as stack:
        scrape = stack.enter_context(scraped(vat))
        prometheus = stack.enter_context(scraping(folder, rules, scrape))
        alertmanager = stack.enter_context(alerting(program("alertmanager"), config))
        found = World(repository, rules, config, prometheus, alertmanager, scrape, vat)
        found.reset()
        until(lambda: prometheus.query('rate(brew_batches_total{outcome="good"}[2s])'))
        yield found


@contextlib.contextmanager
def scraped(vat: Vat) -> Iterator[Mapping[str, Any]]:
    """Yield the scrape job of a vat, which answers until the block ends."""
    with target(vat) as found:
        yield {
            "job_name": "brew",
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "static_configs": [{"targets": [f"127.0.0.1:{found.port}"]}],
        }


def scraping(folder: Path, rules: Path, scrape: Mapping[str, Any]) -> AbstractContextManager[Prometheus]:
    """Run a Prometheus with its data in `folder`, and rules from the folder `rules`."""
    return running(program("prometheus"), folder, [rules / "*.yaml"], [scrape], "--web.enable-lifecycle")


def routed(url: str) -> dict[str, Any]:
    """Return the configuration that an Alertmanager has loaded."""
    with urllib.request.urlopen(f"{url}/api/v2/status", timeout=30) as answer:  # noqa: S310 - our own
        text = yaml.safe_load(answer.read())["config"]["original"]
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def reload(url: str) -> None:
    """Make a Prometheus or an Alertmanager reload its files."""
    urllib.request.urlopen(urllib.request.Request(f"{url}/-/reload", method="POST"), timeout=60).close()  # noqa: S310 - our own


def paths() -> dict[str, str]:
    """Return an environment whose PATH has promtool and amtool, which check rendered files, if found.

    Tests whose targets need them have the fixtures of these names; a Grafana needs neither.
    """
    folders = []
    for name in ("promtool", "amtool"):
        with contextlib.suppress(MissingProgramError):
            folders.append(str(program(name).parent))
    return {"PATH": os.pathsep.join([*folders, os.environ["PATH"]])}
