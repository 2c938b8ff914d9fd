"""Where log lines go, and how many."""

from __future__ import annotations

import sys

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_log(wanted: str) -> None:
    """Log lines go to stderr. A command by hand says itself what went wrong; a server only logs."""
    import structlog

    serves = bool({"up", "serve"} & set(sys.argv[1:2]))
    level = _LEVELS[wanted] if serves or wanted == "debug" else _LEVELS["error"]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
