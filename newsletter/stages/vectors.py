"""The encoding stage: vectors for the entries that may be mailed soon or that readers are known by.

Read a batch (short), encode it (no transaction), commit it; so an interrupted run loses one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.encode.port import Encoder
from newsletter.store import entries, vectors
from newsletter.store.engine import Sessions, reading
from subscribers.preferences import examples_arrived

_BATCH = 256
_BATCHES = (
    20  # a visit; an archive that was never encoded must not hold up the day's mails for long
)


def encode_missing(
    sessions: Sessions,
    encoder: Encoder,
    now: datetime,
    days: int,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Encode the entries listed in the last days, example papers and papers voted on; how many.

    Only those whose vector is missing or out of date, the newest first, at most 5,120 a call: the
    next call goes on. `stopped` is asked before each batch. Two at once do some work twice, no more.
    Raises EncoderError.
    """
    since = now.date() - timedelta(days=days)
    encoded = 0
    for _ in range(_BATCHES):
        if stopped():
            break
        with reading(sessions)() as session:
            texts = vectors.missing(session, encoder.name, since, _BATCH)
        if not texts:
            break
        rows = encoder.encode([each.text for each in texts])
        with sessions.begin() as session:
            encoded += vectors.save(session, encoder.name, texts, rows)
            keys = entries.keys_of(session, [each.entry_id for each in texts])
            examples_arrived(session, keys, now=now)
    return encoded
