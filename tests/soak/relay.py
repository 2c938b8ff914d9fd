"""A relay that misbehaves by the throw of a seeded die, in a process of its own: `python -m tests.soak.relay`.

Each mail that it takes is a line in its journal before it answers, so that the journal is the truth. Commands
come by stdin: `faults 0.3` sets how often it misbehaves; it answers with a line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)

GREETING = ("busy", "refuse", "reset", "silence", "garbage", "tls")
STEPS = {
    "MAIL": ("421 4.3.2 closing", "451 4.3.0 not now", "452 4.3.1 no space", "reset", "garbage", "silence"),
    "RCPT": (
        "421 4.7.0 too fast", "450 4.7.1 greylisted", "452 4.2.2 mailbox full", "550 5.1.1 no such user",
        "550 5.7.1 blocked as spam", "reset", "garbage", "silence",
    ),
    "DATA": ("421 4.3.2 closing", "451 4.3.0 not now", "554 5.6.0 no", "reset", "garbage"),
    "body": ("reset", "slow"),
    "dot": (
        "421 4.3.2 closing", "451 4.3.0 not now", "452 4.3.1 no space", "550 5.7.1 spam",
        "552 5.3.4 too big", "lost", "lost", "vanish", "silence", "garbage",
    ),
}  # fmt: skip


class Relay:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.dice = random.Random(options.seed)
        self.faults = options.faults
        self.journal = Path(options.journal).open("ab", buffering=0)  # noqa: SIM115
        self.slow_until = 0.0

    def fault(self, step: str) -> str | None:
        faults = STEPS.get(step, GREETING)
        return self.dice.choice(faults) if self.dice.random() < self.faults else None

    def note(self, kind: str, **more: Any) -> None:
        self.journal.write(json.dumps({"kind": kind, **more}).encode() + b"\n")

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await Conversation(self, reader, writer).run()
        writer.transport.abort()


class Conversation:
    def __init__(
        self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.relay, self.reader, self.writer = relay, reader, writer
        self.tls = False
        self.to = ""

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def misbehave(self, fault: str) -> None:
        """Answer so; raises ConnectionError where the conversation is over."""
        if fault == "reset":
            raise ConnectionResetError
        if fault == "silence":
            await asyncio.sleep(self.relay.options.silence)
            raise ConnectionResetError
        if fault == "garbage":
            await self.say("\x00\xffwhat do you mean?")
            return
        await self.say(fault)
        if fault.startswith("421"):
            raise ConnectionResetError

    async def run(self) -> None:
        self.relay.note("connected")
        fault = self.relay.fault("greeting")
        if fault in {"busy", "refuse"}:
            await self.misbehave("421 4.3.2 too busy" if fault == "busy" else "421 4.7.0 go away")
        elif fault in {"reset", "silence", "garbage"}:
            await self.misbehave(fault)
        self.tls = fault == "tls"
        await self.say("220 relay.example")
        while line := await self.reader.readline():
            verb = line.split(b":")[0].split()[0].upper().decode("latin-1") if line.strip() else ""
            if not await self.answer(verb, line):
                return

    async def answer(self, verb: str, line: bytes) -> bool:
        if verb == "EHLO":
            offers = ["PIPELINING"] if self.relay.dice.random() < 0.7 else []
            offers += ["STARTTLS"] if self.tls else []
            lines = ["relay.example", *offers, "8BITMIME", "SMTPUTF8", "SIZE 50000000"]
            for each in lines[:-1]:
                self.writer.write(f"250-{each}\r\n".encode())
            await self.say(f"250 {lines[-1]}")
        elif verb == "STARTTLS":
            await self.say("220 go on")
            self.writer.write(b"this is no TLS at all, whatever you may think of it\r\n")
            await self.writer.drain()
            return False
        elif verb == "QUIT":
            await self.say("221 bye")
            return False
        elif verb == "RSET":
            await self.say("250 reset")
        elif fault := self.relay.fault(verb):
            if verb == "RCPT":
                self.relay.note("refused", to=_address(line), said=fault)
            await self.misbehave(fault)
        elif verb == "RCPT":
            await self.recipient(line)
        elif verb == "DATA":
            await self.data()
        else:
            await self.say("250 fine")
        return True

    async def recipient(self, line: bytes) -> None:
        self.to = _address(line)
        now = asyncio.get_running_loop().time()
        if self.to.endswith("slow.example") and self.relay.faults:
            if now < self.relay.slow_until:
                await self.say("450 4.7.1 this domain takes it slowly")
                self.to = ""
                return
            self.relay.slow_until = now + 0.02
        await self.say("250 known")

    async def data(self) -> None:
        if not self.to:
            await self.say("503 5.5.1 nobody to mail")
            return
        await self.say("354 go on")
        fault = self.relay.fault("body")
        if fault == "reset":
            await self.reader.read(self.relay.dice.randrange(1, 3000))
            raise ConnectionResetError
        lines = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line)
            if fault == "slow" and len(lines) % 100 == 0:
                await asyncio.sleep(0.02)
        await self.take(b"".join(lines))

    async def take(self, data: bytes) -> None:
        if not data:  # RFC 2920, 3.1: what a client sends that had pipelined DATA behind a refusal
            await self.say("554 5.5.1 no message")
            return
        await asyncio.sleep(self.relay.dice.random() * self.relay.options.delay)
        found = _ID.search(data)
        assert found is not None, data[:300]
        fault = self.relay.fault("dot")
        about = {"id": found[1].decode(), "to": self.to}
        if fault in {None, "lost", "garbage", "silence"}:
            self.relay.note("taken", **about, lost=fault is not None)
            if fault is None:
                await self.say("250 2.0.0 taken")
            else:
                await self.misbehave("reset" if fault == "lost" else fault)
        elif fault == "vanish":
            raise ConnectionResetError
        else:
            self.relay.note("refused", **about, said=fault)
            await self.misbehave(fault)
        self.to = ""


def _address(line: bytes) -> str:
    return line.decode("utf-8", "replace").partition("<")[2].partition(">")[0]


async def serve(options: argparse.Namespace) -> None:
    relay = Relay(options)
    server = await asyncio.start_server(relay.converse, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        relay.faults = float(line.split()[1])
        print("done", flush=True)


@dataclass
class Running:
    """A running relay."""

    port: int
    journal: Path
    process: subprocess.Popen[str]

    def set_faults(self, share: float) -> None:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"faults {share}\n")
        stdin.flush()
        stdout.readline()

    def noted(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]


@contextmanager
def running(folder: Path, seed: int, faults: float, silence: float) -> Iterator[Running]:
    journal = folder / "journal"
    journal.write_bytes(b"")
    command = [
        sys.executable, "-m", "tests.soak.relay", str(journal),
        "--seed", str(seed), "--faults", str(faults), "--silence", str(silence),
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Running(int(process.stdout.readline()), journal, process)
        finally:
            process.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("journal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--delay", type=float, default=0.04, help="most seconds that a mail takes")
    parser.add_argument("--silence", type=float, default=3.0)
    asyncio.run(serve(parser.parse_args()))
