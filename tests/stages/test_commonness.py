"""What is told of wishes that nearly any paper meets."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from newsletter import clock
from newsletter.app import App
from newsletter.stages.commonness import Commonness
from newsletter.store import entries, sources
from newsletter.store.engine import reading
from newsletter.web.site import create
from subscribers.profile import parse_profile
from subscribers.tables import Subscriber
from subscribers.tokens import Purpose
from tests.factories import NOW, listed
from tests.operator import add_readers

FORM = {
    "email": "ada@example.org", "cadence": "daily", "weekday": "0", "hour": "7",
    "timezone": "UTC", "max_papers": "5",
}  # fmt: skip


def add(app: App, count: int, *, first: int = 0) -> None:
    """Papers: half of them model something, a quarter have a diffusion model, one in ten a quark."""
    papers = [
        listed(
            number,
            day=NOW.date(),
            title=f"Paper {number}" + (" with models" if number % 2 else ""),
            abstract=("A diffusion model." if number % 4 == 1 else "Diffusion of a gas.")
            + (" Quarks." if number % 10 == 0 else ""),
        )
        for number in range(first, first + count)
    ]
    with app.sessions.begin() as session:
        source = sources.add(session, f"papers {first}", "feed", {})
        entries.save(session, source.id, papers, NOW - timedelta(days=1))


def common(app: App, wishes: str) -> dict[str, float]:
    told = Commonness(reading(app.sessions), lambda: NOW)
    found = told.too_common(parse_profile(wishes).interests)
    return {f"{'-' * one.muted}{one.text}": round(share, 2) for one, share in found.items()}


def test_what_over_a_third_of_the_papers_meet_is_told(app: App) -> None:
    add(app, 200)
    asked = 'model\nquark\n"diffusion model"\n"models"\nmodelling\n-diffusing\ndiffusion paper\nmodel quark'
    assert common(app, asked) == {
        "model": 0.5, "models": 0.5, "modelling": 0.5, "diffusion paper": 1.0,
    }  # fmt: skip
    assert common(app, "-model\nauthor:Ada Lovelace\ncat:cs.CL\nof the\nzebra") == {"-model": 0.5}


def test_of_few_papers_nothing_is_told_until_there_are_more(app: App) -> None:
    told = Commonness(reading(app.sessions), lambda: NOW)
    wishes = parse_profile("model").interests
    assert told.too_common(wishes) == {}
    add(app, 99)
    assert told.too_common(wishes) == {}
    add(app, 1, first=99)
    assert told.too_common(wishes)[wishes[0]] == pytest.approx(0.5)


def test_papers_are_read_again_after_some_hours(app: App) -> None:
    now = [NOW]
    told = Commonness(reading(app.sessions), lambda: now[0])
    wishes = parse_profile("quark").interests
    add(app, 100)
    assert told.too_common(wishes) == {}
    with app.sessions.begin() as session:
        source = sources.add(session, "more", "feed", {})
        more = [listed(number, abstract="Quarks.", day=NOW.date()) for number in range(500, 700)]
        entries.save(session, source.id, more, NOW)
    assert told.too_common(wishes) == {}
    now[0] += timedelta(hours=7)
    assert told.too_common(wishes)[wishes[0]] > 0.6


def test_both_forms_say_so_and_save_all_the_same(app: App) -> None:
    add(app, 120)
    add_readers(app, ["graphs"])
    with app.sessions() as session:
        version = session.get_one(Subscriber, 1).links_version
    token = app.signer.make(Purpose.PREFERENCES, 1, version, now=clock.now())
    with TestClient(create(app)) as client:
        typed = {**FORM, "wishes": "model\n-<b>paper"}
        joined = client.post("/subscribe", data=typed)
        assert "Look in your mailbox" in joined.text
        assert "“model” is in 50% of all new papers; a phrase" in joined.text
        rare = client.post("/subscribe", data={**FORM, "wishes": "diffusion model quark"})
        assert "of all new papers" not in rare.text
        page = f"/preferences/{token}"
        saved = client.post(page, data=typed)
        assert "Saved." in saved.text
        assert "“model” is in 50% of all new papers" in saved.text
        assert "of all new papers" not in client.get(page).text
        began = time.perf_counter()
        client.post(page, data=typed)
        assert time.perf_counter() - began < 1  # nothing is read again
    with app.sessions() as session:
        texts = [wish.text for wish in session.get_one(Subscriber, 1).interests]
    assert texts == ["graphs", "model", "<b>paper"]
