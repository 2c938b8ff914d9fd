"""An e-mail address as it can be mailed, and the hash that stands for its owner. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from subscribers.errors import AddressError
from subscribers.language import ENGLISH, spoken
from subscribers.language import gettext as _

_HASH_PREFIX = b"paperround:mailbox:"
_LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets less its angle brackets


@dataclass(frozen=True, slots=True)
class Address:
    """`email` is ASCII, its domain in lower-case A-labels; `hash` the same for every spelling."""

    email: str
    hash: str


def parse_address(text: str) -> Address:
    """The address that a person typed. Raises AddressError with a sentence that helps them.

    No DNS is asked: whether the mailbox exists is what the confirmation mail finds out.
    """
    _refuse_controls(text)
    typed = text.strip()
    if not typed:
        raise AddressError(_("Please enter your e-mail address."))
    if len(typed) > 2 * _LONGEST:
        raise AddressError(_("This is too long for an e-mail address."))
    try:
        # Quotation marks that an address does without are taken off (RFC 5321, 4.1.2).
        found = validate_email(typed, check_deliverability=False, allow_quoted_local=True)
    except EmailNotValidError as error:
        raise AddressError(_explain(typed, str(error))) from None
    if found.local_part.startswith('"'):
        raise AddressError(_no_quotes())
    if found.ascii_email is None:
        raise AddressError(
            _(
                "We can only mail addresses whose part before the @ is plain letters, not “{part}”."
            ).format(part=found.local_part)
        )
    email = f"{found.ascii_local_part}@{found.ascii_domain.lower()}"
    # RFC 5321 4.5.3.1: 64 octets before the @, 254 in all.
    if len(email) > _LONGEST or len(found.ascii_local_part or "") > 64:
        raise AddressError(_("This is too long for an e-mail address."))
    return Address(email, address_hash(email))


def address_hash(email: str) -> str:
    """SHA-256 of the normalised mailbox, 64 hex digits. `email` comes from `parse_address`.

    Case is folded on both sides of the @: the standard lets a local part depend on case, but no
    mailbox provider does, and a suppression that a capital letter defeats would be none.
    """
    local, _at, domain = email.rpartition("@")
    mailbox = f"{local.casefold()}@{domain.lower()}"
    return hashlib.sha256(_HASH_PREFIX + mailbox.encode()).hexdigest()


def _refuse_controls(text: str) -> None:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in text):
        raise AddressError(_("An e-mail address is one line; this holds a line break or the like."))


def _no_quotes() -> str:
    return _("We cannot mail an address with quotation marks; please enter another one of yours.")


def _explain(typed: str, reason: str) -> str:
    if "@" not in typed:
        return _("An e-mail address has an @ in it, as in name@example.org.")
    if "<" in typed or ("(" in typed and ")" in typed):
        return _("Please enter the address alone, without a name: name@example.org.")
    if typed.startswith('"'):
        return _no_quotes()
    if typed.count("@") > 1:
        return _("Please enter one address only, as in name@example.org.")
    # What the library found is said in English alone.
    return reason if spoken() == ENGLISH else _("This is not an e-mail address that can be mailed.")
