"""`newsletter summarise`, and what the doctor says of the model."""

from __future__ import annotations

import json
import socket

from newsletter import clock
from newsletter.store.summaries import spent
from tests import chat, servers
from tests.operator import Operator, add_papers


def test_by_hand(operator: Operator) -> None:
    done = operator.run("summarise")
    assert done.returncode == 2
    assert "NEWSLETTER_SUMMARY_URL" in done.stderr
    with servers.serving() as web:
        operator.settings |= {"SUMMARY_URL": chat.endpoint(web, chat.says()), "SUMMARY_MODEL": "m"}
        add_papers(operator.app(), 2, now=clock.now(), abstract=chat.ABSTRACT, votes=1)
        assert operator.json("summarise") == {
            "written": 2, "refused": 0, "failed": 0, "left": 0, "stopped": None,
            "requests_today": 2, "tokens_today": 200,
        }  # fmt: skip


def test_the_doctor_asks_the_model(operator: Operator) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        operator.settings |= {
            "SUMMARY_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}/v1", "SUMMARY_MODEL": "m",
        }  # fmt: skip
        doctor = operator.run("doctor", "--json")
    assert doctor.returncode == 1
    (check,) = [c for c in json.loads(doctor.stdout)["checks"] if c["check"] == "summaries"]
    assert not check["ok"]
    assert "cannot be asked" in check["detail"]


def the_doctor_says(operator: Operator) -> tuple[bool, str]:
    done = operator.run("doctor", "--json")
    (check,) = [c for c in json.loads(done.stdout)["checks"] if c["check"] == "summaries"]
    return check["ok"], check["detail"]


def test_what_the_doctor_asks_is_counted(operator: Operator) -> None:
    with servers.serving() as web:
        operator.settings |= {
            "SUMMARY_URL": chat.endpoint(web, chat.says()), "SUMMARY_MODEL": "m",
            "SUMMARY_REQUESTS": "1",
        }  # fmt: skip
        the_doctor_says(operator)
        with operator.app().sessions() as session:
            assert spent(session, clock.now().date())[:2] == (1, 100)
        assert the_doctor_says(operator) == (
            True,
            "m is not asked: the day's 1 requests are spent, or it rests",
        )
        assert len(web.asked) == 1
