"""The language that somebody reads: which there are, which one a request asks for, and their words.

Sentences are written in English where they are used, `_("...")`, and looked up in the catalogue of the
language that is being spoken; `locale/de.po` is German. What is not there stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale

ENGLISH = "en"
_FOLDER = files("subscribers") / "locale"
_RANGE = re.compile(
    r"(?P<range>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"(?:\s*;\s*[qQ]=(?P<weight>0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?"
)
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, by their ISO 639 codes: English, and one for each catalogue."""
    names = (each.name for each in _FOLDER.iterdir())
    return (ENGLISH, *sorted(name.removesuffix(".po") for name in names if name.endswith(".po")))


@cache
def name_of(language: str) -> str:
    """What a language calls itself."""
    return (Locale.parse(language).display_name or language).capitalize()


def tag(language: str) -> str:
    """A language as HTML and HTTP write it (RFC 5646): `pt-BR` for `pt_BR`."""
    return language.replace("_", "-")


def wanted(accept_language: str, default: str = ENGLISH) -> str:
    """The language that an Accept-Language header asks for (RFC 9110, section 12.5.4), or `default`."""
    ranked = []
    for place, part in enumerate(accept_language[:400].split(",")):
        asked = _RANGE.fullmatch(part.strip())
        weight = float(asked["weight"] or 1) if asked else 0.0
        if asked and weight > 0:
            ranked.append((-weight, place, asked["range"].casefold()))
    ours = {tag(each).casefold(): each for each in languages()}
    for _, _, asked_for in sorted(ranked):
        found = asked_for
        # RFC 4647, section 3.4: de-AT-1996, de-AT, de.
        while found and found not in ours:
            found = found.rpartition("-")[0]
        if found:
            return ours[found]
    return default


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything that is said inside is said in this language; in English, if it is not one of ours."""
    token = _spoken.set(language if language in languages() else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: str) -> None:
    """From here on, until the present context ends, this language is spoken; English if it is none of
    ours.
    """
    _spoken.set(language if language in languages() else ENGLISH)


def spoken() -> str:
    """The language being spoken just now."""
    return _spoken.get()


def N_(message: str) -> str:  # noqa: N802  (the name that extractors of messages know)
    """The sentence itself: marks one that is looked up later, where its text is a constant."""
    return message


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
