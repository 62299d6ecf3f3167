"""A host's alertmanager.yml: an edit keeps the host's lines, and amtool takes it if it took the text."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.alertmanager.host import fragment
from tests.fuzz import damage
from tests.fuzz.kind import SECRET, Fault, Input, Kind, is_secret_elsewhere, refusal, require
from tests.programs import program
from victor_monitoring.live.alertmanager.host_config import Ownership, config_of, covers, merged, part_of
from victor_monitoring.live.apply.files import text_of

STRICTER = {
    "expected <document start>": "Alertmanager reads the first document, and drops the others",
    "could not determine a constructor": "YAML has no such type, and Alertmanager ignores it",
    "expected a mapping node": "the value is of another type than its tag says, which Alertmanager ignores",
    "expected a sequence": "the value is of another type than its tag says, which Alertmanager ignores",
    "cannot be edited": "the rest of the text would change",
    "cannot be merged": "the rest of the text would change",
    "is written in braces": "the comments in them would be lost",
    "unhashable key": "of a key that is no text Alertmanager makes one",
}
"""Refusals of texts that amtool takes, with the reasons."""
NAME = "alertmanager.yml"
_PLACE = re.compile(rf"`{NAME}:\d+:\d+`")
_LISTS = ("routes", "receivers", "inhibit_rules")
SEEDS = (
    f"""\
# Ask the platform team.
global:
  smtp_smarthost: localhost:25
  smtp_from: a@example.org
  smtp_auth_password: {SECRET}-mail
templates: []
route:
  receiver: host   # everything else
  group_by: [alertname]
  routes:
    # search
    - matchers: [team="search"]
      receiver: search
      continue: true
    - receiver: host
      matchers:
        - team =~ "web|web-.*"
        - severity!="none"
      routes:
        - matchers: ['a="b"']
receivers:
  - name: host
    webhook_configs: [{{url: "http://127.0.0.1:9/host"}}]
  - name: search
    email_configs:
      - to: b@example.org
# Severe mutes mild.
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [alertname]
""",
    """\
route:
  receiver: host
receivers:
- name: host
""",
    """\
---
receivers: [{name: host}, {name: a}]
route: {receiver: host, routes: [{matchers: [team="a"], receiver: a}]}
inhibit_rules: []
...
""",
    f"""\
x-common: &defaults
  group_wait: 10s
receivers:
- &host
  name: host
  slack_configs:
  - api_url: http://127.0.0.1/{SECRET}
    channel: '#a'
    text: |-
      a
        - b

      route:
- name: 'a'
route:
  <<: *defaults
  receiver: "host"
  routes:
  - &a {{match: {{team: a}}, receiver: a}}
  - <<: *a
    continue: yes
time_intervals:
- name: night
  time_intervals:
  - times:
    - start_time: 22:00
      end_time: "24:00"
    weekdays: ['saturday', sunday]
""",
    "route:\r\n  receiver: host\r\n  routes: ~\r\nreceivers:\r\n- name: host\r\ninhibit_rules:\r\n",
    """\
inhibit_rules: null
route:
    routes:
    -   matchers: [a="1"]
        receiver: host

    # end
    receiver: host
receivers:
    -   name: host
    -
        name: b
    # last""",
)


@functools.cache
def own(context: str) -> Ownership:
    """Return the part of a context of the mill."""
    other = {"summer": "fast", "fast": "summer"}[context]
    return Ownership("mill", context, yaml.safe_load(fragment(context)), (yaml.safe_load(fragment(other)),))


@functools.cache
def seeds() -> Sequence[bytes]:
    """Return configurations without a part of the mill, and with one or two."""
    alone = [each.encode() for each in SEEDS]
    one = [merged(each, own("summer"), NAME).encode() for each in SEEDS]
    two = [merged(each.decode(), own("fast"), NAME).encode() for each in one]
    return [*alone, *one, *two]


class Hosts(Kind):
    """Alertmanager configurations."""

    name = "hosts"
    share = 3.0
    sample = 10
    batch = 60
    programs = ("amtool",)

    def draw(self, random: Random) -> Input:
        content = random.choice(seeds())
        return Input({NAME: damage.damaged(random, content)}, before={NAME: content})

    def examine(self, given: Input, folder: Path) -> bool:
        path = given.write(folder) / NAME
        is_secret = not is_secret_elsewhere(given.files[NAME])
        for mine in map(own, ("summer", "fast")):
            error = refusal(functools.partial(_examine, path, mine), is_secret=is_secret)
            if error:
                is_placed = _PLACE.search(error.message) or "UTF-8" in error.message
                require(is_placed, "a refusal without line and column", error.message)
                _require_within(error.message, path)
        return True

    def confirm(self, given: Sequence[Input], folder: Path) -> Mapping[int, Fault]:
        paths = [each.write(folder / f"{number}") / NAME for number, each in enumerate(given)]
        refused = [refusal(functools.partial(_edit, path)) for path in paths]
        taken = _taken([each for path in paths for each in (path, _edited(path)) if each.exists()])
        found = {}
        for number, (path, error) in enumerate(zip(paths, refused, strict=True)):
            if path in taken and error is None and _edited(path) not in taken:
                found[number] = Fault("amtool refuses the edited text, and took the text before")
            elif path in taken and error is not None and not any(each in error.message for each in STRICTER):
                found[number] = Fault("a configuration that amtool takes is refused", error)
        return found


def _edited(path: Path) -> Path:
    return path.with_name("edited.yml")


def _edit(path: Path) -> None:
    _edited(path).write_bytes(merged(str(text_of(path)), own("summer"), NAME).encode())


def _examine(path: Path, mine: Ownership) -> None:
    """Raise Fault unless the edited text has the own part, and keeps the rest: data, comments, lines."""
    before = text_of(path)
    assert before is not None
    config = config_of(before, NAME)
    part_of(config, mine)
    after = merged(before, mine, NAME)
    loaded = config_of(after, NAME)
    part = part_of(loaded, mine)
    require(part == mine.fragment, "the own part is not as rendered")
    require(merged(after, mine, NAME) == after, "a second edit changes the text")
    require(covers(part_of(_shown(loaded), mine), part), "the loaded part is not recognised")
    _require_rest(before, after, mine)


def _shown(config: Any) -> Any:
    """Return a configuration as a server shows it: with its secrets hidden."""
    return config_of(yaml.safe_dump(_hidden(config), sort_keys=True), "status")


def _hidden(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {each: _hidden(below, str(each)) for each, below in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return "<secret>" if key.endswith(("password", "api_url")) else value


def _require_rest(before: str, after: str, mine: Ownership) -> None:
    """Raise Fault unless all else is as before: by another loader, and line by line outside of the lists."""
    one, two = (yaml.load(text.removeprefix("\ufeff"), yaml.CBaseLoader) for text in (before, after))  # noqa: S506 - texts
    if "<<" not in before:
        require(_rest(one, mine) == _rest(two, mine), "the host's part has changed")
    lines = iter(_split(after))
    edited = _edited_lines(before)
    for number, line in enumerate(_split(before)):
        if number not in edited and line.strip() and line not in lines:
            raise Fault("a line of the host is lost", f"line {number + 1}: {line!r}")


def _split(text: str) -> list[str]:
    return re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)


def _rest(config: Any, mine: Ownership) -> Any:
    """Return the data without the own items; empty lists as none."""
    found = {key: value for key, value in config.items() if key not in _LISTS}
    route = dict(found["route"])
    lists = {"routes": route.pop("routes", None), **{key: config.get(key) for key in _LISTS[1:]}}
    kept = {
        key: [each for each in value if not mine.owns(key, each)] if isinstance(value, list) else []
        for key, value in lists.items()
    }
    return {**found, "route": route}, kept


def _edited_lines(text: str) -> set[int]:
    """Return the numbers of the lines that an edit may change: of the lists, and of a route in braces."""
    root = yaml.compose(text.removeprefix("\ufeff"), yaml.CSafeLoader)
    found: set[int] = set()
    for key, node in _entries(root):
        inner = _entries(node) if key == "route" else ()
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            found |= _lines(root)
        if key == "route" and isinstance(node, yaml.MappingNode) and node.flow_style:
            found |= _lines(node)
        for name, value in [*inner, (key, node)]:
            if name in _LISTS:
                found |= _lines(value)
                found.add(value.start_mark.line)
    return found


def _entries(node: Any) -> Iterator[tuple[str, Any]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        yield str(key.value), value


def _lines(node: Any) -> set[int]:
    return set(range(node.start_mark.line, node.end_mark.line + 1))


def _require_within(message: str, path: Path) -> None:
    """Raise Fault unless the line and column of a message are in the text."""
    lines = _split(path.read_bytes().decode("utf-8", "surrogateescape"))
    for line, column in re.findall(rf"{NAME}:(\d+):(\d+)`", message):
        is_in = 1 <= int(line) <= len(lines) + 1 and 1 <= int(column) <= len([*lines, ""][int(line) - 1]) + 1
        require(is_in, "a position outside of the text", message)


def _taken(paths: Sequence[Path]) -> set[Path]:
    """Return those of the files that amtool takes."""
    command = [str(program("amtool")), "check-config", *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    blocks = re.split(r"^Checking '", run.stdout, flags=re.MULTILINE)[1:]
    if len(blocks) != len(paths) or "panic: " in run.stderr:  # of amtool itself: each file for itself
        return {path for path in paths if len(paths) > 1 and _taken([path])}
    return {path for path, block in zip(paths, blocks, strict=True) if "SUCCESS" in block}
