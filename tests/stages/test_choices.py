"""What readers do without, and what their votes led to, from the database to the digest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.model import ListingType, Section
from newsletter.pipeline import due
from newsletter.stages.spaces import Spaces
from newsletter.stages.tasting import Tasting
from newsletter.store import entries, sources
from newsletter.store.engine import reading
from newsletter.store.tables import Delivery, Entry
from subscribers.choices import Part
from subscribers.feedback import vote
from subscribers.preview import Wanted
from subscribers.profile import parse_profile
from subscribers.tables import Subscriber
from tests.factories import NOW, listed
from tests.operator import add_papers, add_readers, sent
from tests.stages.test_sections import DAY, letter_of, plan, talk


def save(app: App, name: str, papers, seen_at) -> None:
    with app.sessions.begin() as session:
        known = {source.name: source.id for source in sources.all_sources(session)}
        id_ = known.get(name) or sources.add(session, name, "feed", {}).id
        entries.save(session, id_, papers, seen_at)


def set_(app: App, number: int, **values) -> None:
    with app.sessions.begin() as session:
        whose = Subscriber.email == f"reader{number}@example.org"
        session.execute(update(Subscriber).where(whose).values(**values))


def sections(app: App, when) -> list[dict[str, Section]]:
    return [
        {letter.entries[pick.entry_id].title: pick.section for pick in letter.digest.picks}
        for letter in letter_of(app, when)
    ]


def test_papers_of_a_source_that_is_off_do_not_come_unless_another_lists_them_too(app: App) -> None:
    add_readers(app, ["paper number", "paper number"])
    set_(app, 1, sources_off=["blog", "gone"])
    half_an_hour_ago = NOW - timedelta(minutes=30)
    save(app, "blog", [listed(1), listed(2)], half_an_hour_ago)
    save(app, "journal", [listed(2), listed(3)], half_an_hour_ago)
    save(app, "blog", [listed(4, title="Loud talk", abstract="-")], half_an_hour_ago)
    talk(app, "Loud talk", {"votes": 40}, NOW - DAY / 48)
    app.planner(NOW).plan(due(NOW))
    both, less = sections(app, NOW)
    assert set(both) == {"Paper number 1", "Paper number 2", "Paper number 3", "Loud talk"}
    assert set(less) == {"Paper number 2", "Paper number 3"}
    first, second = letter_of(app, NOW)
    assert (first.digest.considered, second.digest.considered) == (4, 2)


def test_each_part_of_a_digest_can_be_done_without(app: App) -> None:
    add_readers(app, ["author:Ada Lovelace\npaper number"] * 4)
    set_(app, 1, parts_off=[Part.FOLLOWED])
    set_(app, 2, parts_off=[Part.TRENDING])
    set_(app, 3, parts_off=list(Part))
    add_papers(app, 3)
    save(
        app,
        "more",
        [listed(9, title="Loud talk", abstract="-", authors=())],
        NOW - timedelta(hours=1),
    )
    talk(app, "Loud talk", {"votes": 40}, NOW - DAY / 48)
    app.planner(NOW).plan(due(NOW))
    all_, unfollowed, quiet, bare = sections(app, NOW)
    assert set(all_.values()) == {Section.FOLLOWED, Section.TRENDING}
    assert set(unfollowed.values()) == {Section.FOR_YOU, Section.TRENDING}
    assert unfollowed.keys() == all_.keys()
    assert set(quiet.values()) == {Section.FOLLOWED, Section.EXPLORE}  # talked about: worth a look
    assert set(bare.values()) == {Section.FOR_YOU}
    assert bare.keys() == quiet.keys() - {"Loud talk"}


def test_nothing_is_told_of_revisions_and_nothing_caught_up_where_it_is_not_wanted(
    app: App,
) -> None:
    add_readers(app, ["paper number", "paper number"])
    set_(app, 1, parts_off=[Part.REVISED, Part.AWAY])
    add_papers(app, 1, version=1)
    plan(app, NOW)
    sent(app, NOW + DAY / 24)
    save(
        app,
        "more",
        [listed(0, version=2, type=ListingType.REPLACE, title="Another title")],
        NOW + DAY / 2,
    )
    save(app, "more", [listed(20, day=(NOW + DAY).date())], NOW + DAY / 2)
    later = NOW + 4 * DAY
    save(app, "more", [listed(21, day=later.date())], later - DAY / 24)
    # Both were away: nothing was planned for three days.
    app.planner(later).plan(due(later))
    first, second = letter_of(app, later)
    assert len(first.digest.changes) == 1
    assert second.digest.changes == ()
    whole, fresh = sections(app, later)
    assert whole == {"Paper number 21": Section.FOR_YOU, "Paper number 20": Section.AWAY}
    assert fresh == {"Paper number 21": Section.FOR_YOU}


def test_nothing_is_there_to_explore_where_it_is_not_wanted(stocked: App) -> None:
    stocked.planner(NOW).plan(due(NOW))
    explored = [s for each in sections(stocked, NOW) for s in each.values()]
    assert Section.EXPLORE in explored
    with stocked.sessions.begin() as session:
        session.execute(update(Subscriber).values(parts_off=[Part.EXPLORE]))
        session.execute(Delivery.__table__.delete())
        session.execute(update(Subscriber).values(covered_until=NOW - DAY, next_send_at=NOW))
    stocked.planner(NOW).plan(due(NOW))
    explored = [s for each in sections(stocked, NOW) for s in each.values()]
    assert explored
    assert Section.EXPLORE not in explored


@pytest.mark.parametrize("way", [1, -1])
def test_the_next_digest_says_what_the_votes_did_and_says_it_once(app: App, way: int) -> None:
    add_readers(app, ["paper number"])
    add_papers(app, 3)
    plan(app, NOW)
    sent(app, NOW + DAY / 24)
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        keys = session.scalars(select(Entry.key).order_by(Entry.id)).all()
        vote(session, person, keys[0], way, now=NOW + DAY / 12)
        vote(session, person, keys[1], way, now=NOW + DAY / 10)
        vote(session, person, "arxiv:gone", way, now=NOW + DAY / 9)
    save(app, "more", [listed(30, day=(NOW + DAY).date())], NOW + DAY - DAY / 24)
    plan(app, NOW + DAY)
    (letter,) = letter_of(app, NOW + DAY)
    renderer, first = app.renderer(), app.renderer().digest(letter).data
    word = "more" if way > 0 else "less"
    said = f"You asked for {word} like “Paper number 1” and 1 more."
    assert said in renderer.digest_preview(letter).text
    assert said in renderer.digest_preview(letter).html.replace('<span dir="auto">', "").replace(
        "</span>", ""
    )
    sent(app, NOW + DAY + DAY / 24)
    with app.sessions.begin() as session:  # a retry says what it said, whatever was voted since
        vote(session, session.scalars(select(Subscriber)).one(), keys[0], -way, now=NOW + 1.1 * DAY)
    (again,) = letter_of(app, NOW + DAY)
    assert app.renderer().digest(again).data == first
    save(app, "more", [listed(31, day=(NOW + 2 * DAY).date())], NOW + 2 * DAY - DAY / 24)
    plan(app, NOW + 2 * DAY)
    (letter,) = letter_of(app, NOW + 2 * DAY)
    assert letter.digest.heard is not None
    assert (letter.digest.heard.more_others, letter.digest.heard.less_others) == (0, 0)
    with reading(app.sessions)() as session:
        assert session.scalars(select(Delivery.id)).all()


def test_a_preview_goes_by_what_is_set_and_leaves_out_what_its_reader_has_had(app: App) -> None:
    add_readers(app, ["paper number"])
    half_an_hour_ago = NOW - timedelta(minutes=30)
    save(app, "journal", [listed(1), listed(2)], half_an_hour_ago)
    plan(app, NOW)
    save(app, "journal", [listed(3)], NOW + timedelta(minutes=1))
    save(app, "blog", [listed(4)], NOW + timedelta(minutes=1))
    tasting = Tasting(app.sessions, Spaces(), lambda: NOW + timedelta(minutes=5))
    wishes = parse_profile("paper number")

    def seen(wanted: Wanted) -> set[str]:
        return {paper.title for paper in tasting.taste(wanted).papers}

    assert len(seen(Wanted(wishes))) == 4
    assert seen(Wanted(wishes, reader=1)) == {"Paper number 3", "Paper number 4"}
    assert seen(Wanted(wishes, reader=1, sources_off=frozenset({"blog"}))) == {"Paper number 3"}
