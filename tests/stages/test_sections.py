"""What a digest holds beside what matched, from the database to the mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from newsletter.app import App
from newsletter.model import DeliveryState, ListingType, Section, SkipReason
from newsletter.pipeline import due
from newsletter.stages.letters import DigestLetters
from newsletter.store import entries, signals, sources
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery, Entry, Pick
from subscribers.tables import Subscriber
from tests.factories import NOW, listed
from tests.operator import add_papers, add_readers, sent

DAY = timedelta(days=1)


def plan(app: App, when) -> dict[str, str]:
    """Plans who is due, and gives what was picked: title -> section."""
    app.planner(when).plan(due(when))
    with app.sessions() as session:
        rows = session.execute(
            select(Entry.title, Pick.section)
            .join(Pick, Pick.entry_id == Entry.id)
            .join(Delivery, Delivery.id == Pick.delivery_id)
            .where(Delivery.planned_at == when)
        )
        return {row[0]: row[1] for row in rows}


def save(app: App, papers, seen_at) -> None:
    with app.sessions.begin() as session:
        known = {source.name: source.id for source in sources.all_sources(session)}
        id_ = known.get("more") or sources.add(session, "more", "feed", {}).id
        entries.save(session, id_, papers, seen_at)


def letter_of(app: App, when):
    with reading(app.sessions)() as session:
        ids = session.scalars(select(Delivery.id).where(Delivery.planned_at == when)).all()
        letters = DigestLetters(app.renderer(), app.links).letters(session, ids)
        return [letter for _, letter in letters]


def talk(app: App, title: str, numbers: dict[str, int], at) -> None:
    with app.sessions.begin() as session:
        id_ = session.scalars(select(Entry.id).where(Entry.title == title)).one()
        signals.record(session, {(id_, kind): value for kind, value in numbers.items()}, at)


def test_what_is_trending_is_shown_with_its_numbers_once(app: App) -> None:
    add_readers(app, ["paper number", "paper number\n-gossip"])
    add_papers(app, 3)
    save(
        app,
        [listed(50, title="Loud talk", abstract="Nothing to do with it; gossip.")],
        NOW - DAY / 24,
    )
    talk(app, "Loud talk", {"votes": 40, "hn-points": 120}, NOW - DAY / 48)
    app.planner(NOW).plan(due(NOW))
    first, second = letter_of(app, NOW)
    loud = [pick for pick in first.digest.picks if pick.section is Section.TRENDING]
    assert [first.entries[pick.entry_id].title for pick in loud] == ["Loud talk"]
    assert not [pick for pick in second.digest.picks if pick.section is Section.TRENDING]
    seen = app.renderer().digest_preview(first)
    for part in (seen.text, seen.html):
        assert "40 upvotes" in part
        assert "120 points on Hacker News" in part.replace("\n     ", " ")
    sent(app, NOW + DAY / 24)
    save(app, [listed(60)], NOW + DAY - DAY / 24)
    assert "Loud talk" not in plan(app, NOW + DAY)


def test_numbers_stay_those_of_the_plan_however_late_it_is_sent(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 1)
    talk(app, "Paper number 0", {"votes": 5}, NOW - DAY / 48)
    app.planner(NOW).plan(due(NOW))
    (before,) = letter_of(app, NOW)
    talk(app, "Paper number 0", {"votes": 500}, NOW + DAY)
    (after,) = letter_of(app, NOW)
    renderer = app.renderer()
    assert renderer.digest(before).data == renderer.digest(after).data
    assert "5 upvotes" in renderer.digest_preview(after).text


def test_what_changed_since_is_told_once(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 3, version=1)
    assert len(plan(app, NOW)) == 3
    sent(app, NOW + DAY / 24)
    changed = [
        listed(0, version=2, type=ListingType.REPLACE, title="Paper number nought"),
        listed(1, version=2, type=ListingType.REPLACE, withdrawn=True),
    ]
    save(app, changed, NOW + DAY / 2)
    quiet = NOW + DAY  # nothing new: no digest, so nobody was told yet
    assert plan(app, quiet) == {}
    save(app, [listed(70, day=NOW.date() + 2 * DAY)], NOW + 1.5 * DAY)
    second = NOW + 2 * DAY
    assert len(plan(app, second)) == 1
    (letter,) = letter_of(app, second)
    told = [(change.withdrawn, change.version, change.changed) for change in letter.digest.changes]
    assert told == [(True, None, ()), (False, 2, ("title",))]
    text = app.renderer().digest_preview(letter).text
    assert "Paper number nought: version 2, with a new title" in text
    assert "Paper number 1: withdrawn" in text
    sent(app, second + DAY / 24)
    save(app, [listed(71, day=NOW.date() + 3 * DAY)], NOW + 2.5 * DAY)
    plan(app, NOW + 3 * DAY)
    (letter,) = letter_of(app, NOW + 3 * DAY)
    assert letter.digest.changes == ()


def test_a_change_of_what_never_left_is_not_told(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 1, version=1)
    plan(app, NOW)
    with app.sessions.begin() as session:
        session.execute(update(Delivery).values(state=DeliveryState.FAILED, settled_at=NOW))
    save(app, [listed(0, version=2, withdrawn=True)], NOW + DAY / 2)
    save(app, [listed(70, day=NOW.date() + DAY)], NOW + DAY / 2)
    plan(app, NOW + DAY)
    (letter,) = letter_of(app, NOW + DAY)
    assert letter.digest.changes == ()


def test_after_a_pause_the_best_of_what_was_missed_comes_once(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 1)
    plan(app, NOW)
    sent(app, NOW)
    back = NOW + 6 * DAY
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        person.paused_until, person.next_send_at = back.date(), back
        person.confirmed_at = person.created_at = NOW - 9 * DAY
    for day in range(1, 6):
        save(app, [listed(200 + day, day=(NOW + day * DAY).date())], NOW + day * DAY - DAY / 24)
    save(app, [listed(300, day=back.date())], back - DAY / 24)
    found = plan(app, back)
    assert found.pop("Paper number 300") == Section.FOR_YOU
    assert set(found.values()) == {Section.AWAY}
    assert len(found) == 5
    (letter,) = letter_of(app, back)
    seen = app.renderer().digest_preview(letter).text
    assert letter.digest.away_since == NOW.date()
    assert "While you were away" in seen
    assert "since your last digest, of Wednesday, 10 June 2026" in seen.replace("\n", " ")
    sent(app, back)
    save(app, [listed(400, day=back.date() + DAY)], back + DAY / 2)
    assert plan(app, back + DAY) == {"Paper number 400": Section.FOR_YOU}


def test_a_newcomer_missed_nothing_and_neither_does_a_weekly_reader(app: App) -> None:
    add_readers(app, ["paper number"])
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        person.confirmed_at, person.covered_until = NOW - 90 * DAY, NOW - 3 * DAY
        person.created_at = NOW - DAY / 24  # from a file, say
    save(app, [listed(1, day=NOW.date() - DAY)], NOW - 2 * DAY)
    assert plan(app, NOW) == {"Paper number 1": Section.FOR_YOU}
    sent(app, NOW)
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        person.cadence, person.weekday = "weekly", NOW.weekday()
        person.created_at = NOW - 90 * DAY
    save(app, [listed(2, day=NOW.date() + 3 * DAY)], NOW + 3 * DAY)
    with app.sessions.begin() as session:
        session.scalars(select(Subscriber)).one().next_send_at = NOW + 7 * DAY
    assert plan(app, NOW + 7 * DAY) == {"Paper number 2": Section.FOR_YOU}


def test_quiet_days_are_counted_and_one_note_comes(app: App) -> None:
    add_readers(app, ["paper number", "paper number"])
    with app.sessions.begin() as session:
        session.scalars(select(Subscriber).order_by(Subscriber.id)).first().quiet_days = 3
    reports = [app.planner(NOW + n * DAY).plan(due(NOW + n * DAY)) for n in range(5)]
    assert [report.planned for report in reports] == [0, 0, 1, 0, 0]
    assert [report.skipped[SkipReason.NOTHING_NEW] for report in reports] == [2, 2, 1, 2, 2]
    (letter,) = [each for each in letter_of(app, NOW + 2 * DAY) if each.digest.quiet_days]
    message = app.renderer().digest(letter).data.decode()
    assert "Nothing new for you in 3 days" in message
    assert "List-Unsubscribe-Post" in message


def test_a_mail_is_written_as_it_was_planned(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 2)
    with app.sessions.begin() as session:
        session.scalars(select(Subscriber)).one().length = "titles"
    plan(app, NOW)
    (before,) = letter_of(app, NOW)
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        person.length, person.hour, person.timezone = "full", 22, "Asia/Tokyo"
    (after,) = letter_of(app, NOW)
    assert replace(after, entries={}) == replace(before, entries={})
    text = app.renderer().digest_preview(after).text
    assert "The next one comes Thursday 11 June at 06:00, UTC time" in text.replace("\n", " ")
    assert "What paper number 1 is about" not in text


def test_after_a_standstill_of_ours_the_best_of_what_was_missed_comes(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 1)
    plan(app, NOW)
    sent(app, NOW)
    for day in range(1, 5):
        save(app, [listed(200 + day, day=(NOW + day * DAY).date())], NOW + day * DAY - DAY / 24)
    found = plan(app, NOW + 4 * DAY + DAY / 24)
    assert found.pop("Paper number 204") == Section.FOR_YOU
    assert found == {f"Paper number {n}": Section.AWAY for n in (201, 202, 203)}
