"""From settings to what sends: the relays, and the rules of sending."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

from newsletter.deliver.outbox import Outbox
from newsletter.deliver.port import Mailer
from newsletter.deliver.relays import Relays
from newsletter.sending_rules import StopLoss, parse_quiet_hours, parse_warm_up
from newsletter.settings import Settings
from newsletter.stages.send import Rules
from newsletter.store.claims import Policy

_PROBED = 5.0  # seconds


def mailer_of(settings: Settings) -> Mailer:
    """The relays of the settings, or the outbox."""
    if settings.relays:
        return Relays(settings.relays, settings.smtp_connections)
    return Outbox(Path(settings.outbox))


def probe_of(settings: Settings) -> Mailer:
    """The same, to see whether anybody answers, soon and over one connection."""
    if settings.relays:
        return Relays(settings.relays, 1, _PROBED, _PROBED)
    return Outbox(Path(settings.outbox))


def rules_of(settings: Settings, share: float = 1.0) -> Rules:
    """How digests are sent. `share`: this process's, where several send."""
    return Rules(
        policy=Policy(settings.uncertain == "hold", timedelta(hours=settings.deadline_hours)),
        give_up_after=timedelta(hours=settings.retry_hours),
        rate=settings.send_rate * share if settings.send_rate else math.inf,
        quiet=parse_quiet_hours(settings.quiet_hours) if settings.quiet_hours else None,
        warm_up=parse_warm_up(settings.warm_up) if settings.warm_up else None,
        stop_loss=StopLoss(settings.stop_loss / 100),
    )


def notice_rules(settings: Settings) -> Rules:
    """How the mails that people asked for are sent: at once, whatever the hour."""
    return Rules(
        policy=Policy(settings.uncertain == "hold"),
        give_up_after=timedelta(hours=settings.retry_hours),
    )
