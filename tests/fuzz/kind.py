"""A kind of input: how its inputs are drawn, and the judges of the product's answer to each."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from victor_monitoring.base.diagnostics import Diagnostic, UserError
from victor_monitoring.reporters import reporter

Files = Mapping[str, bytes]
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that a terminal obeys or does not show."""
SECRET = "canary-fuzz"  # noqa: S105 - of the seeds
"""How every secret of the seeds begins. No message of the product may contain it."""


class Fault(Exception):
    """A broken promise of the product: the rule, which is the same for alike faults, and the detail."""

    def __init__(self, rule: str, detail: object = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule


@dataclass(frozen=True)
class Input:
    """The files that are read, by name; `before` has the same files before they were changed, if known."""

    files: Files
    before: Files | None = field(default=None, repr=False)

    def write(self, folder: Path) -> Path:
        """Write the files below the folder, and return it."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder


class Kind(ABC):
    """One kind of input."""

    name: str
    share = 1.0
    """The share of the time that it gets, relative to other kinds."""
    sample = 1
    """One of so many examined inputs goes to the outside judge."""
    batch = 20
    """The number of inputs that the outside judge reads at once."""
    programs: tuple[str, ...] = ()
    """The programs of the outside judge."""

    @abstractmethod
    def draw(self, random: Random) -> Input:
        """Return an input."""

    @abstractmethod
    def examine(self, given: Input, folder: Path) -> bool:
        """Return whether the outside judge is asked about this input; raise Fault for a broken promise.

        The folder is empty.
        """

    def confirm(self, given: Sequence[Input], folder: Path) -> Mapping[int, Fault]:
        """Return the fault of each input, by its index, about which an outside judge disagrees."""
        return {}


def require(condition: object, rule: str, detail: object = "") -> None:
    """Raise Fault unless the condition holds."""
    if not condition:
        raise Fault(rule, detail)


def require_explained(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise Fault unless each diagnostic has a message, a hint, and a position and carets in its text."""
    found = list(diagnostics)
    for each in found:
        span, lines = each.span, each.span.source.lines
        require(each.message, "a diagnostic without a message", each)
        require(each.hint, f"{each.code} without a hint", each)
        require(1 <= span.line <= len(lines), f"{each.code} is outside of the lines", each)
        require(1 <= span.column <= len(span.source.line(span.line)) + 1, f"{each.code} is outside", each)
        is_ordered = (span.line, span.column) <= (span.end_line, span.end_column)
        require(is_ordered, f"{each.code} ends before it starts", each)
        require(SECRET not in f"{each.message}{each.hint}", f"{each.code} prints a secret", each)
    _require_printed(found, reporter("text")(found))


def _require_printed(diagnostics: Sequence[Diagnostic], printed: str) -> None:
    """Raise Fault unless the printed diagnostics have place, text, carets and hint, each on its line."""
    blocks = printed.split("\n\n")[:-1] if diagnostics else []
    require(len(blocks) == len(diagnostics), "the printed diagnostics are not one a block", printed)
    for each, block in zip(diagnostics, blocks, strict=True):
        head, *rest = block.split("\n")
        require(
            len(rest) == 3 and f":{each.span.line}:{each.span.column}: " in head,
            "a block of other lines",
            block,
        )
        text, carets, hint = rest
        gutter = text.index("|") + 1
        is_marked = carets[gutter:].strip().strip("^") == "" and "^" in carets
        require(is_marked and hint.startswith("hint: ") and len(hint) > 6, "a block without its marks", block)
        require(not HIDDEN.search(block.replace("\n", "")), "a control character is printed", block)


def is_secret_elsewhere(content: bytes) -> bool:
    """Return whether damage has moved a secret of a seed to a place where none is."""
    before = [content[: each.start()] for each in re.finditer(SECRET.encode(), content)]
    return not all(re.search(rb"(?:password|token|api_url): \S*$", each) for each in before)


def refusal(act: Callable[[], object], *, is_secret: bool = True) -> UserError | None:
    """Return the error of the environment that an act ends with, None without one.

    Raise Fault unless the error has a message and a hint, and neither has a control character, or a secret if
    `is_secret`.
    """
    try:
        act()
    except UserError as error:
        printed = f"{error.message}{error.hint}"
        require(error.message and error.hint, "an error without a message or a hint", error)
        require(not HIDDEN.search(printed), "an error with a control character", repr(printed))
        require(not is_secret or SECRET not in printed, "an error prints a secret", printed)
        return error
    return None
