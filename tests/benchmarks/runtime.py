"""The cost of evaluating signals in process: memory for the ring of samples, and time for each sample.

Separate processes measure, so that their peak memory includes nothing else.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from prometheus_client import CollectorRegistry

from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.victor import registry as victor

_ROOT = Path(__file__).resolve().parents[2]
_HOUR = 3_600_000
_OWN, _LONG = "the spec", "an hour"


def measure() -> None:
    """Print the measurements, each made in a new process."""
    for windows in (_OWN, _LONG):
        subprocess.run([sys.executable, "-m", "tests.benchmarks.runtime", windows], cwd=_ROOT, check=True)


def main(windows: str) -> None:
    """Measure in this process, with all label values that the registry admits, and these windows."""
    registry = CollectorRegistry()
    metrics = victor.Metrics(registry)
    for component, method, *values in _children():
        getattr(getattr(metrics, component), method)(*values)
    clock = itertools.count(1_000_000, victor.SCRAPE // 1000)
    module = ModuleType("hour")
    signals = victor.SIGNALS
    if windows == _LONG:
        signals = {name: {**data, "window": _HOUR} for name, data in signals.items()}
    module.__dict__.update({**vars(victor), "SIGNALS": signals})
    evaluator = Evaluator(module, registry.collect, clock=lambda: next(clock))
    series = sum(len(family.samples) for family in registry.collect())
    before = _resident()
    samples = _HOUR // victor.SCRAPE + 1
    start = time.process_time()
    for _ in range(samples):
        evaluator.sample()
    sampled = time.process_time()
    evaluator.signals()
    evaluated = time.process_time()
    evaluator.step()
    stepped = time.process_time()
    print(
        f"\nWindows of {windows}, one sample in {victor.SCRAPE // 1000} s, a registry with {series:,} series:"
    )
    print(f"- resident memory: {(_resident() - before) / 1024:.1f} MiB")
    print(f"- one sample: {(sampled - start) * 1000 / samples:.1f} ms")
    print(f"- all {len(signals)} signals: {(evaluated - sampled) * 1000:.0f} ms")
    print(f"- all {len(victor.ALERTS)} alerts: {(stepped - evaluated) * 1000:.0f} ms")


def _children() -> Iterator[tuple[str, ...]]:
    """Yield the component, method and label values of every child that the registry admits."""
    for data in victor.METRICS.values():
        labels = data["labels"]
        assert isinstance(labels, dict)
        choices = [
            [f"{label}-{index}" for index in range(values["limit"])] if isinstance(values, dict) else values
            for label, values in labels.items()
        ]
        if choices:
            for values in itertools.product(*choices):
                yield (str(data["component"]), str(data["attribute"]), *values)


def _resident() -> int:
    """Return the peak resident memory of the process, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1])
