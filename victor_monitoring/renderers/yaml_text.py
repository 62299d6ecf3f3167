"""YAML as every renderer writes it."""

from __future__ import annotations

import yaml

from victor_monitoring.artifacts import heading

try:
    from yaml import CSafeDumper as _Base
except ImportError:  # PyYAML without libyaml
    from yaml import SafeDumper as _Base  # type: ignore[assignment]  # the same interface, in Python


class _Dumper(_Base):
    """Texts of several lines as blocks, and no aliases, so that each rule can be read on its own."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def yaml_text(data: object, *, generated_from: str) -> str:
    """The data as a YAML document in its own order, with a heading that says where to edit."""
    body = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9)
    return f"{heading(generated_from)}\n{body}"
