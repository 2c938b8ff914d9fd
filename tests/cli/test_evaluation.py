"""`newsletter evaluate`: figures for people at 80 columns, for programs as JSON, from folders and votes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from newsletter.clock import now
from newsletter.match.evaluate import METRICS
from newsletter.pipeline import due
from newsletter.store.tables import Entry, Pick
from subscribers import feedback
from subscribers.tables import Subscriber
from subscribers.tokens import LESS, MORE
from tests.cli.test_commands import failed
from tests.match.test_evaluate import write_folder
from tests.operator import Operator, add_papers, add_readers


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    write_folder(tmp_path, ("graphs",))
    return str(tmp_path)


def test_what_cannot_be_evaluated_is_refused(operator: Operator, folder: str) -> None:
    failed(operator.run("evaluate", folder + "/nowhere"), 1, "nowhere")
    failed(operator.run("evaluate", folder, "--ranker", "best"), 2, "best", "tfidf")
    failed(operator.run("evaluate"), 2, "one of the two")
    failed(operator.run("evaluate", folder, "--history"), 2, "one of the two")


def test_rankers_are_compared_where_they_are_named(operator: Operator, folder: str) -> None:
    figures = operator.json("evaluate", folder)["rankers"]
    # The one with meaning is measured besides where there is an encoder.
    assert list(figures) in (["default"], ["default", "semantic"])
    assert set(METRICS) <= figures["default"]["g"].keys()
    assert (figures["default"]["g"]["mrr"], figures["default"]["g"]["profiles"]) == (1.0, 1)
    both = operator.json("evaluate", folder, "--ranker", "default", "--ranker", "tfidf")["rankers"]
    assert list(both) == ["default", "tfidf"]
    assert both["default"] == figures["default"]
    assert both["tfidf"]["g"]["mrr"] == 1.0


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_table_fits_the_terminal(operator: Operator, folder: str, monkeypatch, columns) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = operator.run("evaluate", folder, "--ranker", "default").stdout.splitlines()
    assert max(map(len, lines)) <= int(columns)
    heads, _, means, errors = [line.split() for line in lines if line.strip()][1:]
    assert heads == ["Group", "Profiles", "R@5", "R@10", "R@20", "R@100", "NDCG@10", "MRR"]
    assert means == ["g", "1", *["1.000"] * 6]
    assert errors == ["±0.000"] * 6


def test_votes_are_replayed(operator: Operator, monkeypatch) -> None:
    failed(operator.run("evaluate", "--history"), 1, "nothing to replay yet", "voted")
    today = now()
    with time_machine.travel(today, tick=False):
        app = operator.app()
        add_readers(app, ["paper number"], now=today)
        add_papers(app, 5, now=today)
        app.planner(today).plan(due(today))
        app.sender().run()
    with app.sessions.begin() as session:
        person = session.scalars(select(Subscriber)).one()
        keys = session.scalars(select(Entry.key).join(Pick).order_by(Entry.id)).all()
        for key, value in zip(keys, (LESS, MORE, MORE), strict=False):
            feedback.vote(session, person, key, value, now=today + timedelta(hours=1))
    operator.close()
    told = operator.json("evaluate", "--history", "--ranker", "default", "--ranker", "tfidf")
    assert list(told["rankers"]) == ["default", "tfidf"]
    for groups in told["rankers"].values():
        assert (list(groups), groups["0 liked"]["recall@100"]) == (["0 liked"], 1.0)
    assert told["picks"] == {
        "explore": {"sent": 0, "up": 0, "down": 0, "none": 0},
        "others": {"sent": 5, "up": 2, "down": 1, "none": 2},
    }
    monkeypatch.setenv("COLUMNS", "80")
    done = operator.run("evaluate", "--history")
    assert done.returncode == 0
    assert "all others" in done.stdout
    assert "40.0%" in done.stdout
