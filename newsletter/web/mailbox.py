"""The demo's local mailbox: the .eml files of the outbox, to look at in the browser.

Every mail in it can be opened by whoever reaches the site, links and all, so only the demo shows it.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from subscribers.web.assets import Asset
from subscribers.web.deps import WebDeps
from subscribers.web.pages import SECURITY_HEADERS, page

# The mail is shown in a frame that may run nothing and load nothing; its links open in a tab of their
# own, as in a mail program, whatever target the mail gives them.
_MAIL_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the mailbox."""

    name: str
    subject: str
    sender: str
    to: str
    date: datetime
    size: int
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Mailbox:
    """The pages of the mailbox."""

    folder: Path
    deps: WebDeps

    def routes(self) -> list[Route]:
        """`/mailbox`, one page a mail, and the mail's HTML alone for its frame."""
        style = Asset(self.deps, "mailbox.css", "text/css")
        return [
            Route("/mailbox", self.index, methods=["GET"]),
            Route("/mailbox/{name}", self.show, methods=["GET"]),
            Route("/mailbox/{name}/html", self.html, methods=["GET"]),
            Route("/static/mailbox.css", style.serve, methods=["GET"]),
        ]

    def index(self, _: Request) -> Response:
        """All mails, the latest first."""
        mails = [read_mail(path) for path in self.folder.glob("*.eml")]
        mails.sort(key=lambda mail: (mail.date, mail.name), reverse=True)
        return page(self.deps, "mailbox.html", {"mails": mails})

    def show(self, request: Request) -> Response:
        """One mail: envelope, HTML in a frame, text, headers."""
        shown = "text" if request.query_params.get("as") == "text" else "html"
        mail = self._mail(request)
        response = page(self.deps, "mailbox_mail.html", {"mail": mail, "shown": shown})
        response.headers["Content-Security-Policy"] += "; frame-src 'self'"
        return response

    def html(self, request: Request) -> Response:
        """The HTML part as a mail program would show it."""
        html = self._mail(request).html.replace("<head>", '<head><base target="_blank">', 1)
        headers = {**SECURITY_HEADERS, "Content-Security-Policy": _MAIL_CSP}
        headers["X-Frame-Options"] = "SAMEORIGIN"
        return HTMLResponse(html, headers=headers)

    def _mail(self, request: Request) -> Mail:
        path = self.folder / Path(request.path_params["name"]).name
        if path.suffix != ".eml" or not path.is_file():
            raise HTTPException(404)
        return read_mail(path)


def read_mail(path: Path) -> Mail:
    """Parse an .eml file."""
    data = path.read_bytes()
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Mail(
        name=path.name,
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        to=str(message["To"]),
        date=parsedate_to_datetime(str(message["Date"])),
        size=len(data),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=tuple((name, str(value)) for name, value in message.items()),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
