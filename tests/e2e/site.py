"""The real site on a real port, in a thread of the test's own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from newsletter.app import App
from newsletter.web.site import create
from tests.smtpd import free_port


@contextmanager
def serving(app: App, port: int | None = None, mailbox: Path | None = None) -> Iterator[str]:
    """Serve the site on loopback; yields its address."""
    port = port or free_port()
    config = uvicorn.Config(
        create(app, mailbox=mailbox), host="127.0.0.1", port=port, log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < until
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
