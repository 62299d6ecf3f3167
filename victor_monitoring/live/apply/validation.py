"""What is rendered, judged by the programs of those that will read it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.target import Delivery

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment


def validate_rendered(delivery: Delivery, environment: ApplyEnvironment, taken: Collection[str]) -> None:
    """Returns where promtool and amtool accept what the targets take; UserError where one does not."""
    with _folder() as folder:
        if delivery.rules is not None and "rules" in taken:
            path = Path(folder) / "rules.yaml"
            path.write_text(delivery.rules, encoding="utf-8")
            _accepted(
                environment,
                [environment.program("promtool"), "check", "rules", "--lint-fatal", str(path)],
                "rules",
            )
        if delivery.routing is not None and "routing" in taken:
            path = Path(folder) / "alertmanager.yaml"
            path.write_text(yaml.safe_dump(hosted(yaml.safe_load(delivery.routing))), encoding="utf-8")
            _accepted(environment, [environment.program("amtool"), "check-config", str(path)], "routing")


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    """A folder for what is judged, gone afterwards; UserError where there is no place for it."""
    try:
        with tempfile.TemporaryDirectory(prefix="victor-mon-") as folder:
            yield folder
    except OSError as error:
        message = f"what is to be judged cannot be written: {error.strerror}"
        raise UserError(message, "name a folder with some space: TMPDIR=/folder") from None


def hosted(fragment: Any) -> dict[str, Any]:
    """A whole configuration that holds nothing but the fragment; one that stands alone is that already."""
    if "route" in fragment:
        return dict(fragment)
    return {
        "route": {"receiver": "host", "routes": fragment["routes"]},
        "receivers": [{"name": "host"}, *fragment["receivers"]],
        "inhibit_rules": fragment["inhibit_rules"],
    }


def _accepted(environment: ApplyEnvironment, command: list[str], what: str) -> None:
    ran = environment.run(command)
    if ran.status:
        program = Path(command[0]).name
        said = " ".join(f"{ran.out}\n{ran.err}".split())
        raise UserError(f"{program} refuses the {what} that the spec renders: {said}", "mend the spec")
