"""Reading and redacting of secrets."""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import re
import urllib.parse
from pathlib import Path

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.secrets import REDACTED, Redactor, Secret, SecretSource, read_secret

SECRET = "canary-A/ +\"'?<&??>>"  # noqa: S105 - not a real one; its base64 has a slash, which URLs encode


def source(**where: str) -> SecretSource:
    return SecretSource.model_validate(where)


def test_from_the_environment_and_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret is the value of the variable, or the only line of the file, relative to the root."""
    monkeypatch.setenv("TOKEN", SECRET)
    tmp_path.joinpath("token").write_text(f"{SECRET}\r\n", encoding="utf-8")
    for each in (source(env="TOKEN"), source(file="token"), source(file=str(tmp_path / "token"))):
        assert read_secret(each, tmp_path, Redactor()).reveal() == SECRET


@pytest.mark.parametrize("text", ["", "\n", "two\nlines", "ünicode", "tab\t", "bell\a", "xyz"])
def test_values_that_are_no_secret(tmp_path: Path, text: str) -> None:
    """A value that is not valid in a header or cannot be redacted is refused, and is not in the message."""
    tmp_path.joinpath("token").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        read_secret(source(file="token"), tmp_path, Redactor())
    assert not text.strip() or text.strip() not in refused.value.message + refused.value.hint


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="only Unix has files without an end")
def test_a_file_without_an_end() -> None:
    """A file without an end is no secret, and reading it ends."""
    with pytest.raises(UserError, match="more than one line"):
        read_secret(SecretSource(file="/dev/zero"), Path(), Redactor())


def test_a_secret_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The message names the missing variable or file."""
    monkeypatch.delenv("TOKEN", raising=False)
    for each, named in (
        (source(env="TOKEN"), "`TOKEN` is not set"),
        (source(file="token"), "`token` cannot be read"),
    ):
        with pytest.raises(UserError, match=named):
            read_secret(each, tmp_path, Redactor())


def test_a_secret_is_not_shown() -> None:
    """A secret is not in its text or repr, cannot be pickled or copied, and has no `__dict__`."""
    secret = Secret(SECRET)
    for shown in (str(secret), repr(secret), f"{secret}", f"{[secret]}"):
        assert SECRET not in shown
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            write(secret)
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"Authorization: Bearer {SECRET}",
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        json.dumps({"token": SECRET}),
        repr({"token": SECRET}),
        re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(SECRET, safe="")),
        html.escape(SECRET),
        html.escape(SECRET).replace("&quot;", "&#34;").replace("&#x27;", "&#39;").replace("+", "&#43;"),
        json.dumps(SECRET).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"admin:{SECRET}".encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"me:{SECRET}:more".encode()).decode(),
    ],
)
def test_a_text_is_redacted(text: str) -> None:
    """A secret is redacted in every encoding in which it may occur."""
    redactor = Redactor()
    redactor.learn(SECRET)
    shown = redactor(text)
    assert REDACTED in shown
    for hint in (
        SECRET,
        urllib.parse.quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode()[4:-8],
    ):
        assert hint not in shown


def test_short_words_stay() -> None:
    """A secret of three characters is not redacted: it would make every text unreadable."""
    redactor = Redactor()
    redactor.learn("abc")
    assert redactor("abcdef") == "abcdef"
