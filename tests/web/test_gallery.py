"""Previews in the browser: every specimen, anew whenever a template is saved."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.stages.specimens import rendered
from newsletter.web.gallery import Gallery
from tests.factories import NOW
from tests.operator import Operator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


@pytest.fixture
def client(operator: Operator, folder: Path) -> TestClient:
    operator.settings["TEMPLATES"] = str(folder)
    app = operator.app()
    gallery = Gallery(app, lambda renderer: dict(rendered(renderer, app.links, NOW)))
    return TestClient(gallery.site())


def save(path: Path, text: str, *, at: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (at, at))


def test_every_mail_in_every_state_is_there(client: TestClient) -> None:
    first = client.get("/").text
    names = [part.partition('"')[0] for part in first.split('<a href="/')[1:]]
    assert {"digest", "digest-weekly", "digest-awkward", "digest-forty-papers"} <= set(names)
    assert {"quiet", "confirm", "welcome", "address", "reconfirm", "goodbye"} <= set(names)
    for name in names:
        assert client.get(f"/{name}").status_code == client.get(f"/{name}/html").status_code == 200
    awkward = client.get("/digest-awkward").text
    assert "and 597 more" in awkward
    assert "<script>alert" not in awkward
    assert client.get("/no-such-mail").status_code == 404


def test_a_saved_template_is_seen_and_a_broken_one_told(client: TestClient, folder: Path) -> None:
    before = client.get("/stamp").text
    subject = folder / "email" / "confirm" / "subject.txt"
    save(subject, "A subject of our own", at=4_000_000_000)
    assert client.get("/stamp").text != before
    assert "A subject of our own" in client.get("/confirm").text
    save(subject, "{{ nothing_known }}", at=4_000_000_100)
    broken = client.get("/confirm").text
    assert "nothing_known" in broken
    assert "A subject of our own" in broken
    save(folder / "theme.toml", '[light]\naccent = "#123456"', at=4_000_000_200)
    save(subject, "Mended", at=4_000_000_300)
    assert "Mended" in client.get("/confirm").text
    assert "#123456" in client.get("/confirm/html").text
