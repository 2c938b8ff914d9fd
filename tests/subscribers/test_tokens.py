from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import TokenError
from subscribers.tokens import (
    LESS,
    LIFETIME,
    MORE,
    Ballot,
    Link,
    LinkSigner,
    Purpose,
    Tag,
    TagPurpose,
    address_mark,
)
from tests.subscribers.support import NOW, SIGNER, any_token, vote_tokens

purposes = st.sampled_from(Purpose)
NAMED = (Purpose.DIGEST, Purpose.ADDRESS, Purpose.UNDO)
plain = st.sampled_from([each for each in Purpose if each not in {Purpose.VOTE, *NAMED}])
people = st.integers(1, 2**36 - 1)
versions = st.integers(0, 2**16 - 1)


@given(plain, people, versions)
def test_a_token_says_whom_it_speaks_for(purpose, person, version):
    token = SIGNER.make(purpose, person, version, now=NOW)
    made_at = NOW if LIFETIME[purpose] else None
    assert SIGNER.read(token, purpose, now=NOW) == Link(person, version, made_at)
    assert len(token) < 64
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


@given(st.sampled_from(NAMED), people, versions, st.integers(1, 2**48 - 1))
def test_a_token_says_what_it_is_about(purpose, person, version, about):
    token = SIGNER.make(purpose, person, version, now=NOW, about=about)
    assert SIGNER.read(token, purpose, now=NOW) == Link(person, version, NOW, about=about)


@pytest.mark.parametrize(("purpose", "about"), [(Purpose.DIGEST, None), (Purpose.PAUSE, 3)])
def test_only_what_is_about_one_thing_names_it(purpose, about):
    with pytest.raises(ValueError, match=purpose.name):
        SIGNER.make(purpose, 7, 1, now=NOW, about=about)


@given(people, versions, st.lists(st.integers(1, 2**48 - 1), min_size=1, max_size=3))
def test_a_vote_says_on_what_and_which_way(person, version, entries):
    made = SIGNER.make_votes(person, version, entries, now=NOW)
    assert made.keys() == set(entries)
    for entry_id, tokens in made.items():
        for token, value in zip(tokens, (MORE, LESS), strict=True):
            link = SIGNER.read(token, Purpose.VOTE, now=NOW + timedelta(days=59))
            assert link == Link(person, version, NOW, Ballot(entry_id, value))
            assert len(token) == 47
            assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_vote_without_an_entry_is_not_made():
    with pytest.raises(ValueError, match="make_votes"):
        SIGNER.make(Purpose.VOTE, 7, 1, now=NOW)


def test_the_seal_of_one_vote_fits_no_other():
    tokens = [*vote_tokens(7), *vote_tokens(7, entry_id=12), *vote_tokens(8)]
    seals = [token.partition(".")[2] for token in tokens]
    assert len(set(seals)) == len(tokens)
    for token in tokens:
        for seal in seals:
            swapped = f"{token.partition('.')[0]}.{seal}"
            if swapped != token:
                with pytest.raises(TokenError):
                    SIGNER.read(swapped, Purpose.VOTE, now=NOW)


@given(people, st.sampled_from(Purpose))
def test_both_votes_together_seal_nothing_else(person, purpose):
    """They are halves of one HMAC: put together, neither way round do they make another token."""
    more, less = (token.split(".") for token in vote_tokens(person))
    halves = [base64.urlsafe_b64decode(f"{seal}==") for _, seal in (more, less)]
    for first, second in (halves, halves[::-1]):
        whole = base64.urlsafe_b64encode(first + second).decode().rstrip("=")
        for payload in (more[0], less[0], more[0][:-1], more[0][:-1] + "C", f"{more[0]}A"):
            with pytest.raises(TokenError):
                SIGNER.read(f"{payload}.{whole}", purpose, now=NOW)


@given(plain, people, versions)
def test_the_seal_of_another_link_holds_no_vote(purpose, person, version):
    payload, _, seal = SIGNER.make(purpose, person, version, now=NOW).partition(".")
    mark = base64.urlsafe_b64decode(f"{seal}=")
    for way in "AB":
        for half in (mark[:16], mark[16:]):
            cut = base64.urlsafe_b64encode(half).decode().rstrip("=")
            with pytest.raises(TokenError):
                SIGNER.read(f"{payload}{way}.{cut}", Purpose.VOTE, now=NOW)


@pytest.mark.parametrize(
    ("purpose", "token"),
    [
        (Purpose.CONFIRM, "AQABAAAAAHAzwGY.XsXbxvczGs2wJDkHj6wQvS0BKbDR8bBbPPPGYt5Yzc4"),
        (Purpose.PREFERENCES, "AgABAAAAAHA0WEY.PJn5c-L8vmCmpiA_X2q1uXMRTSlx4pW8EijU-qnWWKg"),
        (Purpose.UNSUBSCRIBE, "AwABAAAAAHAAAAA.tmWwc6F3gDx2QGDiY6dBGDHl6X22xzN6QSUGCD9Sql4"),
        (Purpose.VOTE, "BAABAAAAAHA1AQYAAAAAAAsB.K4tz4LqkhTN5ePzECmVDIw"),
    ],
)
def test_links_of_mails_that_are_out_stay_valid(purpose, token):
    assert SIGNER.read(token, purpose, now=NOW).subscriber_id == 7


@given(purposes, purposes, people)
def test_it_is_for_one_purpose(made, asked, person):
    token = any_token(made, person)
    if made is not asked:
        with pytest.raises(TokenError):
            SIGNER.read(token, asked, now=NOW)


@given(purposes, st.data())
def test_any_other_text_is_refused(purpose, data):
    token = any_token(purpose, 7)
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
    token = any_token(purpose, 7)
    lifetime = LIFETIME[purpose]
    if lifetime is None:
        SIGNER.read(token, purpose, now=NOW + timedelta(days=36500))
        return
    SIGNER.read(token, purpose, now=NOW + lifetime - timedelta(minutes=2))
    with pytest.raises(TokenError):
        SIGNER.read(token, purpose, now=NOW + lifetime)


@given(st.text(), people)
def test_the_seal_is_an_hmac(secret, person):
    key = hashlib.sha256(b"paperround links\0" + secret.encode("utf-8", "replace")).digest()
    signer = LinkSigner(secret.encode("utf-8", "replace").decode())
    payload, _, seal = signer.make(Purpose.PAUSE, person, 1, now=NOW).encode().partition(b".")
    expected = hmac.digest(key, payload, "sha256")
    assert base64.urlsafe_b64decode(seal + b"=") == expected


def test_another_secret_is_another_world():
    token = LinkSigner("another").make(Purpose.UNSUBSCRIBE, 7, 1, now=NOW)
    with pytest.raises(TokenError):
        SIGNER.read(token, Purpose.UNSUBSCRIBE, now=NOW)


def test_an_unsubscribe_link_is_the_same_whenever_it_is_made():
    later = NOW + timedelta(days=400)
    assert SIGNER.make(Purpose.UNSUBSCRIBE, 7, 1, now=NOW) == SIGNER.make(
        Purpose.UNSUBSCRIBE, 7, 1, now=later
    )


tags = st.builds(Tag, people, st.integers(0, 2**40 - 1), st.integers(0, 2**20 - 1))


@given(st.sampled_from(TagPurpose), tags)
def test_a_tag_says_whose_mail_it_was_and_to_which_address_it_went(purpose, about):
    tag = SIGNER.make_tag(purpose, about.subscriber_id, about.number, about.mark)
    assert len(tag) == 47
    assert tag.isalnum()
    assert tag.islower()
    for spelled in (tag, tag.upper(), tag.title()):
        assert SIGNER.read_tag(spelled, purpose) == about
    for other in set(TagPurpose) - {purpose}:
        with pytest.raises(TokenError):
            SIGNER.read_tag(tag, other)


@given(tags, st.integers(0, 45), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567=1é"))
def test_a_tag_that_was_changed_is_refused(about, place, letter):
    tag = SIGNER.make_tag(TagPurpose.RETURN, about.subscriber_id, about.number, about.mark)
    changed = tag[:place] + letter + tag[place + 1 :]
    if changed != tag:
        with pytest.raises(TokenError):
            SIGNER.read_tag(changed, TagPurpose.RETURN)


@pytest.mark.parametrize("text", ["", "a", "a" * 47, "1" * 47, "é" * 47, "a" * 470])
def test_made_up_tags_are_refused(text):
    with pytest.raises(TokenError):
        SIGNER.read_tag(text, TagPurpose.RETURN)


def test_tags_of_mails_that_are_out():
    # Made before an address was part of them: good to leave by, and none for what comes back.
    leave, came_back = (
        LinkSigner("a secret").make_tag(TagPurpose.LEAVE, 7),
        old_tag(LinkSigner("a secret"), 1, 7, 1234),
    )
    assert leave == old_tag(LinkSigner("a secret"), 2, 7, 0)
    with pytest.raises(TokenError):
        LinkSigner("a secret").read_tag(came_back, TagPurpose.RETURN)


def old_tag(signer, purpose, person, number):
    packed = bytes([purpose]) + (person << 60 | number).to_bytes(12)
    sealed = packed + signer._tag_seal(packed)
    return base64.b32encode(sealed).decode().rstrip("=").lower()


def test_an_address_has_a_mark_and_another_one_has_another():
    marks = [address_mark(hashlib.sha256(b"%d" % n).hexdigest()) for n in range(1000)]
    assert len(set(marks)) > 990
    assert all(0 < mark < 2**20 for mark in marks)
