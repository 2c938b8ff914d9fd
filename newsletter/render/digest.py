"""A digest in words: cards in order between a head and a foot that are the reader's own."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.model import Manner, Pick, Section
from newsletter.render import wording
from newsletter.render.cards import Cards, Style
from newsletter.render.fitting import Shown, fitting
from newsletter.render.frame import Frame, Framer
from newsletter.render.mime import Body, Piece, body_of, encode_piece
from newsletter.render.molds import Molds
from newsletter.render.plain import clean, clip
from newsletter.render.templates import Templates
from newsletter.render.values import DigestLetter, Site
from subscribers.language import gettext as _
from subscribers.language import spoken, tag
from subscribers.length import Length
from subscribers.wording import counted, next_digest

PARTS = (
    *("open", "top", "story", "heading", "card", "why", "links", "votes", "line", "linevotes"),
    *("changes", "linksof", "foot"),
)
QUIET_PARTS = ("whole",)
# Gmail hides what is beyond some 102 KB of HTML.
HTML_LIMIT = 88_000
# With many papers their summaries are shortened before the first paper is left out.
_SUMMARIES = (Style(limit=420), Style(limit=220), Style(limit=120))
_TOLD = 400


class DigestWriter:
    """Writes digests for one site; shared pieces are kept, so one writer serves a whole run."""

    cards, molds = Cards, Molds

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._template = templates.mail("digest", PARTS)
        self._quiet = templates.mail("quiet", QUIET_PARTS)
        molds = self.molds(site, self._template)
        self._cards = self.cards(self._template, molds, site.base_url)
        self._framer = Framer(site, self._template, self._cards, molds)

    def write(self, letter: DigestLetter, limit: int | None = HTML_LIMIT) -> tuple[str, Body]:
        """The subject and the body; at most `limit` octets of HTML."""
        names = [wording.label(pick.evidence) for pick in letter.digest.picks]
        subject = self._subject(letter, names)
        if letter.digest.quiet_days:
            return subject, body_of([self._quiet_note(letter, subject)])
        frame = self._framer.frame(letter, names)
        shown = self._shown(letter, names, limit, frame)
        if dropped := len(letter.digest.picks) - len(shown):
            frame = self._framer.with_dropped(frame, letter, names, dropped)
        body = body_of((frame.opening, frame.top, frame.story))
        self._add_papers(body, letter, shown, frame.changes)
        body.text.append(frame.foot.text)
        body.html.append(frame.foot.html)
        return subject, body

    def _subject(self, letter: DigestLetter, labels: Sequence[str]) -> str:
        """What is inside, in at most 60 characters, the number first."""
        digest, weekly = letter.digest, letter.manner.weekly
        names = [name for name, _ in wording.count(labels) if name]
        papers = counted("{count} paper", "{count} papers", len(digest.picks))
        taken = len(papers) + 2 + (len(_("This week:")) + 1 if weekly else 0)
        room = wording.SUBJECT_LENGTH - taken
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

    def _quiet_note(self, letter: DigestLetter, subject: str) -> Piece:
        manner = letter.manner
        told = {
            "language": tag(spoken()),
            "site": self._site,
            "subject": subject,
            "date": wording.long_date(letter.day),
            "reader": letter.reader,
            "next": next_digest(manner.next_at, manner.timezone),
            "quiet": _quiet(letter),
        }
        return encode_piece(*self._quiet.render("whole", told))

    def _shown(
        self, letter: DigestLetter, names: Sequence[str], limit: int | None, frame: Frame
    ) -> list[Shown]:
        """The picks with their pieces: all of them, or, in too long a mail, all but the least."""
        picks = _in_order(letter.digest.picks, names)
        groups = {(pick.section, group) for pick, group in picks}
        headings = sum(
            self._heading(letter, section, group, begins=True).html_size
            for section, group in groups
        )
        taken = frame.size + headings
        for style in _styles(letter.manner):
            shown = [self._pick(letter, pick, group, style) for pick, group in picks]
            if limit is None or taken + sum(each.html_size for each in shown) <= limit:
                return shown
        # What tells of those that are left out takes room, too.
        return fitting(shown, (limit or 0) - taken - _TOLD)

    def _pick(self, letter: DigestLetter, pick: Pick, group: str, style: Style) -> Shown:
        entry = letter.entries[pick.entry_id]
        if tokens := letter.votes.get(pick.entry_id):
            told = self._cards.told(entry, pick.evidence, style, votes=True)
            more, less = tokens
            size = told.html_size + told.tokens * len(more)
            words = {b"more": more.encode(), b"less": less.encode()}
            return Shown(pick, group, told, words, size)
        told = self._cards.told(entry, pick.evidence, style, votes=False)
        return Shown(pick, group, told, {}, told.html_size)

    def _add_papers(
        self, body: Body, letter: DigestLetter, shown: Sequence[Shown], changes: Sequence[Piece]
    ) -> None:
        """Headings and cards in the HTML; in the text the same, and behind them where the links lead."""
        notes: list[bytes] = []
        section, group = None, ""
        for number, each in enumerate(shown, start=1):
            here = each.pick.section
            if here is Section.AWAY and section is not Section.AWAY:
                _add(body, changes)
                changes = ()
            begins = here is not section
            if begins or each.group != group:
                _add(body, (self._heading(letter, here, each.group, begins=begins),))
            section, group = here, each.group
            text, note = each.told.texts(number)
            body.text.append(text)
            body.html.append(each.told.html % each.tokens)
            notes.append(note % each.tokens)
        _add(body, (*changes, self._cards.links_heading()))
        body.text.extend(notes)

    def _heading(
        self, letter: DigestLetter, section: Section, group: str, *, begins: bool
    ) -> Piece:
        note = wording.section_note(section, letter.digest.away_since) if begins else ""
        shown = section if begins else None
        return self._cards.heading(shown, group, note, weekly=letter.manner.weekly)


def _add(body: Body, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        body.text.append(piece.text)
        body.html.append(piece.html)


def _quiet(letter: DigestLetter) -> str:
    """For how long nothing came, such as 7 days; a weekly digest that does not come is a week."""
    many = letter.digest.quiet_days
    if letter.manner.weekly:
        return counted("{count} week", "{count} weeks", many)
    # NOTE: for so long nothing came
    return counted("{count} day", "{count} days", many)


def _in_order(picks: Sequence[Pick], names: Sequence[str]) -> list[tuple[Pick, str]]:
    """The picks by section, and within "for you" by the wishes that they answer (`names`), in order of
    appearance, each with the wish that it stands under; with no wish where all answer one.
    """
    sections: dict[Section, dict[str, list[Pick]]] = {section: {} for section in Section}
    for pick, name in zip(picks, names, strict=True):
        group = name if pick.section is Section.FOR_YOU else ""
        sections[pick.section].setdefault(group, []).append(pick)
    return [
        (pick, name if len(groups) > 1 else "")
        for groups in sections.values()
        for name, them in groups.items()
        for pick in them
    ]


def _styles(manner: Manner) -> tuple[Style, ...]:
    """How to show papers, the roomiest way first."""
    if manner.weekly or manner.length is Length.TITLES:
        return (Style(line=True),)
    return (Style(whole=True),) if manner.length is Length.FULL else _SUMMARIES
