"""A small HTTP server on loopback that serves what it is told, and misbehaves on demand."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """What is answered: a status, headers and a body; or `act` does what it likes with the socket."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[socket.socket], None] | None = None


@dataclass
class Asked:
    """A request as the server saw it."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


Answerer = Callable[[Asked], Reply]


class Web:
    """Answers by path; a list of replies is used up one by one, its last one repeated."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[str, list[Reply | Answerer]] = {}
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def put(self, path: str, *replies: Reply | Answerer | bytes) -> str:
        """Answer a path (of any query) with these; returns its address."""
        self._replies[path] = [Reply(r) if isinstance(r, bytes) else r for r in replies]
        return self.url + path

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self._replies.get(asked.path)
        if not replies:
            return Reply(b"no such page", 404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Reply) else reply(asked)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a misbehaving server is what the tests are about."""


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer's body waits 40 ms behind its head

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            reply = web.answer(Asked(parts.path, query, headers, body))
            if reply.act:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    reply.act(self.connection)
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Tests are quiet."""

    return Handler


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    web = Web()
    try:
        yield web
    finally:
        web.close()


def status(code: int, **headers: str) -> Reply:
    """An error page; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(HTTPStatus(code).phrase.encode(), code, named)


def redirect(to: str) -> Reply:
    return Reply(b"", 302, {"Location": to})


def html_page(title: str = "Log in") -> Reply:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>Hello</body></html>"
    return Reply(page.encode(), headers={"Content-Type": "text/html"})


def gzip_bomb(megabytes: int = 200) -> Reply:
    body = gzip.compress(b"\0" * (megabytes << 20), 9)
    return Reply(body, headers={"Content-Encoding": "gzip"})


def zipped(body: bytes, *, keep: float = 1.0) -> Reply:
    packed = gzip.compress(body)
    return Reply(packed[: int(len(packed) * keep)], headers={"Content-Encoding": "gzip"})


def slow_drip(seconds_a_byte: float = 0.05) -> Reply:
    """A body that never ends, a byte at a time."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(2000):
            connection.sendall(b" ")
            time.sleep(seconds_a_byte)

    return Reply(act=act)


def slow_head(seconds_a_byte: float = 0.05) -> Reply:
    """A head that never ends."""

    def act(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(2000):
            connection.sendall(b"a")
            time.sleep(seconds_a_byte)

    return Reply(act=act)


def reset_in_the_middle(body: bytes) -> Reply:
    """Half of the body, then a hard reset of the connection."""

    def act(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body[: len(body) // 2])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return Reply(act=act)


def conditional(body: bytes, etag: str = '"1"') -> Answerer:
    """Answers 304 to whoever knows the ETag."""

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == etag:
            return Reply(b"", 304, {"ETag": etag})
        return Reply(body, headers={"ETag": etag, "Last-Modified": formatdate(0, usegmt=True)})

    return answer


def charset_of(body: bytes) -> str | None:
    """The charset that feedparser's own test files ask their server to announce."""
    found = re.search(rb"Header:\s*Content-type:\s*([^\r\n]+)", body[:1000], re.IGNORECASE)
    return found[1].decode().strip() if found else None
