"""Names in systems that several specs share: a clash is an error at both places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import tree, victor_mon

SHOP = """\
victor_mon: 1
service:
  name: shop
  title: Web Shop
  owner: sales
  metric_prefix: web_
  select: {job: web}
severities: [warning]
components:
  front:
    metrics:
      web_open: {type: gauge, merge: sum, help: Open requests.}
      web_total: {type: counter, help: Requests.}
signals:
  load: {title: Load, unit: per_second, rate: {of: web_total}}
  open: {title: Open, unit: count, value: {of: web_open, agg: max}}
alerts:
  web:
    HighLoad: {signal: load, when: "> 10/s", for: 5m, severity: warning, summary: "{value}"}
dashboard:
  rows:
    - title: All
      panels:
        - {title: Load, type: timeseries, signal: load}
"""
CAFE = (
    SHOP.replace("name: shop", "name: cafe")
    .replace("title: Web Shop", "title: Café")
    .replace("job: web", "job: cafe")
)
PROD = "contexts:\n  prod: {labels: {place: prod}}\n"
TARGETS = "contexts:\n  prod:\n    labels: {place: prod}\n    targets: [%s]\n"
GRAFANA = TARGETS % "grafana: {url: 'https://g', folder: %s}"
RULER = TARGETS % "ruler: {url: 'https://m', tenant: %s}"
CLUSTER = TARGETS % "kubernetes: {kube_context: %s}"
SAME_SELECT = CAFE.replace("job: cafe", "job: web")
RECORD = "15:3: recorded series `job:web_load:rate_5m`"
UNNAMED = "  alert_labels: {service: null, component: null}\nseverities: [warning]\n"
FILES = "outputs: {dashboard: %s/dashboard.json}\n"


def changed(text: str, *pairs: str) -> str:
    """Return the spec with pairs of texts replaced."""
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


def findings(folder: Path, *specs: str) -> list[str]:
    """Return the lines of the findings of `validate` about specs `a.yaml`, `b.yaml` and so on."""
    (folder / "specs").mkdir()
    for name, text in zip("abc", specs, strict=False):
        (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    ended = victor_mon(folder, "validate")
    found = [line for line in ended.out.splitlines() if "VM615" in line]
    assert ended.status == (1 if found else 0), ended.out + ended.err
    return found


def titled(name: str) -> str:
    """Return the second spec with the title of the first."""
    return changed(CAFE, "title: Café", f"title: {name}")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (SHOP, titled("Web Shop"), "4:10: dashboard title `Web Shop`"),
        (SHOP, titled("web shop"), "4:10: dashboard title `web shop`"),
        (SHOP + PROD, titled("Web Shop") + PROD, "4:10: dashboard title `Web Shop`"),
        (SHOP + GRAFANA % "A", titled("Web Shop") + GRAFANA % "A", "4:10: dashboard title `Web Shop`"),
        (SHOP + FILES % "shop", CAFE + FILES % "cafe", "25:22: dashboard file name `dashboard.json`"),
        (SHOP, SAME_SELECT, RECORD),
        (SHOP + RULER % "t", SAME_SELECT + RULER % "t", RECORD),
    ],
    ids=["title", "title in another case", "context", "folder", "file", "record", "tenant"],
)  # fmt: skip
def test_a_name_in_two_specs_is_an_error_at_both(
    first: str, second: str, expected: str, tmp_path: Path
) -> None:
    """Both places are reported, and each names the other."""
    found = findings(tmp_path, first, second)
    assert len(found) == 2
    place, _, words = expected.partition(": ")
    for line in found:
        own, other = ("a", "b") if line.startswith("specs/a") else ("b", "a")
        assert line.startswith(f"specs/{own}.yaml:{place}: error[VM615] shared-name: the ")
        assert words.split("`")[0] in line
        assert f"is also in `specs/{other}.yaml:{place}`" in line
    assert any(words in line for line in found)


def test_services_of_one_name_share_uid_alerts_and_meta_alerts(tmp_path: Path) -> None:
    """A copy of a spec with paths of its own clashes in all that carries the service's name."""
    copy = changed(SHOP, "title: Web Shop", "title: Copy")
    copy += (
        "outputs: {rules: a.yaml, dashboard: other.json, registry: null, alertmanager: null, docs: null}\n"
    )
    found = {line.split(" is also")[0].split("shared-name: ")[1] for line in findings(tmp_path, SHOP, copy)}
    assert found == {
        "the dashboard uid `shop`",
        "the recorded series `job:web_load:rate_5m` with the same `select`",
        "the alert `HighLoad` with the same labels and `select`",
        "the meta alert `ServiceAbsent` with the same labels and `select`",
    }


def test_meta_alerts_without_the_name_of_the_service_clash(tmp_path: Path) -> None:
    """TargetDown of two services with one select is one alert, unless a label tells them apart."""
    same = ("severities: [warning]\n", UNNAMED)
    first = changed(SHOP, *same)
    second = changed(CAFE, *same, "job: cafe", "job: web", "web_", "coffee_", "HighLoad", "LowLoad")
    found = findings(tmp_path, first, second)
    assert [
        line.split(" with the same")[0].split("the ")[1] for line in found if "/a.yaml:" in line[:14]
    ] == ["meta alert `ServiceAbsent`"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SHOP, CAFE),
        (SHOP + GRAFANA % "Web", titled("Web Shop") + GRAFANA % "Bar"),
        (SHOP + PROD, titled("Web Shop") + PROD.replace("prod", "test")),
        (SHOP + CLUSTER % "east", titled("Web Shop") + CLUSTER % "west"),
        (SHOP + RULER % "one", SAME_SELECT + RULER % "two"),
        (SHOP, titled("Web Shop") + "outputs: {dashboard: null}\n"),
        (SHOP + "checks: {shared-name: off}\n", titled("Web Shop") + "checks: {shared-name: off}\n"),
        (
            changed(SHOP, "title: Web Shop", "title: Web Shop\n  ack: {shared-name: Two Grafanas}"),
            changed(CAFE, "title: Café", "title: Web Shop\n  ack: {VM615: Two Grafanas}"),
        ),
    ],
    ids=["names", "folders", "contexts", "clusters", "tenants", "no dashboard", "off", "acknowledged"],
)
def test_names_that_do_not_meet_are_no_finding(first: str, second: str, tmp_path: Path) -> None:
    """Equal names in different systems or folders, or with different selects, are no finding."""
    assert findings(tmp_path, first, second) == []


def test_a_shared_name_stops_generate_and_check(tmp_path: Path) -> None:
    """`generate` writes nothing, and `check` fails; each spec alone is rendered."""
    assert findings(tmp_path, SHOP, titled("Web Shop"))
    for command in ("generate", "check"):
        ended = victor_mon(tmp_path, command)
        assert (ended.status, ended.err.count("VM615")) == (1, 2)
    assert {name for name in tree(tmp_path) if not name.startswith("specs/")} == set()
    assert victor_mon(tmp_path, "generate", "--spec", "specs/a.yaml").status == 0
