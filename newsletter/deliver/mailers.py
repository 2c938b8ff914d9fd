"""How mails leave, as the settings tell it."""

from __future__ import annotations

from pathlib import Path

from newsletter.deliver.outbox import Outbox
from newsletter.deliver.port import Mailer
from newsletter.deliver.smtp import SmtpMailer
from newsletter.setting_types import Relay


def open_mailer(relay: Relay | None, connections: int, outbox: Path) -> Mailer:
    """The relay, or where none is set the outbox; nothing is connected yet."""
    return SmtpMailer(relay, connections) if relay is not None else Outbox(outbox)
