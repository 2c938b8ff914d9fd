"""A real SMTP server in a process of its own, for tests: `python -m tests.smtpd FOLDER [options]`.

Writes each accepted mail into FOLDER as NUMBER.eml with its envelope above it (but for --bare), prints its port first.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

ROOT = Path(__file__).parents[1]


class Handler:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.numbers = itertools.count()

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list
    ) -> str:
        if self.options.refuse_sender:
            return "550 5.7.1 this sender may not"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list
    ) -> str:
        if "unknown" in address:
            return "550 5.1.1 no such mailbox"
        if "greylisted" in address:
            return "450 4.7.1 greylisted, try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        to = envelope.rcpt_tos[0]
        if "full" in to:
            return "452 4.2.2 mailbox full"
        if "spam" in to:
            return "554 5.7.1 looks like spam"
        await asyncio.sleep(self.options.delay)
        number = next(self.numbers)
        part = Path(self.options.folder) / f"{number}.part"
        secured = server.transport.get_extra_info("ssl_object") is not None
        head = json.dumps({"from": envelope.mail_from, "to": to, "tls": secured})
        above = b"" if self.options.bare else head.encode() + b"\n"
        part.write_bytes(above + envelope.original_content)
        part.rename(part.with_suffix(".eml"))
        if "vanish" in to:
            server.transport.abort()
        return "250 2.0.0 taken"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    success = data.login == b"ada" and data.password == b"right"
    return AuthResult(success=success, handled=False)


async def serve(options: argparse.Namespace) -> None:
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    handler = Handler(options)

    def make() -> SMTP:
        return SMTP(
            handler,
            enable_SMTPUTF8=not options.ascii,
            tls_context=None if options.implicit_tls else context,
            authenticator=authenticate,
            auth_require_tls=context is not None and not options.implicit_tls,
            auth_required=options.auth,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        make, "127.0.0.1", options.port, ssl=context if options.implicit_tls else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Mail:
    """An accepted mail: envelope and bytes as received."""

    sender: str
    to: str
    tls: bool
    data: bytes


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    folder: Path

    def mails(self) -> list[Mail]:
        found = []
        for path in sorted(self.folder.glob("*.eml"), key=lambda path: int(path.stem)):
            head, _, data = path.read_bytes().partition(b"\n")
            envelope = json.loads(head)
            found.append(Mail(envelope["from"], envelope["to"], envelope["tls"], data))
        return found


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    """Start the server in its own process, and end it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.smtpd", str(folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Server(int(process.stdout.readline()), folder)
        finally:
            process.kill()


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for_port(
    port: int, process: subprocess.Popen[bytes], log: Path, *, greeting: bytes = b""
) -> None:
    """Wait until a process that was just started listens, and greets; fails with its log if it does not."""
    until = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as there:
                if not greeting or there.recv(len(greeting)) == greeting:
                    return
        except OSError:
            pass
        told = log.read_text() if log.exists() else "it says nothing"
        assert process.poll() is None, told
        assert time.monotonic() < until, told
        time.sleep(0.1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--certificate")
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--auth", action="store_true")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--refuse-sender", action="store_true")
    parser.add_argument("--bare", action="store_true", help="mails as a mailbox keeps them")
    asyncio.run(serve(parser.parse_args()))
