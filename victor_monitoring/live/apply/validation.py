"""Validation of rendered rules and routing by promtool and amtool."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.amtool import Amtool
from victor_monitoring.live.apply.target import Delivery
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion, parse_version
from victor_monitoring.rule_tests.promtool import find_promtool

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment


def validate_rendered(delivery: Delivery, environment: ApplyEnvironment, taken: Collection[str]) -> None:
    """Raise UserError unless promtool and amtool accept the outputs that the targets take."""
    with _folder() as folder:
        if delivery.rules is not None and "rules" in taken:
            path = Path(folder) / "rules.yaml"
            path.write_text(delivery.rules, encoding="utf-8")
            wanted = delivery.spec.service.prometheus or OLDEST
            promtool = find_promtool()
            if refusal := promtool.refusal(path, "--lint-fatal"):
                raise _error("promtool", promtool.version(), refusal, wanted)
        if delivery.routing is not None and "routing" in taken:
            path = Path(folder) / "alertmanager.yaml"
            path.write_text(yaml.safe_dump(hosted(yaml.safe_load(delivery.routing))), encoding="utf-8")
            amtool = Amtool(environment)
            if refusal := amtool.refusal(path, path.name):
                raise _error("amtool", amtool.version(), refusal)


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    """Yield the path of a temporary folder; raise UserError if files cannot be written to it."""
    try:
        with tempfile.TemporaryDirectory(prefix="victor-mon-") as folder:
            yield folder
    except OSError as error:
        message = f"the files for promtool and amtool cannot be written: {error.strerror}"
        raise UserError(message, "choose a folder with free space: TMPDIR=/folder") from None


def hosted(fragment: Any) -> dict[str, Any]:
    """Return a complete configuration with the fragment alone; a complete one is returned as it is."""
    if "route" in fragment:
        return dict(fragment)
    return {
        "route": {"receiver": "host", "routes": fragment["routes"]},
        "receivers": [{"name": "host"}, *fragment["receivers"]],
        "inhibit_rules": fragment["inhibit_rules"],
    }


def _error(program: str, version: str, refusal: str, wanted: PrometheusVersion | None = None) -> UserError:
    """Return the error of a program that refuses a rendered file, which is for version `wanted` and newer."""
    message = f"{program} {version or 'of an unknown version'} refuses a rendered file: {refusal}"
    if wanted is not None and version and parse_version(version) >= wanted:
        return UserError(message, "correct the spec")
    whose = f"Prometheus {wanted} or newer" if wanted else "the version of your Alertmanager"
    return UserError(message, f"put the {program} of {whose} first on PATH; if this is it, correct the spec")
