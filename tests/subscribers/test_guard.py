from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta

import pytest

from subscribers.guard import LIFETIME, WORK, FormGuard, Sent
from tests.subscribers.support import NOW

GUARD = FormGuard("a secret of the tests")
LATER = NOW + timedelta(seconds=30)


def solved(challenge: str, **changes: object) -> str:
    """What the script of the page does."""
    told = json.loads(challenge)
    number = next(
        n
        for n in range(WORK + 1)
        if hashlib.sha256(f"{told['salt']}{n}".encode()).hexdigest() == told["challenge"]
    )
    proof = {name: told[name] for name in ("algorithm", "challenge", "salt", "signature")} | {
        "number": number,
        **changes,
    }
    return base64.b64encode(json.dumps(proof).encode()).decode()


@pytest.fixture(scope="module")
def form():
    made = GUARD.form(NOW)
    return Sent(stamp=made.stamp, proof=solved(made.challenge))


def test_work_counts_once(session, form):
    assert GUARD.worked(session, form, LATER)
    assert not GUARD.worked(session, form, LATER)


def test_another_process_with_the_same_secret_knows_it(session, form):
    assert FormGuard("a secret of the tests").worked(session, form, LATER)
    assert not FormGuard("another").worked(session, form, LATER)


@pytest.mark.parametrize("seconds", [-10, 0, 1, LIFETIME.total_seconds() + 61])
def test_too_fast_or_too_late_is_no_work(session, form, seconds):
    assert not GUARD.worked(session, form, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("stamp", ["", ".", "1.2", "x.y", "١٢٣.é", "9" * 400 + ".a"])
def test_a_forged_stamp_is_none(session, form, stamp):
    assert not GUARD.worked(session, Sent(stamp=stamp, proof=form.proof), LATER)
    moved = form.stamp.replace(form.stamp[:10], "1000000000")
    assert not GUARD.worked(session, Sent(stamp=moved, proof=form.proof), LATER)


def test_a_forged_proof_is_none(session, form):
    told = json.loads(base64.b64decode(form.proof))
    salt = told["salt"].partition("?")[0]
    for change in (
        {"number": told["number"] + 1},
        {"number": -1},
        {"number": "x"},
        {"number": None},
        {"algorithm": "SHA-1"},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"challenge": ["x"]},
        {"salt": 7},
        {"salt": f"{salt}?expires=9999999999&"},
    ):
        proof = base64.b64encode(json.dumps(told | change).encode()).decode()
        assert not GUARD.worked(session, Sent(form.stamp, proof), LATER), change
    for proof in ("", "%%%", "e30=", "W10=", "[" * 3000, base64.b64encode(b"[" * 900).decode()):
        assert not GUARD.worked(session, Sent(form.stamp, proof), LATER)


def test_only_a_program_fills_in_what_nobody_sees():
    assert GUARD.is_program(Sent(trap="https://spam.example"))
    assert not GUARD.is_program(Sent())
