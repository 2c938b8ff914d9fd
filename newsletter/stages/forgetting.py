"""Of somebody who is erased nothing stays in what came back, whoever else it is about."""

from __future__ import annotations

from sqlalchemy.orm import Session

from newsletter.bounce.reading import read_mail
from newsletter.store import returned as store


def forget(session: Session, email: str) -> None:
    """Drop every text that names an address, for the person whose it is is being erased."""
    wanted = email.lower()
    named = [number for number, raw in store.kept_texts(session) if _names(raw, wanted)]
    store.drop_texts(session, named, email)


def _names(raw: bytes, wanted: str) -> bool:
    if wanted.encode() in raw.lower():
        return True
    return any(wanted in part.text.lower() for part in read_mail(raw).parts)
