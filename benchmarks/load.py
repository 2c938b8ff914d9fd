"""An open-loop load on one server: requests leave when they are due, whether or not others were answered.

A latency counts from when the request was due, so a server that stalls is not spared the ones that queue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: latencies in ms in order of size, how many octets on average, what failed."""

    latencies: Sequence[float]
    octets: float
    failed: int
    per_second: float

    def at(self, share: float) -> float:
        """The latency that this share of all requests did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


async def ask(host: str, port: int, paths: Sequence[str], rate: float) -> Answers:
    """Ask for the paths in order, `rate` a second, each from a network of its own."""
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    latencies: list[float] = []
    sizes: list[int] = []
    failed = 0
    start = time.perf_counter() + 0.05

    async def one(number: int, path: str) -> None:
        nonlocal failed
        due = start + number / rate
        try:
            status, size = await asyncio.wait_for(
                _request(host, port, idle, number, path), _TIMEOUT
            )
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status, size = 0, 0
        latencies.append(1000 * (time.perf_counter() - due))
        sizes.append(size)
        failed += status != 200

    tasks = []
    for number, path in enumerate(paths):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, path)))
    await asyncio.gather(*tasks)
    spent = time.perf_counter() - start
    for _, writer in idle:
        writer.close()
    return Answers(sorted(latencies), sum(sizes) / len(sizes), failed, len(paths) / spent)


async def _request(
    host: str,
    port: int,
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    number: int,
    path: str,
) -> tuple[int, int]:
    reader, writer = idle.pop() if idle else await asyncio.open_connection(host, port)
    network = f"{20 + number % 80}.{number // 80 % 250}.{number // 20_000 % 250}.7"
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {network}\r\n\r\n"
    writer.write(head.encode())
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
    await reader.readexactly(length)
    idle.append((reader, writer))
    return int(answer.split(" ", 2)[1]), length
