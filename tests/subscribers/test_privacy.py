from __future__ import annotations

import json

from subscribers.address import parse_address
from subscribers.feedback import vote
from subscribers.privacy import erase, export_person
from subscribers.suppression import is_suppressed
from tests.subscribers.support import NOW, dump, join


def test_erasing_leaves_nothing_but_the_hash(session):
    subscriber = join(session, wishes="a secret wish")
    vote(session, subscriber, "arxiv:2606.00011", 1, now=NOW)
    subscriber_id = subscriber.id
    assert erase(session, subscriber_id, now=NOW)
    session.commit()
    left = {name: rows for name, rows in dump(session).items() if rows}
    del left["tally"]  # hashes that count against limits, for a day
    digest = parse_address("ada@example.org").hash
    assert left == {"suppression": [(digest, "erased", NOW)]}
    assert is_suppressed(session, digest)
    assert not erase(session, subscriber_id, now=NOW)


def test_erasing_one_leaves_the_other(session):
    ada, bob = join(session), join(session, "bob@example.org")
    for person in (ada, bob):
        vote(session, person, "arxiv:2606.00011", 1, now=NOW)
    before = export_person(session, bob)
    erase(session, ada.id, now=NOW)
    session.commit()
    assert export_person(session, bob) == before


def test_a_person_can_have_all_of_it(session):
    ada = join(session, wishes="my wish, -survey")
    vote(session, ada, "arxiv:2606.00011", -1, now=NOW)
    held = export_person(session, ada)
    json.dumps(held)
    assert held["subscriber"]["email"] == "ada@example.org"
    assert [one["text"] for one in held["profile"]["interests"]] == ["my wish", "survey"]
    assert held["votes"] == [
        {
            "subscriber_id": ada.id,
            "entry_key": "arxiv:2606.00011",
            "value": -1,
            "at": NOW.isoformat(),
        }
    ]
    assert [one["kind"] for one in held["consent_events"]] == ["requested", "confirmed"]
    assert held["consent_events"][0]["network_address"] == "192.0.2.7"
