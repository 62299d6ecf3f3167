"""`extends`: the merged spec, the positions of its mistakes, and every base that cannot be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.language.small_spec import TODAY
from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.base.spec_file import MAX_BYTES, SpecFile

HEAD = """\
victor_mon: 1
extends: %s
service: {name: shop, title: Shop, metric_prefix: shop_}
components: {api: {metrics: {shop_a_total: {type: counter, help: A.}}}}
signals: {rate: {title: Rate, unit: per_second, rate: {of: shop_a_total}}}
"""
ALERT = 'alerts: {shop: {High: {signal: rate, when: "> 8/s", severity: page, summary: "{value}"}}}\n'
BASE = """\
service: {owner: sales, title: Base, select: {job: shop}, labels: {team: shops}}
severities: [ticket, page]
contexts:
  prod:
    labels: {environment: prod}
    override: {alerts: {High: {when: "> 9/s"}}}
"""
ORG = "service: {owner: sales, select: {job: shop}}\nseverities: [ticket, page]\n"


def compiled(folder: Path, files: Mapping[str, str], extends: str = "../org/base.yaml") -> Compiled:
    """Return the spec `specs/shop.yaml`, which extends a path, in a repository with these other files."""
    for name, text in {"pyproject.toml": "", "specs/shop.yaml": HEAD % extends + ALERT, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    file = SpecFile.at(Path("specs/shop.yaml"))
    return compile_spec(file.read(), today=TODAY, file=file)


def diagnosed(found: Compiled) -> list[str]:
    """Return each diagnostic in order: file, line and column, code, message and hint."""
    return [f"{each.span} {each.code} {each.message}; {each.hint}" for each in found.diagnostics]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    (tmp_path / "repository").mkdir()
    monkeypatch.chdir(tmp_path / "repository")
    return tmp_path / "repository"


def test_a_spec_is_merged_over_its_base(folder):
    """Mappings are merged, a key of the spec wins, and a context of the base overrides alerts of the spec."""
    found = compiled(folder, {"org/base.yaml": BASE})
    assert diagnosed(found) == []
    assert found.base is not None
    service = found.base.service
    assert (service.title, service.owner) == ("Shop", "sales")
    (base,), (prod,) = found.base.alerts, found.contexts["prod"].alerts
    assert [dict(each.labels).get("environment") for each in (base, prod)] == [None, "prod"]
    assert [(each.condition.text, dict(each.labels)["team"]) for each in (base, prod)] == [
        ("> 8/s", "shops"),
        ("> 9/s", "shops"),
    ]


def test_lists_and_single_values_are_replaced_whole(folder):
    """A list of the spec replaces that of the base; so does `null` replace a mapping."""
    spec = HEAD % "../org/base.yaml" + "severities: [page]\nmeta: null\n" + ALERT
    found = compiled(folder, {"specs/shop.yaml": spec, "org/base.yaml": ORG + "meta: {severity: ticket}\n"})
    assert diagnosed(found) == []
    assert found.base is not None
    assert (found.base.severities, found.base.meta) == (("page",), None)


def test_a_base_extends_another_and_later_bases_win(folder):
    """Paths are relative to the file that names them; a base wins over its own base, a later over an earlier."""
    files = {
        "org/base.yaml": "extends: defaults/all.yaml\nservice: {owner: sales}\n",
        "org/defaults/all.yaml": ORG + "  \ndefaults: {window: 10m, evaluate_every: 1m, scrape_every: 20s}\n",
        "team.yaml": "extends: org/defaults/all.yaml\ndefaults: {window: 15m}\n",
    }
    found = compiled(folder, files, "[../org/base.yaml, ../team.yaml]")
    assert diagnosed(found) == []
    assert found.base is not None
    assert (found.base.window, found.base.evaluate, found.base.scrape) == (900_000, 60_000, 20_000)


def test_a_mistake_points_into_its_own_file(folder):
    """A mistake in the base is shown in the base, one in the spec in the spec."""
    base = ORG + 'contexts:\n  prod:\n    select: {zone: 1}\n    labels: {tier: "{{x"}\n'
    spec = (HEAD % "../org/base.yaml") + ALERT.replace("rate,", "rat,")
    found = compiled(folder, {"specs/shop.yaml": spec, "org/base.yaml": base})
    assert [f"{each.span} {each.code}" for each in found.diagnostics] == [
        "org/base.yaml:5:20 VM042",
        "org/base.yaml:6:20 VM042",
        "specs/shop.yaml:6:32 VM104",
    ]


def test_a_missing_key_is_shown_in_the_spec(folder):
    """A key that spec and base leave out is missing at the mapping in the spec: it is what its author edits."""
    found = compiled(folder, {"org/base.yaml": ORG.replace("owner: sales, ", "")})
    assert diagnosed(found) == ["specs/shop.yaml:3:1 VM041 `owner` is missing in `service`; add `owner:`"]


def test_the_caret_is_under_the_text_of_the_base(folder):
    """The span of a mistake in a base is in the text of the base, for its caret."""
    (found,) = compiled(folder, {"org/base.yaml": ORG + "budget: {series: many}\n"}).diagnostics
    assert found.span.source.line(found.span.line) == "budget: {series: many}"


EMPTY = "2:10 `extends` names no file; name one: `extends: ../org/base.yaml`"
NO_PATH = (
    "`extends` must be the path of a file, or a list of paths; write it as text: `extends: ../org/base.yaml`"
)
AGAIN = "remove this `extends`, or another of them"
UNUSABLE = {
    "../org/bse.yaml": "2:10 there is no file `org/bse.yaml`; the path is relative to the file that names it",
    "shop.yaml/a": "2:10 there is no file `specs/shop.yaml/a`; the path is relative to the file that names it",
    "../org": "2:10 `org` is a directory; name a file in it",
    "../../base.yaml": "2:10 `../../base.yaml` leads outside of the root `ROOT`; move it below the root: the "
    "nearest folder with `.git` or `pyproject.toml`",
    "/etc/passwd": "2:10 `/etc/passwd` is an absolute path; write it relative to this file: `../org/base.yaml`",
    "https://example.com/base.yaml": "2:10 `https://example.com/base.yaml` is a URL, and a base is a file of "
    "the repository; copy the file into this repository, and name it by its path",
    "/dev/fd/../../etc/passwd": "2:10 `/dev/fd/../../etc/passwd` is an absolute path; write it relative to "
    "this file: `../org/base.yaml`",
    '""': EMPTY,
    "[]": EMPTY,
    "": f"2:9 {NO_PATH}",
    "{a: b}": f"2:10 {NO_PATH}",
    "[../org/base.yaml, 1]": f"2:29 {NO_PATH}",
    "shop.yaml": f"2:10 a file extends itself: `specs/shop.yaml` extends `specs/shop.yaml`; {AGAIN}",
    "x" * 300: f"2:10 `specs/{'x' * 300}` cannot be read: File name too long; name another file",
}


@pytest.mark.parametrize("extends", UNUSABLE)
def test_a_base_that_cannot_be_used(folder, extends):
    """It is reported at its path; nothing else is, as the keys that it holds are unknown."""
    found = compiled(folder, {"org/base.yaml": ORG}, extends)
    place, _, rest = UNUSABLE[extends].replace("ROOT", folder.as_posix()).partition(" ")
    assert diagnosed(found) == [f"specs/shop.yaml:{place} VM026 {rest}"]
    assert found.base is None


def test_a_cycle_is_reported_with_its_chain(folder):
    """The chain names each file, and the position is the `extends` that closes it."""
    files = {"a.yaml": "extends: org/b.yaml\n", "org/b.yaml": "extends:\n  - base.yaml\n  - ../a.yaml\n"}
    found = compiled(folder, {"org/base.yaml": ORG, **files}, "../a.yaml")
    assert diagnosed(found) == [
        f"org/b.yaml:3:5 VM026 a file extends itself: `a.yaml` extends `org/b.yaml` extends `a.yaml`; {AGAIN}"
    ]


def test_a_link_out_of_the_root_is_not_followed(folder):
    """The text of a file outside is neither read nor shown; a link within the root is followed."""
    outside = folder.parent / "canary-outside.yaml"
    outside.write_text("canary-text: [", encoding="utf-8")
    (folder / "org").mkdir()
    (folder / "out").symlink_to(folder.parent)
    (folder / "org" / "file.yaml").symlink_to(outside)
    for path in ("../out/canary-outside.yaml", "../org/file.yaml"):
        (found,) = compiled(folder, {}, path).diagnostics
        assert found.message == f"`{path}` leads outside of the root `{folder.as_posix()}`"
    (folder / "org" / "inside.yaml").symlink_to("base.yaml")
    assert diagnosed(compiled(folder, {"org/base.yaml": ORG}, "../org/inside.yaml")) == []


def test_a_link_to_itself(folder):
    """A link that leads to itself is reported, whatever error the version of Python raises for it."""
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (found,) = compiled(folder, {}, "../loop.yaml").diagnostics
    assert (found.code, str(found.span)) == ("VM026", "specs/shop.yaml:2:10")


def test_a_spec_that_is_a_link(folder):
    """The base is relative to the file that the link leads to, and its name to the working directory."""
    compiled(folder, {"org/base.yaml": "a"})
    (folder / "links").mkdir()
    (folder / "links" / "shop.yaml").symlink_to(folder / "specs" / "shop.yaml")
    file = SpecFile.at(Path("links/shop.yaml"))
    (found,) = compile_spec(file.read(), today=TODAY, file=file).diagnostics
    assert str(found.span) == "org/base.yaml:1:1"


def test_a_pipe_is_not_opened(folder):
    """Opening a pipe would wait for a writer."""
    os.mkfifo(folder / "pipe.yaml")
    (found,) = compiled(folder, {}, "../pipe.yaml").diagnostics
    assert (found.message, found.hint) == ("`pipe.yaml` is not a regular file", "name another file")


def test_a_base_that_may_not_be_read(folder, monkeypatch):
    """The hint is the command that allows it."""

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    compiled(folder, {"org/base.yaml": ORG})
    monkeypatch.setattr("victor_monitoring.base.spec_file._limited", refused)
    file = SpecFile.at(Path("specs/shop.yaml"))
    source = Source("specs/shop.yaml", file.path.read_text(encoding="utf-8"))
    (found,) = compile_spec(source, today=TODAY, file=file).diagnostics
    assert (found.message, found.hint) == (
        "`org/base.yaml` may not be read",
        "allow it: chmod u+r org/base.yaml",
    )


def test_a_path_that_no_file_can_have(folder):
    """A NUL in a path is reported as such."""
    found = compiled(folder, {}, r'"a\0b"').diagnostics
    assert [each.code for each in found] == ["VM026", "VM025"]
    assert found[0].message == "the path has a character that no path can have"


LIMITS = {
    "": "1:1 VM009 the base is empty; start with a key such as `contexts:`",
    "- a\n": "1:1 VM010 the base is a list; start with a key such as `contexts:`, without a dash",
    "a: [b\n": "1:4 VM021",
    "a: 1\na: 2\n": "2:1 VM002",
    "a: " + "[" * 60: "1:53 VM007",
    "victor_mon: 1\n" + ORG: "1:1 VM026 a base has no `victor_mon`: the key makes a file a spec; "
    "move the shared keys to another file",
    "\n".join(
        ["k0: &k0 [1, 1]", *(f"k{n}: &k{n} [*k{n - 1}, *k{n - 1}]" for n in range(1, 21))]
    ): "18:12 VM006",
}


@pytest.mark.parametrize("text", LIMITS, ids=range(len(LIMITS)))
def test_the_yaml_of_a_base_has_the_limits_of_a_spec(folder, text):
    """Syntax, depth and aliases of a base are checked like those of a spec."""
    found = diagnosed(compiled(folder, {"org/base.yaml": text}))
    assert any(each.startswith(f"org/base.yaml:{LIMITS[text]}") for each in found), found


def test_a_base_has_the_size_limit_of_a_spec(folder):
    """A base of more than 16 MiB is not parsed."""
    compiled(folder, {"org/base.yaml": ORG})
    with (folder / "org" / "base.yaml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    spec = SpecFile.at(Path("specs/shop.yaml"))
    (found,) = compile_spec(spec.read(), today=TODAY, file=spec).diagnostics
    assert (found.message, str(found.span)) == (
        "`org/base.yaml` is larger than 16 MiB",
        "specs/shop.yaml:2:10",
    )


def test_the_number_of_bases_is_limited(folder):
    """20 files may be extended in all; a base that is reached on many paths is read once."""
    files = {f"b{n}.yaml": f"extends: [b{n + 1}.yaml, b{n + 1}.yaml]\n" for n in range(9)}
    last = {"b9.yaml": ORG}
    assert diagnosed(compiled(folder, {**files, **last}, "../b0.yaml")) == []
    (found,) = compiled(
        folder, {**files, "b9.yaml": "extends: [c.yaml, c.yaml]\n", "c.yaml": ORG}, "../b0.yaml"
    ).diagnostics
    assert (str(found.span), found.message) == ("b0.yaml:1:20", "more than 20 files are extended")


@pytest.mark.parametrize(
    ("below", "code", "message"),
    [
        ("contexts: {prod: {extends: ../org/base.yaml}}\n", "VM040", "unknown key `extends`"),
        ("contexts: {prod: {override: {extends: a}}}\n", "VM043", "`extends` cannot be overridden"),
    ],
)
def test_only_the_top_level_extends(folder, below, code, message):
    """A context or an override cannot extend a file."""
    spec = HEAD % "../org/base.yaml" + ALERT + below
    (found,) = compiled(folder, {"specs/shop.yaml": spec, "org/base.yaml": ORG}).diagnostics
    assert (found.code, found.message) == (code, message)


def test_an_acknowledgement_of_a_base_may_be_unused(folder):
    """Another spec may need it; one of the spec itself is reported."""
    component = (
        "components: {%s: {external: true, select: {job: x}, metrics: {}, ack: {missing-anchor: x}}}\n"
    )
    base = ORG + component % "ingress" + "contexts: {prod: {ack: {plain-http: x}}}\n"
    assert diagnosed(compiled(folder, {"org/base.yaml": base})) == []
    spec = HEAD % "../org/base.yaml" + ALERT + "contexts: {prod: {ack: {plain-http: x}}}\n"
    (found,) = compiled(folder, {"specs/shop.yaml": spec, "org/base.yaml": ORG}).diagnostics
    assert (found.code, str(found.span)) == ("VM603", "specs/shop.yaml:7:25")


def test_a_text_without_a_file_extends_nothing():
    """Without its file the paths that a spec names have no meaning."""
    (found,) = compile_spec(Source("spec", HEAD % "a.yaml"), today=TODAY).diagnostics
    assert (found.code, str(found.span)) == ("VM026", "spec:2:1")


def test_names_are_absolute_if_the_path_of_the_spec_is(folder):
    """Diagnostics name a base in the way in which the user named the spec."""
    compiled(folder, {"org/base.yaml": "a"})
    file = SpecFile.at(folder / "specs" / "shop.yaml")
    (found,) = compile_spec(file.read(), today=TODAY, file=file).diagnostics
    assert found.span.source.name == (folder / "org" / "base.yaml").as_posix()
