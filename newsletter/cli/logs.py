"""How much a command logs. One by hand says itself what went wrong; a server only logs."""

from __future__ import annotations

import sys
from typing import Literal

from newsletter.errors import SettingsError


def start_log(wanted: str, form: Literal["text", "json"] = "text") -> None:
    """Start the log of the command that runs."""
    from newsletter import logs

    serves = bool({"up", "serve"} & set(sys.argv[1:2]))
    logs.start_log(wanted if serves or wanted == "debug" else "error", form)


def log_unexpected() -> None:
    """Log where the exception that is being handled comes from; seen at level debug alone."""
    import structlog

    from newsletter.settings import load

    try:
        start_log(load().log_level)
    except SettingsError:
        return
    structlog.get_logger().debug("unexpected", exc_info=True)
