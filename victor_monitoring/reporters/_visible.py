"""Functions of all formats: text without control characters, paths with forward slashes, counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from victor_monitoring.base.diagnostics import Diagnostic, Severity

# Control characters, marks that reverse the direction of writing, separators of lines, lone surrogates, and
# characters that a terminal does not show.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Return `text` on one line, with every character that would control a terminal escaped."""
    return _HIDDEN.sub(lambda found: _escape(found[0]), text)


def visible_lines(text: str) -> str:
    """Return `text` escaped as by `visible`, but with its line breaks and tabs."""
    return "\n".join("\t".join(visible(each) for each in line.split("\t")) for line in text.split("\n"))


def path(name: str) -> str:
    """Return the name of a source as a path with forward slashes, on every system."""
    return visible(name.replace("\\", "/"))


def counts(diagnostics: Sequence[Diagnostic]) -> dict[Severity, int]:
    """Return the number of diagnostics of each severity, the most severe first."""
    counted = Counter(each.severity for each in diagnostics)
    return {severity: counted[severity] for severity in sorted(Severity, reverse=True)}


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
