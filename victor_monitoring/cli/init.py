"""`victor-mon init`: write a starter spec."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.cli.printing import print_message
from victor_monitoring.cli.schema import SCHEMA_NAME, schema_text, write_text

ServiceName = Annotated[
    str | None, typer.Option("--name", help="The service's name. Default: the folder's.", show_default=False)
]


def init(name: ServiceName = None) -> None:
    """Write a commented starter spec to specs/, which is valid and compiles without an edit.

    Example: victor-mon init --name shop
    """
    service = name or slug(Path.cwd().name) or "service"
    require_slug(service)
    path = Path("specs") / f"{service}.yaml"
    if path.exists():
        message = f"`{path.as_posix()}` exists and was not changed"
        raise UserError(message, "edit it, or start another one: victor-mon init --name NAME")
    write_text(path, starter_spec(service))
    write_text(Path("specs") / SCHEMA_NAME, schema_text())
    print_message(f"wrote     {path.as_posix()}\nwrote     specs/{SCHEMA_NAME}")
    print_message("next: victor-mon generate, then edit the spec and run it again")


def require_slug(service: str) -> None:
    """Raise UserError unless the text is a valid service name."""
    if service != slug(service):
        message = f"`{service}` is not a valid service name"
        raise UserError(
            message, f"use lower-case letters, digits and dashes: --name {slug(service) or 'shop'}"
        )


def slug(text: str) -> str:
    """Return the text as a service name: lower-case letters, digits and dashes, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


def starter_spec(service: str) -> str:
    """Return the starter spec of a service."""
    from victor_monitoring.language.resolved.outputs import identifier
    from victor_monitoring.language.syntax.mistakes import quoted
    from victor_monitoring.language.syntax.scalars import resolve

    template = (Path(__file__).parent / "starter.yaml").read_text(encoding="utf-8")
    name = service if resolve(service) == (service, None) else quoted(service)
    return template.replace("starter_", f"{identifier(service)}_").replace("starter", name)
