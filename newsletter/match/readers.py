"""What matching needs to know of a person, and what is learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from newsletter.match.learn import learn
from newsletter.match.points import Example, Taste
from newsletter.match.profiles import Profiles
from newsletter.match.space import Space
from newsletter.match.texts import Texts
from newsletter.match.vocabulary import Floats
from newsletter.match.wishes import Seeds, Wish, text_of, wish_of
from subscribers.profile import Interest, Kind

DISLIKE_TRUST = 1.0
_IN_WORDS = {Kind.TOPIC, Kind.PHRASE}

Meanings = Mapping[Wish, Floats]
"""What an encoder makes of a wish's text: unit vectors, (dimensions,). Unknown ones are absent."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One person, as of one day.

    `likes`, `dislikes`: canonical keys of entries voted on, each with how much that still says, 1 at
    most. `lent`: where in the dense features readers of like taste find theirs (`Company.direction`); it
    orders, it is never named. `first_row`: entries before this row of the day were considered for an
    earlier digest.
    `seen_rows`: rows that were sent to this person already; `barred_rows`: those that they do not want to
    be considered at all.
    """

    interests: tuple[Interest, ...]
    likes: tuple[tuple[str, float], ...] = ()
    dislikes: tuple[tuple[str, float], ...] = ()
    lent: Floats | None = field(default=None, compare=False, repr=False)
    first_row: int = 0
    seen_rows: tuple[int, ...] = ()
    barred_rows: tuple[int, ...] = ()

    @property
    def has_wishes(self) -> bool:
        """Whether anything is known of what they want."""
        return bool(self.likes) or any(not wish.muted for wish in self.interests)

    @property
    def has_examples(self) -> bool:
        """Whether they gave or liked any paper."""
        return bool(self.likes) or any(wish.kind is Kind.SEED for wish in self.interests)


def looked_for(interest: Interest) -> Wish:
    """What is looked up for an interest. A muted topic is muted where its words stand, not where
    something is like it.
    """
    kind, text = wish_of(interest)
    return (Kind.PHRASE, text) if interest.muted and kind is Kind.TOPIC else (kind, text)


def learned_from(readers: Sequence[Reader]) -> list[Wish]:
    """The distinct texts that these readers' profiles are learned from."""
    found = {
        looked_for(wish)
        for reader in readers
        for wish in reader.interests
        if not wish.muted and wish.kind in {*_IN_WORDS, Kind.SEED}
    }
    pointed = {
        (Kind.SEED, key) for reader in readers for key, _ in (*reader.likes, *reader.dislikes)
    }
    return sorted(found | pointed)


def keys_of(readers: Sequence[Reader]) -> set[str]:
    """The canonical keys of the papers that these readers gave or voted on."""
    return {text for kind, text in learned_from(readers) if kind is Kind.SEED}


def learn_readers(
    space: Space,
    readers: Sequence[Reader],
    seeds: Seeds,
    meanings: Meanings | None = None,
    texts: Texts | None = None,
) -> Profiles:
    """The readers' profiles. Papers that are not among `seeds` teach nothing. `texts`: what has read
    for others in the same space.
    """
    wishes = learned_from(readers)
    place = {wish: at for at, wish in enumerate(wishes)}
    texts = Texts(space.vocabulary) if texts is None else texts
    read = texts.vectors([text_of(wish, seeds) for wish in wishes])
    known = np.diff(read.indptr) > 0
    tastes = [_taste(reader, place, known.tolist()) for reader in readers]
    return learn(space, read, _meant(space, wishes, meanings), tastes)


def _taste(reader: Reader, place: Mapping[Wish, int], known: Sequence[bool]) -> Taste:
    wishes = [(looked_for(wish), wish) for wish in reader.interests if not wish.muted]
    topics = tuple((place[w], wish.weight) for w, wish in wishes if wish.kind in _IN_WORDS)
    examples: dict[int, Example] = {}

    def point(key: str, trust: float, value: float) -> None:
        row = place[Kind.SEED, key]
        if known[row] and row not in examples:
            examples[row] = Example(row, min(trust, 1.0), value)

    # A vote is a later word than a seed.
    for key, trust in reader.likes:
        point(key, trust, 1.0)
    for key, trust in reader.dislikes:
        point(key, DISLIKE_TRUST * trust, -1.0)
    for (_, key), wish in wishes:
        if wish.kind is Kind.SEED:
            point(key, wish.weight, 1.0)
    # In the order of the texts, whatever the order in which they were liked.
    return Taste(topics, tuple(examples[row] for row in sorted(examples)), reader.lent)


def _meant(space: Space, wishes: Sequence[Wish], meanings: Meanings | None) -> Floats | None:
    if not space.encoder:
        return None
    found = np.zeros((len(wishes), space.dimensions), np.float32)
    for at, wish in enumerate(wishes):
        if meanings is not None and wish in meanings:
            found[at] = meanings[wish]
    return found
