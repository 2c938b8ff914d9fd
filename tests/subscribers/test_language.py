from __future__ import annotations

import threading

import pytest

from subscribers.language import gettext, languages, name_of, speaking, spoken, tag, wanted


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("de-Latn-CH-1996", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("en;q=0.8, de ; q=0.9", "de"),
        ("fr, de;q=0.5, en;q=0.4", "de"),
        ("fr, es", "en"),
        ("*", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=0", "en"),
        ("de;q=0.0001, en", "en"),
        ("de;q=nan", "en"),
        ("de;q=inf, en;q=0.5", "en"),
        ("de;q=-1", "en"),
        ("de;q=", "en"),
        ("de;q=1.000", "de"),
        ("de;level=1", "en"),
        ("../../etc/passwd", "en"),
        ("d\u00e9, \x00, ;;;,,,", "en"),
        ("x" * 100_000 + ", de", "en"),
        ("-".join(["de"] * 60), "de"),
    ],
)
def test_the_language_that_a_browser_asks_for(header, language):
    assert wanted(header) == language


def test_the_first_of_equals_is_meant():
    assert wanted("de, en") == "de"
    assert wanted("en, de") == "en"


def test_where_nothing_fits_the_default_is_spoken():
    assert wanted("fr", "de") == "de"


def test_languages_call_themselves_by_their_own_names():
    assert [name_of(each) for each in languages()] == ["English", "Deutsch"]
    assert tag("pt_BR") == "pt-BR"


def test_a_language_is_spoken_inside_and_only_there():
    with speaking("de"):
        assert (spoken(), gettext("Subscribe")) == ("de", "Abonnieren")
        with speaking("xx"):
            assert (spoken(), gettext("Subscribe")) == ("en", "Subscribe")
        assert spoken() == "de"
    assert (spoken(), gettext("Subscribe")) == ("en", "Subscribe")


def test_two_threads_speak_their_own_languages():
    heard = {}
    together = threading.Barrier(2)

    def say(language):
        with speaking(language):
            together.wait()
            heard[language] = gettext("Subscribe")
            together.wait()

    threads = [threading.Thread(target=say, args=(each,)) for each in languages()]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert heard == {"en": "Subscribe", "de": "Abonnieren"}
