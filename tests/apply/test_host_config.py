"""The spec's part of a host's Alertmanager configuration: inserted and replaced without other changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.alertmanager.host import fragment
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.alertmanager import host_config
from victor_monitoring.live.alertmanager.host_config import Ownership, covers, part_of

NAME = "am/alertmanager.yml"
HEAD = "# ours to keep\nglobal: {resolve_timeout: 3m}\n"
ROUTE = 'route:\n  receiver: host  # nobody else\n  routes:\n  - matchers: [team="a"]\n    receiver: a\n'
RECEIVERS = "receivers:\n- name: host\n- name: a\n"
RULES = 'inhibit_rules:\n- source_matchers: [a="1"]\n  target_matchers: [a="2"]\n  equal: [x]\n'
INDENTED = ROUTE.replace("  - m", "      - m").replace("    r", "        r")
REMARKED = ROUTE.replace("  - m", "  # first\n\n  - m") + "  # last\n\n"
SEVERAL_LINES = (
    '  webhook_configs:\n  - url: "http://127.0.0.1:9/"\n' + RULES + ROUTE + "templates:\n- |-\n  a\n  b\n"
)
BRACKETS = """\
route:
  routes: [{matchers: [team="a"], receiver: a}]
  receiver: host
receivers: [{name: host}, {name: a}]
"""
DASHES = """\
route:
  receiver: host
  routes:
    -
      matchers: [team="a"]
      receiver: a
    - # b
      receiver: host
"""
ANCHORS = """\
route:
  receiver: host
  routes:
  - &a {matchers: [team="a"], receiver: a}
  - <<: *a
    continue: true
"""
ALIASES = """\
route: &top
  receiver: host
  routes: &routes
  - matchers: [team="a"]
    group_by: &labels [alertname]
    receiver: a
  - receiver: a
    group_by: *labels
  group_by: *labels
receivers: !!seq
# the first
- name: host
- &a
  name: a
"""
MERGED = """\
x: &x {routes: [{receiver: a}], group_by: [b]}
route:
  <<: *x
  receiver: host
receivers:
- name: host
- name: a
"""
ALIAS = "x: &x [{receiver: a}]\nroute:\n  receiver: host\n  routes: *x\n"
SEPARATORS = "# a\u2028\n" + ROUTE.replace("  # nobody else", "\r  # nobody\x85  # else") + RECEIVERS
HOSTS = {
    "lists in line with their keys": HEAD + ROUTE + RECEIVERS + RULES,
    "lists indented": HEAD + INDENTED + RECEIVERS.replace("- ", "    - "),
    "comments between items": REMARKED + RECEIVERS.replace("- name: a", "# a\n- name: a\n# b"),
    "a key after the list": ROUTE + "  group_by: [x]\n" + RULES + "# between\n\n" + RECEIVERS,
    "no inhibitions": HEAD + ROUTE + RECEIVERS,
    "no routes": "route:\n  receiver: host\n\n\n" + RECEIVERS,
    "empty lists": "route:\n  routes: []  # none\n  receiver: host\ninhibit_rules: []\n" + RECEIVERS,
    "lists of nothing": "inhibit_rules:\nroute:\n  routes:\n  receiver: host\n" + RECEIVERS,
    "null": "inhibit_rules: null\nroute: \n  routes: ~\n  receiver: host\n" + RECEIVERS,
    "lists in brackets": BRACKETS,
    "no end of line at the end": (HEAD + RECEIVERS + ROUTE).rstrip("\n"),
    "texts of several lines": RECEIVERS + SEVERAL_LINES,
    "lines of another system": (HEAD + ROUTE + RECEIVERS + RULES).replace("\n", "\r\n"),
    "dashes alone": DASHES + RECEIVERS,
    "anchors": ANCHORS + RECEIVERS,
    "aliases": ALIASES,
    "a merged list": MERGED,
    "an alias instead of a list": ALIAS + RECEIVERS,
    "a mark of byte order": "\ufeffinhibit_rules: []\n" + ROUTE + RECEIVERS,
    "lines of two systems": ROUTE.replace("\n", "\r\n") + RECEIVERS,
    "separators of lines": SEPARATORS,
    "lone carriage returns": (ROUTE + RECEIVERS).replace("\n", "\r"),
    "text beyond ASCII": "# überall\n" + ROUTE.replace("nobody", "niemand, überhaupt") + RECEIVERS,
    "a document with its marks": "---\n" + ROUTE + RECEIVERS + "...\n",
}
REWRITTEN = ("lists in brackets", "an alias instead of a list")
WHOLE = [name for name in HOSTS if name not in REWRITTEN]  # hosts of which no line is rewritten


def own(context: str = "summer") -> Ownership:
    """Return the spec's part in a context of the mill."""
    other_contexts = {"summer": "fast", "fast": "summer"}
    return Ownership(
        "mill",
        context,
        yaml.safe_load(fragment(context)),
        (yaml.safe_load(fragment(other_contexts[context])),),
    )


def merged(text: str, mine: Ownership) -> str:
    return host_config.merged(text, mine, NAME)


def config_of(text: str) -> dict[str, Any]:
    return host_config.config_of(text, NAME)


def foreign(text: str) -> dict[str, Any]:
    """Return the configuration without the spec's parts of all contexts, and null lists as empty ones."""
    config = config_of(text)
    route = config["route"]
    config["receivers"] = [each for each in config["receivers"] if not each["name"].startswith("mill/")]
    config["inhibit_rules"] = [each for each in config.get("inhibit_rules") or () if "mill" not in str(each)]
    route["routes"] = [each for each in route.get("routes") or () if "mill" not in str(each)]
    return config


@pytest.mark.parametrize("host", HOSTS)
def test_own_part_is_inserted(host: str) -> None:
    """The host's part keeps its meaning, the spec's is as rendered, and merging again changes nothing."""
    text = merged(HOSTS[host], own())
    assert foreign(text) == foreign(HOSTS[host])
    assert part_of(config_of(text), own()) == own().fragment
    assert merged(text, own()) == text


@pytest.mark.parametrize("host", WHOLE)
def test_no_line_of_the_host_changes(host: str) -> None:
    """Every line and comment stays unchanged and in order, except empty lists that are filled."""
    text = merged(HOSTS[host], own())
    end = "" if HOSTS[host].endswith(("\n", "\r")) else "\n"
    rest = iter((text + end).splitlines(keepends=True))
    for line in (HOSTS[host] + end).splitlines(keepends=True):
        kept = line if line.split("#")[0].split(":")[-1].strip() not in ("[]", "null", "~") else None
        assert kept is None or kept in rest, line


@pytest.mark.parametrize("host", HOSTS)
def test_own_part_is_replaced_in_place(host: str) -> None:
    """A changed part replaces the old one in place; a receiver that is no longer rendered is removed."""
    first = merged(HOSTS[host], own())
    changed = yaml.safe_load(fragment("summer").replace("mill/summer/pager", "mill/summer/siren"))
    changed["routes"][0]["group_wait"] = "1m"
    changed["inhibit_rules"].pop()
    mine = Ownership("mill", "summer", changed, own().other_contexts)
    text = merged(first, mine)
    assert foreign(text) == foreign(HOSTS[host])
    assert part_of(config_of(text), mine) == changed
    names = [each["name"] for each in config_of(text)["receivers"]]
    assert names == [each["name"].replace("pager", "siren") for each in config_of(first)["receivers"]]
    assert merged(text, own()).count("\n") == first.count("\n")


def test_contexts_share_a_host() -> None:
    """Each context has its own route and receivers; inhibitions of both occur once."""
    both = merged(merged(HOSTS["no inhibitions"], own("summer")), own("fast"))
    assert merged(both, own("summer")) == both
    config = config_of(both)
    assert len(config["route"]["routes"]) == 3
    assert len(config["inhibit_rules"]) == len(own().fragment["inhibit_rules"])
    assert part_of(config, own("summer")) == own("summer").fragment
    assert part_of(config, own("fast")) == own("fast").fragment


@pytest.mark.parametrize(
    "route",
    [
        {"matchers": ['service="mill"', 'season="summer"'], "receiver": "host"},
        {"matchers": ['service="mill"'], "routes": [{"receiver": "host"}]},
        {"matchers": ['service="mill"'], "routes": [{"receiver": "mill/winter/pager"}]},
        {"matchers": ['service="miller"', 'season="summer"'], "routes": []},
        {"match": {"service": "mill"}, "receiver": "host"},
        {"matchers": ['service="mill"', 'season="summer"'], "routes": 5},
    ],
)
def test_foreign_routes_that_resemble_own_ones(route: dict[str, Any]) -> None:
    """A foreign route for the spec's alerts is not taken for its own."""
    assert not own().owns("routes", route)


def test_foreign_inhibitions_that_resemble_own_ones() -> None:
    """An inhibition between own and foreign alerts is foreign, and so is one that another context renders."""
    mine = own().fragment["inhibit_rules"][0]
    assert own().owns("inhibit_rules", mine)
    assert own().owns("inhibit_rules", {**mine, "equal": ["signal"]})  # as it was rendered before
    for side in ("source_matchers", "target_matchers"):
        assert not own().owns("inhibit_rules", {**mine, side: ['team="other"']})
    foreign_rule = {**mine, "equal": ["other"]}
    other = {**own().fragment, "inhibit_rules": [foreign_rule]}
    assert not Ownership("mill", "summer", own().fragment, (other,)).owns("inhibit_rules", foreign_rule)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("route: [", ":2:1` is no YAML"),
        ("receivers: []", ":1:1`: there is no `route`"),
        ("- a\n", ":1:1`: there is no `route`"),
        ("receivers: []\nroute: host\n", ":2:8`: there is no `route`"),
        (ROUTE + "receivers: none\n", ":6:12`: `receivers` is no list"),
        (ROUTE + RECEIVERS + "inhibit_rules: {a: b}\n", ":9:16`: `inhibit_rules` is no list"),
        ("route:\n  receiver: host\n  routes:\n    a: b\n" + RECEIVERS, ":4:5`: `routes` is no list"),
        ("route: &a\n  receiver: host\n  x: *a\n" + RECEIVERS, ":1:8` cannot be read: its aliases expand"),
        ("x: &x\n  receiver: host\nroute: *x\n" + RECEIVERS, ":3:8` cannot be edited as it is written"),
        ("? route\n: receiver: host\n" + RECEIVERS, ":4:1` cannot be merged"),
        ("route: {receiver: host, # me\n group_by: [a]}\n" + RECEIVERS, ":1:8` is written in braces"),
    ],
)
def test_texts_that_cannot_be_edited(text: str, place: str) -> None:
    """A text that is not edited is reported by the file's name, and the position where it has one."""
    with pytest.raises(UserError) as refused:
        merged(text, own())
    assert refused.value.message.startswith(f"`{NAME}{place}")
    assert NAME in refused.value.hint or "write" in refused.value.hint or refused.value.hint.endswith("there")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# a\nroute: {receiver: host}  # b\n", "# a\nroute:\n  receiver: host  # b\n"),
        (
            'route: {receiver: host, "x y": [1,\n 2],\n matchers: []}\n',
            'route:\n  receiver: host\n  "x y": [1,\n 2]\n',
        ),
        ("{route: {receiver: host}, a: 1}\n", "route:\n  receiver: host\n"),
    ],
)
def test_braces_become_lines(text: str, lines: str) -> None:
    """A mapping in braces around the lists is written as lines; its values stay as they are written."""
    text = text.replace("a: 1}", "a: 1, receivers: [{name: host}]}") if "receivers" not in text else text
    text += "" if "receivers" in text else RECEIVERS
    after = merged(text, own())
    assert lines in after
    assert part_of(config_of(after), own()) == own().fragment
    assert merged(after, own()) == after


@pytest.mark.parametrize("value", ["=", "on", "10:30", "2020-99-99", "0777", "0x1F", "1_000", "=~", "a b"])
def test_bare_words_are_text(value: str) -> None:
    """Go reads a word by the type of its field; only numbers, booleans and null of YAML 1.2 are no text."""
    assert config_of(f"{ROUTE}{RECEIVERS}x: {value}\n")["x"] == value
    assert config_of(f"{ROUTE}{RECEIVERS}x: [1, -2, .5, 1e3, true, null]\n")["x"] == [
        1,
        -2,
        0.5,
        1e3,
        True,
        None,
    ]


@pytest.mark.parametrize("name", [".5", "1e3", "+1", "a", "!!str 7", "{b}"])
def test_a_list_in_brackets_becomes_lines(name: str) -> None:
    """Its items stay as they are written: a number is the name of a receiver as its digits are."""
    text = f"route:\n  receiver: host\nreceivers: [{{name: host}}, {{name: {name}}}]  # ours\n"
    assert f"receivers:\n- {{name: host}}\n- {{name: {name}}}  # ours\n" in merged(text, own())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("# a\nroute: {receiver: \x0bhost}\n" + RECEIVERS, ":2:19` is no YAML"),
        (ROUTE + RECEIVERS + "!!binary " + RULES, ":10:1` cannot be edited"),
        (ROUTE + RECEIVERS + "x: !!float a\n", ":9:4` cannot be read"),
        (ROUTE.replace("\n", "\r\r\n") + RECEIVERS, ""),
    ],
)
def test_texts_that_are_read_differently(text: str, place: str) -> None:
    """A key with a tag, a control character and doubled line ends are refused at their place, or merged."""
    if place:
        with pytest.raises(UserError) as refused:
            merged(text, own())
        assert refused.value.message.startswith(f"`{NAME}{place}")
    else:
        assert foreign(merged(text, own())) == foreign(text)


@pytest.mark.parametrize("value", ["!a b", "!a [b]", "!a {b: c}"])
def test_local_tags(value: str) -> None:
    """Alertmanager ignores them, and it stays in the text."""
    text = f"{ROUTE}{RECEIVERS}x: {value}\n"
    assert config_of(text)["x"] == config_of(re.sub("!+a ", "", text))["x"]
    assert f"\nx: {value}\n" in merged(text, own())


def test_tabs_at_the_end_of_lines_stay() -> None:
    """They are YAML, before a comment and after a bracket too."""
    text = f"route:\n  receiver: host\t# a\n  group_by: [b]\t\n{RECEIVERS}"
    after = merged(text, own())
    assert "  receiver: host\t# a\n  group_by: [b]\t\n" in after
    assert config_of(after)["route"]["group_by"] == ["b"]


@pytest.mark.parametrize(
    "value",
    ["!!int a", "!!bool a", "!!timestamp a", "1" * 5_000, "&a [*a]", "[" * 900 + "]" * 900],
)
def test_values_that_cannot_be_read(value: str) -> None:
    """A value that cannot be read is a UserError, and no traceback."""
    with pytest.raises(UserError, match=r"`am/alertmanager\.yml:\d+:\d+` cannot be read: "):
        merged(f"{ROUTE}{RECEIVERS}x: {value}\n", own())


def test_more_than_fits_into_memory() -> None:
    """A few lines whose aliases expand to more than fits into memory are refused at once."""
    lines = [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)]
    with pytest.raises(UserError, match=r"`am/alertmanager\.yml:\d+:\d+` cannot be read: "):
        merged(f"{ROUTE}{RECEIVERS}x:\n- &a0 [x]\n{''.join(lines)}", own())


def test_an_anchor_in_the_own_part() -> None:
    """If the host refers to an own line that is to be removed, merging fails with a message."""
    text = merged(HOSTS["no routes"], own())
    text = text.replace("receiver: mill/summer/pager", "receiver: &pager mill/summer/pager", 1)
    assert "&pager" in text
    with pytest.raises(UserError, match="cannot be merged"):
        merged(f"{text}x: *pager\n", Ownership("mill", "summer", {**own().fragment, "routes": []}))


def test_configuration_as_shown_by_an_alertmanager() -> None:
    """Added defaults, sorted matchers and hidden secrets are covered; a value that differs is not."""
    wanted = {"matchers": ['b="1"', 'a="2"'], "receiver": "x", "configs": [{"url": "u", "times": 3}]}
    shown = {
        "matchers": ['a="2"', 'b="1"'],
        "receiver": "x",
        "continue": False,
        "configs": [{"url": "<secret>", "times": "3"}],
    }
    assert covers(shown, wanted)
    others: list[dict[str, object]] = [{"receiver": "y"}, {"matchers": ['b="1"']}, {"configs": None}]
    for other in others:
        assert not covers({**shown, **other}, wanted)
