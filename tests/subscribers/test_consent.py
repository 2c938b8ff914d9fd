from __future__ import annotations

import hashlib
from itertools import product

import pytest

from subscribers.consent import CONFIRM_WORDING, REQUEST_WORDING, Act, State, next_state


@pytest.mark.parametrize(("state", "act"), list(product(State, Act)))
def test_every_act_leads_to_the_state_that_it_names(state, act):
    after = next_state(state, act)
    if act is Act.UNSUBSCRIBE:
        assert after is State.UNSUBSCRIBED
    elif act is Act.REQUEST:
        assert after is (State.CONFIRMED if state is State.CONFIRMED else State.PENDING)
    else:
        assert after is (None if state is State.UNSUBSCRIBED else State.CONFIRMED)


def test_nobody_becomes_confirmed_but_by_confirming():
    for state, act in product(State, Act):
        if next_state(state, act) is State.CONFIRMED and state is not State.CONFIRMED:
            assert act is Act.CONFIRM


@pytest.mark.parametrize(
    ("wording", "version", "digest"),
    [
        (
            REQUEST_WORDING,
            "request-1",
            "4be090d6768eb6aea500bea36a734a810fe6aba82b87738dfe6c586550a00257",
        ),
        (
            CONFIRM_WORDING,
            "confirm-1",
            "10e87e89b1ac66ba5a8bf07873992746781b628991be535616bab1b017b6f835",
        ),
    ],
)
def test_words_change_only_with_their_version(wording, version, digest):
    # Whoever rewords a text gives it a new version, and then changes this line.
    assert (wording.version, wording.hash) == (version, digest)
    assert wording.hash == hashlib.sha256(wording.text.encode()).hexdigest()
