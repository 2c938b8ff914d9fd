"""Pages in the language that was chosen, that a person has set, or that a browser asks for."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from subscribers.consent import CONFIRM_WORDING, REQUEST_WORDING, Wording
from subscribers.language import speaking
from subscribers.tables import ConsentEvent
from subscribers.tokens import Purpose
from tests.subscribers.web.test_joining import FORM

GERMAN = {"accept-language": "de-AT, de;q=0.9, en;q=0.5"}


def language_of(answer):
    """The language of a page by its root element, which its header must agree with."""
    said = re.search(r'<html lang="([^"]*)"', answer.text)[1]
    assert answer.headers["content-language"] == said
    assert answer.headers["vary"] == "Accept-Language"
    return said


def test_a_browser_gets_the_language_it_asks_for(site):
    assert language_of(site.client.get("/subscribe")) == "en"
    page = site.client.get("/subscribe", headers=GERMAN)
    assert language_of(page) == "de"
    assert "Abonnieren" in page.text
    assert language_of(site.client.get("/preferences/none", headers=GERMAN)) == "de"


def test_a_choice_in_the_address_goes_before_what_the_browser_asks_for(site):
    assert language_of(site.client.get("/subscribe?lang=en", headers=GERMAN)) == "en"
    assert language_of(site.client.get("/subscribe?lang=de")) == "de"
    assert language_of(site.client.get("/subscribe?lang=xx", headers=GERMAN)) == "de"
    assert language_of(site.client.get("/subscribe?lang=" + "x" * 3000, headers=GERMAN)) == "de"


def test_the_switch_keeps_the_rest_of_the_address_and_names_languages_in_themselves(site):
    page = site.client.get("/subscribe?a=1%26&lang=de&b=%3Cx%3E").text
    assert re.findall(r'href="([^"]*)" lang="(\w+)" hreflang="\2">(\w+)</a>', page) == [
        ("?a=1%26&amp;b=%3Cx%3E&amp;lang=en", "en", "English")
    ]
    assert '<span lang="de" aria-current="true">Deutsch</span>' in page
    assert '<a class="brand" href="/?lang=de">' in page


def test_a_person_is_answered_in_their_own_language(site):
    page = site.link(Purpose.PREFERENCES, site.joined(language="de"))
    assert language_of(site.client.get(page)) == "de"
    assert language_of(site.client.get(page, headers={"accept-language": "en"})) == "de"
    assert language_of(site.client.get(f"{page}?lang=en")) == "en"
    english = site.link(Purpose.PREFERENCES, site.joined("grace@example.org"))
    assert language_of(site.client.get(english, headers=GERMAN)) == "en"
    assert language_of(site.client.get("/subscribe")) == "en", "nothing stays for the next request"


def test_who_signs_up_in_german_is_a_german_reader(site):
    page = site.client.get("/subscribe?lang=de").text
    assert '<input type="hidden" name="language" value="de">' in page
    answer = site.client.post("/subscribe", data={**FORM, "language": "de"})
    assert (answer.status_code, language_of(answer)) == (200, "de")
    assert site.subscriber().language == "de"
    pressed = site.client.post(f"/confirm/{site.mailbag.last_token()}")
    assert language_of(pressed) == "de"


def test_a_form_without_a_language_means_that_of_the_browser(site):
    site.client.post("/subscribe", data=FORM, headers=GERMAN)
    assert site.subscriber().language == "de"


def test_nobody_else_can_change_the_language_of_a_reader(site):
    site.joined()
    site.client.post("/subscribe", data={**FORM, "language": "de"})
    assert site.subscriber().language == "en"


def test_a_reader_changes_their_language_and_sees_it_at_once(site):
    page = site.link(Purpose.PREFERENCES, site.joined())
    shown = site.client.get(page).text
    assert '<option value="en" lang="en" selected>English</option>' in shown
    assert '<option value="de" lang="de">Deutsch</option>' in shown
    saved = site.client.post(page, data={**FORM, "language": "de"})
    assert (saved.status_code, language_of(saved)) == (200, "de")
    assert '<option value="de" lang="de" selected>Deutsch</option>' in saved.text
    assert site.subscriber().language == "de"


@pytest.mark.parametrize("language", ["xx", "../de", ""])
def test_a_language_that_we_do_not_have_is_refused(site, language):
    page = site.link(Purpose.PREFERENCES, site.joined())
    refused = site.client.post(page, data={**FORM, "language": language})
    assert refused.status_code == 422
    assert "one of our languages: English, Deutsch" in refused.text
    assert site.subscriber().language == "en"


def test_what_was_agreed_to_is_recorded_in_the_words_that_were_shown(site):
    words = []
    with speaking("de"):
        words += [REQUEST_WORDING.said(), CONFIRM_WORDING.said()]
    assert [each.version for each in words] == [
        f"{each.version}.de" for each in (REQUEST_WORDING, CONFIRM_WORDING)
    ]
    assert words[0].text in unescape(site.client.get("/subscribe", headers=GERMAN).text)
    site.client.post("/subscribe", data=FORM, headers=GERMAN)
    page = f"/confirm/{site.mailbag.last_token()}"
    assert words[1].text in unescape(site.client.get(page).text)
    site.client.post(page)
    with site.sessions() as session:
        events = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id)).all()
        told = [(each.text_version, each.text_hash) for each in events]
    assert told == [(each.version, each.hash) for each in words]


def test_words_in_german_change_only_with_their_version():
    # Whoever rewords a text, or its translation, gives it a new version, and then changes these lines.
    with speaking("de"):
        said = [REQUEST_WORDING.said(), CONFIRM_WORDING.said()]
    assert [(each.version, each.hash) for each in said] == [
        ("request-1.de", "8bff5ba4e8020ffff2deffb581908d02f655cd06a00351f8c8299b2d7ad96732"),
        ("confirm-1.de", "2a5875b4cd477057f5b27e013e9b592c27dad2e30159cfc0e9399b2d3842800f"),
    ]
    assert Wording("other-1", "Words without a translation.").said().version == "other-1"
