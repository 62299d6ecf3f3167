"""The reader of the model: every mistake is reported once, at its position, and the rest is still read."""

from __future__ import annotations

import pytest

from tests.language.small_spec import HEAD, compiled, diagnosed

INDENTED = "write `key: value` lines below it, indented"
UPGRADE = "upgrade `victor-monitoring`, or write `victor_mon: 1`"
SLUG = "`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`"


@pytest.mark.parametrize(
    ("body", "culprit", "meant"),
    [
        ("signal: {}", "signal", "signals"),
        ("defaults: {windw: 5m}", "windw", "window"),
        ("kubernetes: {rule_key: a}", "rule_key", "rules_key"),
        ("components: {a: {metric: {}}}", "metric", "metrics"),
        (
            "components: {a: {metrics: {shop_a_total: {type: counter, help: A., lables: {}}}}}",
            "lables",
            "labels",
        ),
        (
            (
                "components: {a: {metrics: {shop_a_total: {type: counter, help: A., "
                "labels: {tool: {open: true, limits: 6}}}}}}"
            ),
            "limits",
            "limit",
        ),
        ("signals: {a: {title: A, unit: count, value: {of: shop_a, aggr: max}}}", "aggr", "agg"),
        (
            "signals: {a: {title: A, unit: ratio, ratio: {of: a, over: b, at_most: true}}}",
            "at_most",
            "at_most_one",
        ),
        (
            ("signals: {a: {title: A, unit: score, score: [{signal: b, weight: 100, wrst: 9, best: '0'}]}}"),
            "wrst",
            "worst",
        ),
        ("alerts: {g: {A: {signal: a, when: any, severity: warning, sumary: A}}}", "sumary", "summary"),
        (
            "alerts: {g: {A: {signal: a, when: any, severity: a, only_if: {signal: a, wen: any}}}}",
            "wen",
            "when",
        ),
        (
            "alerts: {g: {A: {signal: a, when: any, severity: warning, ack: {VM402: {reasn: B}}}}}",
            "reasn",
            "reason",
        ),
        ("dashboard: {rows: [{title: R, panel: []}]}", "panel", "panels"),
        ("dashboard: {rows: [{title: R, panels: [{title: P, type: stat, signl: a}]}]}", "signl", "signal"),
        ("contexts: {prod: {overrides: {}}}", "overrides", "override"),
        ("meta: {severty: critical}", "severty", "severity"),
        ("signals: {a: {title: A, unit: count, valeu: {of: shop_a, agg: max}}}", "valeu", "value"),
    ],
)
def test_an_unknown_key_gets_the_nearest_known_one_at_every_depth(body, culprit, meant):
    """The caret is under the key itself, and the hint names the intended key."""
    first = next(each for each in compiled(body).diagnostics if "did you mean" in each.hint)
    line = (HEAD + body).splitlines()[first.span.line - 1]
    assert line[first.span.column - 1 : first.span.end_column - 1] == culprit
    assert first.hint == f"did you mean `{meant}`?"


@pytest.mark.parametrize(
    ("context", "hint"),
    [
        ("{component: operator}", "write `kubernetes: {objects: operator}`"),
        ("{component: null}", "write `kubernetes: {objects: null}`"),
        ("{component: }", "write `kubernetes: {objects: null}`"),
        ("{component: [a]}", "write `kubernetes: {objects: ..}`"),
        (
            "{component: configmap, kubernetes: {port: 1}}",
            "write `objects: configmap` under its `kubernetes`",
        ),
    ],
)
def test_a_moved_key_gets_its_new_place(context, hint):
    """The hint has the value that was written, and the caret is under the key; elsewhere it is unknown."""
    found = [f"3:19 VM040 `component` is now `kubernetes: {{objects: ..}}`; {hint}"]
    assert diagnosed(f"contexts: {{prod: {context}}}") == found
    assert diagnosed("budget: {component: 5, series: 1}") == [
        "3:10 VM040 unknown key `component`; known: `reason`"
    ]


def test_all_mistakes_are_reported_in_one_run_in_order():
    """Invalid keys, values and references are reported together, by line and column."""
    assert diagnosed("""
        signals:
          typo: {title: A, unit: seconds, rate: {of: shop_a_totl}}
          kind: {title: B, unit: count}
          text: {title: 5, unit: counts, value: {of: shop_depth, agg: mean}}
        alerts:
          shop:
            A: {signal: typ, when: "> 5", for: five, severity: warning, summary: A}
            B: {signal: typo, when: "> 5/s", severity: warnin, summary: A}
        components:
          api:
            metrics:
              shop_a_total: {type: counter, help: A., labels: [tool]}
              shop_depth: {type: gage, help: B.}
        dashbord: {}
    """) == [
        "5:46 VM101 unknown metric `shop_a_totl`; declare it under `components`",
        (
            "6:9 VM042 the signal has no kind; add one of `age`, `count`, `expr`, `increase`, "
            "`mean`, `quantile`, `rate`, `ratio`, `score`, `until`, `value`"
        ),
        '7:17 VM042 `title` must be text; a bare `5` is a number in YAML: quote it, `"5"`',
        "7:26 VM042 `counts` is no unit; did you mean `count`?",
        "7:63 VM042 `agg` cannot be `mean`; known: `avg`, `max`, `min`, `sum`",
        "10:40 VM042 `five` is not a duration; write a duration such as `30s`, `5m` or `1h30m`",
        "11:48 VM106 unknown severity `warnin`; did you mean `warning`?",
        "15:55 VM042 `labels` must be a mapping of keys to values; write `key: value` lines without dashes",
        "16:26 VM042 `type` cannot be `gage`; did you mean `gauge`?",
        "17:1 VM040 unknown key `dashbord`; did you mean `dashboard`?",
    ]


def test_a_broken_entity_causes_no_further_noise():
    """A reference to an entity that could not be read is not reported as undefined."""
    assert diagnosed("""
        components:
          api:
            metrics:
              shop_a_total: {type: count, help: A.}
          web: {metrics: {shop_b_total: {type: counter, help: B.}}, endpoint: 5}
        signals:
          a: {title: A, unit: per_second, rate: {of: shop_a_total}}
          b: {title: B, unit: per_second, rate: {of: shop_b_total}}
          c: {title: C, unit: second, value: {of: shop_b_total, agg: max}}
          score: {title: D, unit: score, score: [{signal: c, weight: 100, worst: 0%, best: 1%}]}
        alerts:
          shop:
            A: {signal: a, when: "> 1/s", severity: warning, component: web, summary: "{value}"}
            B: {signal: b, when: "> 1/s", severity: warning, summary: "{value}"}
            C: {signal: c, when: "> 1%", severity: warning, summary: "{tool}"}
            D: {signal: score, only_if: {signal: c, when: "> 1%"}, when: "< 5", severity: warning, summary: A}
        dashboard: {rows: [{title: R, panels: [{title: P, type: stat, signal: c}]}]}
    """) == [
        "7:28 VM042 `type` cannot be `count`; did you mean `counter`?",
        '8:71 VM042 `endpoint` must be text; a bare `5` is a number in YAML: quote it, `"5"`',
        "12:23 VM042 `second` is no unit; did you mean `seconds`?",
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "severities: critical",
            "3:13 VM042 `severities` must be a list; put it into brackets: `[critical]`",
        ),
        (
            "checks: {short-window: fatal}",
            "3:24 VM042 `short-window` cannot be `fatal`; known: `error`, `note`, `off`, `warning`",
        ),
        ("meta: {for: 5}", "3:13 VM042 `5` has no unit; write a duration such as `30s`, `5m` or `1h30m`"),
        (
            "alerts: [a]",
            "3:9 VM042 `alerts` must be a mapping of keys to values; write `key: value` lines without dashes",
        ),
        (
            "budget: {series: many}",
            "3:18 VM042 `series` must be a whole number; write it plain, such as `200`",
        ),
        (
            "dashboard: {rows: [{title: R, panels: []}]}",
            "3:39 VM042 `panels` has too few items; write at least 1",
        ),
        ("contexts: {prod: {time_scale: 0}}", "3:31 VM042 `time_scale` is too small; write a number above 0"),
        (
            "signals: {a-b: {title: A, unit: count}}",
            "3:11 VM042 `a-b` is not valid here; it must match `^[a-zA-Z_][a-zA-Z0-9_]*$`",
        ),
        (
            "signals: {a b: {title: A, unit: count, value: {of: a}}}",
            "3:11 VM042 `a b` is not valid here; it must match `^[a-zA-Z_][a-zA-Z0-9_]*$`",
        ),
        (
            "signals: {a: {title: A, unit: count, rate: }}",
            "3:44 VM042 `rate` must be a mapping of keys to values; " + INDENTED,
        ),
        (
            "signals: {a: {title: A, unit: score, score: {signal: b}}}",
            "3:45 VM042 `score` must be a list; put `- ` in front of each item",
        ),
        (
            "signals: {a: {title: A, unit: seconds, quantile: {q: 95%, of: a}}}",
            "3:54 VM042 this must be a number; write it without quotes or unit, such as `0.95` or `40`",
        ),
        (
            "components: {a: {external: ja, metrics: {}}}",
            "3:28 VM042 `external` must be true or false; write `true` or `false`",
        ),
        (
            "components: {a: {metrics: {shop_a: {type: gauge, help: A., range: [0]}}}}",
            "3:67 VM042 `range` has too few items; write at least 2",
        ),
    ],
)
def test_a_value_of_another_form_is_reported_with_the_required_one(body, line):
    """One mistake is one diagnostic: its position, the key as written, and the repair."""
    assert diagnosed(body) == [line]


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (
            "victor_mon: 2\nservice: {}\n",
            [
                "1:13 VM042 version 2 of the spec language is not supported, only version 1 is; " + UPGRADE,
            ],
        ),
        (
            "service: {name: a}\n",
            [
                "1:1 VM041 `title` is missing in `service`; add `title:`",
                "1:1 VM041 `victor_mon` is missing; add `victor_mon:`",
            ],
        ),
        (
            "victor_mon: 1\n",
            [
                "1:1 VM041 `service` is missing; add `service:`",
            ],
        ),
        (
            'victor_mon: 1\nservice: {name: Shop, title: A, owner: B, metric_prefix: shop, select: {job: ""}}\n',
            [
                "2:17 VM042 `Shop` is not valid here; it must match " + SLUG,
                "2:58 VM042 `shop` is not valid here; it must match `^[a-zA-Z_][a-zA-Z0-9_]*_$`",
                "2:78 VM042 `job` is empty; write a text",
            ],
        ),
    ],
)
def test_nothing_is_read_on_without_a_version_and_a_service(head, lines):
    """If these are invalid, only their mistakes are reported."""
    assert diagnosed("signals: {a: {title: A, unit: count, value: {of: nowhere, agg: max}}}", head) == lines


DURATION = "write a duration such as `30s`, `5m` or `1h30m`"
TEMPLATE = "VM042 `{{` starts a template in Prometheus; write the text without it"
LABELLED = "components: {a: {metrics: {shop_a_total: {type: counter, help: A., labels: {%s: [a]}}}}}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (LABELLED % "nan", "3:77 VM042 PromQL cannot group by a label `nan`; choose another name"),
        (LABELLED % "Without", "3:77 VM042 PromQL cannot group by a label `Without`; choose another name"),
        (
            "contexts: {p: {select: {Inf: a}}}",
            "3:25 VM042 PromQL cannot group by a label `Inf`; choose another name",
        ),
        (
            "contexts: {p: {labels: {__name__: a}}}",
            "3:25 VM042 the label `__name__` is reserved for Prometheus; choose a name without `__` in front",
        ),
        ("contexts: {p: {labels: {team: '{{ .Value }}'}}}", f"3:31 {TEMPLATE}"),
        ("contexts: {p: {select: {pod: 'a{{'}}}", f"3:30 {TEMPLATE}"),
        (
            "kubernetes: {rules_key: a/b}",
            "3:25 VM042 `a/b` is not valid here; it must match `^[-._a-zA-Z0-9]+$`",
        ),
        (
            "outputs: {dashboard: .}",
            (
                "3:22 VM042 `.` is not valid here; "
                r"it must match `(^|[/\\])[-._a-zA-Z0-9]+\.json$`"
            ),
        ),
        (
            "outputs: {registry: 3d.py}",
            (
                "3:21 VM042 `3d.py` is not valid here; "
                r"it must match `(^|[/\\])[a-zA-Z_][a-zA-Z0-9_]*\.py$`"
            ),
        ),
    ],
)
def test_names_that_prometheus_kubernetes_or_python_refuse_are_reported(body, expected):
    """Names and texts that would make a rendered file invalid for its reader are errors in the spec."""
    assert diagnosed(body) == [expected]


def test_the_texts_of_the_service_are_valid_in_rendered_files():
    """Its title and owner are in every rule, its namespace in every object."""
    head = """\
victor_mon: 1
service:
  name: shop
  title: "{{ Shop }}"
  owner: "{{"
  namespace: Shop
  metric_prefix: shop_
  select: {job: shop}
  scope: [__zone]
"""
    assert diagnosed("", head) == [
        f"4:10 {TEMPLATE}",
        f"5:10 {TEMPLATE}",
        "6:14 VM042 `Shop` is not valid here; it must match `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`",
        "9:11 VM042 the label `__zone` is reserved for Prometheus; choose a name without `__` in front",
    ]


def test_a_value_of_no_alternative_is_reported_once_by_its_own_name():
    """Pydantic's names of the alternatives are not shown."""
    assert diagnosed("kubernetes: {port: {a: b}}") == [
        '3:20 VM042 `port` must be text; a bare `{` starts a mapping in YAML: quote the whole text, `"{a: b}"`'
    ]


def test_a_boolean_with_one_value_says_which():
    """`open` can only be true."""
    assert diagnosed("""
        components:
          a: {metrics: {shop_a_total: {type: counter, help: A., labels: {t: {open: yep}}}}}
    """) == ["5:76 VM042 `open` cannot be `yep`; known: `true`"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("severities: [mild, grave, mild]", "3:13 VM042 `mild` is listed twice; remove one of them"),
        (LABELLED.replace("[a]", "[a, b, a]") % "t", "3:80 VM042 `a` is listed twice; remove one of them"),
        (LABELLED.replace("[a]", "[a, '']") % "t", "3:84 VM042 `item 2 of t` is empty; write a text"),
        ("meta: {for: 90}", f"3:13 VM042 `90` has no unit; {DURATION}"),
        ("meta: {for: 2y}", f"3:13 VM042 `2y` is longer than a year; {DURATION}"),
    ],
)
def test_an_unreasonable_value_is_reported(body, expected):
    """A repeated value, an empty value of a label, a duration without a unit or longer than a year."""
    assert diagnosed(body) == [expected]
