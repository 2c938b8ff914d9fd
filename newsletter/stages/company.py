"""Other readers' taste, learned in the night from all votes and example papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from newsletter.match.company import Company, keep_company
from newsletter.match.packed import pack_company, unpack_company
from newsletter.match.readers import Reader
from newsletter.store import company, voting
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers.profile import Kind

_FEWEST_PAPERS = 2  # one paper alone is no company
_LARGEST = 500  # pairs grow with the square; the latest papers of who likes everything are enough

log = structlog.get_logger()


def learn_company(sessions: Sessions, now: datetime) -> bool:
    """Learn what readers like together and store it; of too few readers nothing is kept (False)."""
    with reading_sessions(sessions)() as session:
        libraries = voting.libraries(session, _LARGEST)
    learned = keep_company([papers for papers in libraries if len(papers) >= _FEWEST_PAPERS])
    with sessions.begin() as session:
        if not learned.together.nnz:
            company.clear(session)
            return False
        company.save(session, pack_company(learned), now)
    log.info("company.learned", papers=len(learned.keys))
    return True


def read_company(session: Session) -> Company | None:
    """What is stored, None if nothing is."""
    data = company.read(session)
    return unpack_company(data) if data else None


def borrowing(session: Session, readers: Sequence[Reader], lender: Company) -> list[Reader]:
    """The readers with what others lend them."""
    given = [_given(reader) for reader in readers]
    names = voting.current_keys(session, {key for keys in given for key in keys})
    return [
        replace(reader, borrowed=lender.borrow(_renamed(keys, names)))
        for reader, keys in zip(readers, given, strict=True)
    ]


def _given(reader: Reader) -> list[str]:
    examples = (w.text for w in reader.interests if w.kind is Kind.SEED and not w.muted)
    return [*(key for key, _ in reader.likes), *examples]


def _renamed(keys: Sequence[str], names: Mapping[str, str]) -> list[str]:
    return [names.get(key, key) for key in keys]
