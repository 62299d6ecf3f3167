"""Typical mistakes of hand-written rules, dashboards and manifests: a spec with one does not validate.

One more mistake, an exposition without its last newline, cannot be expressed in a spec: the client writes
expositions, and tests/renderers/test_registry_judges.py shows one of a rendered registry to promtool.
"""

from __future__ import annotations

import pytest

from tests.checks.expectations import MISTAKES, diagnostics, expected, found

# By the file under mistakes/: for each finding, the text under the carets and the message.
TABLE = {
    "rules-file-does-not-load": [
        ("(", "`min(` is an expression, and a selector is wanted"),
        ("'min(1, shop_depth)'", "`min(1, shop_depth)` is not a quantity"),
    ],
    "queries-metrics-never-exported": [
        ("shop_hit_rate", "unknown metric `shop_hit_rate`"),
        ("error", "no value of `result` is `error`"),
        ("tool", "`shop_lookups_total` has no label `tool`"),
    ],
    "two-limits-on-one-histogram": [
        ("execution", "`execution` is the same as `selection`"),
    ],
    "colours-disagree-with-thresholds": [
        ("thresholds", "unknown key `thresholds`"),
        ("colours", "unknown key `colours`"),
    ],
    "not-a-kubernetes-object": [
        ("manifest", "unknown key `manifest`"),
        ("kind", "unknown key `kind`"),
    ],
    "percent-as-ratio": [
        ("shop_busy_percent", "`shop_busy_percent` ends in `_percent`, which is no base unit"),
        ("percent", "the value is `count`, not `percent`"),
        ("ratio", "the value is `count`, not `ratio`"),
        ('"> 90"', "`90` has no unit, but `ratio` is expected"),
        ('"> 8000%"', "`> 8000%` is never true: `failures` is between 0% and 100%"),
    ],
}


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_of_hand_written_files_is_caught_at_its_place(path):
    """The findings are on the expected lines, with the carets under the mistake, and there are no others."""
    reported = [
        (each.span.source.line(each.span.line)[each.span.column - 1 : each.span.end_column - 1], each.message)
        for each in diagnostics(path)
    ]
    assert reported == TABLE[path.stem]
    assert found(path) == expected(path)


def test_every_mistake_of_the_table_has_a_spec():
    """The table and the specs are the same set."""
    assert sorted(TABLE) == [path.stem for path in MISTAKES]
