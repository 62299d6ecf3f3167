"""Series as a request of Prometheus' remote write, the way in for samples that no text can hold."""

from __future__ import annotations

import struct
import urllib.request
from collections.abc import Iterator, Mapping, Sequence

from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.samples import Series, is_stale

_STALE = struct.pack("<Q", 0x7FF0_0000_0000_0002)  # Prometheus' own marker
_VARINT, _EIGHT_BYTES, _BYTES = 0, 1, 2  # types of fields
_LITERAL = b"\xfc"  # bytes as they are, up to 4 GiB, behind the length in four bytes


def write(url: str, series: Mapping[str, Sequence[Series]]) -> None:
    """Send series by name to a Prometheus that takes them; urllib.error.HTTPError if it does not."""
    message = b"".join(_bytes(1, _series(name, one)) for name, each in series.items() for one in each)
    body = _varint(len(message)) + _LITERAL + struct.pack("<I", len(message) - 1) + message
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    request = urllib.request.Request(f"{url}/api/v1/write", body, headers)  # noqa: S310 - of the test
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310 - of the test


def _series(name: str, series: Series) -> bytes:
    labels = sorted({NAME: name, **series.labels}.items())
    return b"".join([*(_bytes(1, _label(*each)) for each in labels), *_samples(series)])


def _label(name: str, value: str) -> bytes:
    return _bytes(1, name.encode()) + _bytes(2, value.encode())


def _samples(series: Series) -> Iterator[bytes]:
    for time, value in zip(series.times, series.values, strict=True):
        eight = _STALE if is_stale(value) else struct.pack("<d", value)
        yield _bytes(2, bytes([1 << 3 | _EIGHT_BYTES]) + eight + bytes([2 << 3 | _VARINT]) + _varint(time))


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | _BYTES]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
