"""Telling people from programs that fill in forms, without asking or refusing anybody.

A form carries a stamp of when it was shown and a challenge (ALTCHA: find the number with this hash) that
its script solves while the person types. What comes with both may come often from one network; what comes
without, as from a browser without script, meets narrower limits and nothing else. A field that no person
sees gives away who fills in everything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from altcha.v1 import ChallengeOptions, Payload, create_challenge, verify_solution
from sqlalchemy.orm import Session

from subscribers.limits import first_use

FASTEST = timedelta(seconds=2)
"""Nobody fills in the form in less."""
LIFETIME = timedelta(hours=12)
WORK = 20_000
"""The largest number to be tried: a second or so of a phone, while its owner types."""
_LONGEST_PROOF = 2_000


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a form carries to be told apart from a program's, as texts for its fields.

    `challenge`: JSON with `algorithm`, `challenge`, `salt`, `signature`, `maxNumber`.
    """

    stamp: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What came back: the stamp, the solved challenge (base64 of JSON), the field that nobody sees."""

    stamp: str = ""
    proof: str = ""
    trap: str = ""


class FormGuard:
    """Makes and checks what forms carry. All processes of a site have the same `secret`."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"paperround forms\0" + secret.encode()).digest()

    def form(self, now: datetime) -> Guarded:
        """What a form that is shown now carries."""
        made = str(int(now.timestamp()))
        challenge = create_challenge(
            ChallengeOptions(max_number=WORK, hmac_key=self._key, expires=now + LIFETIME)
        )
        return Guarded(f"{made}.{self._seal(made)}", json.dumps(challenge.to_dict()))

    def is_program(self, sent: Sent) -> bool:
        """Whether something was filled in that no person sees."""
        return bool(sent.trap)

    def worked(self, session: Session, sent: Sent, now: datetime) -> bool:
        """Whether a form was shown a while ago and its work was done, for the first time."""
        made = self._made(sent.stamp)
        if made is None or not FASTEST <= now - made <= LIFETIME:
            return False
        challenge = self._solved(sent.proof, now)
        return challenge is not None and first_use(session, challenge, now)

    def _made(self, stamp: str) -> datetime | None:
        made, _, seal = stamp.partition(".")
        if not (made.isascii() and made.isdigit() and len(made) < 12 and seal.isascii()):
            return None
        if not hmac.compare_digest(seal, self._seal(made)):
            return None
        return datetime.fromtimestamp(int(made), UTC)

    def _solved(self, proof: str, now: datetime) -> str | None:
        """The challenge that a proof solves, if it is ours and not too old."""
        if not proof or len(proof) > _LONGEST_PROOF:
            return None
        try:
            told = json.loads(base64.b64decode(proof, validate=True))
            fields = {name: told[name] for name in ("challenge", "salt", "signature")}
            number = int(told["number"])
            if told["algorithm"] != "SHA-256" or not 0 <= number <= WORK:
                return None
            if not all(isinstance(value, str) and value.isascii() for value in fields.values()):
                return None
            solution = Payload("SHA-256", number=number, **fields)
            # Whether it has expired our own clock says, below.
            ours, _ = verify_solution(solution, self._key, check_expires=False)
            expires = parse_qs(fields["salt"].partition("?")[2]).get("expires", ["0"])
            until = int(expires[0])
        except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
            return None
        return fields["challenge"] if ours and now.timestamp() < until else None

    def _seal(self, made: str) -> str:
        return hmac.digest(self._key, b"stamp " + made.encode(), "sha256").hex()[:32]
