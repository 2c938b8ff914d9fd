"""The IMAP way, against a real Dovecot; what Dovecot never answers, by a server that says what it is told."""

from __future__ import annotations

import imaplib
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from newsletter.receive import LARGEST
from newsletter.receive.imap import TAKEN, MailboxError, read_mailbox
from newsletter.setting_types import parse_mailbox
from tests import privilege
from tests.operator import Operator, add_readers
from tests.returned import dsn
from tests.smtpd import free_port, wait_for_port

CONFIG = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%u
listen = 127.0.0.1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    dovecot = shutil.which("dovecot", path=privilege.path())
    why = privilege.missing("Dovecot") if dovecot else "no Dovecot: apt-get install dovecot-imapd"
    if dovecot is None or why:
        pytest.skip(why)
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)  # its processes run as others
    config = folder / "dovecot.conf"
    who = pwd.getpwnam("dovecot")  # it reads no mail as root
    config.write_text(CONFIG.format(folder=folder, port=port, uid=who.pw_uid, gid=who.pw_gid))
    (folder / "mail").mkdir()
    privilege.as_root("chown", "dovecot:dovecot", str(folder / "mail"))
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [*privilege.sudo(), dovecot, "-F", "-c", str(config)], stderr=errors
        )
    try:
        wait_for_port(port, process, folder / "errors", greeting=b"* OK")
        yield port
    finally:
        privilege.as_root("doveadm", "-c", str(config), "stop")
        process.wait(timeout=20)
        privilege.as_root("rm", "-rf", str(folder))


def put(port: int, login: str, *mails: bytes) -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(login, "secret")
    for mail in mails:
        client.append("INBOX", "", "", mail.replace(b"\n", b"\r\n"))
    client.select("INBOX")
    return client


def test_mails_are_taken_once_flagged_and_stay(port: int) -> None:
    url = f"imap://ada:secret@127.0.0.1:{port}/INBOX"
    client = put(port, "ada", dsn("a@b.example"), b"Subject: hello\n\nunread by people\n")
    taken: list[bytes] = []
    assert read_mailbox(parse_mailbox(url), taken.append) == 2
    assert b"Final-Recipient" in taken[0]
    assert b"unread by people" in taken[1]
    assert read_mailbox(parse_mailbox(url), taken.append) == 0
    assert client.search(None, "ALL")[1] == [b"1 2"]
    assert client.search(None, "KEYWORD", TAKEN)[1] == [b"1 2"]
    assert client.search(None, "UNSEEN")[1] == [b"1 2"]

    put(port, "ada", b"Subject: three\n\n").logout()

    def broken(_: bytes) -> None:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError, match="away"):
        read_mailbox(parse_mailbox(url), broken)
    assert read_mailbox(parse_mailbox(url), taken.append) == 1
    client.logout()


class Answers:
    """A server on loopback that answers each FETCH with what it is told, and OK to all else."""

    def __init__(self, *fetched: bytes) -> None:
        self.fetched = fetched
        self.flagged: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        client, _ = self._socket.accept()
        with client, client.makefile("rwb") as lines:
            lines.write(b"* OK hello\r\n")
            lines.flush()
            for line in lines:
                tag, *words = line.split()
                lines.write(self._answer(words).replace(b"TAG", tag))
                lines.flush()
                if words[0] == b"LOGOUT":
                    return

    def _answer(self, words: list[bytes]) -> bytes:
        if words[:2] == [b"UID", b"FETCH"]:
            return self.fetched[int(words[2]) - 1]
        if words[:2] == [b"UID", b"STORE"]:
            self.flagged.append(words[2])
        if words[:2] == [b"UID", b"SEARCH"]:
            numbers = b" ".join(b"%d" % (n + 1) for n in range(len(self.fetched)))
            return b"* SEARCH " + numbers + b"\r\nTAG OK done\r\n"
        told = {
            b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            b"SELECT": b"* 9 EXISTS\r\n* OK [PERMANENTFLAGS (\\\\*)] any\r\n",
            b"LOGOUT": b"* BYE\r\n",
        }
        return told.get(words[0], b"") + b"TAG OK done\r\n"


def test_a_mail_that_is_not_given_out_holds_up_no_other() -> None:
    done = b"TAG OK done\r\n"
    answers = (
        b"TAG NO cannot read this one\r\n",
        b"* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n" + done,
        done,  # gone meanwhile
        b'* 4 FETCH (UID 4 BODY[]<0> "in \\\\ \\"quotes\\"")\r\n' + done,
        b'* 5 FETCH (UID 5 BODY[]<0> "")\r\n' + done,
        b"* 6 FETCH (BODY[]<0> {14}\r\nSubject: x\r\n\r\n UID 6)\r\n" + done,
    )
    taken: list[bytes] = []
    with Answers(*answers) as server:
        url = f"imap://ada:secret@127.0.0.1:{server.port}"
        assert read_mailbox(parse_mailbox(url), taken.append) == 3
    assert taken == [b'in \\ "quotes"', b"", b"Subject: x\r\n\r\n"]
    assert server.flagged == [b"4", b"5", b"6"]


def test_of_a_large_mail_the_beginning_is_read(port: int) -> None:
    put(port, "large", b"Subject: large\n\n" + b"0123456789\n" * 300_000).logout()
    taken: list[bytes] = []
    assert read_mailbox(parse_mailbox(f"imap://large:secret@127.0.0.1:{port}"), taken.append) == 1
    assert len(taken[0]) == LARGEST
    assert taken[0].startswith(b"Subject: large")


def test_by_the_command(port: int, operator: Operator) -> None:
    operator.settings["BOUNCE_IMAP"] = f"imap://grace:secret@127.0.0.1:{port}"
    add_readers(operator.app(), ["paper number"])
    put(port, "grace", dsn("digest@papers.example", mark=operator.database_url)).logout()
    assert operator.json("bounces", "--imap")["read"] >= 1
    (back,) = operator.json("status")["returned"]
    assert (back["kind"], back["effect"]) == ("hard", "nobody")


def test_what_is_wrong_is_told_without_the_password(port: int) -> None:
    for url in (
        f"imap://ada:wrong@127.0.0.1:{port}",
        f"imap://ada:secret@127.0.0.1:{port}/Nowhere",
        f"imap://ada:secret@127.0.0.1:{free_port()}",
    ):
        with pytest.raises(MailboxError) as caught:
            read_mailbox(parse_mailbox(url), print)
        assert "127.0.0.1" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "pop3://a:b@c",
        "imaps://host",
        "imaps://a@host",
        "imap://a:b@mail.example.org",
        "imaps://a:b@h/\x07",
    ],
)
def test_addresses_that_cannot_work(url: str) -> None:
    with pytest.raises(ValueError):
        parse_mailbox(url)


def test_an_address_is_read_as_a_whole() -> None:
    found = parse_mailbox("imaps://ada%40example.org:p%2Fw@mail.example.org/Returned%20mail")
    assert (found.host, found.port, found.login) == ("mail.example.org", 993, "ada@example.org")
    assert (found.password, found.folder) == ("p/w", "Returned mail")
