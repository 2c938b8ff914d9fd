"""Header fields: whatever goes in comes back, on lines of the right length, and nothing escapes."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.render.headers import (
    Mailbox,
    UnmailableError,
    address_field,
    list_id_field,
    mail_address,
    mailbox,
    one_line,
    plain_field,
    text_field,
    token,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


def parsed(field: bytes):
    assert field.endswith(b"\r\n")
    assert b"\r" not in field.replace(b"\r\n", b"")
    assert b"\n" not in field.replace(b"\r\n", b"")
    message = message_from_bytes(field + b"\r\nbody", policy=default)
    assert len(message.keys()) == 1
    assert message.get_content() == "body"
    return message


@given(ANY_TEXT)
@example("=?utf-8?q?alive?= and \r\nBcc: eve@example.org")
@example("x" * 2000)
@example("نظرية المعلومات 信息论 🙂 " * 8)
def test_any_subject_comes_back(text):
    field = text_field("Subject", text)
    assert str(parsed(field)["Subject"]) == one_line(text)
    assert all(len(line) <= 78 for line in field.split(b"\r\n"))


@given(ANY_TEXT)
@example('a "quoted" \\ name, with (comment) <eve@example.org>')
@example("=?utf-8?q?=0D=0ABcc:?= x")
def test_any_display_name_comes_back_and_the_address_stays_whole(name):
    field = address_field("From", Mailbox(name, "digest@papers.example"))
    (address,) = parsed(field)["From"].addresses
    assert address.addr_spec == "digest@papers.example"
    # Python 3.11's own structured parser puts a blank between adjacent encoded words, against
    # RFC 2047 (6.2), so the name is read the older way.
    raw = field.decode("ascii").partition(":")[2]
    shown, _, rest = raw.strip().rpartition("<")
    shown = shown.strip().replace("\r\n ", " ")
    if shown.startswith('"'):
        shown = re.sub(r"\\(.)", r"\1", shown[1:-1])
        assert shown == one_line(name)
    else:
        assert str(make_header(decode_header(shown))) == one_line(name)
    assert rest == "digest@papers.example>"


@given(ANY_TEXT)
def test_a_list_keeps_its_identifier(name):
    field = list_id_field(name, "paperround.papers.example")
    assert field.replace(b"\r\n", b"").endswith(b"<paperround.papers.example>")
    parsed(field)


def test_a_long_ascii_subject_is_folded_between_words():
    field = text_field("Subject", "word " * 40)
    assert b"=?" not in field
    assert max(map(len, field.split(b"\r\n"))) <= 78


def test_domains_become_a_labels_and_names_are_parted_from_addresses():
    box = mailbox('"Zeitung, die" <post@bücher.example>')
    assert box == Mailbox("Zeitung, die", "post@xn--bcher-kva.example")
    assert mail_address("ada@straße.example") == "ada@xn--strae-oqa.example"
    assert mail_address("用户@example.org") == "用户@example.org"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@x.org",
        "a b@x.org",
        "a@x.org\r\nBcc: b@x.org",
        "a@x,b@y",
        "<a@x>",
        "a@b@c",
        "\ud800@x.org",
        "a@\ud800",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UnmailableError):
        mail_address(address)


def test_a_sender_with_a_line_break_is_refused():
    with pytest.raises(UnmailableError):
        mailbox("Paperround\r\n <a@x.org>")


@pytest.mark.parametrize("value", ["", "a b", "a\r\nb", "é", "a\x00"])
def test_identifiers_and_links_are_ascii_without_blanks(value):
    with pytest.raises(UnmailableError):
        token(value)


def test_a_long_token_stays_on_one_line():
    url = f"<https://papers.example/{'x' * 300}>"
    assert parsed(plain_field("List-Unsubscribe", url))["List-Unsubscribe"] == url
