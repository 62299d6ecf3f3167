"""The targets of a context as they are written: mistakes are told in their places, secrets are only named."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from tests.model.telling import HEAD, compiled, told
from victor_monitoring.app.reference import language_schema
from victor_monitoring.live.targets.prometheus import PrometheusSettings


def place(target: str) -> str:
    """A context with one target, which begins in column 12 of line 6."""
    return f"contexts:\n  prod:\n    targets:\n      - {target}\n"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("promtheus: {url: 'https://p'}", "6:9 VM040 unknown key `promtheus`; did you mean `prometheus`?"),
        ("prometheus: {rules_dir: /r}", "6:9 VM041 `url` is missing in `prometheus`; add `url:`"),
        ("prometheus: {url: 'https://p', rule_dir: /r}", "6:40 VM040 unknown key `rule_dir`; did you mean `rules_dir`?"),
        ("prometheus: {url: p}", "6:27 VM042 an http or https address is wanted; such as `https://prometheus.example.org`"),
        ("prometheus: {url: 'https://me:pw@p'}", "6:27 VM042 an address holds no credentials; name their place: `token: {env: NAME}`"),
        ("prometheus: {url: 'https://p?x=1'}", "6:27 VM042 an address ends with its path; leave out what follows `?` or `#`"),
        ("prometheus: {url: 'https://p', token: abc}", "6:47 VM042 a secret is named here, by one environment variable or file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://p', token: {env: A, file: b}}", "6:47 VM042 a secret is named here, by one environment variable or file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://a..b'}", "6:27 VM042 an http or https address is wanted; such as `https://prometheus.example.org`"),
        ("prometheus: {url: 'https://p?'}", "6:27 VM042 an address ends with its path; leave out what follows `?` or `#`"),
        ("prometheus: {url: 'https://p/#'}", "6:27 VM042 an address ends with its path; leave out what follows `?` or `#`"),
        ("prometheus: {url: 'https://p', token: {env: null}}", "6:47 VM042 a secret is named here, by one environment variable or file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://p', username: me}", "6:21 VM042 a `username` without a password; name its place: `password: {env: NAME}`"),
        ("prometheus: {url: 'https://p', token: {env: A}, password: {env: B}}", "6:21 VM042 a token stands alone; leave out `username` and `password`, or the token"),
        ("prometheus: {url: 'https://p', token: {env: A}, username: me}", "6:21 VM042 a token stands alone; leave out `username` and `password`, or the token"),
        ("prometheus: {url: 'https://p', file: a/b.yaml}", "6:46 VM042 `a/b.yaml` is not a name that fits here; it must match `^[^/\\\\]+\\.ya?ml$`"),
        ("prometheus", "6:9 VM042 `item 1 of targets` wants a mapping of keys to values; write `key: value` lines below it, indented"),
        ("prometheus:", "6:20 VM042 `prometheus` wants a mapping of keys to values; write `key: value` lines below it, indented"),
        ("{prometheus: {url: 'https://p'}, alertmanager: {url: 'https://a', config: c}}", "6:9 VM042 a target is one kind with its settings; write one item for each: KINDS"),
    ],
)  # fmt: skip
def test_mistakes(target: str, expected: str) -> None:
    """Each is one diagnostic, at the word that it is about, with what mends it."""
    found = told(place(target))
    wanted, _, kinds = expected.partition("KINDS")
    assert len(found) == 1
    assert found[0].startswith(wanted) if expected.endswith("KINDS") else found == [expected]
    assert kinds == ""


def test_settings_reach_the_targets() -> None:
    """What is written is read, context by context, in its order."""
    found = compiled(
        place("prometheus: {url: 'https://p/', rules_dir: /r}") + "      - prometheus: {url: 'https://q'}\n"
    )
    first, second = (each.settings for each in found.targets["prod"])
    assert isinstance(first, PrometheusSettings)
    assert (first.url, first.rules_dir, first.token) == ("https://p", "/r", None)
    assert isinstance(second, PrometheusSettings)
    assert second.url == "https://q"
    assert [each.path for each in found.targets["prod"]] == [
        ("contexts", "prod", "targets", 0, "prometheus"),
        ("contexts", "prod", "targets", 1, "prometheus"),
    ]


@pytest.mark.parametrize(
    ("target", "is_right"),
    [
        ("prometheus: {url: 'https://p', rules_dir: /r, token: {env: TOKEN}}", True),
        ("prometheus: {url: 'https://p', rule_dir: /r}", False),
        ("{prometheus: {url: 'https://p'}, alertmanager: {url: 'https://p', config: c}}", False),
        ("{}", False),
    ],
)
def test_editors_know_them(target: str, is_right: bool) -> None:
    """The JSON Schema takes what is read, and refuses what is not."""
    errors = list(
        jsonschema.Draft202012Validator(language_schema()).iter_errors(yaml.safe_load(HEAD + place(target)))
    )
    assert (not errors) == is_right
