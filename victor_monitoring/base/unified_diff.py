"""The unified diff of two contents, in roughly linear time even if every line changed.

`difflib` alone takes quadratic time (over a minute for the rules of 10,000 alerts). So the lines that occur
once on both sides are matched first, in order, and `difflib` compares only the lines between them (Bram
Cohen's "patience" diff).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher


def unified(before: bytes, after: bytes, path: str) -> str:
    """Return the diff from `before` to `after`, labelled `a/path` and `b/path`; empty if they are equal."""
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
    """Return the lines with their ends. Not `splitlines`: it also splits at form feeds and the like."""
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
    """Return the range of a hunk header: first line and count; for an empty range, the line before it."""
    length = end - start
    return f"{start + 1 if length else start},{length}"


class _AnchoredMatcher(SequenceMatcher[str]):
    """A sequence matcher that first matches the lines that occur once on each side."""

    a: list[str]
    b: list[str]

    def get_matching_blocks(self) -> list[Match]:
        """Return the equal blocks in order, adjacent ones joined, and an empty one at the end."""
        blocks: list[Match] = []
        i = j = 0
        for anchor in [(0, 0), *_anchors(self.a, self.b), (len(self.a), len(self.b))]:
            if anchor[0] < i or anchor[1] < j:
                continue  # inside the block of an earlier anchor
            between = SequenceMatcher(None, self.a[i : anchor[0]], self.b[j : anchor[1]])
            for block in between.get_matching_blocks():
                _join(blocks, Match(i + block.a, j + block.b, block.size))
            i, j = anchor
            length = _common(self.a, self.b, i, j)
            _join(blocks, Match(i, j, length))
            i, j = i + length, j + length
        return [*blocks, Match(len(self.a), len(self.b), 0)]


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest increasing sequence of position pairs of lines that occur once on each side."""
    in_a, in_b = Counter(a), Counter(b)
    at = {line: j for j, line in enumerate(b) if in_b[line] == 1}
    pairs = [(i, at[line]) for i, line in enumerate(a) if in_a[line] == 1 and line in at]
    lowest: list[int] = []  # by length - 1: the lowest position in b that ends a run of that length
    ends: list[int] = []  # by length - 1: the pair with that position
    before: list[int] = []  # for each pair, its predecessor in the run, or -1
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
    """Return the number of equal lines from `a[i]` and `b[j]` on."""
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _join(blocks: list[Match], block: Match) -> None:
    """Append `block`, or extend the last block if it continues it; skip an empty one."""
    if not block.size:
        return
    if blocks and (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size) == (block.a, block.b):
        block = Match(blocks[-1].a, blocks[-1].b, blocks.pop().size + block.size)
    blocks.append(block)
