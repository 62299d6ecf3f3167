"""Texts that match a regular expression."""

from __future__ import annotations

import pytest

from victor_monitoring.promql.examples import examples


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("node|node-exporter", ("node", "node-exporter")),
        ("", ("",)),
        ("node-.*", ("node-0", "node-")),
        (".+", ("0",)),
        ("(a|b)(c|d)", ("ac", "ad", "bc", "bd")),
        ("https?", ("https", "http")),
        ("a{2,}b{0}", ("aa",)),
        ("a*?", ("a", "")),
        (r"host[0-9]+\.eu:9100", ("host0.eu:9100",)),
        ("[^0-9]", ("a",)),
        ("[]a]x", ("ax",)),
        ("[[:alpha:]]+", ("a",)),
        (r"[\]]", ("]",)),
        (r"\x61\d\w", ("a00",)),
        ("(?i)Abc", ("Abc",)),
        ("(?i:a)b|(?P<x>c)", ("ab", "c")),
        (r"^\bat\b$", ("at",)),
        ("[*+?}]{", ("*{",)),
        ("a^b", ()),
    ],
)
def test_examples_match_the_whole_pattern(pattern: str, texts: tuple[str, ...]) -> None:
    """Each alternative is there, and an optional part both occurs and does not; none if no text matches."""
    assert examples(pattern) == texts


def test_the_number_of_examples_is_limited() -> None:
    """Many alternatives in a row do not multiply without end."""
    assert len(examples("(a|b|c|d)" * 30)) == 20
