"""Planning: everything that is new to a reader is considered, whenever it was committed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.model import SkipReason
from newsletter.pipeline import due
from newsletter.store import entries, sources
from newsletter.store.tables import Delivery, Entry, Pick
from subscribers.privacy import erase
from subscribers.tables import Subscriber
from tests.factories import NOW, listed
from tests.operator import add_papers, add_readers

TOMORROW = NOW + timedelta(days=1)


def save(app: App, numbers: range, seen_at) -> None:
    with app.sessions.begin() as session:
        known = {source.name: source.id for source in sources.all_sources(session)}
        id_ = known.get("late") or sources.add(session, "late", "feed", {}).id
        entries.save(session, id_, [listed(n, day=seen_at.date()) for n in numbers], seen_at)


def picks(app: App) -> list[tuple[int, str]]:
    with app.sessions() as session:
        rows = session.execute(
            select(Pick.delivery_id, Entry.key).join(Entry).order_by(Pick.delivery_id, Entry.key)
        )
        return [(delivery, key) for delivery, key in rows]


def test_a_paper_seen_before_the_plan_but_committed_after_it_comes_tomorrow(app: App) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 2)
    app.planner(NOW).plan(due(NOW))
    save(app, range(100, 102), NOW - timedelta(minutes=5))
    app.planner(TOMORROW).plan(due(TOMORROW))
    keys = [key for _, key in picks(app)]
    assert len(keys) == len(set(keys)) == 4


def test_a_weekly_reader_gets_the_whole_week_and_nothing_twice(app: App) -> None:
    add_readers(app, ["paper number"])
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        person.cadence, person.weekday, person.max_papers = "weekly", NOW.weekday(), 40
    add_papers(app, 1)
    for week in (NOW, NOW + timedelta(days=7, minutes=2)):
        app.planner(week).plan(due(week))
        for hour in range(0, 7 * 24, 12):
            save(app, range(500 + hour, 501 + hour), week + timedelta(hours=hour, minutes=1))
    third = NOW + timedelta(days=14)
    app.planner(third).plan(due(third))
    keys = [key for _, key in picks(app)]
    assert len(keys) == len(set(keys))
    assert len(keys) == 1 + 14


def test_why_somebody_gets_nothing_is_in_the_ledger(app: App) -> None:
    add_readers(app, ["paper number", '"no such words"'])
    report = app.planner(NOW).plan(due(NOW))
    assert report.skipped == {SkipReason.NOTHING_NEW: 2}
    save(app, range(3), TOMORROW - timedelta(hours=1))
    report = app.planner(TOMORROW).plan(due(TOMORROW))
    assert report.planned == 1
    assert report.skipped == {SkipReason.NO_MATCH: 1}
    with app.sessions() as session:
        reasons = session.scalars(select(Delivery.reason).order_by(Delivery.id)).all()
    assert reasons == [SkipReason.NOTHING_NEW, SkipReason.NOTHING_NEW, None, SkipReason.NO_MATCH]


def test_old_papers_of_an_archive_are_no_news(app: App) -> None:
    add_readers(app, ["paper number"])
    with app.sessions.begin() as session:
        source = sources.add(session, "archive", "feed", {})
        old = [listed(n, day=NOW.date() - timedelta(days=400)) for n in range(3)]
        entries.save(session, source.id, old, NOW - timedelta(minutes=20))
    assert app.planner(NOW).plan(due(NOW)).planned == 0


def test_who_is_erased_while_a_block_is_planned_holds_up_nobody(app: App) -> None:
    add_readers(app, ["paper number"] * 3)
    add_papers(app, 2)

    def note(session: Session, day: date) -> None:
        erase(session, 2, now=NOW)  # chosen for, not written yet

    report = replace(app.planner(NOW), note=note).plan(due(NOW))
    assert report.planned == 2
    with app.sessions() as session:
        assert session.scalars(select(Delivery.subscriber_id)).all() == [1, 3]


def test_planners_at_once_plan_everybody_once(app: App) -> None:
    import threading

    add_readers(app, ["paper number"] * 40)
    add_papers(app, 3)
    planners = [app.planner(NOW) for _ in range(3)]
    threads = [threading.Thread(target=planner.plan, args=(due(NOW),)) for planner in planners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(planner.report.planned for planner in planners) == 40
    with app.sessions() as session:
        assert len(session.scalars(select(Delivery.id)).all()) == 40
    assert len(picks(app)) == 120
