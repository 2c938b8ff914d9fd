"""Where log lines go, and how many."""

from __future__ import annotations

import sys

from newsletter.errors import SettingsError

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_log() -> None:
    """Log lines go to stderr. A command by hand says itself what went wrong; a server only logs."""
    import structlog

    from newsletter.settings import load

    try:
        wanted = load().log_level
    except SettingsError:
        wanted = "info"  # the command itself will say what is wrong
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


def log_unexpected() -> None:
    """Log where the exception that is being handled comes from; seen at level debug alone."""
    import structlog

    if structlog.is_configured():  # else its defaults would show it to everybody, on stdout
        structlog.get_logger().debug("unexpected", exc_info=True)
