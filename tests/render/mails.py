"""Every mail in every state, as it goes on the wire and as it is read: what the checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache

from justhtml import JustHTML, Node

from newsletter.render import MailRenderer, NoticeKind, Templates
from newsletter.stages.letters import Links
from newsletter.stages.specimens import specimens
from subscribers.tokens import LinkSigner
from tests.render.letters import SITE

NOW = datetime(2026, 6, 10, 5, 0, tzinfo=UTC)
SECRET = "a secret of the goldens"
SIGNER = LinkSigner(SECRET)
NOTICES = frozenset(kind.value for kind in NoticeKind)


@dataclass(frozen=True)
class Mail:
    """One specimen: the bytes that are sent, and both parts as a client decodes them."""

    name: str
    data: bytes
    message: EmailMessage
    text: str
    html: str

    @property
    def language(self) -> str:
        """That of its reader."""
        return self.name.partition(".")[2] or "en"

    @property
    def is_notice(self) -> bool:
        """Whether it answers what a person did, and so belongs to no list."""
        return self.name.partition(".")[0] in NOTICES


@cache
def mails() -> dict[str, Mail]:
    """All specimens by name."""
    links = Links(SITE.base_url, SIGNER, SECRET.encode(), "papers.example")
    renderer = MailRenderer(SITE, Templates())
    return {name: read(name, sent.data) for name, sent in specimens(renderer, links, NOW)}


def read(name: str, data: bytes) -> Mail:
    """A mail taken apart as a client would."""
    message = message_from_bytes(data, policy=default)
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    return Mail(name, data, message, text, html)


def tree(html: str) -> Node:
    """The document as a browser builds it, with nothing cleaned away."""
    return JustHTML(html, sanitize=False).root


def elements(node: Node) -> Iterator[Node]:
    """All elements below `node`, in reading order."""
    for child in node.children or ():
        if not child.name.startswith(("#", "!")):
            yield child
        yield from elements(child)


def text_of(node: Node) -> str:
    """All text below `node`, as it stands."""
    if node.name == "#text":
        return str(node.data)
    return "".join(text_of(child) for child in node.children or ())
