"""Who may ask: everybody, or who bears the token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_BEARER: Final = HTTPBearer(auto_error=False, description="The token that the service was given.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def bearer_of(token: str) -> Callable[[Credentials], Awaitable[None]]:
    """A dependency that answers 401 to a request without this token.

    Raises ValueError where the token is empty, as an unset variable is: nobody would notice.
    """
    if not token:
        raise ValueError("the token is empty; give None to let everybody ask")
    # Digests are of one length, so that not even the length of the token shows in the time it takes.
    expected = sha256(token.encode()).digest()

    async def authorized(credentials: Credentials) -> None:
        # A header's bytes come decoded as Latin-1, whatever they are.
        given = b"" if credentials is None else credentials.credentials.encode("latin-1", "replace")
        if not hmac.compare_digest(sha256(given).digest(), expected):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return authorized
