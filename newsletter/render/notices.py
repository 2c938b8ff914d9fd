"""The mails that a person's own action calls for, such as the one that asks to confirm it."""

from __future__ import annotations

from newsletter.render import wording
from newsletter.render.mime import Body, body_of, encode_piece
from newsletter.render.plain import clean, clip
from newsletter.render.templates import Templates
from newsletter.render.values import NoticeKind, NoticeLetter, Site
from subscribers.language import spoken, tag

PARTS = ("whole",)
_SHOWN_WISHES = 12


class NoticeWriter:
    """Writes every kind of notice for one site."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self._site = site
        self._templates = {kind: templates.mail(kind.value, PARTS) for kind in NoticeKind}

    def write(self, kind: NoticeKind, letter: NoticeLetter) -> tuple[str, Body]:
        """The subject and the body."""
        template = self._templates[kind]
        wishes = [clip(clean(wish), 120) for wish in letter.wishes]
        expires_at = letter.expires_at
        context = {
            "language": tag(spoken()),
            "site": self._site,
            "email": clean(letter.email),
            "link": letter.link,
            "rhythm": letter.rhythm,
            "wishes": [wish for wish in wishes if wish][:_SHOWN_WISHES],
            "more_wishes": max(0, len(wishes) - _SHOWN_WISHES),
            "until": f"{wording.long_date(expires_at.date())}, {expires_at:%H:%M %Z}"
            if expires_at
            else "",
        }
        subject = clean(template.render_subject(context))
        whole = template.render("whole", {**context, "subject": subject})
        return subject, body_of([encode_piece(*whole)])
