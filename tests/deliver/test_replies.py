"""Answers of SMTP servers, whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliver.replies import GarbledError, Reply, ReplyReader


def read(*lines: bytes) -> Reply | None:
    reader = ReplyReader()
    return [reader.feed(line) for line in lines][-1]


@pytest.mark.parametrize(
    ("lines", "code", "status", "text"),
    [
        ([b"250 2.1.5 Ok\r"], 250, "2.1.5", "Ok"),
        ([b"250"], 250, "", ""),
        ([b"354 go on"], 354, "", "go on"),
        (
            [b"550-5.1.1 The mailbox", b"550 5.1.1 is not here\r"],
            550,
            "5.1.1",
            "The mailbox is not here",
        ),
        ([b"421 4.7.0 [TSS04] later"], 421, "4.7.0", "[TSS04] later"),
        ([b"220 1.2.3.4 ready"], 220, "", "1.2.3.4 ready"),
        ([b"250 \x1b[31mred\x00 \xff"], 250, "", "[31mred \ufffd"),
    ],
)
def test_answers_are_read(lines, code, status, text) -> None:
    reply = read(*lines)
    assert reply is not None
    assert (reply.code, reply.status, reply.text) == (code, status, text)


@pytest.mark.parametrize("line", [b"hello", b"25", b"999 no", b"250_what", b"", b"\xff\x00"])
def test_what_is_no_answer_is_told(line) -> None:
    with pytest.raises(GarbledError):
        read(line)


def test_an_answer_without_an_end_is_told() -> None:
    with pytest.raises(GarbledError):
        read(*[b"250-more"] * 1000)


@pytest.mark.parametrize(
    ("line", "slows"),
    [
        (b"421 4.3.2 busy", True),
        (b"450 4.7.1 slowly", True),
        (b"451 4.3.0 not now", False),
        (b"550 5.7.1 no", False),
        (b"250 2.0.0 fine", False),
    ],
)
def test_who_asks_for_less_mail_is_understood(line, slows) -> None:
    reply = read(line)
    assert reply is not None
    assert reply.slows is slows


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_no_bytes_do_anything_else(lines) -> None:
    reader = ReplyReader()
    for line in lines:
        try:
            reply = reader.feed(line)
        except GarbledError:
            return
        if reply is not None:
            assert 200 <= reply.code <= 599
            assert reply.text.isprintable()
