from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from subscribers.consent import State
from subscribers.privacy import erase
from subscribers.tables import Vote
from subscribers.tokens import LESS, MORE, Purpose
from tests.subscribers.support import NOW, SIGNER, vote_tokens

KEY = "arxiv:2606.00011"
UNDO = {"action": "undo"}


def votes(site):
    with site.sessions() as session:
        return [(row.entry_key, row.value) for row in session.scalars(select(Vote))]


@pytest.fixture
def ada(site):
    return site.joined()


@pytest.fixture
def more(ada):
    return f"/vote/{vote_tokens(ada.id)[0]}"


@pytest.fixture
def less(ada):
    return f"/vote/{vote_tokens(ada.id)[1]}"


def links(text, page):
    """The addresses of a page that the forms and links of a text lead to."""
    return re.findall(rf'(?:href|action)="(/{page}/[^"]+)"', text)


def above(text):
    """The page but for the other papers of the digest."""
    return text.partition('class="beside"')[0]


def test_the_page_shows_the_paper_and_one_button_and_changes_nothing(site, more, less):
    for page, word in ((more, "more"), (less, "less")):
        text = site.client.get(page).text
        assert '<a href="https://arxiv.org/abs/2606.00011">Maps of &lt;old&gt; places</a>' in text
        assert above(text).count("<button") == 1
        assert f"Yes, {word} like this" in text
        assert votes(site) == []


@pytest.mark.parametrize(
    ("which", "value", "said"),
    [(0, MORE, "come first from your next digest"), (1, LESS, "be fewer from your next digest")],
)
def test_the_button_records_and_says_what_it_changed(site, ada, which, value, said):
    page = f"/vote/{vote_tokens(ada.id)[which]}"
    for _ in range(2):
        answer = site.client.post(page)
        assert answer.status_code == 200
        assert said in answer.text
        assert votes(site) == [(KEY, value)]
    assert "Noted" in site.client.get(page).text
    assert site.subscriber().taste_changed_at == NOW


def test_undo_takes_it_back_and_it_can_be_given_again(site, more, less):
    site.client.post(more)
    answer = site.client.post(more, data=UNDO)
    assert "taken back" in answer.text
    assert votes(site) == []
    assert site.client.post(more, data=UNDO).status_code == 200
    assert links(above(answer.text), "vote") == [more, less]
    assert "Yes, more like this" in site.client.get(more).text


def test_the_opposite_is_one_press_away_and_takes_its_place(site, more, less):
    answer = site.client.post(more)
    assert links(above(answer.text), "vote") == [more, less]
    assert "earlier vote for more" in site.client.get(less).text
    assert votes(site) == [(KEY, MORE)]
    assert links(above(site.client.post(less).text), "vote") == [less, more]
    assert votes(site) == [(KEY, LESS)]


def test_its_links_are_those_of_the_mail_and_live_no_longer(site, ada, more, less):
    mailed = SIGNER.make(Purpose.PREFERENCES, ada.id, 1, now=NOW)
    site.clock.advance(days=29)
    answer = site.client.post(more)
    assert links(answer.text, "preferences") == [f"/preferences/{mailed}"]
    assert less in links(answer.text, "vote")
    site.clock.advance(days=2)
    text = site.client.get(more).text
    assert links(text, "preferences") == []
    assert 'href="/preferences"' in text


def test_it_ends_after_sixty_days_and_with_the_links_version(site, ada, more):
    site.clock.now = NOW + timedelta(days=60)
    for method in ("GET", "POST"):
        assert site.client.request(method, more).status_code == 404
    site.clock.now = NOW
    with site.sessions.begin() as session:
        session.merge(ada).links_version = 2
    assert site.client.post(more).status_code == 404
    assert votes(site) == []


def test_an_erased_persons_vote_changes_nothing(site, ada, more):
    with site.sessions.begin() as session:
        erase(session, ada.id, now=NOW)
    assert site.client.post(more).status_code == 404
    assert votes(site) == []


def test_who_has_left_is_promised_no_digest(site, ada, more):
    site.client.post(site.link(Purpose.UNSUBSCRIBE, ada))
    assert site.subscriber().state == State.UNSUBSCRIBED
    text = site.client.post(more).text
    assert "your next digest" not in text
    assert "should you come back" in text
    assert site.subscriber().next_send_at is None


def test_a_paper_without_a_safe_address_is_named_without_a_link(site, ada):
    page = f"/vote/{vote_tokens(ada.id, entry_id=12)[0]}"
    text = site.client.get(page).text
    assert "A post without a safe address</p>" in text


@pytest.mark.parametrize("body", [b"", b"action=other", b"action=vote&action=vote", b"\xff=\xff"])
def test_whatever_comes_with_the_press_it_is_the_links_vote(site, more, body):
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert site.client.post(more, content=body, headers=form).status_code == 200
    assert votes(site) == [(KEY, MORE)]


def test_it_is_one_persons_page(site, more):
    for answer in (site.client.get(more), site.client.post(more)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_several_votes_in_a_row_are_given_on_one_page(site, ada, more):
    text = site.client.get(more).text
    others = links(text, "vote")
    assert others == [f"/vote/{token}" for token in vote_tokens(ada.id, entry_id=12)]
    assert "A post without a safe address" in text
    answer = site.client.post(more)
    answer = site.client.post(links(answer.text, "vote")[3])  # less like the other one
    assert votes(site) == [(KEY, MORE), ("url:https://blog.example/x", LESS)]
    assert "A post without a safe address" in answer.text
    # What is chosen says so, and pressing it takes it back.
    chosen = re.search(
        r'action="([^"]+)"><button class="[^"]*chosen"[^>]*value="undo"', answer.text
    )
    assert chosen[1] == more
    answer = site.client.post(chosen[1], data=UNDO)
    assert votes(site) == [("url:https://blog.example/x", LESS)]


def test_it_says_what_the_votes_add_up_to(site, ada, more):
    other = f"/vote/{vote_tokens(ada.id, entry_id=12)[0]}"
    site.client.post(other)
    text = re.sub(r"<[^>]+>", "", site.client.post(more).text)
    assert "That makes 2 papers on maps &lt;of&gt; places that you want more of." in text
