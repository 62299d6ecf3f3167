"""Diagnostics as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from victor_monitoring.base.diagnostics import Diagnostic
from victor_monitoring.reporters._visible import path

JsonValue: TypeAlias = "str | int | Sequence[JsonValue] | Mapping[str, JsonValue]"

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def report(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Return one run with the violated rules and a result for each diagnostic."""
    names = {each.code: each.name for each in diagnostics}
    codes = sorted(names)
    rules: list[JsonValue] = [{"id": code, "name": names[code]} for code in codes]
    run: JsonValue = {
        "tool": {"driver": {"name": "victor-mon", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes.index(each.code)) for each in diagnostics],
    }
    document: JsonValue = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _result(diagnostic: Diagnostic, rule: int) -> JsonValue:
    span = diagnostic.span
    text = f"{diagnostic.message}\n{diagnostic.hint}" if diagnostic.hint else diagnostic.message
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.word,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(path(span.source.name))},
                    "region": {
                        "startLine": span.line,
                        "startColumn": span.column,
                        "endLine": span.end_line,
                        "endColumn": span.end_column,
                    },
                }
            }
        ],
    }


def _uri(name: str) -> str:
    """Return a source's name as a URI reference: a path with characters escaped, or a URL as it is."""
    is_url = name.startswith(("http://", "https://"))
    return quote(name, safe="/:?#[]@!$&'()*+,;=%~" if is_url else "/")
