"""What must not happen, whatever is sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from subscribers.consent import State
from subscribers.tokens import ABOUT_ONE_THING, LinkSigner, Purpose
from subscribers.web import zones
from subscribers.web.body import LARGEST_BODY
from subscribers.web.forms import Typed
from subscribers.web.fragments import Fragments
from tests.subscribers.support import NOW, PAPERS, any_token, build_site, dump, vote_tokens
from tests.subscribers.web.test_joining import FORM

PAGES = {
    "confirm": Purpose.CONFIRM,
    "preferences": Purpose.PREFERENCES,
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "vote": Purpose.VOTE,
    "pause": Purpose.PAUSE,
    "address": Purpose.ADDRESS,
    "undo": Purpose.UNDO,
}
EVIL = "\"'><script>alert(1)</script>{{ 7*7 }}{% raw %}<img src=x onerror=alert(1)>"


def dumped(site):
    with site.sessions() as session:
        return dump(session)


def test_no_get_and_no_head_changes_anything(site):
    pending, confirmed = site.asked("p@example.org"), site.joined("c@example.org")
    before, links = dumped(site), ["/subscribe", "/preferences", "/static/style.css"]
    for purpose in PAGES.values():
        links += [site.link(purpose, pending), site.link(purpose, confirmed)]
    for link in links:
        for method in ("GET", "HEAD", "GET"):
            assert site.client.request(method, link).status_code == 200
    assert dumped(site) == before
    assert site.mailbag.flushed == 0


@pytest.mark.parametrize("page", PAGES)
def test_a_link_that_is_not_ones_own_changes_nothing_and_tells_nothing(site, page):
    subscriber = site.asked() if page == "confirm" else site.joined()
    purpose = PAGES[page]
    good = any_token(purpose, subscriber.id)
    bad = [
        "x",
        good[:-1],
        good + "A",
        good.swapcase(),
        good.partition(".")[0],
        "." + good.partition(".")[2],
        *(
            LinkSigner("guessed").make(other, subscriber.id, 1, now=NOW)
            for other in PAGES.values()
            if other not in ABOUT_ONE_THING
        ),
        LinkSigner("guessed").make_votes(subscriber.id, 1, [11], now=NOW)[11][0],
        *(any_token(other, subscriber.id) for other in Purpose if other != purpose),
        *vote_tokens(subscriber.id, entry_id=4711),
        "%00%0d%0aSet-Cookie:x",
        "ü" * 20,
        "9" * 5000,
    ]
    if purpose is not Purpose.UNSUBSCRIBE:
        bad.append(any_token(purpose, subscriber.id + 1))
    if purpose not in {Purpose.UNSUBSCRIBE, Purpose.PREFERENCES}:
        # That of the preferences leads to a page that mails a fresh one: see test_owning.
        bad.append(any_token(purpose, subscriber.id, now=NOW - timedelta(days=60)))
    if purpose not in {Purpose.UNSUBSCRIBE, Purpose.UNDO}:
        bad.append(any_token(purpose, subscriber.id, 2))
    before, answers = dumped(site), set()
    for token in bad:
        for method in ("GET", "POST"):
            answer = site.client.request(method, f"/{page}/{token}", data=None)
            assert answer.status_code == 404
            assert "set-cookie" not in answer.headers
            answers.add(answer.text)
    assert len(answers) == 1
    assert "ada@" not in answers.pop()
    assert dumped(site) == before


def test_one_persons_link_is_no_use_for_another(site):
    ada, bob = site.joined(), site.joined("bob@example.org")
    site.client.post(site.link(Purpose.UNSUBSCRIBE, bob), data={})
    assert site.subscriber("bob@example.org").state == State.UNSUBSCRIBED
    assert site.subscriber().state == State.CONFIRMED
    assert ada.id != bob.id


@pytest.mark.parametrize("field", [*FORM, "paused_until", "nonsense"])
def test_what_is_typed_is_shown_as_text(site, field):
    pages = [site.client.post("/subscribe", data={**FORM, field: EVIL})]
    subscriber = site.joined("bob@example.org")
    pages.append(
        site.client.post(site.link(Purpose.PREFERENCES, subscriber), data={**FORM, field: EVIL})
    )
    pages.append(site.client.get(site.link(Purpose.PREFERENCES, subscriber)))
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "49" not in re.sub(r"</?[^>]*>", "", page.text).split()


def test_a_wish_of_markup_is_text_on_every_page_that_shows_it(site):
    wish = "<script>alert(1)</script> {{ 7*7 }}"
    pending = site.asked("p@example.org", wishes=wish)
    confirmed = site.joined("c@example.org", wishes=wish)
    for link in (
        site.link(Purpose.CONFIRM, pending),
        site.link(Purpose.CONFIRM, confirmed),
        site.link(Purpose.PREFERENCES, confirmed),
    ):
        text = site.client.get(link).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in text


def test_an_address_with_a_line_break_reaches_no_mail(site):
    for email in ("a@example.org\nBcc: b@example.org", "a\r@example.org", "a@example.org\x00"):
        assert site.client.post("/subscribe", data={**FORM, "email": email}).status_code == 422
    assert not site.mailbag.notices


@pytest.mark.parametrize("path", ["/subscribe", "/preferences", "/preferences/x"])
def test_too_much_is_refused_before_it_is_read(site, path):
    big = {**FORM, "wishes": "x" * LARGEST_BODY}
    assert site.client.post(path, data=big).status_code == 413

    def endless():
        for _ in range(1000):
            yield b"wishes=" + b"x" * 1000 + b"&"

    form = {"content-type": "application/x-www-form-urlencoded"}
    assert site.client.post(path, content=endless(), headers=form).status_code == 413
    lie = {**form, "content-length": "-5"}
    assert site.client.post(path, content=b"a=b", headers=lie).status_code == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(2000))),
        ("application/x-www-form-urlencoded", b"%ff%00=%zz&wishes=%ed%a0%80&email=\xff"),
        ("application/json", b'{"email": "a@example.org"}'),
        ("text/plain; charset=nonsense", b"\x00\xff"),
        (
            "multipart/form-data; boundary=x; charset=unicode_escape",
            b'--x\r\nContent-Disposition: form-data; name="wishes"\r\n\r\n\\ud800 a\r\n--x--\r\n',
        ),
    ],
)
def test_a_body_of_any_shape_is_answered(site, kind, body):
    answer = site.client.post("/subscribe", content=body, headers={"content-type": kind})
    assert answer.status_code in {400, 422}
    assert "<main" in answer.text
    assert site.subscriber() is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*FORM, "paused_until"]), st.text(max_size=30), max_size=9))
def test_any_form_gets_an_answer(site, fields):
    site.clock.advance(hours=2)
    data = {**FORM, **{k: v.encode("utf-8", "replace").decode() for k, v in fields.items()}}
    assert site.client.post("/subscribe", data=data).status_code in {200, 422}


def test_every_page_carries_the_headers_that_keep_it_safe(site):
    subscriber = site.joined()
    private = [site.link(purpose, subscriber) for purpose in PAGES.values()] + ["/confirm/x"]
    for path in ["/subscribe", "/preferences", "/static/style.css", *private]:
        headers = site.client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert ("script-src" in policy) is (path == "/subscribe")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        if path in private:
            assert headers["cache-control"] == "no-store"
    assert "no-store" in site.client.post("/subscribe", data=FORM).headers["cache-control"]


def test_pages_ask_nobody_else_for_anything(site):
    subscriber = site.joined()
    paper = f'href="{PAPERS[11][2]}"'  # the one address elsewhere, and it is only a link
    for path in ["/subscribe", "/preferences", *(site.link(p, subscriber) for p in PAGES.values())]:
        text = site.client.get(path).text.replace(paper, "")
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)
        assert not re.search(r"\son\w+=", text)
        assert "style=" not in text
        assert len(text.encode()) < 60_000


def test_a_site_below_a_path_links_within_it(sessions):
    site = build_site(sessions, "https://example.org/papers/")
    text = TestClient(site.client.app).get("/subscribe").text
    assert 'action="/papers/subscribe"' in text
    assert 'href="/papers/static/style.css"' in text


def test_the_stylesheet_is_made_of_the_theme_and_kept(site):
    answer = site.client.get("/static/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "--accent:#a63d14;" in answer.text
    assert "--accent-text:" in answer.text
    assert "&#" not in answer.text
    again = site.client.get("/static/style.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    script = site.client.get("/static/timezone.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "&#" not in script.text


def test_files_are_packed_for_who_understands_it(site):
    plain = site.client.get("/static/style.css", headers={"accept-encoding": "identity"})
    packed = site.client.get("/static/style.css", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]


def test_the_sign_up_page_is_light_with_all_that_it_loads(site):
    page = site.client.get("/subscribe").text
    names = ["style.css", *re.findall(r'src="/static/(\w+\.js)"', page), "work.js"]
    loaded = [site.client.get(f"/static/{name}").headers["content-length"] for name in names]
    assert len(names) == 4
    assert len(page.encode()) + sum(map(int, loaded)) < 60_000


def test_nothing_endless_that_was_typed_is_remembered():
    made = []

    def render(name, _values):
        made.append(name)
        return f"{name}<!--zones-->"

    fragments = Fragments(render)
    for length in (10, 100_000):
        made.clear()
        for _ in range(2):
            fragments.html("words", wishes="x" * length)
            fragments.schedule(Typed(max_papers=" " * length, timezone="y" * length), {})
        assert len(made) == (2 if length == 10 else 4)
    assert not hasattr(zones.is_listed, "cache_info")
    assert zones.is_listed("Asia/Tokyo")
    assert not zones.is_listed("y")
