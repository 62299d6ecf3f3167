"""Names of labels and groups that Prometheus might refuse."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.language.small_spec import HEAD, compiled
from tests.rules.rendered import compiled_text, rule_files
from victor_monitoring.app.pipeline import render

WORDS = [
    "and", "or", "unless", "atan2", "sum", "avg", "count", "min", "max", "group", "stddev", "stdvar",
    "topk", "bottomk", "count_values", "offset", "by", "on", "without", "ignoring",
    "group_left", "group_right", "bool", "start", "end", "nan", "NaN", "inf", "Inf", "rate", "absent",
    "vector", "e1", "step",
]  # fmt: skip
SPEC = """
components: {api: {metrics: {shop_a_total: {type: counter, help: A., labels: {"%s": [a]}}}}}
signals:
  rate: {title: A, unit: per_second, by: ["%s"], rate: {of: shop_a_total}}
  idle: {title: B, unit: score, score: [{signal: rate, weight: 100, worst: 9/s, best: 0/s, reduce: max}]}
alerts: {shop: {High: {signal: rate, when: "> 8/s", severity: warning, summary: "{%s}"}}}
"""


def promtool_takes(promtool: Path, path: Path, rules: Any) -> bool:
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    command = [str(promtool), "check", "rules", "--lint-fatal", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_a_label_or_is_refused(word: str, promtool: Path, tmp_path: Path) -> None:
    """Prometheus loads the rendered rules; a word that the spec language refuses, Prometheus refuses too."""
    text = SPEC.replace("%s", word)
    if compiled(text).has_errors:
        rule = {"record": "a:b", "expr": f"sum by ({word}) (shop_a_total)"}
        assert not promtool_takes(promtool, tmp_path / "a", {"groups": [{"name": "a", "rules": [rule]}]})
    else:
        ((_, rules), *_) = rule_files(tuple(render(compiled_text(HEAD + text))))
        assert promtool_takes(promtool, tmp_path / "a", rules)


@pytest.mark.parametrize("meta", ["shop", "shop_recording", "shop_meta"])
def test_groups_of_one_name_are_one_group(meta: str, promtool: Path, tmp_path: Path) -> None:
    """Prometheus loads the file if the meta group has the name of an alert's or the recordings' group."""
    text = SPEC.replace("%s", "code") + f"meta: {{group: {meta}}}\n"
    ((_, rules), *_) = rule_files(tuple(render(compiled_text(HEAD + text))))
    names = [group["name"] for group in rules["groups"]]
    assert names == list(dict.fromkeys(["shop_recording", "shop", meta]))
    assert promtool_takes(promtool, tmp_path / "a", rules)
