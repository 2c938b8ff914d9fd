"""A digest in words: cards in order between a head and a foot that are the reader's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.model import Manner, Pick, Section
from newsletter.render import origin, wording
from newsletter.render.cards import TITLE_LENGTH, Cards, Style
from newsletter.render.fitting import Shown, fitting
from newsletter.render.mime import Mold, Piece, encode_mold, encode_piece
from newsletter.render.plain import clean, clip, web_url
from newsletter.render.templates import Templates
from newsletter.render.values import DigestLetter, Site
from subscribers.length import Length
from subscribers.wording import next_digest

PARTS = (
    *("open", "top", "heading", "card", "why", "links", "votes", "line", "linevotes"),
    *("changes", "linksof", "foot"),
)
QUIET_PARTS = ("whole",)
# Gmail hides what is beyond some 102 KB of HTML.
HTML_LIMIT = 88_000
# With many papers their summaries are shortened before the first paper is left out.
_SUMMARIES = (Style(limit=420), Style(limit=220), Style(limit=120))
_PREHEADER_LENGTH = 160
_TOLD = 400
_MORE_GAP, _LESS_GAP = "gapofmoretoken", "gapoflesstoken"


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around the papers of one mail."""

    opening: Piece
    top: Piece
    changes: Sequence[Piece]
    foot: Piece

    @property
    def size(self) -> int:
        """Octets of HTML."""
        return sum(piece.html_size for piece in (self.opening, self.top, *self.changes, self.foot))


class DigestWriter:
    """Writes digests for one site; shared pieces are kept, so one writer serves a whole run."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._template = templates.mail("digest", PARTS)
        self._quiet = templates.mail("quiet", QUIET_PARTS)
        self._cards = Cards(self._template)
        self._votes, self._line_votes = self._mold("votes"), self._mold("linevotes")
        nothing = {"more_url": "", "less_url": ""}
        self._no_votes = self._piece("votes", nothing)
        self._no_line_votes = self._piece("linevotes", nothing)

    def _mold(self, part: str) -> Mold:
        votes = {
            "more_url": f"{self._site.base_url}/vote/{_MORE_GAP}",
            "less_url": f"{self._site.base_url}/vote/{_LESS_GAP}",
        }
        return encode_mold(*self._template.render(part, votes), (_MORE_GAP, _LESS_GAP))

    def write(
        self, letter: DigestLetter, limit: int | None = HTML_LIMIT
    ) -> tuple[str, list[Piece]]:
        """The subject, and the pieces of the body in order; at most `limit` octets of HTML."""
        subject = self.subject(letter)
        context = self._context(letter)
        if letter.digest.quiet_days:
            return subject, [
                encode_piece(*self._quiet.render("whole", {**context, "subject": subject}))
            ]
        frame = _Frame(
            self._cards.opening(f"{self._site.name}, {context['date']}"),
            self._piece("top", context),
            self._changes(letter),
            self._piece("foot", context),
        )
        shown = self._shown(letter, limit, frame)
        if dropped := len(letter.digest.picks) - len(shown):
            top = self._piece("top", {**context, "dropped": dropped})
            frame = replace(frame, top=top)
        body = self._body(letter, shown, frame.changes)
        return subject, [frame.opening, frame.top, *body, frame.foot]

    def subject(self, letter: DigestLetter) -> str:
        """What is inside, in at most 60 characters, the number first."""
        digest, weekly = letter.digest, letter.manner.weekly
        names = [name for name, _ in wording.count(map(label_of, digest.picks)) if name]
        papers = wording.plural(len(digest.picks), "paper")
        room = wording.SUBJECT_LENGTH - len(papers) - 2 - (len("This week: ") if weekly else 0)
        title = letter.entries[digest.picks[0].entry_id].title if digest.picks else ""
        context = {
            "site": self._site,
            "papers": papers,
            "weekly": weekly,
            "topics": wording.topics(names, room),
            "title": clip(clean(title), room),
            "date": wording.long_date(letter.day),
            "quiet": _quiet(letter),
        }
        template = self._quiet if digest.quiet_days else self._template
        return clean(template.render_subject(context))

    def _context(self, letter: DigestLetter) -> dict[str, Any]:
        """What the top and the foot say, where every paper has room."""
        digest, manner = letter.digest, letter.manner
        return {
            "site": self._site,
            "date": wording.long_date(letter.day),
            "reader": letter.reader,
            "preheader": _preheader(letter),
            "weekly": manner.weekly,
            "story": wording.story(digest.picks),
            "considered": digest.considered,
            "complete": manner.complete,
            "left_out": digest.left_out,
            "dropped": 0,
            "notes": [clip(clean(note), 300) for note in letter.notes],
            "next": next_digest(manner.next_at, manner.timezone),
            "licences": origin.licences([letter.entries[pick.entry_id] for pick in digest.picks]),
            "quiet": _quiet(letter),
        }

    def _shown(self, letter: DigestLetter, limit: int | None, frame: _Frame) -> list[Shown]:
        """The picks with their pieces: all of them, or, in too long a mail, all but the least."""
        picks = _in_order(letter)
        groups = {(pick.section, group) for pick, group in picks}
        headings = sum(
            self._heading(letter, section, group, begins=True).html_size
            for section, group in groups
        )
        taken = frame.size + headings
        for style in _styles(letter.manner):
            shown = [self._pick(letter, pick, group, style) for pick, group in picks]
            if limit is None or taken + sum(each.size for each in shown) <= limit:
                return shown
        # What tells of those that are left out takes room, too.
        return fitting(shown, (limit or 0) - taken - _TOLD)

    def _pick(self, letter: DigestLetter, pick: Pick, group: str, style: Style) -> Shown:
        entry = letter.entries[pick.entry_id]
        followed = wording.followed_authors(pick.evidence)
        if tokens := letter.votes.get(pick.entry_id):
            votes = (self._line_votes if style.line else self._votes).fill(tokens)
        else:
            votes = self._no_line_votes if style.line else self._no_votes
        pieces = [self._cards.html(entry, followed, style)]
        if not style.line:
            if pick.evidence:
                pieces.append(self._cards.why(pick.evidence))
            pieces.append(self._cards.links(entry))
        size = sum(piece.html_size for piece in pieces) + votes.html_size
        return Shown(pick, group, style, followed, (*pieces, votes.html_only()), votes, size)

    def _body(
        self, letter: DigestLetter, shown: Sequence[Shown], changes: Sequence[Piece]
    ) -> list[Piece]:
        """Headings and cards in the HTML; in the text the same, and behind them where the links lead."""
        pieces: list[Piece] = []
        footnotes: list[Piece] = []
        section, group = None, ""
        for number, each in enumerate(shown, start=1):
            pick, entry = each.pick, letter.entries[each.pick.entry_id]
            if pick.section is Section.AWAY and section is not Section.AWAY:
                pieces += changes
                changes = ()
            begins = pick.section is not section
            if begins or each.group != group:
                pieces.append(self._heading(letter, pick.section, each.group, begins=begins))
            section, group = pick.section, each.group
            pieces.append(self._cards.text(number, entry, each.followed, each.style))
            pieces += each.pieces
            footnotes += [
                self._cards.footnote(number, entry, line=each.style.line),
                each.votes.text_only(),
            ]
        return [*pieces, *changes, self._cards.links_heading(), *footnotes]

    def _heading(
        self, letter: DigestLetter, section: Section, group: str, *, begins: bool
    ) -> Piece:
        note = wording.section_note(section, letter.digest.away_since) if begins else ""
        shown = section if begins else None
        return self._cards.heading(shown, group, note, weekly=letter.manner.weekly)

    def _changes(self, letter: DigestLetter) -> list[Piece]:
        if not letter.digest.changes:
            return []
        told = [
            {
                "title": clip(clean(change.title), TITLE_LENGTH) or "Untitled",
                "url": web_url(change.url),
                "what": wording.change(change),
            }
            for change in letter.digest.changes
        ]
        return [self._piece("changes", {"changes": told})]

    def _piece(self, part: str, context: dict[str, Any]) -> Piece:
        return encode_piece(*self._template.render(part, context))


def _quiet(letter: DigestLetter) -> str:
    """For how long nothing came, such as 7 days; a weekly digest that does not come is a week."""
    unit = "week" if letter.manner.weekly else "day"
    return wording.plural(letter.digest.quiet_days, unit)


def label_of(pick: Pick) -> str:
    """The wish that a pick answers; "" if it answers none."""
    return wording.label(pick.evidence)


def _in_order(letter: DigestLetter) -> list[tuple[Pick, str]]:
    """The picks by section, and within "for you" by wish, in order of appearance, each with the wish
    that it stands under; with no wish where all answer one.
    """
    found: list[tuple[Pick, str]] = []
    for section in Section:
        groups: dict[str, list[Pick]] = {}
        for pick in letter.digest.picks:
            if pick.section is section:
                name = label_of(pick) if section is Section.FOR_YOU else ""
                groups.setdefault(name, []).append(pick)
        grouped = len(groups) > 1
        found += [(p, name if grouped else "") for name, them in groups.items() for p in them]
    return found


def _styles(manner: Manner) -> tuple[Style, ...]:
    """How to show papers, the roomiest way first."""
    if manner.weekly or manner.length is Length.TITLES:
        return (Style(line=True),)
    return (Style(whole=True),) if manner.length is Length.FULL else _SUMMARIES


def _preheader(letter: DigestLetter) -> str:
    """The line that a list of mails shows after the subject: what the first papers are called."""
    first = [letter.entries[pick.entry_id].title for pick in letter.digest.picks[:2]]
    return clip(" · ".join(clip(clean(title), TITLE_LENGTH) for title in first), _PREHEADER_LENGTH)
