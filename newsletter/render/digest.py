"""A digest in words: cards in order between a head and a foot that are the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from newsletter.model import Pick, Section
from newsletter.render import wording
from newsletter.render.cards import TITLE_LENGTH, Cards
from newsletter.render.mime import Piece, encode_mold, encode_piece
from newsletter.render.plain import clean, clip
from newsletter.render.templates import Templates
from newsletter.render.values import DigestLetter, Site

PARTS = ("top", "heading", "card", "why", "links", "votes", "foot")
_MORE_GAP, _LESS_GAP = "gapofmoretoken", "gapoflesstoken"
# Gmail hides what is beyond some 102 KB of HTML; a long digest gets shorter summaries instead.
HTML_LIMIT = 88_000
SUMMARY_LENGTHS = (420, 220, 120, 40, 0)
_PREHEADER_LENGTH = 160


class DigestWriter:
    """Writes digests for one site; shared pieces are kept, so one writer serves a whole run."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._template = templates.mail("digest", PARTS)
        self._cards = Cards(self._template)
        votes = {
            "site": site,
            "more_url": f"{site.base_url}/vote/{_MORE_GAP}",
            "less_url": f"{site.base_url}/vote/{_LESS_GAP}",
        }
        self._votes = encode_mold(*self._template.render("votes", votes), (_MORE_GAP, _LESS_GAP))

    def write(self, letter: DigestLetter) -> tuple[str, list[Piece]]:
        """The subject, and the pieces of the body in order."""
        picks = letter.digest.picks
        subject = self.subject(letter)
        context = {
            "site": self._site,
            "subject": subject,
            "preheader": _preheader(letter),
            "date": wording.long_date(letter.day),
            "papers": wording.plural(len(picks), "paper"),
            "story": wording.story(picks),
            "considered": letter.digest.considered,
            "left_out": letter.digest.left_out,
            "notes": [clip(clean(note), 300) for note in letter.notes],
            "reader": letter.reader,
        }
        top, foot = self._piece("top", context), self._piece("foot", context)
        for length in SUMMARY_LENGTHS:
            pieces = [top, *self._body(letter, length), foot]
            if sum(piece.html_size for piece in pieces) <= HTML_LIMIT:
                break
        return subject, pieces

    def subject(self, letter: DigestLetter) -> str:
        """What is inside, in at most 60 characters, the number first."""
        picks = letter.digest.picks
        names = [name for name, _ in wording.count(label_of(pick) for pick in picks) if name]
        papers = wording.plural(len(picks), "paper")
        room = wording.SUBJECT_LENGTH - len(papers) - 2
        title = letter.entries[picks[0].entry_id].title if picks else ""
        context = {
            "site": self._site,
            "papers": papers,
            "topics": wording.topics(names, room),
            "title": clip(clean(title), room),
            "date": wording.long_date(letter.day),
        }
        return clean(self._template.render_subject(context))

    def _body(self, letter: DigestLetter, length: int) -> list[Piece]:
        pieces: list[Piece] = []
        for section in Section:
            picks = [pick for pick in letter.digest.picks if pick.section is section]
            pieces += self._section(letter, section, picks, length)
        return pieces

    def _section(
        self, letter: DigestLetter, section: Section, picks: Sequence[Pick], length: int
    ) -> list[Piece]:
        groups: dict[str, list[Pick]] = {}
        for pick in picks:
            name = label_of(pick) if section is Section.FOR_YOU else ""
            groups.setdefault(name, []).append(pick)
        pieces: list[Piece] = []
        for name, members in groups.items():
            pieces.append(self._cards.heading(section, name if len(groups) > 1 else ""))
            for pick in members:
                entry = letter.entries[pick.entry_id]
                followed = wording.followed_authors(pick.evidence)
                pieces.append(self._cards.card(entry, followed, length))
                if pick.evidence:
                    pieces.append(self._cards.why(pick.evidence))
                pieces.append(self._cards.links(entry))
                pieces.append(self._votes.fill(letter.votes[pick.entry_id]))
        return pieces

    def _piece(self, part: str, context: dict[str, Any]) -> Piece:
        return encode_piece(*self._template.render(part, context))


def label_of(pick: Pick) -> str:
    """The wish that a pick answers; "" if it answers none."""
    return wording.label(pick.evidence)


def _preheader(letter: DigestLetter) -> str:
    """The line that a list of mails shows after the subject: what the first papers are called."""
    first = [letter.entries[pick.entry_id].title for pick in letter.digest.picks[:2]]
    return clip(" · ".join(clip(clean(title), TITLE_LENGTH) for title in first), _PREHEADER_LENGTH)
