"""The encoding stage: what is encoded, how it goes on after a stop, and that the day goes on without."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.errors import EncoderError
from newsletter.stages import vectors as stage
from newsletter.stages.vectors import encode_missing
from newsletter.store.tables import EntryVector
from subscribers import feedback
from subscribers.tables import Subscriber
from tests import inputs
from tests.encoders import WordBags
from tests.factories import NOW
from tests.operator import add_papers, add_readers


def count(app: App) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(EntryVector)) or 0


class Broken(WordBags):
    """Fails at its second call, as a machine that runs out of memory would."""

    def encode(self, texts: Sequence[str]):
        if len(self.seen) == 1:
            raise EncoderError("the model in /models/x cannot be used: RuntimeError: no memory")
        return super().encode(texts)


def test_title_and_abstract_of_what_is_new_are_encoded_once(app: App) -> None:
    add_papers(app, 3)
    encoder = WordBags()
    assert encode_missing(app.sessions, encoder, NOW, 30) == 3
    assert encoder.seen == [
        [f"Paper number {n}\nWhat paper number {n} is about." for n in (2, 1, 0)]
    ]
    assert encode_missing(app.sessions, encoder, NOW, 30) == 0
    assert len(encoder.seen) == 1


def test_old_papers_are_encoded_where_readers_named_or_voted_on_them(app: App) -> None:
    add_papers(app, 5, now=NOW - timedelta(days=400))
    add_readers(app, ["arxiv:2606.00001"])
    with app.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        feedback.vote(session, reader, "arxiv:2606.00003", -1, now=NOW)
    encoder = WordBags()
    assert encode_missing(app.sessions, encoder, NOW, 30) == 2
    assert [text.split("\n")[0] for text in encoder.seen[0]] == ["Paper number 3", "Paper number 1"]


def test_an_interrupted_run_keeps_what_was_committed_and_goes_on(app: App, monkeypatch) -> None:
    monkeypatch.setattr(stage, "_BATCH", 4)
    add_papers(app, 10)
    with pytest.raises(EncoderError):
        encode_missing(app.sessions, Broken(), NOW, 30)
    assert count(app) == 4
    assert encode_missing(app.sessions, WordBags(), NOW, 30) == 6


def test_one_call_does_so_much_and_no_more(app: App, monkeypatch) -> None:
    monkeypatch.setattr(stage, "_BATCH", 2)
    monkeypatch.setattr(stage, "_BATCHES", 3)
    add_papers(app, 10)
    assert [encode_missing(app.sessions, WordBags(), NOW, 30) for _ in range(3)] == [6, 4, 0]


def test_a_stop_is_heard_before_the_next_batch(app: App, monkeypatch) -> None:
    monkeypatch.setattr(stage, "_BATCH", 4)
    add_papers(app, 10)
    encoder = WordBags()
    assert encode_missing(app.sessions, encoder, NOW, 30, lambda: len(encoder.seen) == 2) == 8


def test_two_at_once_encode_everything_and_harm_nothing(app: App, monkeypatch) -> None:
    monkeypatch.setattr(stage, "_BATCH", 5)
    add_papers(app, 40)
    start = threading.Barrier(2)

    def run() -> int:
        start.wait(10)
        return encode_missing(app.sessions, WordBags(), NOW, 30)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(run) for _ in range(2)]
    assert sum(each.result() for each in both) >= 40
    assert count(app) == 40


def test_collecting_encodes_and_tells_how_many(app: App) -> None:
    add_papers(app, 3)
    report = replace(app, encoder=WordBags()).collect(NOW.date(), NOW, names=[])
    assert (report.encoded, report.encoder_error) == (3, None)
    assert report.as_dict()["encoded"] == 3
    assert app.collect(NOW.date(), NOW, names=[]).encoded == 0


def test_without_a_model_the_day_goes_on(app: App) -> None:
    add_papers(app, 3)
    broken = Broken(seen=[["once"]])
    report = replace(app, encoder=broken).collect(NOW.date(), NOW, names=[])
    assert report.encoded == 0
    assert "no memory" in str(report.encoder_error)
    assert report.complete == app.collect(NOW.date(), NOW, names=[]).complete


def test_the_real_model_from_the_settings_to_the_rows(operator) -> None:
    operator.settings["ENCODER"] = str(inputs.minilm())
    app = operator.app()
    add_papers(app, 3)
    assert app.encoder is not None
    assert app.collect(NOW.date(), NOW, names=[]).encoded == 3
    with app.sessions() as session:
        rows = session.scalars(select(EntryVector)).all()
    assert {row.encoder for row in rows} == {app.encoder.name}
    assert {len(row.vector) for row in rows} == {2 * 384}


def test_whoever_named_or_voted_on_what_is_encoded_now_is_learned_anew(app: App) -> None:
    add_papers(app, 5)
    add_readers(app, ["arxiv:2606.00001", "paper number", "anything"])
    with app.sessions.begin() as session:
        feedback.vote(session, session.get_one(Subscriber, 2), "arxiv:2606.00003", -1, now=NOW)
    later = NOW + timedelta(hours=1)
    assert encode_missing(app.sessions, WordBags(), later, 30) == 5
    with app.sessions() as session:
        changed = session.scalars(select(Subscriber.taste_changed_at).order_by(Subscriber.id)).all()
    assert changed[:2] == [later, later] and changed[2] != later
