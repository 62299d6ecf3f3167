"""Guards as they are written: one or a list, and the place of each mistake."""

from __future__ import annotations

import pytest

from tests.language.small_spec import compiled, diagnosed

BODY = """
severities: [warning]
meta: null
components: {till: {metrics: {shop_open: {type: gauge, merge: max, help: Open.}}}}
signals:
  open: {unit: count, value: {of: shop_open, agg: max}}
  sum: {unit: count, value: {of: shop_open, agg: sum}}
alerts:
  shop:
    A:
      signal: open
      when: "> 5"
      severity: warning
      summary: A
      GUARDS
"""


@pytest.mark.parametrize(
    ("guards", "expected"),
    [
        (
            "unless: [{signal: sum, when: any}, {signal: sun, when: present}]",
            "17:51 VM104 unknown signal `sun`; did you mean `sum`?",
        ),
        (
            "only_if: [{signal: sum, when: any}, {signal: sum, when: 5s}]",
            "17:63 VM042 `5s` is not a condition: there is no comparison",
        ),
        ("unless: []", "17:15 VM042 `unless` has too few items; write at least 1"),
        (
            "only_if: sum",
            "17:16 VM042 `only_if` must be a mapping of keys to values",
        ),
        (
            "unless: [sum]",
            "17:16 VM042 `item 1 of unless` must be a mapping of keys to values",
        ),
        ("unless: {signal: sum}", "17:7 VM041 `when` is missing in `unless`; add `when:`"),
        (
            "only_if: [{signal: sum, wen: any, when: any}]",
            "17:31 VM040 unknown key `wen`; move its content to `when`, which is already there, or remove it",
        ),
        (
            "only_if: [{signal: sum, when: any}, {signal: sum, when: any}]",
            "17:43 VM412 `sum any` is already in `only_if`; remove this guard, or change its condition",
        ),
    ],
)
def test_a_mistake_is_shown_in_its_guard(guards: str, expected: str) -> None:
    """The mark is in the item of the list, below the part that is wrong."""
    (found,) = diagnosed(BODY.replace("GUARDS", guards))
    assert found.startswith(expected)


def test_a_guard_may_be_written_without_a_list() -> None:
    """One guard alone is the same as a list of it."""
    guard = "{signal: sum, when: present}"
    specs = [compiled(BODY.replace("GUARDS", f"unless: {each}")).base for each in (guard, f"[{guard}]")]
    (one,), (other,) = [spec.alerts if spec else () for spec in specs]
    assert one.guards == other.guards
    assert [path for path, _ in (*one.placed_guards, *other.placed_guards)] == [
        ("alerts", "shop", "A", "unless"),
        ("alerts", "shop", "A", "unless", 0),
    ]
