from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import TokenError
from subscribers.tokens import LIFETIME, Link, LinkSigner, Purpose
from tests.subscribers.support import NOW, SIGNER

purposes = st.sampled_from(Purpose)
people = st.integers(1, 2**36 - 1)
versions = st.integers(0, 2**16 - 1)


@given(purposes, people, versions)
def test_a_token_says_whom_it_speaks_for(purpose, person, version):
    token = SIGNER.make(purpose, person, version, now=NOW)
    assert SIGNER.read(token, purpose, now=NOW) == Link(person, version)
    assert len(token) < 64
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


@given(purposes, purposes, people)
def test_it_is_for_one_purpose(made, asked, person):
    token = SIGNER.make(made, person, 1, now=NOW)
    if made is not asked:
        with pytest.raises(TokenError):
            SIGNER.read(token, asked, now=NOW)


@given(purposes, st.data())
def test_any_other_text_is_refused(purpose, data):
    token = SIGNER.make(purpose, 7, 1, now=NOW)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda c: c != token[place]))
    length = data.draw(st.integers(0, len(token) - 1))
    for forged in (token[:place] + other + token[place + 1 :], token[:length], token + other):
        with pytest.raises(TokenError):
            SIGNER.read(forged, purpose, now=NOW)


@given(st.text(max_size=80))
def test_made_up_text_is_refused(text):
    with pytest.raises(TokenError):
        SIGNER.read(text, Purpose.UNSUBSCRIBE, now=NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_it_expires_when_its_purpose_says(purpose):
    token = SIGNER.make(purpose, 7, 1, now=NOW)
    lifetime = LIFETIME[purpose]
    if lifetime is None:
        SIGNER.read(token, purpose, now=NOW + timedelta(days=36500))
        return
    SIGNER.read(token, purpose, now=NOW + lifetime - timedelta(minutes=2))
    with pytest.raises(TokenError):
        SIGNER.read(token, purpose, now=NOW + lifetime)


def test_another_secret_is_another_world():
    token = LinkSigner("another").make(Purpose.UNSUBSCRIBE, 7, 1, now=NOW)
    with pytest.raises(TokenError):
        SIGNER.read(token, Purpose.UNSUBSCRIBE, now=NOW)


def test_an_unsubscribe_link_is_the_same_whenever_it_is_made():
    later = NOW + timedelta(days=400)
    assert SIGNER.make(Purpose.UNSUBSCRIBE, 7, 1, now=NOW) == SIGNER.make(
        Purpose.UNSUBSCRIBE, 7, 1, now=later
    )
