"""Addresses that are well-formed and yet perhaps not meant: said to the person, never held against them.
Pure.
"""

from __future__ import annotations

from subscribers.language import gettext as _

_COMMON = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com",
    "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me", "protonmail.com",
    "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "naver.com", "fastmail.com", "posteo.de",
    "mailbox.org", "hotmail.co.uk", "yahoo.co.uk", "yahoo.co.jp", "orange.fr", "free.fr", "libero.it",
)  # fmt: skip
_DISPOSABLE = frozenset(
    {
        "mailinator.com", "guerrillamail.com", "10minutemail.com", "temp-mail.org", "tempmail.com",
        "yopmail.com", "trashmail.com", "sharklasers.com", "getnada.com", "dispostable.com",
        "maildrop.cc", "throwawaymail.com", "fakeinbox.com", "mohmal.com", "discard.email",
    }
)  # fmt: skip
_ENDINGS = {
    "con": "com",
    "cmo": "com",
    "comm": "com",
    "ocm": "com",
    "ent": "net",
    "ogr": "org",
    "rog": "org",
}
# Shorter names have neighbours that are somebody's own: me.com and ne.com.
_SHORTEST = 8


def hint(email: str) -> str | None:
    """A sentence about an address that may be mistyped or soon gone; None for most."""
    local, _at, domain = email.rpartition("@")
    if meant := likely_domain(domain):
        return _("Did you mean {address}? If so, please start again with that one.").format(
            address=f"{local}@{meant}"
        )
    if domain in _DISPOSABLE:
        return _("Addresses at {domain} soon vanish, and your digest with them.").format(
            domain=domain
        )
    return None


def likely_domain(domain: str) -> str | None:
    """The well-known domain that is one slip away, or the one with a likely ending."""
    if domain in _COMMON or domain in _DISPOSABLE:
        return None
    near = (each for each in _COMMON if len(each) >= _SHORTEST and is_one_slip(domain, each))
    if found := next(near, None):
        return found
    name, _dot, ending = domain.rpartition(".")
    return f"{name}.{_ENDINGS[ending]}" if name and ending in _ENDINGS else None


def is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, too many, wrong, or two neighbours are exchanged."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if at is None:
        return True
    rest, wanted = typed[at:], meant[at:]
    swapped = rest[1::-1] == wanted[:2] and len(rest) > 1 and rest[2:] == wanted[2:]
    return rest[1:] == wanted or rest == wanted[1:] or rest[1:] == wanted[1:] or swapped
