"""Where a person stands with us, what moves them, and the words they were shown. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from subscribers.language import N_, gettext, spoken


class State(StrEnum):
    """Where a subscriber stands; only `confirmed` is ever mailed a digest."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"


class Act(StrEnum):
    """What a person can do about their subscription."""

    REQUEST = "request"
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"


class EventKind(StrEnum):
    """What a consent event records. `link-sent`: somebody already with us asked for their link."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    LINK_SENT = "link-sent"
    LINKS_ENDED = "links-ended"
    IMPORTED = "imported"
    ADDRESS_ASKED = "address-asked"
    ADDRESS_CHANGED = "address-changed"
    ADDRESS_RESTORED = "address-restored"
    ASKED_AGAIN = "asked-again"


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a request came, as far as it told."""

    network_address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """Words that somebody agrees to, in English. Whoever changes `text` gives it a new `version`."""

    version: str
    text: str

    def said(self) -> Wording:
        """These words in the language being spoken, as a version of their own: `request-1.de`."""
        text = gettext(self.text)
        return self if text == self.text else Wording(f"{self.version}.{spoken()}", text)

    @property
    def hash(self) -> str:
        """SHA-256 of the words, 64 hex digits: proof that a version was not reworded in silence."""
        return hashlib.sha256(self.text.encode()).hexdigest()


REQUEST_WORDING = Wording(
    "request-1",
    N_(
        "We will mail you a digest of new papers, chosen by the wishes above, at the hour you set. "
        "First we send one mail to make sure that this address is yours. We keep your address, your "
        "wishes and when you agreed, for this purpose only, and pass them on to nobody. "
        "Every mail has a link that ends it with one press."
    ),
)
CONFIRM_WORDING = Wording(
    "confirm-1",
    N_(
        "Yes, mail me my digest of new papers. I can change what I get, or end it, "
        "by the links at the foot of every mail."
    ),
)

_NEXT: dict[tuple[State, Act], State] = {
    (State.PENDING, Act.REQUEST): State.PENDING,
    (State.PENDING, Act.CONFIRM): State.CONFIRMED,
    (State.PENDING, Act.UNSUBSCRIBE): State.UNSUBSCRIBED,
    (State.CONFIRMED, Act.REQUEST): State.CONFIRMED,
    (State.CONFIRMED, Act.CONFIRM): State.CONFIRMED,
    (State.CONFIRMED, Act.UNSUBSCRIBE): State.UNSUBSCRIBED,
    (State.UNSUBSCRIBED, Act.REQUEST): State.PENDING,
    (State.UNSUBSCRIBED, Act.UNSUBSCRIBE): State.UNSUBSCRIBED,
}


def next_state(state: State, act: Act) -> State | None:
    """The state after `act`, or None where it has no effect.

    The one such case is an old confirmation link pressed after unsubscribing: leaving wins, and
    coming back takes a new request.
    """
    return _NEXT.get((state, act))
