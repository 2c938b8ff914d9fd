"""How many mails a second one core makes: composed, with their links, rendered, as bytes for the wire.

`render.mails_per_second_1_core` is a digest of ten papers of one real day, matched for each reader
before the clock starts. The yardstick makes the same mails the plain way in the same run: every part
rendered by Jinja for each reader anew, then `EmailMessage` in quoted-printable. Both are parsed, and
must say the same to the letter.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any
from unittest import mock

from benchmarks import harness
from benchmarks.daily import wishes
from newsletter.compose import CANDIDATES_PER_PLACE
from newsletter.match.features import Day, day_features
from newsletter.match.readers import Reader, learn_readers
from newsletter.match.score import Found, match_block
from newsletter.model import Digest, Entry, Manner
from newsletter.render import DigestLetter, MailRenderer, Templates, digest, mime
from newsletter.render.cards import Cards
from newsletter.render.molds import Molds
from newsletter.stages.choosing import digest_of
from newsletter.stages.letters import DigestLetters, Links, Person
from subscribers.profile import parse_profile
from subscribers.tokens import LinkSigner
from tests.render.letters import SITE

DAY = date(2026, 6, 9)
NOW = datetime(2026, 6, 9, 7, 0, tzinfo=UTC)
PLACES = 10


class UncachedCards(Cards):
    """Renders each card for each mail, with its vote links."""

    def __init__(self, template: Any, molds: Molds, base_url: str) -> None:
        super().__init__(template, molds, base_url)
        self._votes = dict.fromkeys(self._votes, mime.Mold(b"", b"", 0, ()))

    def _made(self, _key: Any, _basis: object, make: Any) -> Any:
        return make()

    def told(self, entry: Entry, evidence: Any, style: Any, *, votes: bool) -> Any:
        """The card without links to vote, which follow once their tokens are known."""
        assert votes
        told = super().told(entry, evidence, style, votes=False)
        part = "linevotes" if style.line else "votes"

        def rendered(tokens: Mapping[bytes, bytes]) -> mime.Piece:
            urls = {
                f"{way.decode()}_url": f"{SITE.base_url}/vote/{token.decode()}"
                for way, token in tokens.items()
            }
            return mime.encode_piece(*self._template.render(part, {"site": SITE, **urls}))

        return Unkept(told, rendered)


@dataclass(frozen=True)
class Unkept:
    """A card whose votes are rendered where others fill them in."""

    told: Any
    votes: Callable[[Mapping[bytes, bytes]], mime.Piece]
    tokens = 0

    @property
    def html_size(self) -> int:
        """As of the card."""
        size: int = self.told.html_size
        return size

    @property
    def html(self) -> Late:
        """The card and its votes."""
        return Late(lambda tokens: self.told.html % {} + self.votes(tokens).html)

    def texts(self, number: int) -> tuple[bytes, Late]:
        """The text, and the note with its votes."""
        text, note = self.told.texts(number)
        return text, Late(lambda tokens: note % {} + self.votes(tokens).text)


@dataclass(frozen=True)
class Late:
    """Octets that wait for tokens."""

    filled: Callable[[Mapping[bytes, bytes]], bytes]

    def __mod__(self, tokens: Mapping[bytes, bytes]) -> bytes:
        return self.filled(tokens)


class UncachedMolds(Molds):
    """Renders what has gaps for each mail."""

    def mold(self, part: str, _own: Mapping[str, str], **words: Hashable) -> Any:
        """A part that is rendered anew for each reader."""
        return Unmolded(lambda own: self._rendered(part, own, words))


@dataclass(frozen=True)
class Unmolded:
    """A part in place of a mold."""

    rendered: Callable[[Mapping[str, str]], tuple[str, str]]

    def fill(self, words: mime.Words) -> mime.Piece:
        """The part with these words."""
        return mime.encode_piece(*self.rendered(words.said))


class PlainWriter(digest.DigestWriter):
    """Writes the same digests, keeping and encoding nothing."""

    cards, molds = UncachedCards, UncachedMolds

    def mail(self, letter: DigestLetter) -> bytes:
        """One digest by `EmailMessage`."""
        subject, body = self.write(letter)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = subject
        message["From"], message["To"] = SITE.sender, letter.reader.email
        message["Message-ID"] = letter.message_id
        text, html = (b"".join(part).decode() for part in body)
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message.as_bytes()


@dataclass(frozen=True)
class Work:
    """What is known of one reader when the clock starts."""

    person: Person
    reader: Reader
    found: Found


def entries() -> list[Entry]:
    arxiv, hf = harness.stream_day(DAY)
    votes = {paper.keys[0]: paper.votes or 0 for paper in hf}
    return [
        Entry(
            id=number,
            key=paper.keys[0],
            title=paper.title,
            abstract=paper.abstract,
            authors=paper.authors,
            categories=paper.categories,
            url=paper.url,
            pdf_url=paper.url.replace("/abs/", "/pdf/"),
            code_url=None,
            published_at=NOW,
            first_seen_at=NOW,
            first_listed_on=DAY,
            organisation=None,
            tldr=None,
            votes=votes.get(paper.keys[0], 0),
            sources=("arxiv-rss",),
        )
        for number, paper in enumerate(arxiv, start=1)
    ]


def matched(day: Day, readers: int) -> list[Work]:
    """Readers for whom the day holds ten papers at least."""
    random_ = random.Random(1)
    titles = [entry.title for entry in day.entries]
    some = [Reader(parse_profile(wishes(titles, random_)).interests) for _ in range(readers)]
    profiles = learn_readers(day.space, some, {})
    found = match_block(day, some, profiles, [CANDIDATES_PER_PLACE * PLACES] * len(some), {})
    return [
        Work(Person(number, f"reader{number}@example.org", 1), reader, each)
        for number, (reader, each) in enumerate(zip(some, found, strict=True), start=1)
        if len(each.matches) >= PLACES
    ]


def main() -> None:
    options = harness.options(__doc__)
    day = day_features(entries())
    work = matched(day, max(20, int(3000 * options.scale)))
    links = Links(SITE.base_url, LinkSigner("a secret"), b"a secret", "papers.example")
    by_id = {entry.id: entry for entry in day.entries}
    manner = Manner(complete=True, next_at=NOW, timezone="Europe/Berlin")

    def letter_of(one: Work, letters: DigestLetters) -> DigestLetter:
        chosen = digest_of(day, one.reader, one.found, {}, places=PLACES)
        assert isinstance(chosen, Digest)
        return letters.letter(
            one.person, chosen, by_id, day=DAY, planned_at=NOW, manner=manner, row_id=one.person.id
        )

    renderer = MailRenderer(SITE, Templates())
    letters = DigestLetters(renderer, links)
    for one in work[: len(work) // 3]:  # the first readers of a day pay for its cards
        renderer.digest(letter_of(one, letters))
    rest = work[len(work) // 3 :]
    few = rest[: max(10, len(rest) // 20)]
    size = 0
    start = time.process_time()
    for one in rest:
        size += len(renderer.digest(letter_of(one, letters)).data)
    fast = len(rest) / (time.process_time() - start)
    made = [renderer.digest(letter_of(one, letters)).data for one in few]
    plain = PlainWriter(SITE, Templates())
    with mock.patch.object(mime, "_quoted_printable", lambda text: text.encode()):
        start = time.process_time()
        plainly = [plain.mail(letter_of(one, letters)) for one in few]
        slow = len(few) / (time.process_time() - start)
    for ours, theirs in zip(made, plainly, strict=True):
        assert said(ours) == said(theirs), "the two ways do not say the same"
    harness.report(
        "render.mails_per_second_1_core",
        fast,
        "mails/s",
        slow,
        mails=len(rest),
        compared=len(few),
        bytes_a_mail=size // len(rest),
    )


def said(data: bytes) -> tuple[str, ...]:
    """What a mail program reads: subject, text, HTML."""
    message = message_from_bytes(data, policy=default)
    parts = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]
    return str(message["Subject"]), *parts


if __name__ == "__main__":
    main()
