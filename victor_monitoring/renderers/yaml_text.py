"""The YAML style that all renderers share."""

from __future__ import annotations

import functools
from typing import Final

import yaml
from yaml.resolver import Resolver

from victor_monitoring.base.artifacts import generated_notice

try:
    from yaml import CSafeDumper as _Base
except ImportError:  # PyYAML without libyaml
    from yaml import SafeDumper as _Base  # type: ignore[assignment]  # the same interface, in Python


_YAMLLINT_MARK: Final = "# yamllint disable-file"
_RESOLVER: Final = Resolver()


class _Dumper(_Base):
    """A dumper with multi-line texts as blocks, and without aliases so that each rule is readable alone."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def descend_resolver(self, parent: yaml.Node, index: object) -> None:
        """Do nothing: no tag depends on the path to a node, and tracking it costs more time than writing."""

    def ascend_resolver(self) -> None:
        """Do nothing, as above."""

    def resolve(self, kind: type[yaml.Node], value: object, implicit: tuple[bool, bool]) -> str:
        """Return the tag that a reader gives the node, cached: a rules file repeats most of its texts."""
        if isinstance(value, str):
            return _text_tag(value, implicit)
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]  # PyYAML has no types


@functools.lru_cache(10_000)
def _text_tag(text: str, implicit: tuple[bool, bool]) -> str:
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, implicit)  # type: ignore[no-untyped-call]  # as above
    return str(tag)


def _text(dumper: _Dumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


def yaml_text(data: object, *, generated_from: str) -> str:
    """Return the data as a YAML document, keys in their order, headed by a comment that names the spec.

    The first line is the mark by which yamllint passes a file over: its rules are for files written by hand.
    """
    body = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9)
    return f"{_YAMLLINT_MARK}\n# {generated_notice(generated_from)}\n{body}"
