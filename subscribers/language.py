"""The language that somebody reads: which there are, which one a request asks for, and their words.

Sentences are written in English where they are used, `_("...")`, and looked up in the catalogue of the
language that is being spoken; `locale/de.po` is German. What is not there stays English.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale, negotiate_locale

ENGLISH = "en"
_FOLDER = files("subscribers") / "locale"
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, by their ISO 639 codes: English, and one for each catalogue."""
    names = (each.name for each in _FOLDER.iterdir())
    return (ENGLISH, *sorted(name.removesuffix(".po") for name in names if name.endswith(".po")))


def name_of(language: str) -> str:
    """What a language calls itself."""
    return (Locale.parse(language).display_name or language).capitalize()


def wanted(accept_language: str, default: str = ENGLISH) -> str:
    """The language that an Accept-Language header asks for (RFC 9110, section 12.5.4), or `default`."""
    ranked = []
    for place, part in enumerate(accept_language[:400].split(",")):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if weight > 0 and tag:
            ranked.append((-weight, place, tag))
    tags = [tag for _, _, tag in sorted(ranked)]
    return negotiate_locale(tags, languages(), sep="-") or default


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything that is said inside is said in this language; in English, if it is not one of ours."""
    token = _spoken.set(language if language in languages() else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The language being spoken just now."""
    return _spoken.get()


def gettext(message: str) -> str:
    """A sentence in the language being spoken."""
    language = _spoken.get()
    return message if language == ENGLISH else _catalogue(language).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """A sentence about `count` things in the language being spoken."""
    language = _spoken.get()
    if language == ENGLISH:
        return singular if count == 1 else plural
    return _catalogue(language).ngettext(singular, plural, count)


@cache
def _catalogue(language: str) -> NullTranslations:
    # Compiled when first spoken: a compiled catalogue in the repository could be older than its source.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    with (_FOLDER / f"{language}.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
