"""What SpamAssassin, as Debian ships it, says of every mail, by its local rules alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.render.mails import NOW, Mail, mails

LIMIT = 1.0
_OPTIONS = (
    "--local", "--test-mode", "--nocreate-prefs", "--cf=use_bayes 0", "--cf=report_safe 0",
    "--cf=fold_headers 0", "--cf=add_header all Told score=_SCORE_ tests=_TESTSSCORES(,)_",
)  # fmt: skip


def as_it_arrives(mail: Mail) -> bytes:
    """A mail as the relay hands it over to the reader's own server."""
    when = format_datetime(NOW)
    # Addresses of everyday networks: those set aside for examples are held against a mail.
    lines = (
        "Return-Path: <digest@papers.example>",
        "Received: from relay.papers.example (relay.papers.example [46.38.0.25])",
        "\tby mx.example.org (Postfix) with ESMTPS id 4bXyZq1p2Kz9sRw",
        f"\tfor <reader@example.org>; {when}",
        "Received: from news.papers.example (news.papers.example [46.38.0.26])",
        "\tby relay.papers.example (Postfix) with ESMTPSA id 4bXyZp0mTRz3hQv",
        f"\tfor <reader@example.org>; {when}",
    )
    return "".join(f"{line}\n" for line in lines).encode() + mail.data.replace(b"\r\n", b"\n")


def verdicts(folder: Path, arrived: dict[str, bytes]) -> dict[str, tuple[float, str]]:
    """(score, the rules that made it) of each mail; one process for all, for its rules take seconds to read."""
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("no SpamAssassin: install Debian's package spamassassin")
    files = []
    for name, data in arrived.items():
        files.append(folder / name)
        files[-1].write_bytes(data)
    done = subprocess.run([program, *_OPTIONS, *map(str, files)], capture_output=True, check=True)
    told = re.findall(rb"(?m)^X-Spam-Told: score=([-\d.]+) tests=(\S*)", done.stdout)
    return {
        name: (float(score), rules.decode())
        for name, (score, rules) in zip(arrived, told, strict=True)
    }


@pytest.mark.timeout(300)
def test_no_mail_looks_like_spam(tmp_path):
    found = verdicts(tmp_path, {name: as_it_arrives(mail) for name, mail in mails().items()})
    assert {name: told for name, told in found.items() if told[0] >= LIMIT} == {}


def test_the_rules_are_at_work(tmp_path):
    mail = as_it_arrives(mails()["digest"])
    subject = re.search(rb"(?m)^Subject: .*\n", mail)
    assert subject
    shouting = mail.replace(subject[0], b"Subject: FREE VIAGRA!!! ACT NOW\n")
    score, rules = verdicts(tmp_path, {"spam": shouting})["spam"]
    assert score > LIMIT, rules
