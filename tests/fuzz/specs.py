"""Specs: each is compiled or explained, and the files of one without errors are taken by their readers."""

from __future__ import annotations

import copy
import datetime
import functools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.cli.commands import victor_mon
from tests.fuzz import damage, grammar
from tests.fuzz.kind import Fault, Files, Input, Kind, require, require_explained
from tests.programs import program, version
from victor_monitoring.app.pipeline import Compiled, render
from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.specs import compile_files
from victor_monitoring.language.model.read import read
from victor_monitoring.live.foreign_yaml import load
from victor_monitoring.promql.prometheus_version import parse_version

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (
    *sorted(ROOT.glob("specs/examples/*.yaml")),
    *sorted(ROOT.glob("tests/*/spec.yaml")),
    *sorted(ROOT.glob("tests/checks/fixtures/*.yaml")),
    ROOT / "tests/checkout.yaml",
    ROOT / "specs/performance.yaml",
)
SHARED = (
    "contexts",
    "defaults",
    "severities",
    "labels",
    "receivers",
    "components",
    "signals",
    "alerts",
    "checks",
)
WITHOUT_EFFECT = {
    "ack": "it excuses findings",
    "alert_labels": "a spec may have no alert",
    "alertmanager": "a spec may render no route",
    "budget": "it is compared with the series, and only an excess is reported",
    "checks": "the severity of findings",
    "defaults": "a spec may have nothing with a window",
    "honor_labels": "a spec may render no ServiceMonitor",
    "outputs": "a spec may have nothing for an output",
    "proof": "`test --mutate` reads it",
    "protected": "`apply` reads it",
    "reason": "for readers of the spec",
    "rules_key": "a spec may render no ConfigMap",
    "severities": "a severity may have no alert",
}
"""Keys whose change may change no file, with the reasons."""
TODAY = datetime.datetime(2026, 11, 23)  # noqa: DTZ001 - a day of the user
_IMPORT = """
import importlib.util, sys
for number, path in enumerate(sys.argv[1:]):
    try:
        spec = importlib.util.spec_from_file_location(f"registry{number}", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception as error:
        print(f"{path}\\t{type(error).__name__}: {error}")
"""


@functools.cache
def seeds() -> Sequence[Files]:
    """Return the specs that are damaged, each as its files."""
    return [{f"specs/{path.parent.name}-{path.name}": path.read_bytes()} for path in SEEDS]


class Specs(Kind):
    """Specs, alone, over a base, or two in a run."""

    name = "specs"
    share = 5.0
    sample = 12
    batch = 12
    programs = ("promtool",)

    def draw(self, random: Random) -> Input:
        found = seeds()[min(random.randrange(len(seeds())) for _ in range(2))]  # the last ones are large
        match random.choice(("alone", "alone", "alone", "alone", "base", "two")):
            case "base":
                found = _over_base(random, found)
            case "two":
                found = {**found, **random.choice(seeds())}
        name = random.choice(sorted(found))
        how = random.choice((damage.damaged, damage.scalar, damage.scalar, damage.nodes, _admitted, _crossed))
        return Input({**found, name: how(random, found[name])}, before=found)

    def examine(self, given: Input, folder: Path) -> bool:
        compiled, diagnostics = _compiled(given.write(folder))
        require_explained(diagnostics)
        if any(each.severity is Severity.ERROR for each in diagnostics):
            return False
        require(all(each.base for each in compiled), "a spec without errors is not resolved")
        _require_admitted(given)
        texts = _effects(compiled)
        require(texts == _effects(compiled), "the second rendering differs")
        if given.before is not None and given.files != given.before:
            _require_effect(given, folder, compiled)
        return True

    def confirm(self, given: Sequence[Input], folder: Path) -> Mapping[int, Fault]:
        found: dict[int, Fault] = {}
        for number, each in enumerate(given):
            try:
                _require_generated(each.write(folder / str(number)))
            except (Fault, AssertionError) as error:
                found[number] = error if isinstance(error, Fault) else Fault("a command fails", error)
        judges: Mapping[str, Callable[[Path, Sequence[Path]], Iterator[tuple[Path, str]]]] = {
            "promtool refuses rules": _refused_rules,
            "a registry module is not imported": _failed_imports,
        }
        for rule, judge in judges.items():
            for path, reason in judge(folder, [folder / str(each) for each in range(len(given))]):
                number = int(path.relative_to(folder).parts[0])
                found.setdefault(number, Fault(rule, f"{path.relative_to(folder)}: {reason}"))
        return found


def _over_base(random: Random, found: Files) -> Files:
    """Return the spec with some of its keys in a base that it extends."""
    ((name, content),) = found.items()
    written = damage.parsed(content)
    if not isinstance(written, dict) or "extends" in written:
        return found
    moved = [key for key in written if key in SHARED and random.random() < 0.6]
    base = {key: written[key] for key in moved}
    rest = {key: value for key, value in written.items() if key not in moved}
    rest = {"victor_mon": rest.pop("victor_mon", 1), "extends": "../base.yaml", **rest}
    return {name: damage.dumped(rest), "base.yaml": damage.dumped(base)}


def _admitted(random: Random, content: bytes) -> bytes:
    """Return the spec with one to four values that its schema admits."""
    written = damage.parsed(content)
    if not isinstance(written, dict):
        return damage.damaged(random, content)
    for _ in range(random.randint(1, 4)):
        grammar.extended(random, written, grammar.spec_schema())
    return damage.dumped(written)


def _crossed(random: Random, content: bytes) -> bytes:
    """Return the spec with a value from the same kind of place in another spec."""
    (other,) = random.choice(seeds()).values()
    one, two = damage.parsed(content), damage.parsed(other)
    known = list(damage.paths(one))
    donors = list(damage.paths(two))
    if not known or not donors:
        return damage.scalar(random, content)
    path = random.choice(known)
    alike = [
        each for each in donors if each[:1] == path[:1] and len(each) == len(path) and each[-1] == path[-1]
    ]
    chosen = random.choice(alike or donors)
    damage.at(one, path[:-1])[path[-1]] = copy.deepcopy(damage.at(two, chosen))
    return damage.dumped(one)


def _compiled(folder: Path) -> tuple[list[Compiled], list[Any]]:
    (folder / ".git").mkdir(exist_ok=True)
    paths = sorted((folder / "specs").iterdir())
    return compile_files([SpecFile.at(path) for path in paths], TODAY)


def _effects(compiled: Sequence[Compiled]) -> object:
    """Return everything that specs without errors have an effect on."""
    return [
        (
            [(each.path, each.text) for each in render(spec)],
            spec.targets,
            [_unlocated(d) for d in spec.diagnostics],
        )
        for spec in compiled
    ]


def _unlocated(diagnostic: Any) -> tuple[object, ...]:
    return diagnostic.code, diagnostic.severity, diagnostic.message


def _require_effect(given: Input, folder: Path, compiled: Sequence[Compiled]) -> None:
    """Raise Fault if a change of a spec without errors changes nothing, and no default says so."""
    assert given.before is not None
    data = [_data(each) for each in (given.before, given.files)]
    require(data[1] is not None, "YAML that its own reader refuses is accepted")
    if data[0] is None or data[0] == data[1]:
        return
    before, diagnostics = _compiled(Input(given.before).write(folder / "before"))
    if any(each.severity is Severity.ERROR for each in diagnostics) or _effects(before) != _effects(compiled):
        return
    models = list(_different(_models(before), _models(compiled)))
    unexplained = [each for each in models if not _may_be_silent(*each)]
    require(not unexplained, "a change has no effect", unexplained)
    if models:
        return
    pairs = list(_different(*data))
    unexplained = [each for each in pairs if not _is_explained(*each)]
    require(not unexplained, "a change is read as none", unexplained)


class _Texts(yaml.CSafeLoader):
    """A loader of texts, mappings, lists and nothing else, which follows merge keys."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("<<"))]}


def _require_admitted(given: Input) -> None:
    """Raise Fault if the published schema refuses a spec without errors that is complete in itself."""
    for name, content in given.files.items():
        try:
            data = load(content.decode("utf-8-sig"))
        except yaml.YAMLError:  # such as `=` and `<<` as texts
            continue
        if name.startswith("specs/") and "extends" not in data:
            found = next(_validator().iter_errors(data), None)
            require(
                found is None,
                "the schema refuses a valid spec",
                found and (found.json_path, found.message[:300]),
            )


@functools.cache
def _validator() -> Any:
    return Draft202012Validator(grammar.spec_schema())


def _data(files: Files) -> Any:
    """Return the data of all specs over their base, each scalar as its text."""
    try:
        found = {name: yaml.load(content.decode("utf-8-sig"), _Texts) for name, content in files.items()}  # noqa: S506 - texts
    except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError):
        return None
    base = found.pop("base.yaml", {})
    return {name: _merged(base, each) for name, each in found.items()}


def _merged(below: Any, above: Any) -> Any:
    """Return the data of a spec merged over its base."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    return above


def _models(compiled: Sequence[Compiled]) -> list[object]:
    """Return each spec as written."""
    specs = (read(each.trees[None]).spec for each in compiled)
    return [each.model_dump(warnings=False) if each else None for each in specs]


def _different(one: Any, two: Any, path: damage.Path = ()) -> Iterator[tuple[damage.Path, Any, Any]]:
    """Yield the paths at which two trees differ, with both values; None for a missing one."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in {**one, **two}:
            yield from _different(one.get(key), two.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for number, (a, b) in enumerate(zip(one, two, strict=True)):
            yield from _different(a, b, (*path, number))
    elif one != two:
        yield path, one, two


def _is_explained(path: damage.Path, one: Any, two: Any) -> bool:
    """Return whether a change of a value may be read as none.

    So it may if one of the two is not written, and is the default then, or both are the same in other words.
    """
    if None in (one, two) or {"null", "~", "", "Null", "NULL"} & {str(one), str(two)}:
        return True
    return _number(one) == _number(two) is not None


def _may_be_silent(path: damage.Path, one: Any, two: Any) -> bool:
    """Return whether a change of a value may have no effect.

    One of the two may be a computed default, such as a title. Texts may differ in blanks, and lists of labels
    in repeated ones.
    """
    if None in (one, two) or WITHOUT_EFFECT.keys() & set(map(str, path)):
        return True
    if isinstance(one, list) and isinstance(two, list):
        return set(map(str, one)) == set(map(str, two))
    return isinstance(one, str) and isinstance(two, str) and one.split() == two.split()


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _require_generated(folder: Path) -> None:
    """Raise Fault unless the files of a spec are written, as rendered, and written again without a change."""
    (folder / ".git").mkdir(exist_ok=True)
    options = ("--today", TODAY.date().isoformat())
    for number in range(2):
        run = victor_mon(folder, "generate", *options)
        if "is rendered twice" in run.err:  # by two specs, which only this command knows to have one root
            return
        require(run.status == 0, "generate refuses a spec that validate accepts", run.err)
        require(
            number == 0 or (", 0 removed" in run.err and "0 written" in run.err),
            "generate is not stable",
            run.err,
        )
    run = victor_mon(folder, "check", *options)
    require(run.status == 0, "check reports drift after generate", run.out + run.err)


def _refused_rules(folder: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each rules file that promtool refuses, with its reason."""
    promtool = program("promtool")
    is_old = parse_version(version(promtool)).is_before_3
    paths = [
        path
        for root in roots
        for path in sorted(root.rglob("*.yml")) + sorted(root.rglob("*.yaml"))
        if "specs" not in path.parts
        and b"\ngroups:\n" in path.read_bytes()
        and not (is_old and b"victor-mon/prometheus" in path.read_bytes())
    ]
    if not paths:
        return
    run = subprocess.run([promtool, "check", "rules", *paths], capture_output=True, text=True, check=False)
    if run.returncode == 0 and "FAILED" not in run.stdout + run.stderr:
        return
    for path in paths:
        one = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)
        if one.returncode or "FAILED" in one.stdout + one.stderr:
            yield path, one.stdout + one.stderr


def _failed_imports(folder: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each registry module that cannot be imported, with the error."""
    paths = [str(path) for root in roots for path in sorted(root.rglob("*.py"))]
    command = [sys.executable, "-W", "error", "-c", _IMPORT, *paths]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    require(run.returncode == 0, "the importing process fails", run.stderr)
    for line in run.stdout.splitlines():
        path, _, reason = line.partition("\t")
        yield Path(path), reason
