"""What can be added is added in one home: each test adds one thing to a copy of the package, and uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import victor_monitoring

PACKAGE = Path(victor_monitoring.__file__).parent
SPEC = """
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components:
  till:
    external: true
    metrics:
      shop_queue: {type: gauge, merge: max, help: Queue.}
signals:
  queue: {title: Queue, unit: count, value: {of: shop_queue, agg: max}}
alerts:
  shop_alerts:
    Long: {signal: queue, when: "> 5", severity: warning, summary: "{value}, above {threshold}"}
"""


@dataclass(frozen=True)
class Addition:
    """New files and changed texts of the package, changed texts of the spec, and what is then rendered."""

    files: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    spec: tuple[tuple[str, str], ...]
    path: str
    text: str

    @property
    def touched(self) -> int:
        """The number of files of the package."""
        return len({*self.files, *self.changed})


METRIC_TYPE = Addition(
    files={
        "signals/metric_types/state.py": '''
"""States: 1 or 0."""

from victor_monitoring.signals.metric import LEVEL, MetricType, series_key


class State(MetricType):
    """A state."""

    NAME = "state"
    ROLES = frozenset({LEVEL})
    INSTEAD = "read it as a value"
    KEYS = frozenset({"merge"})

    def typical(self, metric, labels, level, growth):
        yield series_key(metric.name, labels), float(level > 0)
'''
    },
    changed={},
    spec=(("type: gauge", "type: state"),),
    path="generated/docs/shop/README.md",
    text="| `shop_queue` | state |",
)
UNIT = Addition(
    files={},
    changed={
        "signals/units.py": (
            '        _scaled(SECONDS, "minutes"',
            (
                '        _scaled(SECONDS, "weeks", Fraction(604800), "d", "none", "weeks"),\n'
                '        _scaled(SECONDS, "minutes"'
            ),
        )
    },
    spec=(("help: Queue.", "unit: weeks, help: Queue."), ("unit: count", "unit: weeks"), ("> 5", "> 14d")),
    path="generated/shop-alerts.yaml",
    text="> 2\n    labels:",
)
KIND = Addition(
    files={
        "signals/kinds/peak.py": '''
"""The greatest value."""

from dataclasses import dataclass
from typing import Literal

from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Selector


@dataclass(frozen=True, slots=True)
class Peak(Value):
    """The greatest value of `of`."""

    NAME = "peak"

    of: Selector
    agg: Literal["max"] = "max"
'''
    },
    changed={},
    spec=(("value: {of: shop_queue, agg: max}", "peak: {of: shop_queue}"),),
    path="generated/shop-alerts.yaml",
    text='expr: max by (job) (last_over_time(shop_queue{job="shop"}[1m])) > 5',
)
OUTPUT = Addition(
    files={
        "renderers/names.py": '''
"""The names of the alerts."""

from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import Artifact


def render(spec):
    """Yield a file with the name of each alert."""
    if spec.context is None:
        text = "".join(f"{alert.name}\\n" for alert in spec.alerts)
        yield Artifact(PurePosixPath(spec.outputs["names"]), text, "names")
'''
    },
    changed={
        "language/model/service.py": (
            '    docs: Text | None = "generated/docs/{service}"',
            (
                '    docs: Text | None = "generated/docs/{service}"\n'
                '    names: Text | None = "generated/{service}-names.txt"'
            ),
        )
    },
    spec=(),
    path="generated/shop-names.txt",
    text="Long\n",
)


def environment(folder: Path) -> Mapping[str, str]:
    """Return the environment in which the copy of the package is imported."""
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def copied(folder: Path, files: Mapping[str, str], changed: Mapping[str, tuple[str, str]]) -> Path:
    """Copy the package with these files and changes, and return an empty repository beside it."""
    package = folder / "victor_monitoring"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        assert not (package / name).exists()
        (package / name).write_text(text.lstrip(), encoding="utf-8")
    for name, (old, new) in changed.items():
        before = (package / name).read_text(encoding="utf-8")
        assert before.count(old) == 1
        (package / name).write_text(before.replace(old, new), encoding="utf-8")
    root = folder / "repository"
    (root / "specs").mkdir(parents=True)
    (root / ".git").mkdir()
    return root


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the copied command in the repository."""
    command = [sys.executable, "-m", "victor_monitoring", *arguments]
    return subprocess.run(
        command, cwd=root, env=environment(root.parent), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("addition", "files"),
    [(METRIC_TYPE, 1), (UNIT, 1), (KIND, 1), (OUTPUT, 2)],
    ids=["metric type", "unit", "kind", "output"],
)
def test_an_addition_is_used_by_every_part(tmp_path: Path, addition: Addition, files: int) -> None:
    """A spec with the new name is valid, rendered as meant, and has no drift; few files are touched."""
    assert addition.touched == files
    root = copied(tmp_path, addition.files, addition.changed)
    text = SPEC
    for old, new in addition.spec:
        assert old in text
        text = text.replace(old, new)
    (root / "specs" / "shop.yaml").write_text(text, encoding="utf-8")
    for command in ("validate", "generate", "check"):
        done = run(root, command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert addition.text in (root / addition.path).read_text(encoding="utf-8")


def test_a_check_is_one_file(tmp_path: Path) -> None:
    """A new check finds and is documented."""
    check = '''
"""Queues."""

from victor_monitoring.checks.check import check
from victor_monitoring.language.syntax.finding import Finding


@check("VM999", "a-queue")
def a_queue(spec):
    """A signal is a queue.

    Nobody likes to wait.
    """
    for name in spec.signals:
        yield Finding(("signals", name), "nobody likes to wait", "open another till")
'''
    root = copied(tmp_path, {"checks/a_queue.py": check}, {})
    (root / "specs" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    assert "error[VM999] a-queue: nobody likes to wait" in run(root, "validate").stdout
    assert "Nobody likes to wait." in run(root, "explain", "VM999").stdout


def test_a_target_is_one_file(tmp_path: Path) -> None:
    """The settings of a new target are read from the spec, and its mistakes have positions."""
    target = '''
"""A pigeon."""

from typing import ClassVar

from victor_monitoring.live.apply.settings import Settings


class PigeonSettings(Settings):
    """A pigeon, by its name."""

    takes: ClassVar = frozenset({"rules"})

    name: str

    def place(self, service, context):
        return (self.name,)

    def target(self, delivery, environment, path):
        raise NotImplementedError
'''
    root = copied(tmp_path, {"live/targets/pigeon.py": target}, {})
    spec = root / "specs" / "shop.yaml"
    spec.write_text(SPEC + "contexts: {prod: {targets: [pigeon: {name: Sid}]}}\n", encoding="utf-8")
    assert run(root, "validate").returncode == 0
    spec.write_text(SPEC + "contexts: {prod: {targets: [pigeon: {nmae: Sid}]}}\n", encoding="utf-8")
    found = run(root, "validate").stdout
    assert "unknown key `nmae`" in found
    assert "did you mean `name`?" in found
