"""The changes between two specs, as text."""

from __future__ import annotations

import pytest

from tests.rules.rendered import compiled_text
from tests.rules.test_goldens import SPEC
from victor_monitoring.app.pipeline import render
from victor_monitoring.changes.compare import changes, changes_everywhere

BEFORE = (
    SPEC.read_text(encoding="utf-8").replace("  dashboard: null\n", "")
    + """
dashboard:
  rows:
    - title: Sacks
      panels:
        - {title: Torn, type: timeseries, signal: torn}
        - {title: Flour, type: stat, signal: flour}
"""
)
SHOP_SPEC = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components:
  cache:
    metrics:
      shop_entries: {type: gauge, merge: livesum, help: E., labels: {cache: [a, b]}}
      shop_calls_total: {type: counter, help: C., labels: {code: [ok, bad], tool: {open: true, limit: 9}}}
      shop_wait_seconds: {type: histogram, unit: seconds, help: W., buckets: [1s, 2s, 4s]}
signals:
  bad:
    {title: Bad, unit: ratio, by: [tool], ratio: {of: 'shop_calls_total{code="bad"}', over: shop_calls_total}}
  slow: {title: Slow, unit: seconds, quantile: {q: 0.95, of: shop_wait_seconds}}
  health: {title: Health, unit: score, score: [{signal: slow, weight: 100, worst: 2s, best: 1s}]}
alerts:
  shop:
    Bad: {signal: bad, when: "> 5%", severity: warning, summary: "{tool}"}
    Ill: {signal: health, when: "< 50", severity: warning, summary: A}
dashboard: {rows: [{title: R, panels: [{title: Slowness, type: stat, signal: slow}]}]}
contexts:
  prod:
    receivers: {pager: {severities: [critical]}, chat: {}}
"""


def described(before: str, after: str) -> list[str]:
    """Return the changes as text; breaking ones end in `!`."""
    old, new = compiled_text(before), compiled_text(after)
    assert old.base is not None
    assert new.base is not None
    return [f"{each.words()}{'!' if each.breaking else ''}" for each in changes(old.base, new.base)]


MILL = [  # an edit of the spec, and all its changes
    ('when: "> 2.5%"', 'when: "> 3%"', ["alert SacksTear: `> 2.5%` becomes `> 3%`: loosened"]),
    ('when: "> 2.5%"', 'when: "> 2%"', ["alert SacksTear: `> 2.5%` becomes `> 2%`: tightened"]),
    ('when: "< 1.5GiB"', 'when: "< 2GiB"', ["alert FlourLow: `< 1.5GiB` becomes `< 2GiB`: tightened"]),
    ('">= 20%"', '"> 20%"', ["alert SacksBurst: `>= 20%` becomes `> 20%`: loosened"]),
    ("for: 90s", "for: 2m", ["alert FlourLow: `for` of `1m30s` becomes `2m`: loosened"]),
    ("for: 90s, ", "", ["alert FlourLow: `for` of `1m30s` removed: tightened"]),
    ("keep_firing_for: 4m", "keep_firing_for: 5m", [
        "alert SacksBurst: `keep_firing_for` of `4m` becomes `5m`",
    ]),
    (
        'only_if: {signal: sacks, when: "> 0.1/s"}',
        'only_if: {signal: sacks, when: "> 0.2/s"}',
        ["alert SacksTear: the guard `sacks > 0.1/s` becomes `sacks > 0.2/s`: loosened"],
    ),
    (
        '      only_if: {signal: sacks, when: "> 0.1/s"}\n', "",
        [
            "alert SacksTear: the guard `sacks > 0.1/s` removed: tightened",
            "signal sacks: `job_site_grain:mill_sacks:rate_5m` is no longer recorded!",
        ],
    ),
    (
        'only_if: {signal: sacks, when: "> 0.1/s"}',
        'unless: {signal: sacks, when: "> 0.1/s"}',
        [
            "alert SacksTear: the guard `sacks > 0.1/s` removed: tightened",
            "alert SacksTear: the guard `unless sacks > 0.1/s` added: loosened",
        ],
    ),
    (
        'only_if: {signal: sacks, when: "> 0.1/s"}',
        'only_if: [{signal: slowness, when: present}, {signal: sacks, when: "> 0.1/s"}]',
        ["alert SacksTear: the guard `slowness present` added: loosened"],
    ),
    (
        "severity: info, summary: \"P95",
        "severity: warning, summary: \"P95",
        ["alert SackSlow: the severity `info` becomes `warning`: tightened"],
    ),
    ("    SackSlow: {", "    SackLate: {", [
        "alert SackLate: added, info at slowness `> 1s`: tightened",
        "alert SackSlow: removed, info at slowness `> 1s`: loosened",
    ]),
    ("shift: night", "shift: day", ["alert SacksBurst: the label `shift` `night` becomes `day`"]),
    ("actions: [Sew,", "annotations: {page: '{{ $value }}'}\n      actions: [Sew,", [
        "alert SacksTear: the annotation `page` `{{ $value }}` added",
    ]),
    ("actions: [Sew,", "actions: [Glue,", ["alert SacksTear: the description or the actions differ"]),
    (
        'meta: {group: mill_meta, for: 3m, severity: critical}', "meta: null",
        ["meta alerts: switched off: loosened"],
    ),
    ("for: 3m, severity: critical}", "for: 2m, severity: critical}", [
        "meta alerts: `for` of `3m` becomes `2m`: tightened",
    ]),
    ("    window: 10m\n", "    window: 20m\n", ["signal torn: the window `10m` becomes `20m`!"]),
    ("type: stat, signal: flour}", "type: gauge, signal: flour}", [
        "panel Flour: the type `stat` becomes `gauge`",
    ]),
    ("{title: Torn, type", "{title: Tears, type", [
        "panel Tears: added in Sacks", "panel Torn: removed from Sacks",
    ]),
    ("team: grain", "team: flour", ["service mill: the label set `team=grain` becomes `team=flour`"]),
    ("scope: [site]", "scope: [site, hill]", ["service mill: the scope `site` becomes `site, hill`!"]),
    ("{job: wheel}", "{job: wheels}", ['component wheel: the select `job="wheel"` becomes `job="wheels"`!']),
    ("{rules_key: mill.yaml}", "{rules_key: mill.yaml, labels: {release: kps}}", [
        "service mill: the labels of objects `release=kps` added",
    ]),
    ("owner: millers", "owner: bakers", ["service mill: the owner `millers` becomes `bakers`"]),
]  # fmt: skip

UNLESS = 'unless: [{signal: slowness, when: present}, {signal: turns_spare, when: "> 2GiB"}]'


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ('unless: [{signal: turns_spare, when: "> 2GiB"}, {signal: slowness, when: present}]', []),
        (
            'unless: [{signal: slowness, when: present}, {signal: turns_spare, when: "> 1GiB"}]',
            ["the guard `unless turns_spare > 2GiB` becomes `unless turns_spare > 1GiB`: loosened"],
        ),
        (
            'unless: [{signal: slowness, when: present}, {signal: turns_spare, when: "> 3GiB"}]',
            ["the guard `unless turns_spare > 2GiB` becomes `unless turns_spare > 3GiB`: tightened"],
        ),
        (
            'unless: {signal: turns_spare, when: "> 2GiB"}',
            ["the guard `unless slowness present` removed: tightened"],
        ),
    ],
)
def test_guards_are_compared_in_pairs(after: str, expected: list[str]) -> None:
    """The order of guards means nothing; `unless` that is met more often loosens the alert."""
    guard = 'only_if: {signal: sacks, when: "> 0.1/s"}'
    texts = (BEFORE.replace(guard, each) for each in (UNLESS, after))
    assert described(*texts) == [f"alert SacksTear: {each}" for each in expected]


SHARE = 'the share of shop_calls_total{{code="{}"}} in shop_calls_total over 5m'
READERS = ("alert Ill", "panel Slowness", "REST field cache.wait_seconds")
SHOP = [
    (", tool: {open: true, limit: 9}", "", "by: [tool], ", "", '"{tool}"', "A", [
        "alert Bad: the summary `{tool}` becomes `A`",
        "signal bad: no longer by `tool`: breaks alert Bad!",
        "metric shop_calls_total: label `tool` removed: breaks alert Bad, REST field cache.calls_total!",
    ]),
    ("      shop_entries: {type: gauge, merge: livesum, help: E., labels: {cache: [a, b]}}\n", "", [
        "metric shop_entries: removed: breaks REST field cache.entries!",
    ]),
    ("cache: [a, b]", "cache: [a, c]", [
        "metric shop_entries: value `c` of label `cache` added",
        "metric shop_entries: value `b` of label `cache` removed!",
    ]),
    ("code: [ok, bad]", "code: [fine, bad]", [
        "metric shop_calls_total: value `fine` of label `code` added",
        "metric shop_calls_total: value `ok` of label `code` removed!",
    ]),
    ("code: [ok, bad]", "code: [ok, ill]", 'code="bad"', 'code="ill"', [
        f"signal bad: its meaning: `{SHARE.format('bad')}` becomes `{SHARE.format('ill')}`",
        "metric shop_calls_total: value `ill` of label `code` added",
        "metric shop_calls_total: value `bad` of label `code` removed: breaks alert Bad!",
    ]),
    ("limit: 9", "limit: 5", ["metric shop_calls_total: the limit of `tool` `9` becomes `5`"]),
    ("[1s, 2s, 4s]", "[1s, 2s, 8s]", [
        f"metric shop_wait_seconds: bucket bounds 4 removed: breaks {', '.join(READERS)}!",
        "metric shop_wait_seconds: bucket bounds 8 added",
    ]),
    ("merge: livesum", "merge: livemax", [
        "metric shop_entries: `merge` `livesum` becomes `livemax`",
    ]),
    ("  cache:\n    metrics", "  cache:\n    endpoint: store\n    metrics", [
        "component cache: the endpoint `cache` becomes `store`!",
    ]),
    ("by: [tool], ratio", "by: [tool, code], ratio", ["signal bad: now by `code`!"]),
]  # fmt: skip


@pytest.mark.parametrize("edit", MILL, ids=lambda edit: edit[1])
def test_an_edit_of_alerts_and_signals(edit):
    """Each edit is described once, with its effect on alerting."""
    old, new, expected = edit
    assert old in BEFORE
    assert described(BEFORE, BEFORE.replace(old, new)) == expected


@pytest.mark.parametrize("edit", SHOP, ids=lambda edit: edit[1] or edit[0])
def test_an_edit_of_metrics(edit):
    """Each edit of a metric names the alerts, panels and REST fields that read it."""
    *replacements, expected = edit
    after = SHOP_SPEC
    for old, new in zip(replacements[::2], replacements[1::2], strict=True):
        assert old in after
        after = after.replace(old, new)
    assert described(SHOP_SPEC, after) == expected


@pytest.mark.parametrize("edit", [edit[:2] for edit in MILL], ids=lambda edit: edit[1])
def test_a_change_of_rendered_files_is_described(edit):
    """Each edit changes a rendered file, and an unchanged spec has no changes."""
    old, new = edit
    rendered = [render(compiled_text(text)) for text in (BEFORE, BEFORE.replace(old, new))]
    assert rendered[0] != rendered[1]
    assert described(BEFORE, BEFORE) == []


def test_another_prometheus_is_a_change():
    """Another Prometheus version is a change of the service, though no rule differs."""
    after = BEFORE.replace("  labels: {team: grain}\n", '  labels: {team: grain}\n  prometheus: "2.42"\n')
    assert described(BEFORE, after) == ["service mill: the Prometheus `2.42` added"]


def test_receivers_are_compared():
    """A removed receiver is a loosening; other alerts of a receiver are a change."""
    old, new = (
        compiled_text(text).contexts["prod"]
        for text in (
            SHOP_SPEC,
            SHOP_SPEC.replace("pager: {severities: [critical]}, chat: {}", "chat: {severities: [warning]}"),
        )
    )
    assert [each.words() for each in changes(old, new)] == [
        "receiver chat: receives: `everything` becomes `warning`",
        "receiver pager: removed, received critical: loosened",
    ]


def test_a_time_scale_is_one_change():
    """Durations are compared before time scaling; the context also renders no objects."""
    compiled = compiled_text(BEFORE)
    assert compiled.base is not None
    found = [each.words() for each in changes(compiled.base, compiled.contexts["fast"])]
    assert found == [
        "service mill: the time scale `1` becomes `30`",
        "service mill: the objects of `configmap` becomes `null`",
    ]


def test_objects_of_base_are_one_change():
    """Another kind of objects breaks their readers; contexts that inherit it do not repeat the change."""
    text = SHOP_SPEC + "  lab: {kubernetes: {objects: configmap}}\n"
    before, after = compiled_text(text).base, compiled_text(text + "kubernetes: {objects: operator}\n").base
    assert before is not None
    assert after is not None
    ((found, context),) = changes_everywhere(before, after)
    assert (found.path, found.breaking, context) == (("kubernetes", "objects"), True, None)
    assert found.words() == "service shop: the objects of `configmap` becomes `operator`"


def test_a_context_is_compared_with_itself():
    """A context's kind of objects, protection and targets are compared; base has no targets."""
    target = "{prometheus: {url: 'http://localhost:9090', rules_dir: rules}}"
    written = SHOP_SPEC + f"    protected: true\n    targets: [{target}]\n"
    before, after = (
        compiled_text(text)
        for text in (
            written,
            written.replace("protected: true", "kubernetes: {objects: null}").replace(":9090", ":9091"),
        )
    )
    assert [each.words() for each in changes(before.contexts["prod"], after.contexts["prod"])] == [
        "service shop: the objects of `configmap` becomes `null`",
        "service shop: protected `true` becomes `false`",
        "service shop: the targets differ",
    ]
    assert before.base is not None
    found = [each.words() for each in changes(before.base, before.contexts["prod"])]
    assert "service shop: the targets differ" not in found
