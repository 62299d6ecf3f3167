"""The reference in Markdown: metrics, signals and alerts on one page, and a runbook for each alert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.docs.overview import overview
from victor_monitoring.renderers.docs.runbooks import runbooks

OUTPUT: Final = "docs"
_INDEX: Final = "README"


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield each page as a file, for base only: the pages list the differences between contexts."""
    folder = spec.outputs.get(OUTPUT)
    if folder is not None and spec.context is None:
        for name, lines in ((_INDEX, overview(spec)), *runbooks(spec)):
            text = "\n".join(lines).strip("\n") + "\n"
            yield Artifact(PurePosixPath(folder) / f"{name}.md", text, OUTPUT)
