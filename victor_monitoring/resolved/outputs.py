"""Where each rendered file goes."""

from __future__ import annotations

import re

from victor_monitoring.model import spec as written


def resolve_outputs(outputs: written.Outputs, name: str) -> dict[str, str]:
    """The path of each output that is on, relative to the root; defaults carry the service's name."""
    defaults = {
        "rules": f"generated/{name}-alerts.yaml",
        "tests": f"generated/{name}-alerts.test.yaml",
        "dashboard": f"generated/{name}-dashboard.json",
        "registry": f"generated/{identifier(name)}_registry.py",
        "alertmanager": f"generated/{name}-alertmanager.yaml",
        "kubernetes": f"deployment/kubernetes/{name}",
        "overlays": f"deployment/kubernetes/overlays/{{context}}/{name}",
        "docs": f"generated/docs/{name}",
    }
    given = {key: getattr(outputs, key) for key in written.OUTPUTS if key in outputs.model_fields_set}
    return {key: path for key, path in {**defaults, **given}.items() if path is not None}


def identifier(name: str) -> str:
    """A service's name as Python and Prometheus can have one: no dashes, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "_", name)
    return plain if plain[0].isalpha() else f"svc_{plain}"
