"""The HTTP client against a server that lies, hangs, floods and hangs up."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from newsletter.collect.gate import Gate
from newsletter.collect.guard import Deadline, ForbiddenAddressError, GuardedBackend, is_public
from newsletter.collect.http import Http
from newsletter.collect.response import TemporarySourceError
from newsletter.errors import SourceError
from tests import servers
from tests.collect.conftest import Naps
from tests.servers import Reply, Web

Make = Callable[..., Http]


def test_a_plain_answer(web: Web, http: Http) -> None:
    answer = http.get(web.put("/a", b"hello"), {"q": "x y", "n": 3})
    assert (answer.body, answer.status) == (b"hello", 200)
    assert web.asked[0].query == {"q": "x y", "n": "3"}
    assert web.asked[0].headers["user-agent"].startswith("Paperround/")
    assert "mailto:test@example.org" in web.asked[0].headers["user-agent"]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (servers.status(404), "answered 404 Not Found"),
        (servers.status(403), "answered 403 Forbidden"),
        (Reply(b"", 204), "answered 204 No Content"),
        (Reply(b""), "answered nothing (0 bytes)"),
        (servers.html_page(), None),
        (Reply(b"x", 304), "answered 304 Not Modified"),
        (Reply(b"x", headers={"Content-Encoding": "br"}), "in the encoding 'br'"),
        (Reply(b"x" * (3 << 20)), "answered more than 2 MB"),
        (servers.gzip_bomb(), "answered more than 2 MB"),
        (servers.redirect("ftp://example.org/x"), "no http or https address"),
        (servers.redirect("http://user:secret@127.0.0.1/"), "must not hold a password"),
        (servers.redirect("http://[bad"), "no usable address"),
    ],
)
def test_each_wrong_answer_is_one_clear_line(
    reply: Reply, line: str | None, web: Web, make_http: Make, naps: Naps
) -> None:
    http = make_http(limits={"max_bytes": 2 << 20})
    url = web.put("/feed", reply)
    if line is None:
        assert http.get(url).content_type == "text/html"
        return
    with pytest.raises(SourceError) as caught:
        http.get(url)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert not isinstance(caught.value, TemporarySourceError)
    assert not naps.naps


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_passing_fault_is_asked_again(code: int, web: Web, http: Http, naps: Naps) -> None:
    url = web.put("/feed", servers.status(code), servers.status(code), b"there")
    assert http.get(url).body == b"there"
    assert len(naps.naps) == 2
    assert 1 <= naps.naps[0] <= 2 <= naps.naps[1] <= 4


def test_retry_after_is_honoured(web: Web, http: Http, naps: Naps) -> None:
    dated = Reply(
        b"",
        503,
        {
            "Retry-After": "Tue, 16 Jun 2026 06:00:40 GMT",
            "Date": "Tue, 16 Jun 2026 06:00:00 GMT",
        },
    )
    url = web.put("/feed", servers.status(429, retry_after="30"), dated, b"there")
    assert http.get(url).body == b"there"
    assert 30 <= naps.naps[0] <= 31
    assert 40 <= naps.naps[1] <= 41


def test_a_wait_beyond_all_patience_is_not_begun(web: Web, http: Http, naps: Naps) -> None:
    url = web.put("/feed", servers.status(429, retry_after="3600"))
    with pytest.raises(TemporarySourceError, match="asks to wait 3600 s") as caught:
        http.get(url)
    assert caught.value.retry_after == 3600
    assert not naps.naps


def test_faults_that_stay_are_told_with_the_number_of_attempts(web: Web, http: Http) -> None:
    url = web.put("/feed", servers.status(502))
    with pytest.raises(TemporarySourceError, match=r"502 Bad Gateway \(4 times asked\)"):
        http.get(url)


@pytest.mark.parametrize("drip", [servers.slow_drip, servers.slow_head])
def test_a_drip_ends_at_the_deadline(drip: Callable[[], Reply], web: Web, make_http: Make) -> None:
    http = make_http(limits={"deadline": 0.4, "attempts": 1})
    started = time.monotonic()
    with pytest.raises(TemporarySourceError, match="did not answer in time"):
        http.get(web.put("/feed", drip()))
    assert time.monotonic() - started < 2


def test_a_reset_in_the_middle_loses_nothing(web: Web, http: Http) -> None:
    body = b"<feed/>" * 10_000
    url = web.put("/feed", servers.reset_in_the_middle(body), body)
    assert http.get(url).body == body


def test_truncated_gzip_is_noticed(web: Web, http: Http) -> None:
    body = bytes(range(256)) * 200
    url = web.put("/feed", servers.zipped(body, keep=0.6), servers.zipped(body))
    assert http.get(url).body == body
    assert len(web.asked) == 2


def test_damaged_gzip_is_told(web: Web, make_http: Make) -> None:
    url = web.put("/feed", Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="damaged gzip"):
        make_http(limits={"attempts": 1}).get(url)


def test_a_gzip_of_several_members_is_read_to_its_end(web: Web, http: Http) -> None:
    two = servers.zipped(b"first ").body + servers.zipped(b"second").body
    url = web.put("/feed", Reply(two, headers={"Content-Encoding": "gzip"}))
    assert http.get(url).body == b"first second"


def test_redirects_are_followed_but_not_forever(web: Web, http: Http) -> None:
    web.put("/b", b"end")
    assert http.get(web.put("/a", servers.redirect("/b"))).url == f"{web.url}/b"
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        http.get(web.put("/loop", servers.redirect("/loop")))


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.8/",
        "http://localhost:{port}/b",
        "http://[::1]:{port}/b",
        "http://2130706433:{port}/b",
        "http://0.0.0.0:{port}/b",
        "http://[::ffff:127.0.0.1]:{port}/b",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(target: str, web: Web, http: Http) -> None:
    url = web.put("/a", servers.redirect(target.format(port=web.port)))
    with pytest.raises(ForbiddenAddressError, match="private, local or reserved"):
        http.get(url)
    assert len(web.asked) == 1


def test_private_addresses_are_refused_from_the_start(web: Web, make_http: Make) -> None:
    with pytest.raises(ForbiddenAddressError):
        make_http(allow_private=False).get(web.put("/a", b"secret"))
    assert make_http(allow_private=True).get(web.url + "/a").body == b"secret"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("151.101.3.42", True),
        ("2a04:4e42::42", True),
        ("64:ff9b::9765:32a", True),
        ("127.0.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_is_resolved_once_and_called_where_it_was_checked() -> None:
    answers = iter([["10.0.0.1"], ["127.0.0.1", "10.0.0.2"]])
    backend = GuardedBackend(Deadline(), resolve=lambda host, port: next(answers))
    for _ in range(2):
        with pytest.raises(ForbiddenAddressError, match=r"papers\.example is refused"):
            backend.connect_tcp("papers.example", 80, timeout=1)


def test_conditional_requests(web: Web, http: Http) -> None:
    url = web.put("/feed", servers.conditional(b"news"))
    first = http.remembering({})
    assert not first.get(url).unchanged
    assert first.validators[url]["etag"] == '"1"'
    again = http.remembering(first.validators)
    assert again.get(url).unchanged
    assert web.asked[-1].headers["if-none-match"] == '"1"'
    assert again.validators == first.validators
    assert not again.get(url, conditional=False).unchanged
    assert not http.validators


def test_validators_of_old_addresses_are_forgotten(web: Web, http: Http) -> None:
    web.put("/day", servers.conditional(b"news"))
    for day in range(40):
        http.get(f"{web.url}/day", {"date": day})
    assert len(http.validators) == 32
    assert f"{web.url}/day?date=39" in http.validators


def test_the_gate_keeps_its_distance_over_all_hosts_of_a_domain(naps: Naps) -> None:
    gate = Gate({"arxiv.org": 3.0}, monotonic=naps.monotonic, sleep=naps.sleep)
    for host in ("export.arxiv.org", "rss.arxiv.org", "example.org", "notarxiv.org", "arxiv.org"):
        with gate.turn(host):
            naps.now += 0.5
    assert naps.naps == [3.0, 2.0]


def test_the_client_goes_through_the_gate(web: Web, make_http: Make, naps: Naps) -> None:
    http = make_http(intervals={"127.0.0.1": 3.0})
    url = web.put("/a", b"x")
    for _ in range(3):
        http.get(url)
    assert naps.naps == [3.0, 3.0]


def test_nobody_listens(http: Http) -> None:
    with pytest.raises(TemporarySourceError, match="cannot be read"):
        http.get("http://127.0.0.1:9/feed")
