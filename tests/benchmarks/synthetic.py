"""Specs of any size, to measure how the work grows with them."""

from __future__ import annotations

_HEAD = """\
victor_mon: 1
service:
  name: synthetic
  title: Synthetic
  owner: nobody
  metric_prefix: synthetic_
  select: {job: synthetic}
components:
  work:
    metrics:
      synthetic_running: {type: gauge, merge: livesum, help: Work in progress.}
"""
_METRIC = """\
      synthetic_{n}_total:
        type: counter
        help: Work of the kind {n}.
        labels: {{outcome: [success, failure]}}
"""
_SIGNAL = """\
  failures_{n}:
    title: Failures of the kind {n}
    unit: ratio
    ratio:
      of: 'synthetic_{n}_total{{outcome="failure"}}'
      over: synthetic_{n}_total
"""
_HIGH = """\
    HighFailures{n}:
      signal: failures_{n}
      when: "> 5%"
      for: 10m
      severity: warning
      summary: "{{value}} of the work of the kind {n} fails, more than {{threshold}}"
"""
_CRITICAL = """\
    CriticalFailures{n}:
      signal: failures_{n}
      when: "> 20%"
      for: 5m
      severity: critical
      summary: "{{value}} of the work of the kind {n} fails, more than {{threshold}}"
"""


def synthetic_spec(alerts: int) -> str:
    """Return a spec with that many alerts (an even number), two per signal, and a metric per signal."""
    kinds = range(alerts // 2)
    return (
        _HEAD
        + "".join(_METRIC.format(n=n) for n in kinds)
        + "signals:\n"
        + "".join(_SIGNAL.format(n=n) for n in kinds)
        + "alerts:\n  synthetic_work:\n"
        + "".join((_HIGH + _CRITICAL).format(n=n) for n in kinds)
    )


_EXTERNAL_HEAD = """\
victor_mon: 1
service: {name: big, title: Big, owner: nobody, metric_prefix: big_, select: {job: big}}
outputs: {registry: null, kubernetes: null}
"""
_EXTERNAL_METRIC = """\
      big_{n}_total: {{type: counter, help: Work of the kind {n}., labels: {{outcome: [success, failure]}}}}
"""
_PANEL = """\
        - {{type: timeseries, title: Failures {n}, signal: failures_{n}}}
"""


def external_spec(alerts: int) -> str:
    """Return a spec with that many alerts, each on a ratio of an external counter, and a panel for each."""
    parts = {
        "components:\n  work:\n    external: true\n    metrics:\n": _EXTERNAL_METRIC,
        "signals:\n": _SIGNAL.replace("synthetic_", "big_"),
        "alerts:\n  big_work:\n": _HIGH,
        "dashboard:\n  rows:\n    - title: All\n      panels:\n": _PANEL,
    }
    text = _EXTERNAL_HEAD
    for head, part in parts.items():
        text += head + "".join(part.format(n=n) for n in range(alerts))
    return text
