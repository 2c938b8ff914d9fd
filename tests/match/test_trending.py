"""What is talked about just now, from how numbers grew."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.trending import DAILY, WEEKLY, Attention, trending
from tests.factories import NOW

HOUR = timedelta(hours=1)
# Papers of whom little is said: what is ordinary.
QUIET = [
    Attention(100 + n, NOW - n * 12 * HOUR, {"votes": [(NOW - HOUR, n % 3)]}) for n in range(1, 20)
]


def said(id_: int, age_hours: float, *looks: tuple[float, int], kind: str = "votes") -> Attention:
    """First shown so many hours ago; (hours ago, number) for each look."""
    history = [(NOW - hours * HOUR, number) for hours, number in looks]
    return Attention(id_, NOW - age_hours * HOUR, {kind: history})


def order(*attention: Attention, half_life: timedelta = DAILY) -> list[int]:
    found = trending([*attention, *QUIET], NOW, half_life, 10)
    return [trend.entry_id for trend in found if trend.entry_id < 100]


def test_a_paper_of_today_wins_over_a_famous_one_of_last_week():
    today = said(1, 6, (4, 8), (0, 20))
    famous = said(2, 160, (140, 100), (120, 200), (48, 240), (0, 250))
    assert order(famous, today) == [1, 2]
    assert order(famous, today, half_life=WEEKLY) == [2, 1]


def test_old_votes_seen_late_are_no_news():
    seen_late = said(1, 160, (0, 60))  # sixty over a week, all seen at the first look
    fresh = said(2, 12, (0, 30))
    assert order(seen_late, fresh) == [2, 1]


def test_a_few_votes_in_the_first_minutes_prove_little():
    lucky = said(1, 0.2, (0, 3))
    steady = said(2, 20, (10, 30), (0, 60))
    assert order(lucky, steady)[0] == 2


def test_what_nobody_talks_of_is_not_trending():
    assert order(said(1, 10, (0, 1))) == []
    assert trending([], NOW, DAILY, 5) == []


def test_comments_and_points_count():
    votes = said(1, 10, (0, 20))
    both = Attention(
        2, NOW - 10 * HOUR, {"votes": [(NOW, 20)], "hn-points": [(NOW, 90)], "stars": [(NOW, 9000)]}
    )
    assert order(votes, both) == [2, 1]
    (best, *_) = trending([both, *QUIET], NOW, DAILY, 1)
    assert best.numbers == {"votes": 20, "hn-points": 90, "stars": 9000}


def test_a_number_that_falls_takes_nothing_away_and_counts_nothing_twice():
    wavering = said(1, 10, (6, 20), (4, 5), (2, 20))
    assert trending([wavering, *QUIET], NOW, DAILY, 1)[0].heat <= (
        trending([said(1, 10, (6, 20)), *QUIET], NOW, DAILY, 1)[0].heat
    )


@given(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 500)), min_size=1, max_size=6))
def test_one_more_vote_never_cools(looks):
    looks = sorted(looks, reverse=True)
    less = said(1, 240, *looks)
    more = said(1, 240, *looks[:-1], (looks[-1][0], max(n for _, n in looks) + 10))
    heats = [
        {t.entry_id: t.heat for t in trending([each], NOW, DAILY, 1)}.get(1, 0.0)
        for each in (less, more)
    ]
    alone = [trending([each, *QUIET], NOW, DAILY, 30) for each in (less, more)]
    ranked = [next((t.heat for t in found if t.entry_id == 1), 0.0) for found in alone]
    assert ranked[1] >= ranked[0] * 0.98
    assert all(heat >= 0 for heat in heats)
