"""Where log lines go, how they are written, and what never stands in them."""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_ADDRESS = re.compile(r"[^\s<>\"'(),;:@\[\]]+@[^\s<>\"'(),;:@\[\]]+")


Form = Literal["text", "json"]


def start_log(wanted: str, form: Form = "text") -> None:
    """Start a command's log. One by hand says itself what went wrong; a server only logs."""
    serves = bool({"up", "serve"} & set(sys.argv[1:2]))
    write_log(wanted if serves or wanted == "debug" else "error", form)


def write_log(level: str, form: Form = "text") -> None:
    """Log lines of at least this level go to stderr. Below debug, addresses are left out of them."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *([] if level == "debug" else [without_addresses]),
            structlog.processors.JSONRenderer(default=str)
            if form == "json"
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def without_addresses(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A log line's values without mail addresses, whoever put them there: relays quote them."""
    for name, value in event.items():
        if not isinstance(value, (int, float, bool, type(None))):
            event[name] = _ADDRESS.sub("<address>", value if isinstance(value, str) else str(value))
    return event
