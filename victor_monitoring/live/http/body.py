"""The body of a response, decompressed within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import httpx

from victor_monitoring.live.http.response import LARGEST, Hints, HttpError, printable


def read_body(response: httpx.Response, shown: str, hints: Hints) -> bytes:
    """Return the decompressed body; raise HttpError if it is larger than `LARGEST`, compressed or not.

    httpx would decompress without a limit, and once for each coding that the server names.
    """
    coding = response.headers.get("content-encoding", "identity")
    if coding not in ("", "identity", "gzip"):  # in lower case, as Prometheus requires it of its targets
        message = f"`{shown}` answered with the encoding {printable(coding, 200)}; gzip was requested"
        raise HttpError(message, hints.coding)
    too_large = HttpError(f"`{shown}` answers with more than {LARGEST // 2**20} MiB", hints.size)
    chunks = _limited(response.iter_raw(), too_large)
    if coding == "gzip":
        chunks = _limited(_decompressed(chunks, shown, hints), too_large)
    return b"".join(chunks)


def _limited(chunks: Iterable[bytes], too_large: HttpError) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise too_large
        yield chunk


def _decompressed(chunks: Iterable[bytes], shown: str, hints: Hints) -> Iterator[bytes]:
    """Yield the content of every member of a gzip body (RFC 1952), which has at least one."""
    members, is_whole = 0, False
    for chunk in chunks:
        rest = chunk
        while rest:
            if is_whole or not members:
                unzip, members = zlib.decompressobj(16 + zlib.MAX_WBITS), members + 1
            try:
                yield unzip.decompress(rest, LARGEST + 1)
            except zlib.error:
                fault = "declares gzip, and its body is not gzip"
                message = fault if members == 1 else "sent other bytes after its gzip body"
                raise HttpError(f"`{shown}` {message}", hints.coding) from None
            is_whole, rest = unzip.eof, unzip.unconsumed_tail or unzip.unused_data
    if not is_whole:
        raise HttpError(f"`{shown}` sent an incomplete gzip body", "try again")
