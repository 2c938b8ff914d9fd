"""What stands around the papers of a digest: its head, the story of the day, changes, its foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from newsletter.model import Change, Heard
from newsletter.render import origin, wording
from newsletter.render.cards import Cards, shown_title
from newsletter.render.mime import Mold, Piece, encode_piece, encode_words
from newsletter.render.molds import OF_READER, Molds
from newsletter.render.plain import clean, clip, web_url
from newsletter.render.templates import MailTemplate
from newsletter.render.values import DigestLetter, Reader, Site
from subscribers.language import gettext as _
from subscribers.wording import counted, next_digest

_PREHEADER_LENGTH = 160
_VOTED_LENGTH = 90
_EXAMPLE = dict.fromkeys((*OF_READER, "preheader"), "")


@dataclass(frozen=True, slots=True)
class Frame:
    """The pieces around the papers of one mail."""

    opening: Piece
    top: Piece
    story: Piece
    changes: Sequence[Piece]
    foot: Piece

    @property
    def size(self) -> int:
        """Octets of HTML."""
        pieces = (self.opening, self.top, self.story, *self.changes, self.foot)
        return sum(piece.html_size for piece in pieces)


class Framer:
    """Makes the frames of one site's digests."""

    def __init__(self, site: Site, template: MailTemplate, cards: Cards, molds: Molds) -> None:
        self._site = site
        self._template = template
        self._cards = cards
        self._molds = molds
        # A template that fills gaps otherwise than as they are shows here, not at the first mail.
        self._head(_EXAMPLE, "")
        self._foot(_EXAMPLE, "", ())

    def frame(self, letter: DigestLetter, names: Sequence[str]) -> Frame:
        """The frame of a mail that has room for every paper. `names`: the wish that each answers."""
        date, manner = wording.long_date(letter.day), letter.manner
        own = {**_own(letter.reader), "preheader": _preheader(letter)}
        entries = [letter.entries[pick.entry_id] for pick in letter.digest.picks]
        foot = self._foot(
            own, next_digest(manner.next_at, manner.timezone), tuple(origin.licences(entries))
        )
        words = encode_words(own)
        return Frame(
            self._cards.opening(f"{self._site.name}, {date}"),
            self._head(own, date).fill(words),
            self._story(letter, names, 0),
            self._changes(letter.digest.changes),
            foot.fill(words),
        )

    def _head(self, own: Mapping[str, str], date: str) -> Mold:
        return self._molds.mold("top", own, date=date)

    def _foot(self, own: Mapping[str, str], next_: str, licences: tuple[str, ...]) -> Mold:
        return self._molds.mold("foot", own, next=next_, licences=licences)

    def with_dropped(
        self, frame: Frame, letter: DigestLetter, names: Sequence[str], dropped: int
    ) -> Frame:
        """The frame of a mail that had no room for `dropped` of the papers."""
        return replace(frame, story=self._story(letter, names, dropped))

    def _story(self, letter: DigestLetter, names: Sequence[str], dropped: int) -> Piece:
        digest, manner = letter.digest, letter.manner
        told = {
            "site": self._site,
            "reader": letter.reader,
            "weekly": manner.weekly,
            "story": wording.story(digest.picks, names),
            "considered": digest.considered,
            "from_new": counted(
                "from {count} new paper", "from {count} new papers", digest.considered
            ),
            "batch": _("batch complete"),
            "others": counted(
                "{count} more matched; these are the nearest to what you asked for.",
                "{count} more matched; these are the nearest to what you asked for.",
                digest.left_out,
            ),
            "complete": manner.complete,
            "heard": _heard(digest.heard) if digest.heard else None,
            "left_out": digest.left_out,
            "dropped": dropped,
            "notes": [clip(clean(note), 300) for note in letter.notes],
        }
        return self._piece("story", told)

    def _changes(self, changes: Sequence[Change]) -> list[Piece]:
        if not changes:
            return []
        told = [
            {
                "title": shown_title(change.title),
                "url": web_url(change.url),
                "what": wording.change(change),
            }
            for change in changes
        ]
        return [self._piece("changes", {"changes": told})]

    def _piece(self, part: str, context: dict[str, Any]) -> Piece:
        return encode_piece(*self._template.render(part, context))


def _heard(heard: Heard) -> dict[str, Any]:
    titles = {name: clip(clean(getattr(heard, name)), _VOTED_LENGTH) for name in ("more", "less")}
    return asdict(heard) | titles


def _own(reader: Reader) -> dict[str, str]:
    """A reader's address and those of their links that there are."""
    return {name: value for name in OF_READER if (value := getattr(reader, name))}


def _preheader(letter: DigestLetter) -> str:
    """The line that a list of mails shows after the subject: what the first papers are called."""
    first = [letter.entries[pick.entry_id].title for pick in letter.digest.picks[:2]]
    return clip(" · ".join(map(shown_title, first)), _PREHEADER_LENGTH)
