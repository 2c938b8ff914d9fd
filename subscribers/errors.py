"""Every error of this package has one root, and a message fit for the person it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subscribers.language import gettext as _

if TYPE_CHECKING:
    from subscribers.tokens import Link, Purpose


class SubscribersError(Exception):
    """Root of the package's errors; `str(error)` is fit to be shown."""


class AddressError(SubscribersError):
    """The text is no e-mail address that can be mailed; the message says what is wrong with it."""


class ProfileError(SubscribersError):
    """A wish, schedule or other preference is out of bounds.

    `field` names it as forms and files do (`wishes`, `hour`, ...); the message stands on its own.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TooManyRequestsError(SubscribersError):
    """Too much was asked for from one network; the message says when to try again."""

    def __init__(self) -> None:
        super().__init__(
            _("Too many requests came from your network just now. Please try again in an hour.")
        )


class ImportFileError(SubscribersError):
    """No row of a file can be imported: wrong header, not text, not JSON."""


class TokenError(SubscribersError):
    """A link is forged, expired, revoked or for another purpose. Tells nothing more, on purpose."""

    def __init__(self) -> None:
        super().__init__("This link is not valid any more.")


class ExpiredTokenError(TokenError):
    """A link is ours and for this purpose, but too old. `link` is what it said."""

    def __init__(self, purpose: Purpose, link: Link) -> None:
        super().__init__()
        self.purpose = purpose
        self.link = link
