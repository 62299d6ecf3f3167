"""The settings of targets: mistakes are reported at their positions, and secrets are only referred to."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from tests.language.small_spec import HEAD, compiled, diagnosed
from victor_monitoring.app.reference import language_schema
from victor_monitoring.live.targets.prometheus import PrometheusSettings


def place(target: str) -> str:
    """Return a context with one target, which begins in column 12 of line 6."""
    return f"contexts:\n  prod:\n    targets:\n      - {target}\n"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("promtheus: {url: 'https://p'}", "6:9 VM040 unknown key `promtheus`; did you mean `prometheus`?"),
        ("prometheus: {rules_dir: /r}", "6:9 VM041 `url` is missing in `prometheus`; add `url:`"),
        ("prometheus: {url: 'https://p', rule_dir: /r}", "6:40 VM040 unknown key `rule_dir`; did you mean `rules_dir`?"),
        ("prometheus: {url: p}", "6:27 VM042 an http or https address is expected; such as `https://prometheus.example.org`"),
        ("prometheus: {url: 'https://me:pw@p'}", "6:27 VM042 an address must not contain credentials; name their source: `token: {env: NAME}`"),
        ("prometheus: {url: 'https://p?x=1'}", "6:27 VM042 an address must have no query and no fragment; leave out `?` or `#` and the rest"),
        ("prometheus: {url: 'https://p', token: abc}", "6:47 VM042 a secret has exactly one source: an environment variable or a file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://p', token: {env: A, file: b}}", "6:47 VM042 a secret has exactly one source: an environment variable or a file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://a..b'}", "6:27 VM042 an http or https address is expected; such as `https://prometheus.example.org`"),
        ("prometheus: {url: 'https://p?'}", "6:27 VM042 an address must have no query and no fragment; leave out `?` or `#` and the rest"),
        ("prometheus: {url: 'https://p/#'}", "6:27 VM042 an address must have no query and no fragment; leave out `?` or `#` and the rest"),
        ("prometheus: {url: 'https://p', token: {env: null}}", "6:47 VM042 a secret has exactly one source: an environment variable or a file; write `{env: NAME}` or `{file: /path}`"),
        ("prometheus: {url: 'https://p', username: me}", "6:21 VM042 a `username` without a password; name its source: `password: {env: NAME}`"),
        ("prometheus: {url: 'https://p', token: {env: A}, password: {env: B}}", "6:21 VM042 a token excludes `username` and `password`; leave them out, or the token"),
        ("prometheus: {url: 'https://p', token: {env: A}, username: me}", "6:21 VM042 a token excludes `username` and `password`; leave them out, or the token"),
        ("prometheus: {url: 'https://p', username: 'me:too', password: {env: A}}", "6:50 VM042 a user name must not contain a colon: in Basic authentication the password follows it; name a user without a colon, or authenticate by `token: {env: NAME}`"),
        ("prometheus: {url: 'https://p', key_file: k.pem}", "6:21 VM042 a `key_file` without its certificate; name it: `cert_file: FILE`"),
        ("prometheus: {url: 'https://p', proxy: 'http://me:pw@p:3128'}", "6:47 VM042 an address must not contain credentials; name their source: `proxy_password: {env: NAME}`"),
        ("prometheus: {url: 'https://p', proxy: 'socks5://p'}", "6:47 VM042 an http or https address is expected; such as `http://proxy.example.org:3128`"),
        ("prometheus: {url: 'https://p', proxy: 'http://p', proxy_username: me}", "6:21 VM042 a `proxy_username` without a password; name its source: `proxy_password: {env: NAME}`"),
        ("prometheus: {url: 'https://p', proxy_password: {env: A}}", "6:21 VM042 a `proxy_password` without a proxy; name it: `proxy: http://HOST:PORT`"),
        ("prometheus: {url: 'https://p', file: a/b.yaml}", "6:46 VM042 `a/b.yaml` is not valid here; it must match `^[^/\\\\]+\\.ya?ml$`"),
        ("prometheus", "6:9 VM042 `item 1 of targets` must be a mapping of keys to values; write `key: value` lines below it, indented"),
        ("prometheus:", "6:20 VM042 `prometheus` must be a mapping of keys to values; write `key: value` lines below it, indented"),
        ("{prometheus: {url: 'https://p'}, alertmanager: {url: 'https://a', config: c}}", "6:9 VM042 a target is one kind with its settings; write one item for each: KINDS"),
    ],
)  # fmt: skip
def test_mistakes(target: str, expected: str) -> None:
    """Each mistake is one diagnostic, at the word in question, with a hint that repairs it."""
    found = diagnosed(place(target))
    wanted, _, kinds = expected.partition("KINDS")
    assert len(found) == 1
    assert found[0].startswith(wanted) if expected.endswith("KINDS") else found == [expected]
    assert kinds == ""


def test_settings_reach_the_targets() -> None:
    """The settings of targets are read by context, in the order of the spec."""
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
    """The JSON Schema accepts valid settings, and refuses others."""
    errors = list(
        jsonschema.Draft202012Validator(language_schema()).iter_errors(yaml.safe_load(HEAD + place(target)))
    )
    assert (not errors) == is_right
