from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from subscribers.address import parse_address
from subscribers.consent import State
from subscribers.errors import ImportFileError
from subscribers.importing import export_csv, import_csv, import_json
from subscribers.preferences import read_preferences
from subscribers.signup import unsubscribe
from subscribers.suppression import SuppressionReason, suppress
from subscribers.tables import ConsentEvent, Subscriber
from tests.subscribers.support import NOW, ORIGIN, dump, join, preferences, unheard

GOOD = '''email,wishes,hour,timezone,confirmed_at,consent
ada@example.org,"speculative decoding
""kv, cache""",6,Europe/Berlin,2026-01-02T03:04:05+01:00,paper form 12
bob@example.org,graph theory,,,,
'''


def lines(text: str):
    return io.StringIO(text, newline="")


def people(session):
    return {row.email: row for row in session.scalars(select(Subscriber))}


def test_rows_become_subscribers(session):
    invited = []
    report = import_csv(
        session, lines(GOOD), now=NOW, invite=lambda _, subscriber: invited.append(subscriber.email)
    )
    assert (report.added, report.known, report.errors) == (2, 0, [])
    found = people(session)
    ada, bob = found["ada@example.org"], found["bob@example.org"]
    assert read_preferences(ada) == preferences('speculative decoding\n"kv, cache"', hour=6)
    assert (ada.state, ada.next_send_at) == (
        State.CONFIRMED,
        NOW.replace(day=11, hour=4, minute=0),
    )
    assert ada.taste_changed_at == NOW
    assert (bob.state, bob.next_send_at, invited) == (State.PENDING, None, ["bob@example.org"])
    event = session.scalars(select(ConsentEvent).where(ConsentEvent.subscriber_id == ada.id)).one()
    assert (event.kind, event.user_agent) == ("imported", "paper form 12")
    assert event.at.isoformat() == "2026-01-02T02:04:05+00:00"


def test_a_second_time_changes_nothing(session):
    import_csv(session, lines(GOOD), now=NOW)
    before = dump(session)
    report = import_csv(session, lines(GOOD), now=NOW)
    assert (report.added, report.known) == (0, 2)
    assert dump(session) == before


def test_a_wrong_row_is_named_by_its_line_and_costs_no_other(session):
    text = (
        "email,wishes,hour,cadence,confirmed_at,state\n"
        'first@example.org,"a\nb",7,,,\n'
        "not an address,,,,,\n"
        "hour@example.org,,25,,,\n"
        "hour2@example.org,,seven,,,\n"
        "cadence@example.org,,,hourly,,\n"
        'wish@example.org,"""open",,,,\n'
        "naive@example.org,,,,2026-01-02T03:04:05,\n"
        "state@example.org,,,,,confirmed\n"
        "many@example.org,,,,,,,,\n"
        "\n"
        "FIRST@example.org,,,,,\n"
        "last@example.org,,,,,\n"
    )
    report = import_csv(session, lines(text), now=NOW)
    assert set(people(session)) == {"first@example.org", "last@example.org"}
    assert (report.added, report.known) == (2, 1)
    assert [error.line for error in report.errors] == [4, 5, 6, 7, 8, 9, 10, 11]
    for error, word in zip(
        report.errors,
        ["@", "hour", "hour", "cadence", "wishes", "confirmed_at", "confirmed_at", "values"],
        strict=True,
    ):
        assert word in error.message


def test_nobody_is_brought_back(session):
    suppress(session, parse_address("gone@example.org").hash, SuppressionReason.ERASED, NOW)
    left = join(session, "left@example.org")
    unsubscribe(session, left, origin=ORIGIN, send_notice=unheard, now=NOW)
    session.flush()
    text = (
        "email,confirmed_at\ngone@example.org,2026-01-01T00:00Z\nleft@example.org,2026-01-01T00:00Z"
    )
    report = import_csv(session, lines(text), now=NOW)
    assert (report.added, report.known, report.suppressed) == (0, 1, 1)
    assert people(session)["left@example.org"].state == State.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "email"),
        ("wishes\nx\n", "email"),
        ("email,colour\na@example.org,red\n", "Unknown column 'colour'"),
        ("email,email\n", "once"),
    ],
)
def test_a_file_with_a_wrong_header_is_refused_whole(session, text, message):
    with pytest.raises(ImportFileError, match=message):
        import_csv(session, lines(text), now=NOW)


def test_what_was_exported_can_be_imported(session):
    join(session, wishes='a ^2, "b, c", -survey, author:"D, E"', cadence="weekly", weekday=3)
    unsubscribe(
        session, join(session, "left@example.org"), origin=ORIGIN, send_notice=unheard, now=NOW
    )
    session.flush()
    out = io.StringIO(newline="")
    assert export_csv(session, out) == 2
    before = {email: (read_preferences(row), row.state) for email, row in people(session).items()}
    session.rollback()
    assert not people(session)
    report = import_csv(session, lines(out.getvalue()), now=NOW)
    assert (report.added, report.errors) == (2, [])
    after = {email: (read_preferences(row), row.state) for email, row in people(session).items()}
    assert after == before


def test_a_spreadsheets_mark_at_the_beginning_is_overlooked(session):
    assert import_csv(session, lines("\ufeffEmail\na@example.org\n"), now=NOW).added == 1


def test_more_than_one_block(session):
    rows = "".join(f"reader{number}@example.org\n" for number in range(1200))
    assert import_csv(session, lines(f"email\n{rows}"), now=NOW).added == 1200
    out = io.StringIO(newline="")
    assert export_csv(session, out) == 1200


def test_json_with_unknown_fields_is_refused_by_name(session):
    good = {"email": "a@example.org", "profile": {"interests": ["a wish"]}}
    bad = {"email": "b@example.org", "favourite": 1, "profile": {"interests": [], "colour": 2}}
    report = import_json(session, json.dumps([good, bad, 7]), now=NOW)
    assert report.added == 1
    assert [error.line for error in report.errors] == [2, 3]
    assert "favourite" in report.errors[0].message
    assert "profile.colour" in report.errors[0].message
    for text in ("{}", "no json"):
        with pytest.raises(ImportFileError):
            import_json(session, text, now=NOW)


def test_how_somebody_agreed_is_exported_and_stays_with_them(session):
    join(session)
    import_csv(session, lines(GOOD.replace("ada@", "eve@")), now=NOW)
    out = io.StringIO(newline="")
    export_csv(session, out)
    told = {row["email"]: row["consent"] for row in csv.DictReader(lines(out.getvalue()))}
    assert told["eve@example.org"] == "paper form 12"
    for word in (
        "by the button",
        "2026-06-10T06:30:00+00:00",
        "from 192.0.2.7",
        "Test/1.0",
        "confirm-1",
    ):
        assert word in told["ada@example.org"]
    session.rollback()
    import_csv(session, lines(out.getvalue()), now=NOW)
    again = io.StringIO(newline="")
    export_csv(session, again)
    assert again.getvalue() == out.getvalue()


def test_two_imports_of_a_file_at_once(sessions):
    text = "email,wishes\n" + "".join(f"r{n}@example.org,graph {n}\n" for n in range(600))

    def one(_):
        with sessions.begin() as session:
            return import_csv(session, lines(text), now=NOW)

    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(one, range(2)))
    assert sorted(report.added for report in reports) == [0, 600]
    assert [report.added + report.known for report in reports] == [600, 600]
    with sessions() as session:
        found = people(session)
        assert len(found) == 600
        assert session.query(ConsentEvent).count() == 600
