"""Who has a public page already is told so before any work; nobody is given another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.settings import Settings
from newsletter.web.caching import Caching, release
from subscribers.language import speaking


class Page:
    """Counts how often it is made."""

    def __init__(self, status: int = 200) -> None:
        self.made, self.status = 0, status

    def make(self) -> Response:
        self.made += 1
        return PlainTextResponse(f"made {self.made}", self.status)


def settings(folder: Path | None = None, **more: str) -> Settings:
    return Settings(_env_file=None, templates=folder, **more)  # type: ignore[arg-type]


def asking(path: str = "/x", have: str | None = None, query: str = "") -> Request:
    headers = [(b"if-none-match", have.encode())] if have else []
    return Request(
        {
            "type": "http", "method": "GET", "path": path, "query_string": query.encode(),
            "headers": headers, "server": ("papers.example", 80), "scheme": "http",
        }
    )  # fmt: skip


def test_a_second_visit_costs_nothing() -> None:
    caching, page = Caching(settings()), Page()
    first = caching.answer(asking(), "v1", page.make, seconds=30)
    assert first.headers["cache-control"] == "public, max-age=30"
    assert first.headers["vary"] == "Accept-Language"
    tag = first.headers["etag"]
    for have in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = caching.answer(asking(have=have), "v1", page.make)
        assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", tag)
    assert page.made == 1


def test_it_is_made_once_for_all_and_anew_when_anything_changed() -> None:
    caching, page = Caching(settings()), Page()
    tags = set()
    for number, (path, query, version) in enumerate(
        [("/x", "", "v1"), ("/y", "", "v1"), ("/x", "q=1", "v1"), ("/x", "", "v2")], 1
    ):
        for _ in range(2):
            answer = caching.answer(asking(path, query=query), version, page.make)
            assert answer.body == f"made {number}".encode()
            tags.add(answer.headers["etag"])
    with speaking("de"):
        tags.add(caching.answer(asking(), "v2", page.make).headers["etag"])
    assert len(tags) == 5


def test_an_encoded_sign_makes_no_page_another() -> None:
    caching, page = Caching(settings()), Page()
    first = caching.answer(asking("/organisations/Google#DeepMind"), "v1", page.make)
    second = caching.answer(asking("/organisations/Google"), "v1", page.make)
    third = caching.answer(asking("/authors/a?page=2"), "v1", page.make)
    fourth = caching.answer(asking("/authors/a", query="page=2"), "v1", page.make)
    assert len({each.body for each in (first, second, third, fourth)}) == 4


def test_many_who_ask_at_once_are_given_what_one_makes() -> None:
    caching, page, gate = Caching(settings()), Page(), Event()

    def slowly() -> Response:
        gate.wait(5)
        return page.make()

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(caching.answer, asking(), "v1", slowly) for _ in range(8)]
        gate.set()
        assert {each.result().body for each in asked} == {b"made 1"}
    assert page.made == 1


def test_what_fails_is_made_again() -> None:
    caching, page = Caching(settings()), Page()

    def broken() -> Response:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        caching.answer(asking(), "v1", broken)
    assert caching._turns == {}
    assert caching.answer(asking(), "v1", page.make).status_code == 200


def test_small_answers_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.web.caching._KEPT", 100_000)
    caching, page = Caching(settings()), Page()
    for number in range(200):
        caching.answer(asking(query=f"x={number}"), "v1", page.make)
    assert len(caching._kept) == 24


def test_headers_added_on_the_way_are_not_kept() -> None:
    caching, page = Caching(settings()), Page()
    caching.answer(asking(), "v1", page.make).headers["set-cookie"] = "first"
    caching.answer(asking(), "v1", page.make).headers["set-cookie"] = "mine"
    assert "set-cookie" not in str(caching.answer(asking(), "v1", page.make).raw_headers)


def test_what_is_no_page_is_not_kept() -> None:
    caching, page = Caching(settings()), Page(404)
    for number in (1, 2):
        answer = caching.answer(asking(), "v1", page.make)
        assert (answer.body, "etag" in answer.headers) == (f"made {number}".encode(), False)


def test_another_name_or_other_templates_are_other_pages(tmp_path: Path) -> None:
    def tag(wanted: Settings) -> str:
        return Caching(wanted).answer(asking(), "v1", Page().make).headers["etag"]

    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "base.html").write_text("mine", encoding="utf-8")
    tags = [tag(settings()), tag(settings(site_name="Mine")), tag(settings(tmp_path))]
    (tmp_path / "web" / "base.html").write_text("changed", encoding="utf-8")
    assert len({*tags, tag(settings(tmp_path))}) == 4
    assert tag(settings()) == tags[0]
    assert release() == release()
