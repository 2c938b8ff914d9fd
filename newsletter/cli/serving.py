"""Serving the site in this process until it is told to end."""

from __future__ import annotations

import socket
from pathlib import Path
from types import FrameType

import uvicorn

from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.web.site import create


def free_or_fail(host: str, port: int) -> None:
    """Raise NewsletterError if somebody listens there already, before any work is done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NewsletterError(
                f"cannot listen on {host}:{port}: {error.strerror}; --port chooses another"
            ) from error


def serve_site(app: App, host: str, port: int, mailbox: Path | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; what is in flight is finished."""
    free_or_fail(host, port)
    config = uvicorn.Config(
        create(app, mailbox=mailbox),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses hold tokens
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    app.tasting.warm()
    _Server(config).run()


class _Server(uvicorn.Server):
    """Uvicorn that ends quietly: it would raise the signal again, and end us before the clockwork."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
