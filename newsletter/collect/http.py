"""The one HTTP client of all collectors: careful, polite, bounded in time and size."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2

from newsletter.collect.gate import Gate
from newsletter.collect.guard import Deadline, GuardedBackend, GuardedTransport
from newsletter.collect.response import (
    TemporarySourceError,
    conditions,
    fresh_validators,
    read_body,
    refusal,
)
from newsletter.errors import SourceError

Validators = dict[str, dict[str, str]]

_REMEMBERED = 32  # addresses whose validators a source keeps; sources with a page a day would grow
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long (seconds) and how much (bytes after decompression) a request may take.

    `deadline` bounds one attempt to its last byte; `patience` all attempts and waits together.
    """

    connect: float = 10.0
    read: float = 20.0
    deadline: float = 60.0
    patience: float = 180.0
    attempts: int = 4
    redirects: int = 5
    max_bytes: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered. `url` is where it came from, after redirects."""

    url: str
    status: int
    body: bytes = b""
    content_type: str = ""

    @property
    def unchanged(self) -> bool:
        """The source said that nothing changed since the validators were handed out."""
        return self.status == 304


class Http:
    """GET with a deadline, a size cap, retries, hand-followed redirects and conditional requests.

    Every failure is a SourceError of one line that names the address and what it answered.
    `validators` holds the state of conditional requests by address; who commits the entries
    commits a copy of it with them. Use as a context manager, or call `close`.
    """

    def __init__(
        self,
        *,
        contact: str,
        limits: Limits | None = None,
        allow_private: bool | Collection[str] = False,
        gate: Gate | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.validators: Validators = {}
        self._limits = limits or Limits()
        self._gate = gate or Gate(sleep=sleep, monotonic=monotonic)
        self._sleep = sleep
        self._monotonic = monotonic
        # The wire is timed by the real clock even where a test hands in its own for the waits.
        self._deadline = Deadline()
        self._client = httpx2.Client(
            transport=GuardedTransport(GuardedBackend(self._deadline, allow_private=allow_private)),
            headers={
                "User-Agent": f"Paperround/{version('paperround')} ({contact})",
                "Accept-Encoding": "gzip",
            },
            timeout=httpx2.Timeout(self._limits.read, connect=self._limits.connect),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def remembering(self, validators: Mapping[str, Mapping[str, str]]) -> Self:
        """The same client (same connections, gate and limits) with one source's own validators."""
        sibling = copy.copy(self)
        sibling.validators = {url: dict(known) for url, known in validators.items()}
        return sibling

    def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str = "*/*",
        conditional: bool = True,
        readable: Collection[int] = (),
    ) -> Answer:
        """The answer to a GET: 200 with a body, 304 if `conditional`, or a status of `readable`.

        Raises SourceError, or TemporarySourceError once the attempts or the patience are used up.
        """
        address = _address(url, params)
        headers = {"Accept": accept}
        if conditional:
            headers |= conditions(self.validators.get(address, {}))
        give_up_at = self._monotonic() + self._limits.patience
        attempt = 1
        while True:
            try:
                answer, fresh = self._follow(address, headers, readable, give_up_at)
            except TemporarySourceError as fault:
                wait = _wait(attempt, fault.retry_after)
                if fault.retry_after is not None:  # meant for all who ask this host
                    self._gate.rest(httpx2.URL(address).host, fault.retry_after)
                if attempt >= self._limits.attempts or self._monotonic() + wait > give_up_at:
                    raise TemporarySourceError(
                        f"{fault} ({_times(attempt)} asked)", fault.retry_after
                    ) from fault
                self._sleep(wait)
                attempt += 1
            else:
                if conditional and answer.status == 200:
                    self._remember(address, fresh)
                return answer

    def remembers(self, url: str, params: Mapping[str, str | int] | None = None) -> bool:
        """Whether there are validators for this address: it was read before."""
        return _address(url, params) in self.validators

    def _remember(self, address: str, fresh: dict[str, str]) -> None:
        self.validators.pop(address, None)
        if fresh:
            self.validators[address] = fresh
        for forgotten in list(self.validators)[:-_REMEMBERED]:
            del self.validators[forgotten]

    def _follow(
        self, address: str, headers: Mapping[str, str], readable: Collection[int], until: float
    ) -> tuple[Answer, dict[str, str]]:
        url = address
        for _ in range(self._limits.redirects + 1):
            try:
                found = self._exchange(url, headers, readable, until)
            except SourceError:
                raise
            except httpx2.TimeoutException as error:
                raise TemporarySourceError(f"{url} did not answer in time") from error
            except httpx2.InvalidURL as error:
                raise SourceError(f"{url} is no usable address: {error}") from error
            except httpx2.UnsupportedProtocol as error:
                raise SourceError(f"{url} is no http or https address") from error
            except (httpx2.TransportError, OSError) as error:
                raise TemporarySourceError(f"{url} cannot be read: {_reason(error)}") from error
            if not isinstance(found, str):
                return found
            url = found
        raise SourceError(f"{address} redirects more than {self._limits.redirects} times")

    def _exchange(
        self, url: str, headers: Mapping[str, str], readable: Collection[int], until: float
    ) -> tuple[Answer, dict[str, str]] | str:
        """One request. Returns the answer and its validators, or the address it redirects to."""
        request = self._client.build_request("GET", _checked(url), headers=headers)
        with self._gate.turn(request.url.host):
            left = min(self._limits.deadline, until - self._monotonic())
            with self._deadline.of(left):
                return self._send(request, readable)

    def _send(
        self, request: httpx2.Request, readable: Collection[int]
    ) -> tuple[Answer, dict[str, str]] | str:
        url, asked = str(request.url), request.headers
        response = self._client.send(request, stream=True, follow_redirects=False)
        try:
            status = response.status_code
            if status in _REDIRECTS and "location" in response.headers:
                return _target(url, response.headers["location"])
            if status == 304 and ("If-None-Match" in asked or "If-Modified-Since" in asked):
                return Answer(url, status), {}
            if status != 200 and status not in readable:
                raise refusal(url, response)
            body = read_body(url, response, self._limits.max_bytes)
            kind = response.headers.get("content-type", "")
            return Answer(url, status, body, kind), fresh_validators(response.headers)
        finally:
            response.close()


def _address(url: str, params: Mapping[str, str | int] | None) -> str:
    try:
        return str(httpx2.URL(url).copy_merge_params(params or {}))
    except (httpx2.InvalidURL, UnicodeError, TypeError) as error:
        raise SourceError(f"{url} is no usable address: {error}") from error


def _target(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise SourceError(f"{url} redirects to no usable address: {location[:200]!r}") from error


def _checked(url: str) -> httpx2.URL:
    parsed = httpx2.URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise SourceError(f"{url} is no http or https address")
    if parsed.userinfo:
        raise SourceError(f"{parsed.host} is refused: an address must not hold a password")
    return parsed


def _wait(attempt: int, retry_after: float | None) -> float:
    """Two, four, eight ... seconds with jitter, but never less than the source asked for."""
    grown = 2.0**attempt * random.uniform(0.5, 1.0)
    return grown if retry_after is None else max(grown, retry_after + random.uniform(0.0, 1.0))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
