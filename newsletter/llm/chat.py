"""A model by OpenAI's chat protocol (`POST .../chat/completions`), which many servers and services speak.

Only `model` and `messages` are sent: of the other fields (`max_tokens`, `temperature`,
`response_format`) each is refused by some server or model.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import httpx2

from newsletter.errors import WriterError
from newsletter.llm.port import Said, Writer
from newsletter.waiting import retry_after

_MOST_BYTES = 256 * 1024  # of an answer; the six parts have some ten thousand
_HOPELESS = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404, 405})


@dataclass(frozen=True)
class ChatWriter:
    """One model at one endpoint. `url`: up to `/chat/completions`, such as http://127.0.0.1:11434/v1.

    `seconds` bounds a request from the first byte sent to the last received, however it trickles.
    Redirects are not followed: the key is for this host alone.
    """

    url: str
    name: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 60.0

    def write(self, messages: Sequence[dict[str, str]]) -> Said:
        """The answer to a conversation. Raises WriterError."""
        body = {"model": self.name, "messages": list(messages)}
        try:
            return asyncio.run(self._within(body))
        except TimeoutError as error:
            raise WriterError(f"{self.url} did not answer within {self.seconds:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            told = str(error) or type(error).__name__
            raise WriterError(f"{self.url} cannot be asked: {told}") from error

    async def _within(self, body: dict[str, Any]) -> Said:
        # httpx bounds each read alone: a byte a second would keep it forever.
        async with asyncio.timeout(self.seconds):
            return await self._ask(body)

    async def _ask(self, body: dict[str, Any]) -> Said:
        headers = {"User-Agent": f"Paperround/{version('paperround')}"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        address = f"{self.url}/chat/completions"
        client = httpx2.AsyncClient(timeout=self.seconds, trust_env=False)
        async with client, client.stream("POST", address, json=body, headers=headers) as response:
            if response.status_code != 200:
                raise _refusal(address, response)
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > _MOST_BYTES:
                    raise WriterError(f"{address} answered more than {_MOST_BYTES // 1024} KB")
        return _said(address, bytes(received))


def _refusal(address: str, response: httpx2.Response) -> WriterError:
    status = response.status_code
    line = f"{address} answered {status} {response.reason_phrase}".rstrip()
    wait = retry_after(response.headers) if status in {429, 503} else None
    if status == 429 and wait is None:
        wait = 60.0
    return WriterError(line, retry_after=wait, is_hopeless=status in _HOPELESS)


def _said(address: str, body: bytes) -> Said:
    try:
        document = json.loads(body)
        text = document["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise WriterError(f"{address} answered what is no chat completion") from error
    if not isinstance(text, str):
        raise WriterError(f"{address} answered without a text")
    usage = document.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return Said(text, tokens if isinstance(tokens, int) and 0 <= tokens < 10**9 else 0)


def open_writer(
    url: str | None, model: str | None, key: str | None, seconds: float
) -> Writer | None:
    """The model of the settings, or None where none is set; nothing is asked yet."""
    return ChatWriter(url, model, key, seconds) if url and model else None
