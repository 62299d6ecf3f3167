"""Commands on specs that extend a base."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.cli.commands import ROOT, edit, victor_mon
from tests.git import git
from victor_monitoring.cli.schema import schema_text

EXAMPLE = "specs/examples/organisation/wishlist.yaml"
SPEC = """\
victor_mon: 1
extends: base.yaml
service:
  name: shop
  title: Shop
  metric_prefix: shop_
components:
  api: {metrics: {shop_a_total: {type: counter, help: A.}}}
signals:
  rate: {title: Rate, unit: per_second, rate: {of: shop_a_total}}
alerts:
  shop:
    High: {signal: rate, when: "> 8/s", for: 5m, severity: page, summary: "{value}"}
"""
BASE = """\
extends: ../org/all.yaml
service: {owner: sales, labels: {team: shops}}
contexts:
  prod:
    override: {alerts: {High: {when: "> 9/s"}}}
    labels: {environment: prod}
"""
ALL = """\
service:
  select: {job: shop}
severities: [ticket, page]
contexts: {prod: {select: {zone: a}}}
"""
EXPLAINED = """\
  inherits
    service.select                      org/all.yaml:2
    service.owner                       specs/base.yaml:2
    service.labels                      specs/base.yaml:2
    severities                          org/all.yaml:3
    contexts.prod.labels                specs/base.yaml:6
    contexts.prod.select                org/all.yaml:4
    contexts.prod.override.alerts.High  specs/base.yaml:5
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Create a repository with a spec, its base in the same folder, and the base of that in another."""
    for name, text in {"specs/shop.yaml": SPEC, "specs/base.yaml": BASE, "org/all.yaml": ALL}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message=A")
    return tmp_path


def test_a_base_in_specs_is_no_spec(repository):
    """Without --spec, a file in `specs/` that another one extends is not read as a spec."""
    ended = victor_mon(repository, "validate")
    valid = "specs/shop.yaml: valid, 1 alert, 1 signal, 1 metric, 1 context\n"
    assert (ended.status, ended.err) == (0, valid)


def test_a_base_stays_a_base_while_its_spec_has_a_mistake(repository):
    """A spec that cannot be parsed to its end still names its base: only its own mistake is reported."""
    with (repository / "specs" / "shop.yaml").open("a", encoding="utf-8") as file:
        file.write("dashboard: [\n")
    ended = victor_mon(repository, "validate", "--format", "github")
    assert ended.status == 1
    assert ended.out.count("::error") == 1
    assert "file=specs/shop.yaml" in ended.out


def test_specs_that_extend_each_other_stay_specs(repository):
    """A file with `victor_mon` is a spec although another one extends it: the mistake is not passed over."""
    (repository / "specs" / "base.yaml").write_text(SPEC.replace("base.yaml", "shop.yaml"), encoding="utf-8")
    ended = victor_mon(repository, "validate", "--format", "json")
    assert ended.status == 1
    found = {(each["file"], each["line"], each["code"]) for each in json.loads(ended.out)["diagnostics"]}
    places = [(f"specs/{name}.yaml", line) for name in ("base", "shop") for line in (1, 2)]
    assert found == {(*place, "VM026") for place in places}


def test_bases_without_a_spec(repository):
    """Bases that extend each other leave no spec."""
    (repository / "specs" / "shop.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    (repository / "specs" / "base.yaml").write_text("extends: shop.yaml\n", encoding="utf-8")
    ended = victor_mon(repository, "validate")
    assert (ended.status, ended.out) == (2, "")
    assert "there is no spec in `specs/`" in ended.err


def test_a_mistake_in_a_shared_base_is_printed_once(repository):
    """Two specs that extend the same base report its mistake once."""
    (repository / "specs" / "store.yaml").write_text(SPEC.replace("shop", "store"), encoding="utf-8")
    edit(repository / "specs" / "base.yaml", "labels: {team: shops}", "labels: {team: 1}")
    for command in ("validate", "check", "generate"):
        ended = victor_mon(repository, command)
        assert (ended.out + ended.err).count("specs/base.yaml:2:40: error[VM042]") == 1


def test_explain_names_the_file_of_each_inherited_value(repository):
    """Each part that a base gives is named with file and line."""
    ended = victor_mon(repository, "explain", "High")
    assert ended.out.endswith(EXPLAINED)
    assert "    prod  > 9/s for 5m  page  specs/base.yaml:5\n" in ended.out
    ended = victor_mon(repository, "explain", "rate")
    assert ended.out.endswith("  inherits\n    service.select  org/all.yaml:2\n")


def test_explain_names_the_file_of_a_definition_in_a_base(repository):
    """A metric that is defined in a base has its place there."""
    metrics = "{up_ratio: {type: gauge, unit: ratio, help: B.}}"
    with (repository / "org" / "all.yaml").open("a", encoding="utf-8") as file:
        file.write(f"components: {{proxy: {{external: true, select: {{job: proxy}}, metrics: {metrics}}}}}\n")
    ended = victor_mon(repository, "explain", "up_ratio")
    assert "  defined    org/all.yaml:5\n" in ended.out
    assert "  inherits\n    components.proxy.metrics.up_ratio  org/all.yaml:5\n" in ended.out


def test_rendered_files_follow_the_base(repository):
    """`check` finds that the files no longer match after an edit of the base, and `generate` writes them."""
    assert victor_mon(repository, "generate").status == 0
    assert victor_mon(repository, "check").status == 0
    edit(repository / "org" / "all.yaml", "{job: shop}", "{job: web}")
    ended = victor_mon(repository, "check")
    assert ended.status == 1
    assert 'job="web"' in ended.out
    assert victor_mon(repository, "generate").status == 0
    assert victor_mon(repository, "check").status == 0


def test_diff_reads_the_base_of_the_revision(repository):
    """A change of the base is a change of the spec, at its line in the base, committed or not."""
    assert victor_mon(repository, "diff", "--from", "HEAD").err == "specs/shop.yaml: no change\n"
    edit(repository / "specs" / "base.yaml", "> 9/s", "> 10/s")
    changed = (
        "specs/base.yaml:5: prod: alert High: `> 9/s` becomes `> 10/s`: loosened\n\n1 change, 1 loosened\n"
    )
    assert victor_mon(repository, "diff", "--from", "HEAD").out == changed
    git(repository, "commit", "--quiet", "--all", "--message=B")
    assert victor_mon(repository, "diff", "--from", "HEAD").err == "specs/shop.yaml: no change\n"
    assert victor_mon(repository, "diff", "--from", "HEAD~1").out == changed


def test_diff_places_a_removal_in_the_old_base(repository):
    """Something that only the old base has is shown at its line there, named with the revision."""
    edit(repository / "org" / "all.yaml", "contexts: {prod: {select: {zone: a}}}\n", "")
    edit(repository / "specs" / "base.yaml", BASE[BASE.index("contexts") :], "")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert ended.out.startswith("HEAD:specs/base.yaml:4: context prod")


def test_diff_with_a_base_that_is_gone(repository):
    """The base of the revision is read although the spec has another one now, and the old file is removed."""
    (repository / "specs" / "base.yaml").rename(repository / "specs" / "shared.yaml")
    edit(repository / "specs" / "shop.yaml", "base.yaml", "shared.yaml")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert (ended.status, ended.err) == (0, "specs/shop.yaml: no change\n")


def test_diff_with_a_revision_that_lacks_the_base(repository):
    """A base that the revision names and does not have is reported in the spec of that revision."""
    git(repository, "rm", "--quiet", "--cached", "org/all.yaml")
    git(repository, "commit", "--quiet", "--message=B")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert ended.status == 1
    assert ended.err.startswith("HEAD:specs/base.yaml:1:10: error[VM026]")
    assert "git has no file `org/all.yaml` at `HEAD`" in ended.err
    assert "hint: compare with a revision that has it" in ended.err


def test_diff_reads_no_folder_as_a_base(repository):
    """A directory at the revision is no file."""
    edit(repository / "specs" / "shop.yaml", "base.yaml", "../org")
    git(repository, "commit", "--quiet", "--all", "--message=B")
    edit(repository / "specs" / "shop.yaml", "../org", "base.yaml")
    ended = victor_mon(repository, "diff", "--from", "HEAD")
    assert ended.status == 1
    assert ended.err.startswith("HEAD:specs/shop.yaml:2:10: error[VM026]")


def test_a_root_within_a_repository_of_git(repository):
    """The root may be a folder of a larger repository: no base outside of it is read at a revision either."""
    inner = repository / "inner"
    (inner / "specs").mkdir(parents=True)
    (inner / "pyproject.toml").touch()
    (inner / "specs" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    (inner / "specs" / "base.yaml").write_text(ALL + "meta: null\n", encoding="utf-8")
    edit(inner / "specs" / "base.yaml", "  select:", "  owner: sales\n  select:")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message=B")
    ended = victor_mon(inner, "diff", "--from", "HEAD")
    assert (ended.status, ended.err) == (0, "specs/shop.yaml: no change\n")
    edit(inner / "specs" / "shop.yaml", "base.yaml", "../../org/all.yaml")
    git(repository, "commit", "--quiet", "--all", "--message=C")
    edit(inner / "specs" / "shop.yaml", "../../org/all.yaml", "base.yaml")
    ended = victor_mon(inner, "diff", "--from", "HEAD")
    assert ended.status == 1
    assert ended.err.startswith("HEAD:specs/shop.yaml:2:10: error[VM026]")
    assert "leads outside of the root" in ended.err


def test_the_example_has_no_findings(tmp_path):
    """The example of an organisation is valid, and its files are as rendered with the base's contexts."""
    ended = victor_mon(ROOT, "validate", "--strict", "--spec", EXAMPLE)
    valid = f"{EXAMPLE}: valid, 1 alert, 1 signal, 2 metrics, 2 contexts\n"
    assert (ended.status, ended.out, ended.err) == (0, "", valid)
    options = ("--spec", EXAMPLE, "--out", str(tmp_path))
    assert victor_mon(ROOT, "generate", *options).status == 0
    assert victor_mon(ROOT, "check", *options).status == 0
    assert list(tmp_path.rglob("*production*"))


def test_the_schema_of_a_spec_that_extends():
    """Editors accept a base, and a spec whose service a base completes; a whole spec has all keys."""
    schema = json.loads(schema_text())
    spec = yaml.safe_load(SPEC)
    jsonschema.validate(spec, schema)
    jsonschema.validate(spec | {"extends": ["a.yaml", "b.yaml"]}, schema)
    jsonschema.validate(yaml.safe_load(BASE), schema)
    with pytest.raises(jsonschema.ValidationError, match="1 is not valid"):
        jsonschema.validate(spec | {"extends": 1}, schema)
    del spec["extends"], spec["service"]["title"]
    with pytest.raises(jsonschema.ValidationError, match="'title' is a required property"):
        jsonschema.validate(spec, schema)
    del spec["service"]
    with pytest.raises(jsonschema.ValidationError, match="'service' is a required property"):
        jsonschema.validate(spec, schema)
