"""What the programs on this machine answer, past any proxy."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode

_PATIENCE: Final = 10  # seconds
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def json_at(url: str, **parameters: str) -> Any:
    """The JSON that a URL answers with. OSError where it does not."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    with _OPENER.open(f"{url}{query}", timeout=_PATIENCE) as answer:
        return json.load(answer)


def post(url: str) -> None:
    """Asks for what a URL does. OSError where it does not."""
    _OPENER.open(urllib.request.Request(url, method="POST"), timeout=_PATIENCE).close()  # noqa: S310 - our own


def is_ready(url: str) -> bool:
    """Whether the program at the URL says that it is ready."""
    try:
        _OPENER.open(f"{url}/-/ready", timeout=1).close()
    except HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
    return True
