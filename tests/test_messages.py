"""Every sentence that readers see has its translation, and no translation is left over."""

from __future__ import annotations

import re
import string

import pytest
from babel.messages.catalog import Catalog, Message

from subscribers.language import ENGLISH, gettext, languages, speaking
from tests.messages import LOCALE, extracted, read, updated

TRANSLATED = [each for each in languages() if each != ENGLISH]


def texts(words: object) -> list[str]:
    return [words] if isinstance(words, str) else list(words)  # type: ignore[call-overload]


def by_id(catalog: Catalog) -> dict[tuple[str, ...], Message]:
    return {tuple(texts(each.id)): each for each in catalog if each.id}


@pytest.fixture(scope="module")
def said():
    return by_id(extracted())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_no_other(said, language):
    known = by_id(read(language))
    missing = [
        each
        for each in said
        if each not in known or not all(texts(known[each].string or "")) or known[each].fuzzy
    ]
    assert not missing, "`make messages`, then translate: " + "\n".join(map(str, missing))
    left_over = [each for each in known if each not in said]
    assert not left_over, "`make messages` drops: " + "\n".join(map(str, left_over))


def gaps(text: str) -> list[str]:
    """The names that are filled in, of both kinds, and what is marked up."""
    braces = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    return sorted({*re.findall(r"%\(\w+\)s", text), *braces})


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_fill_in_what_their_originals_do(language):
    for ids, message in by_id(read(language)).items():
        for told in texts(message.string):
            assert gaps(told) in (gaps(ids[0]), gaps(ids[-1])), f"{ids}: {told}"
            tags = re.findall(r"</?\w+[^>]*>", ids[-1])
            assert sorted(re.findall(r"</?\w+[^>]*>", told)) == sorted(tags), f"{ids}: {told}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_plural_form_is_there(language):
    catalogue = read(language)
    for ids, message in by_id(catalogue).items():
        if len(ids) > 1:
            assert len(texts(message.string)) == catalogue.num_plurals, ids


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_stands_as_make_messages_writes_it(language):
    assert (LOCALE / f"{language}.po").read_bytes() == updated(language), "make messages"


def test_german_is_written_as_german_is(said):
    with speaking("de"):
        told = {each: gettext(each[0]) for each in said}
    wrong = [text for text in told.values() if re.search(r"[“”][^“]*”|\bdu\b|\bDu\b|--", text)]
    assert not wrong, "quotation marks are „...“, and readers are Sie"
