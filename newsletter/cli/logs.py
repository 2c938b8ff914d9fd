"""What an unexpected exception leaves behind."""

from __future__ import annotations

from newsletter.errors import SettingsError
from newsletter.logs import start_log


def log_unexpected() -> None:
    """Log where the exception that is being handled comes from; seen at level debug alone."""
    import structlog

    from newsletter.settings import load

    try:
        start_log(load().log_level)
    except SettingsError:
        return
    structlog.get_logger().debug("unexpected", exc_info=True)
