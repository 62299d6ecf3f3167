"""The unified diff of two contents, in time that grows with their size even where every line changed.

`difflib` alone is quadratic there (a minute and more for the rules of 10,000 alerts). So the lines that
occur once on both sides are matched first, in order, and `difflib` sees only what lies between them
(the "patience" diff of Bram Cohen).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher


def unified(before: bytes, after: bytes, path: str) -> str:
    """What turns `before` into `after`, labelled `a/path` and `b/path`; empty if they are equal."""
    if before == after:
        return ""
    try:
        old, new = before.decode(), after.decode()
    except UnicodeDecodeError:
        return f"Binary files a/{path} and b/{path} differ\n"
    if "\0" in old:
        return f"Binary files a/{path} and b/{path} differ\n"
    return f"--- a/{path}\n+++ b/{path}\n" + "".join(_hunks(_lines(old), _lines(new)))


def _lines(text: str) -> list[str]:
    """The lines with their ends. Not `splitlines`: it also breaks at marks that end no line in a diff."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([f"{last}\n\\ No newline at end of file\n"] if last else [])


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    for group in _AnchoredMatcher(None, old, new, autojunk=False).get_grouped_opcodes():
        (_, i, _, j, _), (_, _, i_end, _, j_end) = group[0], group[-1]
        yield f"@@ -{_extent(i, i_end)} +{_extent(j, j_end)} @@\n"
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[i:i_end])
                continue
            yield from (f"-{line}" for line in old[i:i_end])
            yield from (f"+{line}" for line in new[j:j_end])


def _extent(start: int, end: int) -> str:
    """First line and number of lines as a hunk's head writes them; the line before an empty stretch."""
    length = end - start
    return f"{start + 1 if length else start},{length}"


class _AnchoredMatcher(SequenceMatcher[str]):
    """A matcher that takes lines which occur once on both sides as fixed points."""

    a: list[str]
    b: list[str]

    def get_matching_blocks(self) -> list[Match]:
        """The equal stretches in order, adjacent ones joined, and an empty one at the end."""
        blocks: list[Match] = []
        i = j = 0
        for anchor in [(0, 0), *_anchors(self.a, self.b), (len(self.a), len(self.b))]:
            if anchor[0] < i or anchor[1] < j:
                continue  # inside the stretch that the anchor before it began
            between = SequenceMatcher(None, self.a[i : anchor[0]], self.b[j : anchor[1]])
            for block in between.get_matching_blocks():
                _join(blocks, Match(i + block.a, j + block.b, block.size))
            i, j = anchor
            length = _common(self.a, self.b, i, j)
            _join(blocks, Match(i, j, length))
            i, j = i + length, j + length
        return [*blocks, Match(len(self.a), len(self.b), 0)]


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The longest run of pairs of positions, rising on both sides, whose line occurs once on each side."""
    in_a, in_b = Counter(a), Counter(b)
    at = {line: j for j, line in enumerate(b) if in_b[line] == 1}
    pairs = [(i, at[line]) for i, line in enumerate(a) if in_a[line] == 1 and line in at]
    lowest: list[int] = []  # the lowest position in b that ends a run of each length
    ends: list[int] = []  # the pair it belongs to
    before: list[int] = []  # for each pair, the one before it in its run, or -1
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(lowest, j)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [j]
        ends[length : length + 1] = [number]
    run = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]


def _common(a: Sequence[str], b: Sequence[str], i: int, j: int) -> int:
    """How many lines from `i` and `j` on are equal."""
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _join(blocks: list[Match], block: Match) -> None:
    """Add `block`, as a part of the last one where it continues it; an empty one adds nothing."""
    if not block.size:
        return
    if blocks and (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size) == (block.a, block.b):
        block = Match(blocks[-1].a, blocks[-1].b, blocks.pop().size + block.size)
    blocks.append(block)
