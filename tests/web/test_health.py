"""What watchers are told is what stands in the ledger at that moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text, update
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.pipeline import due
from newsletter.store import editions
from newsletter.store.tables import Delivery
from newsletter.web.site import create
from tests import smtpd
from tests.operator import Operator, add_papers, add_readers


def planned(app: App, readers: int, since: timedelta = timedelta()) -> datetime:
    now = datetime.now(UTC) - since
    add_readers(app, ["paper number"] * readers, now=now)
    add_papers(app, 2, now=now)
    assert app.planner(now).plan(due(now)).planned == readers
    return now


def ready(app: App) -> tuple[int, dict[str, str]]:
    with TestClient(create(app)) as client:
        answer = client.get("/readyz")
        return answer.status_code, answer.json()


def numbers(app: App) -> dict[str, float]:
    with TestClient(create(app)) as client:
        told = client.get("/metrics").text
    lines = [line for line in told.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_all_is_well(app: App) -> None:
    planned(app, 1)
    everything = dict.fromkeys(["status", "database", "edition", "unsent", "relay"], "ok")
    assert ready(app) == (200, everything)


def test_a_relay_that_nobody_reaches_is_told(operator: Operator) -> None:
    operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{smtpd.free_port()}"
    code, told = ready(operator.app())
    assert (code, told["database"]) == (503, "ok")
    assert "cannot be reached" in told["relay"]


def test_a_relay_that_answers_is_asked_now_and_then(operator: Operator, tmp_path: Path) -> None:
    with smtpd.running(tmp_path / "mails") as server:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        app = operator.app()
        with TestClient(create(app)) as client:
            assert client.get("/readyz").json()["relay"] == "ok"
    assert ready(app)[1]["relay"] != "ok", "another process asks for itself"


def test_a_stopped_edition_and_an_incomplete_one_are_told(app: App) -> None:
    now = planned(app, 1)
    with app.sessions.begin() as session:
        session.execute(text("UPDATE edition SET collected_at = created_at, complete = false"))
    assert "not every source has answered" in ready(app)[1]["edition"]
    with app.sessions.begin() as session:
        editions.stop(session, now.date(), "30 of 40 mails were refused for good", now)
    code, told = ready(app)
    assert code == 503
    assert "is stopped: 30 of 40" in told["edition"]
    assert numbers(app)["paperround_editions_stopped"] == 1
    assert numbers(app)["paperround_last_edition_complete"] == 0


def test_what_waits_too_long_is_told(app: App) -> None:
    planned(app, 1, since=timedelta(hours=3))
    code, told = ready(app)
    assert code == 503
    assert "waits since" in told["unsent"]
    assert 3 * 3600 <= numbers(app)["paperround_oldest_unsent_seconds"] < 3.1 * 3600


def test_every_state_is_counted(app: App) -> None:
    now = planned(app, 8)
    states = ["planned", "sending", "submitted", "deferred", "failed", "skipped", "uncertain"]
    with app.sessions.begin() as session:
        for number, state in enumerate(states, 1):
            session.execute(update(Delivery).where(Delivery.id == number).values(state=state))
    found = numbers(app)
    counted = {
        state: found[f'paperround_deliveries{{edition="{now.date()}",state="{state}"}}']
        for state in states
    }
    assert counted == dict.fromkeys(states, 1) | {"planned": 2}
    assert found['paperround_notices{state="planned"}'] == 0
    assert found["paperround_database_up"] == 1


def test_a_database_that_cannot_be_read_is_told(app: App) -> None:
    with app.sessions.begin() as session:
        session.execute(text("ALTER TABLE delivery RENAME TO gone"))
    assert numbers(app) == {"paperround_database_up": 0}
    code, told = ready(app)
    assert (code, told["database"]) == (503, "cannot be read")


def test_no_number_names_anybody(app: App) -> None:
    planned(app, 3)
    with TestClient(create(app)) as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert not re.search(r"\w@\w", client.get(path).text)
