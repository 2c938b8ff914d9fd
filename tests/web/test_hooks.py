"""The addresses that mail providers post to, over the site itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from newsletter import clock
from newsletter.store.engine import reading
from newsletter.store.returned import Bounce, Returned
from newsletter.web.site import create
from subscribers.tables import Subscriber
from tests.operator import Operator, add_readers
from tests.receive.test_hooks import basic
from tests.returned import MAILGUN_KEY, mailgun_body, mailgun_failed

EVENT = mailgun_failed(
    "permanent", "bounce", 550, "No such user here", recipient="reader0@example.org"
)


@pytest.fixture
def operator(operator: Operator) -> Operator:
    operator.settings |= {"MAILGUN_KEY": MAILGUN_KEY, "POSTMARK_LOGIN": "ada:long-enough"}
    return operator


def test_a_provider_that_proves_itself_is_believed_once(operator: Operator) -> None:
    app = operator.app()
    add_readers(app, ["paper number"] * 2)
    client = TestClient(create(app))
    body = mailgun_body(EVENT)
    for _ in range(2):
        answer = client.post("/hooks/mailgun", content=body)
        assert (answer.status_code, answer.json()) == (200, {"taken": 1})
    with reading(app.sessions)() as session:
        assert session.scalars(select(Bounce.effect)).all() == ["suppressed"]
        assert session.scalars(select(Returned.way)).all() == ["mailgun"]
    spam = json.dumps({"RecordType": "SpamComplaint", "Email": "reader1@example.org", "ID": 1})
    login = {"Authorization": basic("ada:long-enough")}
    assert client.post("/hooks/postmark", content=spam, headers=login).status_code == 200
    with reading(app.sessions)() as session:
        states = session.scalars(select(Subscriber.state).order_by(Subscriber.id)).all()
    assert states == ["confirmed", "unsubscribed"]


def test_a_signature_that_was_seen_does_not_serve_for_another_event(operator: Operator) -> None:
    app = operator.app()
    add_readers(app, ["paper number"] * 2)
    client = TestClient(create(app))
    now = clock.now()
    delivered = {"event": "delivered", "recipient": "reader0@example.org"}
    for event, status in ((delivered, 200), (EVENT, 403), (delivered, 200)):
        body = mailgun_body(event, at=now)
        assert client.post("/hooks/mailgun", content=body).status_code == status
    late = mailgun_body(EVENT, at=now - timedelta(hours=10), token="another")
    assert client.post("/hooks/mailgun", content=late).status_code == 403
    with reading(app.sessions)() as session:
        assert session.scalars(select(Bounce.kind)).all() == ["delivered"]


def test_nobody_else_is_heard(operator: Operator) -> None:
    app = operator.app()
    add_readers(app, ["paper number"])
    client = TestClient(create(app))
    assert client.post("/hooks/mailgun", content=mailgun_body(EVENT, "wrong")).status_code == 403
    assert client.post("/hooks/mailgun", content=b"{").status_code == 400
    assert client.post("/hooks/mailgun", content=b"x" * 3_000_000).status_code == 413
    assert client.post("/hooks/postmark", content=b"{}").status_code == 403
    assert client.get("/hooks/mailgun").status_code == 405
    for unset in ("ses", "sendgrid", "elsewhere"):
        assert client.post(f"/hooks/{unset}", content=b"{}").status_code == 404
    with reading(app.sessions)() as session:
        assert session.scalars(select(Returned)).all() == []
