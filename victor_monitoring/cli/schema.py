"""`victor-mon schema`: print the JSON Schema of the language, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from victor_monitoring.cli.printing import print_message

SCHEMA_NAME = "victor-mon.schema.json"


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to FILE instead of stdout.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Print the reference of keys and findings, as Markdown.")
    ] = False,
) -> None:
    """Print the JSON Schema of the spec language, or its reference.

    Editors complete and check a spec that begins with
    `# yaml-language-server: $schema=victor-mon.schema.json`.

    Example: victor-mon schema --out specs/victor-mon.schema.json
    """
    from victor_monitoring.app.reference import reference_text

    text = reference_text() if reference else schema_text()
    if out is None:
        print(text, end="")
        return
    is_new = write_text(out, text)
    print_message(f"{'wrote' if is_new else 'unchanged':<9} {out.as_posix()}")


def schema_text() -> str:
    """Return the schema as JSON with sorted keys."""
    from victor_monitoring.app.reference import editor_schema

    return json.dumps(editor_schema(), indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"


def write_text(path: Path, text: str) -> bool:
    """Write the file, or the one that it links to, unless it has this text; return whether it did."""
    from victor_monitoring.base.files import resolved
    from victor_monitoring.base.replacement import replace

    if path.is_file() and path.read_bytes() == text.encode():
        return False
    replace({resolved(path): text.encode()})
    return True
