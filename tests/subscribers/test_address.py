from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.address import Address, address_hash, parse_address
from subscribers.errors import AddressError


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  ada@example.org ", "ada@example.org"),
        ("Ada.B+papers@EXAMPLE.org", "Ada.B+papers@example.org"),
        ("ada@Bücher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@日本.jp", "ada@xn--wgv71a.jp"),
        ("o'neil@mail.example.org", "o'neil@mail.example.org"),
        ('"ada.lovelace"@example.org', "ada.lovelace@example.org"),
    ],
)
def test_what_can_be_mailed_is_taken_in_the_form_that_is_mailed(typed, email):
    found = parse_address(typed)
    assert found == Address(email, address_hash(email))
    assert parse_address(found.email) == found


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.org\n",
        "ada@example.org\r\nBcc: victim@example.com",
        "ada\n@example.org",
        "ada@example.org\x00",
        "ada@exam\u2028ple.org",
        "ada@example.org\ud800",
    ],
)
def test_line_breaks_and_controls_are_refused(typed):
    with pytest.raises(AddressError, match="one line"):
        parse_address(typed)


@pytest.mark.parametrize(
    ("typed", "help_"),
    [
        ("", "enter"),
        ("ada", "has an @"),
        ("Ada Lovelace <ada@example.org>", "without a name"),
        ("ada@example.org, bob@example.org", "one address"),
        ("ada@example", "period"),
        ("müller@example.org", "plain letters"),
        ('"a b"@example.org', "quotation marks"),
        ('"a@b"@example.org', "quotation marks"),
        ("ada@example.org (Ada)", "without a name"),
        ("ada@[192.0.2.1]", "IP address"),
        ("a" * 600 + "@example.org", "too long"),
        ("ada@localhost", "period"),
    ],
)
def test_what_cannot_be_mailed_is_refused_with_a_sentence_that_helps(typed, help_):
    with pytest.raises(AddressError, match=help_):
        parse_address(typed)


def test_every_spelling_of_a_mailbox_has_one_hash():
    assert parse_address("ADA@Example.ORG").hash == parse_address("ada@example.org").hash
    assert parse_address("ada@bücher.de").hash == parse_address("ada@xn--bcher-kva.de").hash
    assert parse_address("ada@example.org").hash != parse_address("ada@example.com").hash


@given(st.text(max_size=80))
def test_any_text_is_either_an_ascii_mailbox_or_refused(text):
    try:
        found = parse_address(text)
    except AddressError:
        return
    assert found.email.isascii()
    assert found.email.isprintable()
    assert " " not in found.email


@given(st.text(max_size=40))
def test_nothing_beside_an_address_gets_through(text):
    for typed in (f"ada@example.org{text}", f"{text}ada@example.org"):
        try:
            found = parse_address(typed)
        except AddressError:
            continue
        assert found.email.count("@") == 1
        assert not set("\r\n<>,;") & set(found.email)
