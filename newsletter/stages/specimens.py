"""Every mail in every state, made of the sample papers: for looking at, and for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from newsletter.compose import CANDIDATES_PER_PLACE, add_trending, trending_places
from newsletter.match.features import day_features
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.score import match_block
from newsletter.model import (
    Change,
    Digest,
    Entry,
    Evidence,
    EvidenceKind,
    Heard,
    Manner,
    Message,
    Pick,
    Section,
    Skip,
)
from newsletter.render import DigestLetter, MailRenderer, NoticeKind, NoticeLetter, Rendered
from newsletter.stages import specimen_papers
from newsletter.stages.choosing import digest_of
from newsletter.stages.letters import DigestLetters, Links, Person
from newsletter.stages.notices import page_of
from subscribers.language import speaking
from subscribers.length import Length
from subscribers.profile import Interest, parse_profile, wish_text
from subscribers.schedule import make_schedule
from subscribers.tokens import ABOUT_ONE_THING, LIFETIME
from subscribers.wording import rhythm

_WISHES = '"speculative decoding"\nKV cache compression\nvideo diffusion\nauthor:Jiaya Jia\n-survey'
_READER = Person(1, "reader@example.org", 1)
_ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """One state of the digest worth a look. `missed`: as many of the papers came while away."""

    name: str
    entries: Sequence[Entry]
    interests: tuple[Interest, ...] = ()
    places: int = 10
    note: str | None = None
    manner: Manner = field(default_factory=Manner)
    trending: bool = False
    missed: int = 0
    changes: tuple[Change, ...] = ()
    quiet_days: int = 0
    heard: Heard | None = None


def letters(
    renderer: MailRenderer, links: Links, now: datetime
) -> Iterator[tuple[str, DigestLetter | tuple[NoticeKind, NoticeLetter]]]:
    """(name, letter) for each kind of mail and each state worth a look."""
    written = DigestLetters(renderer, links)
    for row_id, state in enumerate(_states(now), start=1):
        yield (
            state.name,
            written.letter(
                _READER,
                _digest(state, now),
                {entry.id: entry for entry in state.entries},
                day=now.date(),
                planned_at=now,
                row_id=row_id,
                note=state.note,
                manner=replace(state.manner, next_at=_next(now), timezone=_ZONE),
            ),
        )
    wishes = parse_profile(_WISHES).interests
    for kind in NoticeKind:
        yield kind.value, (kind, _notice(links, kind, wishes, now))
    confirm = _notice(links, NoticeKind.CONFIRM, wishes, now, row_id=2)
    with speaking("de"):
        said = rhythm(make_schedule(cadence="daily", hour=7, timezone=_ZONE))
    yield "confirm.de", (NoticeKind.CONFIRM, replace(confirm, language="de", rhythm=said))


def specimens(renderer: MailRenderer, links: Links, now: datetime) -> Iterator[tuple[str, Message]]:
    """(name, message) for each specimen."""
    for name, letter in letters(renderer, links, now):
        if isinstance(letter, DigestLetter):
            yield name, renderer.digest(letter)
        else:
            yield name, renderer.notice(*letter)


def rendered(renderer: MailRenderer, links: Links, now: datetime) -> Iterator[tuple[str, Rendered]]:
    """(name, the mail as people read it) for each specimen."""
    for name, letter in letters(renderer, links, now):
        if isinstance(letter, DigestLetter):
            yield name, renderer.digest_preview(letter)
        else:
            yield name, renderer.notice_preview(*letter)


def _states(now: datetime) -> list[_State]:
    papers = specimen_papers.papers(now)
    wishes = parse_profile(_WISHES).interests
    odd = specimen_papers.awkward(now)
    full, titles = Manner(length=Length.FULL), Manner(length=Length.TITLES)
    wished = partial(_State, entries=papers, interests=wishes)
    return [
        wished(
            name="digest",
            trending=True,
            manner=Manner(complete=True),
        ),
        wished(name="digest-one-paper", places=1),
        _State(name="digest-forty-papers", entries=papers, places=40),
        _State(name="digest-no-wishes", entries=papers, places=8),
        wished(
            name="digest-incomplete",
            places=5,
            note="Not everything is in yet.",
        ),
        _State(name="digest-awkward", entries=odd, places=len(odd)),
        wished(
            name="digest-titles",
            manner=titles,
            trending=True,
            heard=specimen_papers.HEARD,
        ),
        wished(name="digest-full", manner=full),
        _State(name="digest-full-forty", entries=papers, places=40, manner=full),
        wished(
            name="digest-weekly",
            places=15,
            manner=Manner(weekly=True),
            trending=True,
            changes=specimen_papers.CHANGES,
        ),
        wished(
            name="digest-after-a-pause",
            trending=True,
            missed=len(papers) // 2,
            changes=specimen_papers.CHANGES,
        ),
        _State(name="quiet", entries=(), quiet_days=7),
        wished(
            name="digest.de",
            trending=True,
            missed=len(papers) // 2,
            changes=specimen_papers.CHANGES,
            manner=Manner(complete=True, language="de"),
        ),
    ]


def _digest(state: _State, now: datetime) -> Digest:
    if state.quiet_days:
        return Digest((), 0, quiet_days=state.quiet_days)
    day = day_features(state.entries)
    reader = Reader(state.interests)
    profiles = learn_readers(day.space, [reader], {})
    (found,) = match_block(day, [reader], profiles, [CANDIDATES_PER_PLACE * state.places], {})
    digest = digest_of(day, reader, found, {}, places=state.places, missed=state.missed)
    assert not isinstance(digest, Skip)
    away = date.fromordinal(now.date().toordinal() - 9) if state.missed else None
    digest = replace(digest, changes=state.changes, away_since=away, heard=state.heard)
    if not state.trending:
        return digest
    most = trending_places(state.places, weekly=state.manner.weekly)
    chosen = {pick.entry_id for pick in digest.picks}
    talked_about = sorted(state.entries, key=lambda entry: -entry.votes)
    offered = [_trending(entry) for entry in talked_about if entry.id not in chosen]
    return add_trending(digest, offered[:most], state.places)


def _trending(entry: Entry) -> Pick:
    told = ", ".join(
        [
            f"{entry.votes} upvotes",
            *([f"{entry.points} points on Hacker News"] * bool(entry.points)),
        ]
    )
    return Pick(
        entry.id, Section.TRENDING, entry.votes, (Evidence(EvidenceKind.POPULAR, "", told),)
    )


def _next(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC).replace(
        hour=5
    )


def _notice(
    links: Links,
    kind: NoticeKind,
    wishes: Sequence[Interest],
    now: datetime,
    *,
    row_id: int = 1,
) -> NoticeLetter:
    path, purpose = page_of(kind)
    about = 1 if purpose in ABOUT_ONE_THING else None
    lifetime = LIFETIME[purpose] if purpose else None
    return NoticeLetter(
        notice_id=row_id,
        message_id=links.message_id(kind.value, row_id, _READER.id),
        sent_at=now,
        email=_READER.email,
        link=links.url(path, purpose, _READER.id, _READER.links_version, now, about=about)
        if purpose
        else f"{links.base_url}/{path}",
        expires_at=now + lifetime if lifetime else None,
        wishes=tuple(wish_text(wish) for wish in wishes),
        rhythm="every day at 07:00, Berlin time",
    )
