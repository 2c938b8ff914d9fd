"""`newsletter bounces`, what `status` says of it, and asking back whose mails came back."""

from __future__ import annotations

import json
import mailbox
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter import clock, scheduler
from newsletter.receive import LARGEST, files
from newsletter.store.engine import reading
from newsletter.store.returned import Returned
from tests import inputs
from tests.operator import Operator, add_readers
from tests.returned import dsn


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, f"sqlite:///{tmp_path / 'newsletter.sqlite3'}")


def found(told: dict) -> dict[tuple[str, str], int]:
    return {(one["kind"], one["effect"]): one["count"] for one in told["found"]}


def test_files_once_and_again_and_back(operator: Operator, tmp_path: Path) -> None:
    add_readers(operator.app(), ["paper number"] * 2)
    folder = tmp_path / "came-back"
    folder.mkdir()
    (folder / "one.eml").write_bytes(dsn("digest@papers.example"))
    (folder / "two").write_bytes(dsn("x@y.example", "4.2.2", "full", address="reader1@example.org"))
    (folder / "three").write_bytes(b"From: a@b.example\nSubject: Thanks\n\nNothing of that kind.\n")
    told = operator.json("bounces", str(folder))
    assert (told["read"], told["known"], told["unreadable"]) == (3, 0, [])
    assert found(told) == {
        ("hard", "suppressed"): 1, ("full", "counted"): 1, ("unknown", "nobody"): 1,
    }  # fmt: skip
    assert len(list(folder.iterdir())) == 3
    assert operator.json("bounces", str(folder))["known"] == 3
    back = {(b["kind"], b["effect"]): b["count"] for b in operator.json("status")["returned"]}
    assert back == found(told)
    assert "suppressed" in operator.run("status").stdout
    assert operator.json("subscribers", "again", "reader0@example.org")["asked"]
    assert operator.run("subscribers", "again", "reader0@example.org").returncode == 1
    (mail,) = (tmp_path / "outbox").glob("*.eml")
    assert b"/confirm/" in mail.read_bytes()


def test_files_that_anybody_can_write_to(operator: Operator, tmp_path: Path) -> None:
    add_readers(operator.app(), ["paper number"])
    (tmp_path / "one.eml").write_bytes(dsn("digest@papers.example"))
    told = operator.json("bounces", "--signed-only", str(tmp_path / "one.eml"))
    assert found(told) == {("hard", "nobody"): 1}


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_where_there_is_no_mail(operator: Operator, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    done = operator.run("bounces", str(tmp_path / what))
    assert done.returncode == 1
    assert what in done.stderr
    assert "Traceback" not in done.stderr


def test_an_mbox_a_maildir_and_folders_of_them(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    mbox = mailbox.mbox(tmp_path / "all" / "box")
    for number in range(3):
        mbox.add(dsn("a@b.example", mark=number))
    mbox.close()
    maildir = mailbox.Maildir(tmp_path / "all" / "Maildir")
    for number in range(2):
        maildir.add(dsn("a@b.example", mark=f"m{number}"))
    (tmp_path / "all" / "Maildir" / "tmp" / "half").write_bytes(b"still coming")
    # What a mail server keeps there besides: its indexes, other mailboxes.
    (tmp_path / "all" / "Maildir" / "dovecot-uidlist").write_bytes(b"3 V1 N1 G0\n")
    maildir.add_folder("Sent").add(dsn("a@b.example", mark="sent"))
    (tmp_path / "all" / ".hidden").write_bytes(b"no mail")
    mails = list(files.mails(tmp_path / "all"))
    assert len({mail.raw for mail in mails}) == 5
    assert all(not mail.error and b"Final-Recipient" in mail.raw for mail in mails)


def test_what_names_somebody_who_is_erased_goes_with_them(
    operator: Operator, tmp_path: Path
) -> None:
    app = operator.app()
    add_readers(app, ["paper number"])
    (tmp_path / "one").write_bytes(b"Subject: who is reader0@example.org?\n\nHello\n")
    assert operator.json("bounces", str(tmp_path / "one"))["read"] == 1
    operator.json("subscribers", "erase", "Reader0@example.org")
    with reading(app.sessions)() as session:
        assert session.scalars(select(Returned.raw)).all() == [b""]


def test_what_was_kept_long_enough_is_dropped(operator: Operator, tmp_path: Path) -> None:
    app = operator.app()
    (tmp_path / "one").write_bytes(b"Subject: hello\n\nHello\n")
    for drop in (
        lambda: operator.json("bounces", str(tmp_path / "one")),
        lambda: scheduler.refresh(app, clock.now()),
    ):
        replace(app.intake(), now=lambda: clock.now() - timedelta(days=31)).take(
            f"Subject: {drop}\n\n".encode(), way="file"
        )
        drop()
        with reading(app.sessions)() as session:
            left = session.scalars(select(Returned.raw)).all()
        assert sorted(left)[:-1] == [b""] * (len(left) - 1)
        assert max(left) == b"Subject: hello\n\nHello\n"


def test_of_a_large_file_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(dsn("a@b.example") + b"x" * 3_000_000)
    (found,) = files.mails(path)
    assert len(found.raw) == LARGEST
    assert found.raw.startswith(dsn("a@b.example"))


def test_all_recorded_bounces_at_once(operator: Operator, tmp_path: Path) -> None:
    inputs.require("inputs", "bounces")
    shutil.copytree(inputs.require("inputs", "bounces"), tmp_path / "bounces")
    done = operator.run("bounces", str(tmp_path / "bounces"), "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["read"] >= 230
    assert {effect for _, effect in found(told)} == {"nobody"}
