"""Documents that anybody may have written: read as data, or not at all."""

from __future__ import annotations

from typing import Any

import yaml


def document_of(text: str) -> Any:
    """What a text of YAML holds; ValueError where that cannot be told.

    An alias is refused: a few lines of them may stand for more than fits into memory.
    """
    try:
        has_alias = any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text))
        found = None if has_alias else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError):  # such as `!!int x`
        raise ValueError("it is no YAML") from None
    if has_alias:
        raise ValueError("it has aliases")
    return found
