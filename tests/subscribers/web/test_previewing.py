"""The sign-up page's preview, what is pasted and rated on it, and what tells people from programs."""

from __future__ import annotations

import html
import re
import statistics
import time
from dataclasses import replace
from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from subscribers.address import parse_address
from subscribers.feedback import votes_of
from subscribers.finding import FoundPaper, FoundPapers
from subscribers.guard import WORK
from subscribers.limits import FROM_A_NETWORK, FROM_A_NETWORK_THAT_WORKS
from subscribers.preview import Preview, PreviewBusyError, PreviewPaper, Reason
from subscribers.profile import Kind
from subscribers.suppression import SuppressionReason, suppress
from subscribers.web import routes
from tests.subscribers.support import NOW, dump
from tests.subscribers.test_guard import solved
from tests.subscribers.web.test_joining import FORM
from tests.subscribers.web.test_safety import EVIL

KEYS = [f"arxiv:2606.{n:05}" for n in range(1, 10)]


def paper(number: int, **more) -> PreviewPaper:
    values = {
        "entry_id": number,
        "key": KEYS[number],
        "title": f"Maps of place {number}",
        "url": f"https://arxiv.org/abs/2606.{number:05}",
        "authors": "Ada Lovelace",
        "day": date(2026, 6, 9),
        "section": "For you",
        "reasons": (Reason("you follow ", "graph rewriting"),),
    }
    return PreviewPaper(**(values | more))


class Kitchen:
    """Stands above the pages: what was asked of it, and what it answers."""

    def __init__(self) -> None:
        self.asked = []
        self.papers = tuple(paper(n) for n in range(3))
        self.busy = False

    def preview(self, wanted):
        self.asked.append(wanted)
        if self.busy:
            raise PreviewBusyError
        return Preview(self.papers, 400, 14)

    def find(self, keys, titles):
        by_key = {key: FoundPaper(key, f"Paper {key}") for key in keys if key in KEYS}
        by_title = {t: FoundPaper(KEYS[0], t) for t in titles if t == "Maps of Places"}
        return FoundPapers(by_key, by_title)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def served(site, kitchen: Kitchen, **more):
    """The site with that kitchen, asked from an address of its own."""
    deps = replace(site.deps, preview=kitchen.preview, find_papers=kitchen.find, **more)
    site.deps = deps
    app = Starlette(routes=routes(deps))
    site.client = TestClient(app, client=("192.0.2.77", 5), follow_redirects=False)
    return site


@pytest.fixture
def open_site(site, kitchen):
    return served(site, kitchen)


def dumped(site):
    with site.sessions() as session:
        return dump(session)


def hidden(text: str, name: str, attribute: str = "value") -> str:
    return html.unescape(re.search(rf'name="{name}" {attribute}="([^"]*)"', text)[1])


def test_a_part_for_the_script_and_a_page_without_it(open_site, kitchen):
    before = dumped(open_site)
    sent = {**FORM, "more": KEYS[0], "less": [KEYS[1], "nonsense"], "seeds": "Maps of Places"}
    part = open_site.client.post("/subscribe/preview", data=sent, headers={"x-part": "1"})
    whole = open_site.client.post("/subscribe/preview", data=sent)
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert 'data-status="3 papers; the first: Maps of place 0"' in part.text
    assert "you follow <q>graph rewriting</q>" in part.text
    assert 'value="ada@example.org"' in whole.text
    for answer in (part, whole):
        assert f'value="{KEYS[0]}" checked' in answer.text
        assert "The best of 400 papers" in answer.text
    wanted = kitchen.asked[0]
    assert wanted.ratings == ((KEYS[0], 1), (KEYS[1], -1))
    texts = {(wish.kind, wish.text) for wish in wanted.profile.interests}
    assert {
        (Kind.CATEGORY, "cs.CL"),
        (Kind.SEED, KEYS[0]),
        (Kind.TOPIC, "graph rewriting"),
    } <= texts
    assert dumped(open_site) == before
    assert not open_site.mailbag.notices


def test_a_link_fills_the_form_and_changes_nothing(open_site, kitchen):
    before = dumped(open_site)
    answer = open_site.client.get(
        "/subscribe", params={"wishes": '"kv cache"', "seed": [KEYS[3], "javascript:x", "x" * 999]}
    )
    assert answer.status_code == 200
    assert "&#34;kv cache&#34;</textarea>" in answer.text
    assert f"{KEYS[3]}</textarea>" in answer.text
    assert "javascript:x" not in answer.text
    assert len(kitchen.asked) == 1
    long = open_site.client.get("/subscribe", params={"wishes": "graph " * 900, "seed": KEYS * 9})
    assert long.status_code == 200
    assert dumped(open_site) == before


def test_the_plain_page_asks_for_no_preview(open_site, kitchen):
    text = open_site.client.get("/subscribe").text
    assert not kitchen.asked
    assert "Show what I would get" in text
    assert len(text.encode()) < 45_000


def test_what_is_wrong_and_what_is_busy_is_said_in_its_place(open_site, kitchen):
    wrong = open_site.client.post("/subscribe/preview", data={"wishes": '"open'})
    assert (wrong.status_code, "no partner" in wrong.text) == (200, True)
    seeds = open_site.client.post("/subscribe/preview", data={"seeds": "@article{x, title={"})
    assert "cannot read it" in seeds.text
    kitchen.busy = True
    busy = open_site.client.post("/subscribe/preview", data={"more": KEYS[5]})
    assert "again in a moment" in busy.text
    assert f"More like Paper {KEYS[5]}" in busy.text
    kitchen.busy, kitchen.papers = False, ()
    assert "No paper of these days" in open_site.client.post("/subscribe/preview", data=FORM).text


def test_what_was_rated_and_is_not_shown_any_more_is_carried_on(open_site):
    text = open_site.client.post("/subscribe/preview", data={"less": KEYS[7]}).text
    assert f'name="less" value="{KEYS[7]}" checked' in text
    assert f"Less like Paper {KEYS[7]}" in text


def test_what_became_of_pasted_papers_is_told(open_site):
    sent = {"seeds": f"{KEYS[2]}\n1706.03762\nEmmy Noether\n0000-0002-1825-0097\nno paper of ours"}
    text = open_site.client.post("/subscribe/preview", data=sent).text
    for line in (
        f"as “Paper {KEYS[2]}”",
        "arxiv:1706.03762",
        "follow Emmy Noether",
        "ORCID",
        "no paper of ours",
    ):
        assert line in text, line


def test_ratings_and_pasted_papers_are_kept_with_who_signs_up(open_site):
    sent = {
        **FORM,
        "seeds": f"{KEYS[4]}\nEmmy Noether",
        "more": [KEYS[0], "forged"],
        "less": KEYS[1],
    }
    assert open_site.client.post("/subscribe", data=sent).status_code == 200
    person = open_site.subscriber()
    wishes = {(row.kind, row.text) for row in person.interests}
    assert {("seed", KEYS[4]), ("author", "Emmy Noether")} <= wishes
    with open_site.sessions() as session:
        votes = votes_of(session, [person.id])[person.id]
    assert {(vote.entry_key, vote.value) for vote in votes} == {(KEYS[0], 1), (KEYS[1], -1)}


def test_pasted_papers_alone_are_enough(open_site):
    sent = {"email": "ada@example.org", "seeds": KEYS[4]}
    assert open_site.client.post("/subscribe", data=sent).status_code == 200
    wrong = open_site.client.post("/subscribe", data={**sent, "seeds": "{"})
    assert (wrong.status_code, 'id="seeds-error"' in wrong.text) == (422, True)


def test_who_fills_in_what_nobody_sees_gets_the_same_answer_and_nothing_else(open_site):
    good = open_site.client.post("/subscribe", data={**FORM, "email": "eve@example.org"})
    before = dumped(open_site)
    trapped = open_site.client.post("/subscribe", data={**FORM, "website": "https://spam.example"})
    assert trapped.text == good.text.replace("eve@", "ada@")
    assert dumped(open_site) == before


def test_work_widens_the_limit_of_a_network_and_its_absence_refuses_nobody(open_site):
    def send(n: int, **more: str):
        return open_site.client.post(
            "/subscribe", data={**FORM, "email": f"r{n}@example.org", **more}
        )

    narrow = FROM_A_NETWORK[0].count
    assert {send(n).status_code for n in range(narrow)} == {200}
    refused = send(99)
    assert refused.status_code == 429
    assert "in an hour" in refused.text
    assert 'value="r99@example.org"' in refused.text
    form = open_site.client.get("/subscribe").text
    stamp, challenge = hidden(form, "stamp"), hidden(form, "proof", "data-challenge")
    assert f'"maxNumber": {WORK}' in challenge
    open_site.clock.advance(seconds=9)
    proof = solved(challenge)
    assert send(100, stamp=stamp, proof=proof).status_code == 200
    assert send(101, stamp=stamp, proof=proof).status_code == 429
    link = open_site.client.post("/preferences", data={"email": "ada@example.org"})
    assert (link.status_code, "in an hour" in link.text) == (429, True)
    assert FROM_A_NETWORK_THAT_WORKS[0].count > narrow


@pytest.mark.parametrize(
    "field", ["seeds", "wishes", "more", "less", "stamp", "proof", "email", "topics"]
)
def test_nothing_that_is_sent_becomes_markup(open_site, kitchen, field):
    kitchen.papers = (
        paper(0, title=EVIL, authors=EVIL, section=EVIL, reasons=(Reason(EVIL, EVIL, EVIL),)),
    )
    for path in ("/subscribe/preview", "/subscribe"):
        text = open_site.client.post(path, data={**FORM, field: EVIL}).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    get = open_site.client.get("/subscribe", params={"wishes": EVIL, "seed": EVIL}).text
    assert "<script>alert" not in get
    assert "<img src=x" not in get


SQL = "'; DROP TABLE subscriber; --\" OR 1=1 \\ %_ \x00"


@pytest.mark.parametrize("field", [*FORM, "seeds", "more", "less", "stamp", "proof", "website"])
def test_sql_in_any_field_is_text(open_site, field):
    open_site.joined("known@example.org")
    for path in ("/subscribe/preview", "/subscribe"):
        answer = open_site.client.post(path, data={**FORM, field: SQL})
        assert answer.status_code in {200, 422}
    assert open_site.subscriber("known@example.org") is not None


@pytest.mark.parametrize("name", ["next", "url", "redirect", "return_to"])
def test_nothing_leads_elsewhere(open_site, name):
    evil = "https://evil.example/"
    for answer in (
        open_site.client.get("/subscribe", params={name: evil}, headers={"host": "evil.example"}),
        open_site.client.post("/subscribe", data={**FORM, name: evil}),
        open_site.client.post("/subscribe/preview", data={**FORM, name: evil}),
    ):
        assert answer.status_code == 200
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text


def test_ten_megabytes_are_refused(open_site):
    for path in ("/subscribe", "/subscribe/preview"):
        assert open_site.client.post(path, data={"seeds": "x" * 10_000_000}).status_code == 413


def test_a_slip_and_an_address_that_vanishes_are_told_but_taken(open_site):
    slip = open_site.client.post("/subscribe", data={**FORM, "email": "ada@gmial.com"})
    assert "Did you mean ada@gmail.com?" in slip.text
    gone = open_site.client.post("/subscribe", data={**FORM, "email": "ada@mailinator.com"})
    assert "soon vanish" in gone.text
    assert open_site.mailbag.kinds == ["confirm", "confirm"]


def test_the_time_of_an_answer_tells_nothing(site, kitchen):
    served(site, kitchen, even_seconds=0.12)
    site.joined("known@example.org")
    site.asked("pending@example.org")
    with site.sessions.begin() as session:
        address = parse_address("suppressed@example.org")
        suppress(session, address.hash, SuppressionReason.COMPLAINED, NOW)
    site.clock.advance(hours=3)
    medians = {}
    for who in ("known", "pending", "suppressed", "unknown"):
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            site.client.post("/subscribe", data={**FORM, "email": f"{who}@example.org"})
            spent.append(time.perf_counter() - began)
        medians[who] = statistics.median(spent)
    assert min(medians.values()) >= 0.12
    # Most of what is left is the machine's own noise.
    assert max(medians.values()) - min(medians.values()) < 0.08, medians
