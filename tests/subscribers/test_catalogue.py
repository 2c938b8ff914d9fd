from __future__ import annotations

from subscribers.catalogue import catalogue
from subscribers.profile import make_profile, parse_profile, parse_wish, to_text, wish_text


def test_every_wish_and_category_can_be_typed():
    offered = catalogue()
    for group in offered.groups:
        for topic in group.topics:
            assert topic.interests
            for interest in topic.interests:
                assert parse_wish(wish_text(interest)) == interest
    for archive in offered.archives:
        for category in archive.categories:
            assert parse_wish(f"cat:{category.code}") == category.interest


def test_names_are_unique():
    offered = catalogue()
    topics = [topic.id for group in offered.groups for topic in group.topics]
    codes = [one.code for archive in offered.archives for one in archive.categories]
    assert len(set(topics)) == len(topics) >= 24
    assert len(set(codes)) == len(codes) > 150


def test_what_is_ticked_shows_as_ticked_and_the_rest_as_words():
    ticked = catalogue().interests({"efficient", "no such topic"}, {"cs.CL"})
    profile = make_profile([*ticked, *parse_profile("my own wish").interests])
    shown = catalogue().ticked(profile)
    assert (shown.topics, shown.categories) == ({"efficient"}, {"cs.CL"})
    assert to_text(shown.rest) == "my own wish"


def test_half_a_topic_is_not_ticked():
    shown = catalogue().ticked(parse_profile("speculative decoding"))
    assert not shown.topics
    assert to_text(shown.rest) == "speculative decoding"
