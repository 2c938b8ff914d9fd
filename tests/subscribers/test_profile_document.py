from __future__ import annotations

import json

import pytest

from subscribers.errors import ProfileError
from subscribers.profile import parse_profile
from subscribers.profile_document import profile_from_document, profile_to_document

PROFILE = parse_profile('a topic ^2, "kv cache", author:"LeCun, Yann", cs.CL, 2404.06395, -survey')


def test_a_profile_goes_round_through_json():
    assert profile_from_document(json.loads(json.dumps(profile_to_document(PROFILE)))) == PROFILE


def test_wishes_may_be_typed():
    assert profile_from_document({"interests": ["a topic ^2", "-survey"]}) == parse_profile(
        "a topic ^2, -survey"
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"interests": [], "colour": 1, "size": 2}, "unknown fields colour, size"),
        ({"interests": [{"kind": "topic", "text": "x", "wight": 2}]}, "interests.0.wight"),
        ({"interests": [{"kind": "smell", "text": "x"}]}, "interests.0.kind"),
        ({"interests": [{"kind": "topic", "text": "x", "weight": 99}]}, "interests.0.weight"),
        ({"interests": [{"kind": "topic", "text": "a, b"}]}, "cannot be the text of one topic"),
        ({"interests": [{"kind": "topic", "text": "cs.CL"}]}, "cannot be the text of one topic"),
        ({"interests": [{"kind": "seed", "text": "banana"}]}, "cannot be the text of one seed"),
        ({"interests": [{"kind": "author", "text": "x ^2"}]}, "cannot be the text of one author"),
        ({}, "interests"),
        ([], "profile|dictionary"),
        (None, "dictionary"),
    ],
)
def test_what_is_unknown_or_wrong_is_named(document, message):
    with pytest.raises(ProfileError, match=message):
        profile_from_document(document)


def test_a_muted_topic_means_its_words():
    document = {"interests": [{"kind": "topic", "text": "survey", "muted": True}]}
    assert profile_from_document(document) == parse_profile("-survey")
