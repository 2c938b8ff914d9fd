"""The commands' contract: exit codes, one plain line for what is wrong, JSON alone on stdout."""

from __future__ import annotations

import email
import email.policy
import json
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update

from newsletter.stages.sources import add_source
from subscribers.tables import Subscriber
from tests import inputs, smtpd
from tests.operator import Operator, add_papers, add_readers
from tests.servers import Reply, serving
from tests.smtpd import free_port


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")


def failed(done, code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["frobnicate"], "frobnicate"),
        (["collect", "--date", "tomorrow"], "tomorrow"),
        (["collect", "--date", "2999-01-01"], "yet to come"),
        (["status", "--nope"], "--nope"),
        (["serve", "--port", "70000"], "65535"),
        (["subscribers", "import"], "Missing argument"),
    ],
)
def test_bad_usage_is_exit_2_and_a_line(operator: Operator, arguments, word) -> None:
    failed(operator.run(*arguments), 2, word)


@pytest.mark.parametrize("command", ["up", "serve", "send", "run"])
def test_nothing_real_starts_with_the_default_secret_or_without_a_sender(operator, command) -> None:
    operator.settings |= {"SECRET_KEY": "change-me"}
    failed(operator.run(command), 2, "NEWSLETTER_SECRET_KEY", "default")


def test_all_bad_settings_are_told(operator: Operator) -> None:
    operator.settings |= {"BASE_URL": "nonsense", "SMTP_CONNECTIONS": "0", "SMTP_ULR": "x"}
    failed(operator.run("status"), 2, "BASE_URL", "SMTP_CONNECTIONS", "SMTP_ULR is not a setting")


def test_a_database_that_is_not_there_or_too_old(tmp_path: Path, operator: Operator) -> None:
    operator.database_url = "postgresql://ada:secret@127.0.0.1:1/none"
    done = operator.run("status")
    failed(done, 1, "cannot be used")
    assert "secret" not in done.stderr
    operator.database_url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    failed(operator.run("up"), 1, "newsletter init")


def test_a_database_address_that_nobody_understands(operator: Operator) -> None:
    operator.database_url = "postgresql://ada@127.0.0.1:abc/none"
    failed(operator.run("status"), 1, "not a database address")


def test_init_twice_and_sources(operator: Operator) -> None:
    operator.settings["SOURCES"] = "hf-daily"
    first = operator.json("init")
    assert operator.json("init") | {"before": None} == first | {"before": None}
    assert first["sources"] == ["hf-daily"]
    added = operator.json("sources", "add", "arxiv-rss:cs.CL+cs.LG", "--name", "mine")
    assert added["settings"]["categories"] == ["cs.CL", "cs.LG"]
    failed(operator.run("sources", "add", "arxiv-rss:cs.CL", "--name", "mine"), 1, "already")
    failed(operator.run("sources", "add", "nonsense:x"), 1, "nonsense")
    failed(operator.run("sources", "remove", "nobody"), 1, "nobody")
    assert operator.json("sources", "remove", "mine") == {"removed": "mine"}
    names = [source["name"] for source in operator.json("sources", "list")["sources"]]
    assert names == ["hf-daily"]


GOOD = b"""<rss version="2.0"><channel><title>A blog</title><link>https://blog.example</link>
<item><title>On graphs</title><link>https://blog.example/graphs</link>
<description>What we know of graphs.</description></item></channel></rss>"""
BAD = {
    "html": (Reply(b"<!doctype html><title>Log in</title>"), "HTML"),
    "missing": (Reply(b"no", 404), "404"),
    "busy": (Reply(b"", 429, {"Retry-After": "3600"}), "429"),
    "nothing": (Reply(b""), "nothing"),
    "zeros": (Reply(b"\0" * 5_000_000), ""),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_source_is_a_line_and_costs_no_other(operator: Operator, kind: str) -> None:
    reply, word = BAD[kind]
    with serving() as web:
        web.put("/bad", reply)
        web.put("/good", GOOD)
        for name in ("bad", "good"):
            operator.json("sources", "add", f"{web.url}/{name}", "--name", name)
        done = operator.run("collect", "--json")
    failed(done, 1, "1 of 2 sources could not be read: bad")
    told = {source["name"]: source for source in json.loads(done.stdout)["sources"]}
    assert told["bad"]["error"]
    assert word in told["bad"]["error"]
    assert told["good"]["error"] is None
    assert told["good"]["listed"] > 0


def test_people_in_and_out(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "email,wishes,confirmed_at,consent\n"
        "ada@example.org,speculative decoding,2026-01-01T00:00:00Z,paper form\n"
        "not an address,x,,\n"
        '"emmy@example.org\nBcc: all@example.org",x,,\n'
        "grace@example.org,protein design,,\n",
        "utf-8",
    )
    done = operator.run("subscribers", "import", str(file), "--json")
    failed(done, 1, "2 of the rows were refused")
    told = json.loads(done.stdout)
    assert (told["added"], [error["line"] for error in told["errors"]]) == (2, [3, 4])
    file.write_text('[{"email": "lise@example.org", "favourite_colour": "red"}]', "utf-8")
    failed(
        operator.run("subscribers", "import", str(file.rename(tmp_path / "p.json"))),
        1,
        "favourite_colour",
    )

    people = {p["email"]: p["state"] for p in operator.json("subscribers", "list")["subscribers"]}
    assert people == {"ada@example.org": "confirmed", "grace@example.org": "pending"}
    assert "ada@example.org" in operator.run("subscribers", "export").stdout
    operator.json("subscribers", "erase", "ada@example.org")
    failed(operator.run("subscribers", "erase", "ada@example.org"), 1, "nobody")
    assert "ada@" not in operator.run("subscribers", "export").stdout


def test_preview_and_dry_run_plan_nothing(operator: Operator, tmp_path: Path) -> None:
    from newsletter.clock import now

    app = operator.app()
    add_readers(app, ["paper number", "nothing like it"], now=now())
    add_papers(app, 3, now=now())
    with app.sessions.begin() as session:
        from newsletter.store import sources

        for source in sources.all_sources(session):
            sources.enable(session, source.name, enabled=False)
    operator.close()
    shown = operator.json("preview", "--email", "reader0@example.org", "--out", str(tmp_path / "p"))
    (row,) = shown["previews"]
    assert Path(row["file"]).stat().st_size == row["bytes"]
    assert "3 papers" in row["subject"]
    failed(operator.run("preview", "--email", "reader1@example.org"), 1, "no new paper matched")
    dry = operator.json("run", "--dry-run")
    assert [row["picks"] for row in dry["digests"]] == [3, 0]
    stands = operator.json("status")
    assert stands["audience"] == 0
    assert stands["notices"] == []
    failed(operator.run("preview", "--email", "nobody@example.org"), 1, "nobody")


def test_preview_writes_every_mail_in_every_state(operator: Operator, tmp_path: Path) -> None:
    operator.json("preview", "--out", str(tmp_path / "shown"))
    mails = {path.stem: path.read_bytes() for path in (tmp_path / "shown").glob("*.eml")}
    assert set(mails) >= {
        "digest", "digest-one-paper", "digest-forty-papers", "digest-no-wishes",
        "digest-incomplete", "digest-awkward", "confirm", "preferences",
    }  # fmt: skip
    for name, data in mails.items():
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert not message.defects
        assert max(len(line) for line in data.split(b"\r\n")) <= 998, name
        html, text = message.get_body(("html",)), message.get_body(("plain",))
        assert html is not None
        assert text is not None
        assert len(html.get_content()) < 90_000
        assert "<script" not in html.get_content()
        assert (
            "<script>alert(1)</script> & {{ 7*7 }}" in text.get_content()
            or name != "digest-awkward"
        )


def test_doctor_says_what_is_not_well(operator: Operator) -> None:
    operator.settings |= {"SMTP_URL": f"smtp://127.0.0.1:{free_port()}"}
    done = operator.run("doctor", "--json")
    failed(done, 1)
    told = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert told["database"]["ok"]
    assert not told["relay"]["ok"]
    assert "cannot be reached" in told["relay"]["detail"]


def test_a_missing_model_costs_its_vectors_and_is_told(operator: Operator) -> None:
    operator.settings |= {"ENCODER": "/no/such/model"}
    done = operator.run("collect")
    assert done.returncode == 0, done.stderr
    assert "No paper was encoded: the encoder's folder /no/such/model is not there" in done.stderr
    assert operator.json("collect")["encoder_error"].endswith("is not there")
    checks = json.loads(operator.run("doctor", "--json").stdout)["checks"]
    told = {check["check"]: check for check in checks}
    assert not told["encoder"]["ok"]
    assert "/no/such/model" in told["encoder"]["detail"]


def test_with_a_model_collect_tells_how_many_and_nothing_else(operator: Operator) -> None:
    operator.settings |= {"ENCODER": str(inputs.minilm())}
    with operator.app().sessions.begin() as session:
        add_source(session, "samples", "samples", {})
    done = operator.run("collect", "--json")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["encoded"] == report["new"] > 0
    told = json.loads(operator.run("doctor", "--json").stdout)["checks"]
    (encoder,) = [check for check in told if check["check"] == "encoder"]
    assert encoder["ok"]
    assert "384 numbers a paper" in encoder["detail"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_and_ends_cleanly(operator: Operator, end: signal.Signals) -> None:
    port = free_port()
    process = operator.start("up", "--port", str(port))
    try:
        until = time.monotonic() + 60  # a busy machine loads slowly
        while True:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            try:
                ready = httpx2.get(f"http://127.0.0.1:{port}/readyz")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        assert ready.status_code == 200
        assert httpx2.get(f"http://127.0.0.1:{port}/").status_code == 200
        assert httpx2.get(f"http://127.0.0.1:{port}/mailbox").status_code == 404
        failed(operator.run("serve", "--port", str(port)), 1, "--port")
    finally:
        process.send_signal(end)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_finishes_what_is_on_the_wire(
    operator: Operator, tmp_path: Path, end: signal.Signals
) -> None:
    with smtpd.running(tmp_path / "mails", "--delay", "0.1") as relay:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{relay.port}"
        add_readers(operator.app(), ["paper number"] * 60, now=datetime.now(UTC))
        add_papers(operator.app(), 3, now=datetime.now(UTC))
        operator.run("sources", "remove", operator.json("sources", "list")["sources"][0]["name"])
        process = operator.start("run")
        while not relay.mails() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(end)
        out, err = process.communicate(timeout=30)
        failed(subprocess.CompletedProcess([], process.returncode, out, err), 130)
        states = {row["state"]: row["count"] for row in operator.json("status")["deliveries"]}
        assert states == {"planned": 60 - len(relay.mails()), "submitted": len(relay.mails())}
    operator.close()


def test_a_relay_that_takes_nothing_is_a_failure(operator: Operator, tmp_path: Path) -> None:
    from newsletter.pipeline import due
    from tests import smtpd
    from tests.factories import NOW

    app = operator.app()
    add_readers(app, ["paper number"] * 2)
    add_papers(app, 2)
    with app.sessions.begin() as session:
        session.execute(update(Subscriber).values(email="unknown@example.org"))
    app.planner(NOW).plan(due(NOW))
    operator.close()
    with smtpd.running(tmp_path / "mails") as server:
        operator.settings["SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        failed(operator.run("send"), 1, "took none of 2 mails")


def test_a_preview_at_a_taken_port_is_one_line(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        failed(operator.run("preview", "--port", port), 1, port, "--port chooses another")
