"""What comes back, as mail systems and providers write it."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

MAILGUN_KEY = "key-1"


def dsn(
    to: str,
    status: str = "5.1.1",
    words: str = "550 no such mailbox",
    *,
    address: str = "reader0@example.org",
    action: str = "failed",
    original: str = "",
    mark: object = "",
) -> bytes:
    """A delivery status notification (RFC 3464) about one recipient."""
    return f"""From: MAILER-DAEMON@relay.example
To: {to}
Subject: Undelivered Mail Returned to Sender
X-Mark: {mark}
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--x
Content-Type: message/rfc822

{original}Subject: Your papers

--x--
""".encode()


def mailgun_body(
    event: Any, key: str = MAILGUN_KEY, *, at: datetime | None = None, token: str = "t" * 50
) -> bytes:
    """A request of Mailgun, signed at a moment (now)."""
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    made = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": stamp, "token": token, "signature": made}
    return json.dumps({"signature": signed, "event-data": event}).encode()


def mailgun_failed(
    severity: str, reason: str, code: int, words: str, *, recipient: str = "ada@example.org"
) -> dict[str, Any]:
    """An event of Mailgun that a mail was refused."""
    return {
        "event": "failed",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "severity": severity,
        "reason": reason,
        "recipient": recipient,
        "envelope": {"sender": "bounces+tag@papers.example"},
        "message": {"headers": {"message-id": "1@papers.example"}},
        "delivery-status": {"code": code, "message": words, "enhanced-code": ""},
    }
