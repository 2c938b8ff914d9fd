from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from newsletter.render import NoticeKind
from tests.render.letters import Outline, notice


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_notice_belongs_to_no_list_and_holds_its_link(renderer, kind):
    sent = renderer.notice(kind, notice())
    message = message_from_bytes(sent.data, policy=default)
    assert not message.defects
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    text, html = (part.get_content() for part in message.iter_parts())
    assert notice().link in text
    assert Outline(html).links.count(notice().link) == 2
    ends = kind is not NoticeKind.GOODBYE
    assert ("13 June 2026, 06:30 UTC" in text) is ("13 June 2026, 06:30 UTC" in html) is ends
    assert (sent.delivery_id, sent.to) == (3, "ada@example.org")
    assert sent.data == renderer.notice(kind, notice()).data


def test_a_confirmation_says_what_was_asked_for_and_how_to_do_nothing(renderer):
    seen = renderer.notice_preview(NoticeKind.CONFIRM, notice())
    for part in (seen.text, seen.html):
        assert "speculative decoding" in part
        assert "If it was not you, ignore this mail" in part


def test_many_wishes_are_counted(renderer):
    wishes = tuple(f"wish {n}" for n in range(40))
    seen = renderer.notice_preview(NoticeKind.CONFIRM, notice(wishes=wishes, expires_at=None))
    assert "and 28 more" in seen.text
    assert "until" not in seen.text
