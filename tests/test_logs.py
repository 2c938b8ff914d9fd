"""Log lines name edition and delivery, and nobody."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select

from newsletter import logs
from newsletter.deliver.relays import Relays
from newsletter.pipeline import due
from newsletter.sending_rules import parse_relay
from subscribers.tables import Subscriber
from tests import smtpd
from tests.factories import NOW
from tests.operator import Operator, add_papers, add_readers


def send(operator: Operator, folder: Path) -> None:
    app = operator.app()
    add_readers(app, ["paper number"] * 5)
    with app.sessions.begin() as session:
        words = ["unknown", "greylisted", "spam", "vanish", "ada"]
        for person, word in zip(session.scalars(select(Subscriber)), words, strict=True):
            person.email = f"{word}@example.org"
    add_papers(app, 2)
    app.planner(NOW).plan(due(NOW))
    with smtpd.running(folder) as server:
        mailer = Relays([parse_relay(f"smtp://127.0.0.1:{server.port}")], 2)
        replace(app.sender(), mailer=mailer).run()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_run_with_every_outcome_logs_no_address(
    operator: Operator, tmp_path: Path, capsys: pytest.CaptureFixture[str], form
) -> None:
    logs.write_log("info", form)
    send(operator, tmp_path / "mails")
    said = capsys.readouterr().err
    assert "2026-06-10" in said
    assert not re.search(r"[\w.]+@[\w.]+", said)
    if form == "json":
        lines = [json.loads(line) for line in said.splitlines()]
        outcomes = Counter(line["outcome"] for line in lines if line["event"] == "delivery")
        assert outcomes == {"failed": 2, "deferred": 1, "uncertain": 1}
        assert all(line["edition"] == "2026-06-10" and line["delivery"] for line in lines)


def test_whoever_puts_an_address_into_a_line_it_does_not_come_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.write_log("info")
    try:
        raise ValueError("550 <ada@example.org> unknown")  # noqa: TRY301
    except ValueError:
        structlog.get_logger().exception("job.broke", said=["to eve@example.org"], count=3)
    said = capsys.readouterr().err
    assert "<address>" in said
    assert "count=3" in said
    assert "@example.org" not in said


def test_at_level_debug_they_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    logs.write_log("debug")
    structlog.get_logger().info("asked", of="ada@example.org")
    assert "ada@example.org" in capsys.readouterr().err
