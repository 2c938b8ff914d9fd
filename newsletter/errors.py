"""Every error of this package has one root; its message is one line in plain words."""

from __future__ import annotations


class NewsletterError(Exception):
    """Root of the package's errors. The command line prints `str(error)` and exits 1."""


class SettingsError(NewsletterError):
    """Settings that cannot work; the message lists every bad key. The command line exits 2."""


class StoreError(NewsletterError):
    """The database is unreachable, too old or too new for this code."""


class SourceError(NewsletterError):
    """A source could not be read; the message names what it answered and its address."""


class TemplateError(NewsletterError):
    """A mail or page template cannot be compiled."""


class EncoderError(NewsletterError):
    """Texts cannot be turned into vectors; the message names what is missing or broken."""


class WriterError(NewsletterError):
    """A language model did not answer about a paper; the message names what its endpoint did.

    `retry_after`: the seconds that it asked to wait. `is_hopeless`: it will answer the same for any
    other paper (a refused key, an unknown model), so asking on is of no use.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, is_hopeless: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_hopeless = is_hopeless


class MailerError(NewsletterError):
    """The relay as a whole is of no use just now (unreachable, refuses the login): no row is to blame."""
