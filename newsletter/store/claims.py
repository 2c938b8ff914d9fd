"""What passes between the ledger and whoever sends: what to claim, what is claimed, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.model import DeliveryState, Outcome, Receipt

STOPPED = "the sender stopped between the mail and the relay's answer"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours to send. `day`: its edition's, None for a notice."""

    id: int
    domain: str
    day: date | None

    @property
    def edition(self) -> str:
        """As log lines name it."""
        return str(self.day) if self.day else "notice"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one row: the relay's receipt, why it was not sent, and when to try again.

    `unsent`: nothing went on the wire, so the row waits as before.
    """

    row_id: int
    receipt: Receipt
    retry_at: datetime | None
    reason: str = ""
    unsent: bool = False

    @property
    def state(self) -> DeliveryState:
        """Where the row stands after it."""
        if self.unsent:
            return DeliveryState.PLANNED
        put_off = self.receipt.outcome in {Outcome.DEFERRED, Outcome.UNCERTAIN}
        if put_off and self.retry_at is None:
            return DeliveryState.FAILED
        return DeliveryState(self.receipt.outcome.value)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which deliveries to send: of one edition, of one subscriber, or (None) all that are due.

    `late`: also those whose time has passed; `held`: also uncertain ones that the policy holds.
    """

    day: date | None = None
    subscriber_id: int | None = None
    late: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """`hold`: uncertain rows wait for the operator; `deadline`: how long after it was due a row is sent."""

    hold: bool = False
    deadline: timedelta | None = None


EVERYTHING = Scope()
USUAL = Policy()
