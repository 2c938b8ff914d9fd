"""What the site shows: a day in each order and with each filter, spans, names, one paper's record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.app import App
from newsletter.match.trending import DAILY, trending
from newsletter.model import ListingType
from newsletter.stages.browse import Browser
from newsletter.stages.browsed import DayOrder, DayPage, PaperPage, Quiet
from newsletter.store import attention, editions, entries, signals, sources
from newsletter.store.engine import Sessions
from tests.factories import DAY, NOW, listed

EVENING = NOW + timedelta(hours=12)


def save(sessions: Sessions, source: str, *papers: object, now: datetime = NOW) -> dict[str, int]:
    """Save listings of a source, named like its kind; the ids of all their keys."""
    with sessions.begin() as session:
        known = {each.name: each.id for each in sources.all_sources(session)}
        if source not in known:
            known[source] = sources.add(session, source, source, {}).id
        entries.save(session, known[source], papers, now)  # type: ignore[arg-type]
        return entries.ids_by_key(session, [key for paper in papers for key in paper.keys])  # type: ignore[attr-defined]


@pytest.fixture
def shelf(sessions: Sessions) -> Sessions:
    """Wednesday: five papers of arXiv, one of them with votes, and one that Hugging Face has alone."""
    save(
        sessions,
        "arxiv-rss",
        *(listed(n, categories=("cs.CL",)) for n in (1, 2, 3)),
        listed(4, categories=("stat.ML", "cs.LG"), organisation="Google DeepMind"),
        listed(5, authors=("Grace Hopper",), type=ListingType.REPLACE),
    )
    save(sessions, "hf-daily", listed(2, votes=4, comments=1), listed(6, votes=30, comments=0))
    save(sessions, "hf-daily", listed(2, votes=40, comments=9), now=NOW + timedelta(hours=1))
    save(sessions, "arxiv-rss", listed(7, day=DAY - timedelta(days=2)))
    return sessions


def day(sessions: Sessions, when: date = DAY, now: datetime = EVENING, **more: object) -> DayPage:
    with sessions() as session:
        return Browser().day(session, when, now, **more)  # type: ignore[arg-type]


def numbers(page: DayPage) -> list[int]:
    return [int(shown.entry.key[-5:]) for shown in page.papers]


def test_a_day_in_each_order(shelf: Sessions) -> None:
    page = day(shelf)
    assert page.total == page.listed == 5
    assert numbers(page)[:2] == [2, 6]
    assert set(numbers(page)[2:]) == {1, 3, 4}
    top = page.papers[0]
    assert (top.entry.votes, top.entry.comments, top.entry.sources) == (
        40,
        9,
        ("arxiv-rss", "hf-daily"),
    )
    assert top.tldr.text == "What paper number 2 is about."
    assert (page.before, page.after) == (DAY - timedelta(days=2), None)
    assert numbers(day(shelf, order=DayOrder.DISCUSSED))[0] == 2
    assert numbers(day(shelf, order=DayOrder.NEWEST))[-1] == 1


def test_trending_is_what_mails_call_trending(shelf: Sessions) -> None:
    with shelf() as session:
        said = attention.recent(session, DAY, EVENING)
        hot = [trend.entry_id for trend in trending(said, EVENING, DAILY, 10)]
    page = day(shelf)
    assert hot
    assert [shown.entry.id for shown in page.papers if shown.hot] == hot


def test_a_day_in_parts_and_filtered(shelf: Sessions) -> None:
    whole = numbers(day(shelf))
    assert numbers(day(shelf, offset=1, count=2)) == whole[1:3]
    assert numbers(day(shelf, offset=9)) == []
    assert day(shelf, offset=9).total == 5
    assert numbers(day(shelf, category="stat")) == numbers(day(shelf, category="cs.LG")) == [4]
    assert sorted(numbers(day(shelf, source="hf-daily"))) == [2, 6]
    assert numbers(day(shelf, category="math", source="arxiv")) == []
    page = day(shelf, category="stat")
    assert [(f.value, f.count) for f in page.categories] == [
        ("cs.CL", 4),
        ("cs.LG", 1),
        ("stat.ML", 1),
    ]
    assert [(f.value, f.name, f.count) for f in page.sources] == [
        ("arxiv", "arXiv", 4),
        ("hf-daily", "Hugging Face", 2),
    ]


def test_what_is_written_is_seen_at_once(shelf: Sessions) -> None:
    browser = Browser()
    with shelf() as session:
        before = browser.day(session, DAY, EVENING)
        version = browser.version(session, EVENING)
        assert browser.day(session, DAY, EVENING) is before
    ids = save(shelf, "arxiv-rss", listed(8), now=EVENING)
    with shelf.begin() as session:
        signals.record(session, {(ids["arxiv:2606.00008"], "hn-points"): 900}, EVENING)
    with shelf() as session:
        assert browser.version(session, EVENING) != version
        assert numbers(browser.day(session, DAY, EVENING))[0] == 8
    with shelf.begin() as session:
        entries.withdraw(session, ["arxiv:2606.00008"], EVENING + timedelta(minutes=1))
    with shelf() as session:
        assert 8 not in numbers(browser.day(session, DAY, EVENING))


def test_a_version_of_days_that_are_over_stays(shelf: Sessions) -> None:
    browser, later = Browser(), EVENING + timedelta(days=30)
    with shelf() as session:
        assert browser.version(session, EVENING) != browser.version(session, later)
        first = browser.version(session, later, until=DAY)
        assert browser.version(session, later + timedelta(hours=3), until=DAY) == first


def report(sessions: Sessions, when: date, told: dict[str, dict[str, object]]) -> None:
    with sessions.begin() as session:
        editions.record_collection(session, when, told, list(told), NOW)


def source(kind: str, **more: object) -> dict[str, object]:
    return {"kind": kind, "answered": True, "missing": 0, "error": None, "batch_day": None} | more


def test_batches_are_told_honestly(shelf: Sessions) -> None:
    assert [(b.place, b.count, b.complete) for b in day(shelf).batches] == [
        ("arXiv", 4, None),
        ("Hugging Face", 2, None),
    ]
    report(
        shelf,
        DAY,
        {
            "arxiv-rss": source("arxiv-rss", missing=3),
            "hf-daily": source("hf-daily"),
            "feed:x": source("feed", answered=False, error="it broke"),
        },
    )
    page = day(shelf)
    assert [(b.place, b.complete, b.missing, b.failed) for b in page.batches] == [
        ("arXiv", False, 3, False),
        ("Hugging Face", True, 0, False),
        ("x", False, 0, True),
    ]
    assert page.quiet is None
    assert page.collected_at == NOW


@pytest.mark.parametrize(
    ("when", "now", "quiet"),
    [
        (date(2026, 6, 11), datetime(2026, 6, 10, 23, tzinfo=UTC), Quiet.FUTURE),
        (date(2026, 6, 11), datetime(2026, 6, 11, 3, tzinfo=UTC), Quiet.EARLY),
        (date(2026, 6, 13), datetime(2026, 6, 20, tzinfo=UTC), Quiet.WEEKEND),
        (date(2026, 6, 12), datetime(2026, 6, 20, tzinfo=UTC), Quiet.NOT_COLLECTED),
    ],
)
def test_why_a_day_is_quiet(shelf: Sessions, when: date, now: datetime, quiet: Quiet) -> None:
    page = day(shelf, when, now)
    assert (page.papers, page.quiet) == ((), quiet)
    assert page.before == DAY


def test_a_holiday_and_a_failure_are_told_apart(shelf: Sessions) -> None:
    thursday = DAY + timedelta(days=1)
    late = datetime(2026, 6, 20, tzinfo=UTC)
    save(shelf, "hf-daily", listed(9, day=thursday, votes=1))
    report(shelf, thursday, {"arxiv-rss": source("arxiv-rss"), "hf-daily": source("hf-daily")})
    assert (day(shelf, thursday, late).listed, day(shelf, thursday, late).quiet) == (
        1,
        Quiet.HOLIDAY,
    )
    friday = DAY + timedelta(days=2)
    report(shelf, friday, {"arxiv-rss": source("arxiv-rss", answered=False, error="gone")})
    assert day(shelf, friday, late).quiet is Quiet.FAILED


def test_without_arxiv_no_weekend_is_quiet(sessions: Sessions) -> None:
    sunday = date(2026, 6, 14)
    save(sessions, "feed", listed(1, day=sunday))
    assert day(sessions, sunday).quiet is None
    report(sessions, DAY, {"feed": source("feed")})
    assert day(sessions, DAY, datetime(2026, 6, 20, tzinfo=UTC)).quiet is Quiet.NOTHING


def test_weeks_months_and_the_calendar(shelf: Sessions) -> None:
    browser = Browser()
    with shelf() as session:
        week = browser.span(session, DAY - timedelta(days=2), DAY + timedelta(days=4), EVENING)
        assert [int(shown.entry.key[-2:]) for shown in week.papers][:2] == [2, 6]
        assert (week.total, week.listed, week.before) == (6, 6, None)
        assert browser.span(session, DAY, DAY, EVENING).before == DAY - timedelta(days=2)
        assert browser.days(session, date(2026, 6, 1), date(2026, 6, 30), EVENING) == {
            DAY - timedelta(days=2): 1,
            DAY: 5,
        }
        assert browser.months(session, EVENING) == {(2026, 6): 6}
        assert browser.latest_day(session, EVENING) == DAY
        assert browser.latest_day(session, NOW - timedelta(days=30)) is None


def test_names_and_categories(shelf: Sessions) -> None:
    browser = Browser()
    with shelf() as session:
        people = browser.by_author(session, "a lovelace", EVENING)
        assert (people.name, people.total) == ("Ada Lovelace", 6)
        assert [shown.entry.key[-1] for shown in people.papers[:2]] == ["7", "6"]
        assert browser.by_author(session, "Grace Hopper", EVENING, offset=5).papers == ()
        assert (
            browser.by_organisation(session, "google deepmind", EVENING).name == "Google DeepMind"
        )
        assert browser.by_organisation(session, "DeepMind", EVENING).total == 1
        assert browser.by_organisation(session, "Deep Mind", EVENING).total == 0
        assert browser.in_category(session, "CS.CL", EVENING).name == "cs.CL"
        assert browser.in_category(session, "stat", EVENING).total == 1
        for nonsense in ("", "\x00", "!!", "x" * 10_000):
            assert browser.in_category(session, nonsense, EVENING).total == 0
            assert browser.by_author(session, nonsense, EVENING).total == 0
            assert browser.by_organisation(session, nonsense, EVENING).total == 0


def paper(sessions: Sessions, key: str) -> PaperPage | None:
    with sessions() as session:
        return Browser().paper(session, key, EVENING)


def test_a_paper_by_any_of_its_keys(shelf: Sessions) -> None:
    save(shelf, "crossref", listed(2, keys=("arxiv:2606.00002", "doi:10.1/x/y")))
    found, alias = paper(shelf, "arxiv:2606.00002"), paper(shelf, "doi:10.1/x/y")
    assert found is not None
    assert found.canonical
    assert alias == replace(found, canonical=False)
    assert found.keys == ("arxiv:2606.00002", "doi:10.1/x/y")
    assert {(each.place, each.votes) for each in found.listings} == {
        ("arXiv", None), ("Hugging Face", 40), ("Crossref", None),
    }  # fmt: skip
    assert found.attention["votes"] == ((NOW, 4), (NOW + timedelta(hours=1), 40))
    assert found.changed_at == NOW + timedelta(hours=1)
    assert paper(shelf, "arxiv:9999.99999") is None


def test_versions_and_withdrawal(shelf: Sessions) -> None:
    key = "arxiv:2606.00001"
    with shelf() as session:
        before = Browser().paper_version(session, key)
    save(
        shelf,
        "arxiv-rss",
        listed(1, version=2, title="Better", type=ListingType.REPLACE),
        now=EVENING,
    )
    with shelf.begin() as session:
        entries.withdraw(session, [key], EVENING)
    found = paper(shelf, key)
    assert found is not None
    assert [(v.version, v.changed) for v in found.versions] == [(2, ("title",))]
    assert found.withdrawn_at == EVENING
    with shelf() as session:
        assert Browser().paper_version(session, key) not in {None, before}
        assert Browser().paper_version(session, "doi:10.1/none") is None


def test_the_app_has_one(app: App) -> None:
    assert app.browser is app.browser
