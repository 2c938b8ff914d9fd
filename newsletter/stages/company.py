"""Other readers' taste, learned in the night from all votes and example papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from newsletter.match.company import Company, keep_company
from newsletter.match.features import text_words
from newsletter.match.packed import pack_company, unpack_company
from newsletter.match.readers import Reader
from newsletter.match.space import Space
from newsletter.match.vocabulary import Floats
from newsletter.stages.spaces import Spaces
from newsletter.store import company, reading, voting
from newsletter.store.engine import Sessions
from newsletter.store.engine import reading as reading_sessions
from subscribers.profile import Kind

_FEWEST_PAPERS = 2  # one paper alone is no company
_MOST = 50_000  # libraries; what these do not tell, more of them hardly would
_LARGEST = 500  # pairs grow with the square; the latest papers of who likes everything are enough

log = structlog.get_logger()


def learn_company(sessions: Sessions, spaces: Spaces, now: datetime) -> bool:
    """Learn what readers like together and store it; of too few readers, or while no space is stored,
    nothing is kept (False).
    """
    with reading_sessions(sessions)() as session:
        stored = spaces.stored(session)
        libraries = [
            papers
            for papers in voting.libraries(session, _LARGEST, _MOST)
            if len(papers) >= _FEWEST_PAPERS
        ]
        learned = None
        if stored is not None:
            space = stored[1]
            learned = keep_company(libraries, lambda keys: _dense(session, spaces, space, keys))
    with sessions.begin() as session:
        if stored is None or learned is None or not learned.keys:
            company.clear(session)
            return False
        company.save(session, stored[0], pack_company(learned), now)
    log.info("company.learned", papers=len(learned.keys))
    return True


def _dense(session: Session, spaces: Spaces, space: Space, keys: Sequence[str]) -> Floats:
    texts = reading.texts_by_key(session, keys)
    words = [text_words(*texts.get(key, ("", ""))) for key in keys]
    semantic = spaces.meant_by(session, space, keys)
    return space.features(space.vocabulary.vectors(words), semantic).dense


def read_company(session: Session, space_id: int) -> Company | None:
    """What is stored for a space, None if nothing is."""
    data = company.read(session, space_id)
    return unpack_company(data) if data else None


def borrowing(session: Session, readers: Sequence[Reader], lender: Company) -> list[Reader]:
    """The readers with what others lend them."""
    given = [_given(reader) for reader in readers]
    names = voting.current_keys(session, {key for keys in given for key in keys})
    return [
        replace(reader, lent=lender.direction(_renamed(keys, names)))
        for reader, keys in zip(readers, given, strict=True)
    ]


def _given(reader: Reader) -> list[str]:
    examples = (w.text for w in reader.interests if w.kind is Kind.SEED and not w.muted)
    return [*(key for key, _ in reader.likes), *examples]


def _renamed(keys: Sequence[str], names: Mapping[str, str]) -> list[str]:
    return [names.get(key, key) for key in keys]
