"""Letters become mails: MJML compiled once, cards encoded once, bytes built by hand."""

from newsletter.render.headers import UnmailableError
from newsletter.render.mail import MailRenderer
from newsletter.render.templates import Templates, project_templates
from newsletter.render.values import (
    DigestLetter,
    NoticeKind,
    NoticeLetter,
    Reader,
    Rendered,
    Site,
)

__all__ = [
    "DigestLetter",
    "MailRenderer",
    "NoticeKind",
    "NoticeLetter",
    "Reader",
    "Rendered",
    "Site",
    "Templates",
    "UnmailableError",
    "project_templates",
]
