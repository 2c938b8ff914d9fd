"""What follows from an answer: a reason that many share, the next try, a bounce where the address is bad."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.bounce.values import Kind
from newsletter.deliver.retry import retry_at
from newsletter.model import DeliveryState, Outcome, Receipt
from newsletter.stages.outcomes import bounce_of, reason_of, settle
from tests.factories import NOW, message

DAY = timedelta(hours=24)


def refusal(code: int, status: str, words: str) -> Receipt:
    return Receipt(Outcome.FAILED, words, code, status)


@pytest.mark.parametrize(
    ("receipt", "kind"),
    [
        (refusal(550, "5.1.1", "no such user"), Kind.HARD),
        (refusal(550, "5.1.1", "?"), Kind.HARD),
        (refusal(550, "5.1.10", "null MX"), Kind.HARD),
        (refusal(552, "5.2.2", "mailbox full"), Kind.FULL),
        (refusal(550, "5.2.1", "mailbox disabled"), Kind.SOFT),
        (refusal(550, "5.1.8", "bad sender domain"), None),
        (refusal(554, "5.7.1", "looks like spam"), None),
        (refusal(554, "", "transaction failed"), None),
        (Receipt(Outcome.DEFERRED, "no such user", 450, "4.1.1"), None),
        (Receipt(Outcome.FAILED, "the relay cannot mail this address (no SMTPUTF8)"), None),
    ],
)
def test_a_refusal_that_says_the_address_is_bad_is_a_bounce(
    receipt: Receipt, kind: Kind | None
) -> None:
    report = bounce_of(message(7, "ada@example.org"), receipt)
    if kind is None:
        assert report is None
        return
    assert report is not None
    (found,) = report.findings
    assert (found.kind, found.recipient, found.status) == (kind, "ada@example.org", receipt.status)
    assert report.message_id == message(7).message_id


def test_reasons_are_shared_and_name_nobody() -> None:
    said = Receipt(Outcome.DEFERRED, "<ada@example.org> greylisted, id=81723", 450, "4.7.1")
    assert reason_of(said) == "450 4.7.1: the relay said later"
    lost = Receipt(Outcome.DEFERRED, "connection lost within the mail: [Errno 104] reset")
    assert reason_of(lost) == "connection lost within the mail"
    assert reason_of(refusal(550, "5.1.1", "ada? unknown user")) == "550 5.1.1: no such mailbox"


def settled(
    receipt: Receipt, *, attempts: int = 0, hold: bool = False, later: timedelta = timedelta()
):
    return settle(
        1, receipt, attempts=attempts, planned_at=NOW, now=NOW + later, give_up_after=DAY, hold=hold
    )


def test_put_off_mails_wait_longer_each_time_and_a_day_at_most() -> None:
    later = Receipt(Outcome.DEFERRED, "later", 450, "")
    waits = []
    now = NOW
    for attempts in range(50):
        again = retry_at(attempts + 1, NOW, now)
        if again is None:
            break
        waits.append(again - now)
        now = again
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=5)
    assert timedelta(hours=18) < now - NOW <= DAY
    given_up = settled(later, attempts=9, later=timedelta(hours=23))
    assert given_up.state is DeliveryState.FAILED
    assert given_up.reason == "given up after a day: 450: the relay said later"


@given(st.integers(1, 100), st.timedeltas(timedelta(days=-3), timedelta(days=3)))
def test_no_try_is_later_than_a_day_even_where_the_clock_was_set_back(attempts, since) -> None:
    again = retry_at(attempts, NOW, NOW + since)
    assert again is None or NOW + since < again <= max(NOW, NOW + since) + DAY


def test_what_is_uncertain_is_sent_again_or_held() -> None:
    unknown = Receipt(Outcome.UNCERTAIN, "no answer to the whole mail: reset")
    again = settled(unknown)
    assert (again.state, again.retry_at) == (DeliveryState.UNCERTAIN, NOW + timedelta(minutes=5))
    assert settled(unknown, attempts=9, later=DAY).state is DeliveryState.FAILED
    assert settled(unknown, attempts=9, later=DAY, hold=True).state is DeliveryState.UNCERTAIN
