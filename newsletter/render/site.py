"""Who sends, as the settings tell it."""

from __future__ import annotations

from email.utils import formataddr
from urllib.parse import urlsplit

from newsletter.render.values import Site
from newsletter.settings import Settings


def site_of(settings: Settings) -> Site:
    """The site; where nobody named a sender, a name of its own at the site's host."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    sender = settings.from_ or formataddr((settings.site_name, f"digest@{_domain(host)}"))
    return Site(
        name=settings.site_name,
        base_url=settings.base_url,
        sender=sender,
        list_id=f"digest.{_domain(host)}",
        postal_address=settings.postal_address or "",
        contact=settings.contact or "",
    )


def _domain(host: str) -> str:
    """A domain to name things by where the site has only a number."""
    return "localhost" if host.replace(".", "").isdigit() or ":" in host else host
