"""What the HTTP client makes of a response: its body, bounded, or the error that it stands for."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import httpx2

from newsletter.errors import SourceError
from newsletter.waiting import retry_after

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


class TemporarySourceError(SourceError):
    """A source could not be read just now; asking again later may well work.

    `retry_after`: the seconds that the source asked to wait, if it did.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def refusal(url: str, response: httpx2.Response) -> SourceError:
    status = response.status_code
    line = f"{url} answered {status} {response.reason_phrase}".rstrip()
    if status not in _RETRIED:
        return SourceError(line)
    wait = retry_after(response.headers)
    if wait is not None:
        line += f" and asks to wait {wait:.0f} s"
    return TemporarySourceError(line, wait)


def conditions(known: Mapping[str, str]) -> dict[str, str]:
    """The headers that make a request conditional on what is known of an address."""
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {header: known[key] for key, header in names.items() if known.get(key)}


def fresh_validators(headers: httpx2.Headers) -> dict[str, str]:
    """What an answer gives to make the next request conditional."""
    found = {"etag": headers.get("etag"), "last_modified": headers.get("last-modified")}
    return {key: value for key, value in found.items() if value}


class _Unpacker:
    """Undoes gzip or zlib piece by piece, never producing more than it is asked for."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever the header shows

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def unpack(self, chunk: bytes, at_most: int) -> bytes:
        out = bytearray()
        while chunk and len(out) < at_most:
            if self._stream.eof:  # a gzip file may have several members
                self._stream = zlib.decompressobj(wbits=47)
            out += self._stream.decompress(chunk, at_most - len(out))
            chunk = self._stream.unused_data
        return bytes(out)


def read_body(url: str, response: httpx2.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked as it comes in, so that neither a flood nor a bomb is ever held.

    Raises SourceError for more than `max_bytes`, for nothing, and for an unknown encoding;
    TemporarySourceError for a stream that is damaged or ends too early.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise SourceError(f"{url} answered in the encoding {encoding!r}, which was not asked for")
    unpacker = None if encoding in {"", "identity"} else _Unpacker()
    body = bytearray()
    for chunk in response.iter_raw():
        try:
            body += unpacker.unpack(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error as error:
            raise TemporarySourceError(f"{url} answered a damaged {encoding} stream") from error
        if len(body) > max_bytes:
            raise SourceError(f"{url} answered more than {max_bytes / 2**20:.4g} MB")
    if unpacker and body and not unpacker.complete:
        raise TemporarySourceError(f"{url} answered a truncated {encoding} stream")
    if not body:
        raise SourceError(f"{url} answered nothing (0 bytes)")
    return bytes(body)
