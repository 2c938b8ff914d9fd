"""Mails in their reader's language; in English nothing of another one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from newsletter.model import Digest, Manner, Section
from newsletter.render import MailRenderer, NoticeKind, Templates
from subscribers.language import speaking, spoken
from tests.factories import entry
from tests.render.letters import BY_EMMY, SITE, TRENDING, letter, notice, pick
from tests.render.mails import mails

GERMAN = Manner(language="de")


@pytest.fixture(scope="module")
def renderer():
    return MailRenderer(SITE, Templates())


def test_one_renderer_writes_each_reader_in_their_own_language(renderer):
    english = renderer.digest(letter()).data
    german = renderer.digest_preview(letter(manner=GERMAN))
    assert renderer.digest(letter()).data == english, "shared pieces are kept for each language"
    assert german.subject == "1 Arbeit: speculative decoding"
    assert 'lang="de"' in german.html
    assert "Mittwoch, 10. Juni 2026" in german.text
    said = " ".join(german.text.split())
    assert "Sie verfolgen speculative decoding: „small draft models propose“" in said
    assert "1 zu speculative decoding, aus 412 neuen Arbeiten." in german.text
    assert spoken() == "en"


def test_numbers_counts_and_sections_are_german(renderer):
    papers = (entry(1, votes=1204), entry(2, votes=1))
    picks = (pick(1, BY_EMMY, Section.FOLLOWED), pick(2, TRENDING, Section.TRENDING))
    digest = Digest(picks, considered=1412, left_out=1, away_since=date(2026, 6, 1))
    seen = renderer.digest_preview(letter(*papers, digest=digest, manner=GERMAN))
    assert "1.204 Stimmen" in seen.text
    assert " 1 Stimme\n" in seen.text
    assert "1 von Personen, denen Sie folgen, 1 im Gespräch, aus 1.412 neuen" in seen.text
    assert "\nPersonen, denen Sie folgen\n==========================\n" in seen.text
    assert "einer Person, der Sie folgen" in seen.text
    assert "1 weitere passte" in seen.text


def test_what_the_ledger_tells_in_english_is_said_in_german(renderer):
    told = (replace(TRENDING[0], detail="1,204 upvotes, 1 comment, 87 points on Hacker News"),)
    digest = Digest((pick(1, told, Section.TRENDING),), considered=9)
    seen = renderer.digest_preview(letter(digest=digest, manner=GERMAN))
    said = " ".join(seen.text.split())
    assert "gerade viel besprochen: 1.204 Stimmen, 1 Kommentar, 87 Punkte auf Hacker News" in said


@pytest.mark.parametrize("weekly", [False, True])
def test_a_quiet_note_is_german(renderer, weekly):
    manner = replace(GERMAN, weekly=weekly)
    seen = renderer.digest_preview(letter(digest=Digest((), 0, quiet_days=7), manner=manner))
    assert seen.subject == f"Seit 7 {'Wochen' if weekly else 'Tagen'} nichts Neues für Sie"


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_is_german(renderer, kind):
    english, german = (
        renderer.notice_preview(kind, notice(language=language, wishes=("wish",)))
        for language in ("en", "de")
    )
    assert 'lang="de"' in german.html
    assert 'lang="en"' in english.html
    shared = set(_sentences(english.text)) & set(_sentences(german.text))
    assert shared <= {SITE.postal_address}, "sentences that stayed English"


def test_a_german_digest_has_no_sentence_of_the_english_one():
    ours = re.compile(
        r"^(You |The (best|next)|Why:|View |Pause |Change |Unsub|Revised|While you|.*from the abstract)",
        re.IGNORECASE | re.MULTILINE,
    )
    english, german = (
        re.sub("^ +(- )?", "", mails()[name].text, flags=re.MULTILINE)
        for name in ("digest-after-a-pause", "digest.de")
    )
    assert len(ours.findall(english)) > 20, "the pattern finds English"
    assert not ours.findall(german)


def test_a_language_that_is_gone_is_english(renderer):
    assert 'lang="en"' in renderer.digest_preview(letter(manner=Manner(language="xx"))).html


def test_english_sentences_are_the_messages_themselves(renderer):
    with speaking("de"):
        seen = renderer.digest_preview(letter())
    assert "from 412 new papers" in seen.text


def _sentences(text: str) -> list[str]:
    """Lines of words, without addresses, papers and names."""
    lines = (line.strip() for line in text.splitlines())
    return [
        line for line in lines if len(line.split()) > 2 and "http" not in line and "@" not in line
    ]
