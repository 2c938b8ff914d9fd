"""Amazon SES, by Amazon SNS: signed notifications of bounces, complaints, deliveries and delays.

The signature is checked as the SNS developer guide has it (versions 1 and 2). Only topics that the operator
named are listened to, and certificates are loaded from the SNS host of such a topic's region alone: others
may put files on many a host of amazonaws.com.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from newsletter.bounce.values import Finding, Kind, Report
from newsletter.receive.hooks.event import (
    Event,
    HookRefusedError,
    as_bytes,
    bracketed,
    failed,
    items,
    parsed,
    text,
)

Fetch = Callable[[str], bytes]
"""GETs an address; raises a NewsletterError if that fails."""

_CERTIFICATE = r"/SimpleNotificationService-[0-9a-f]+\.pem"
_CONFIRMATION = r"/\?[!-~]+"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_MOST_CERTIFICATES = 20


class SnsReader:
    """Reads requests of SNS; keeps the certificates that it has loaded."""

    def __init__(self, topics: Collection[str], fetch: Fetch) -> None:
        self._hosts = {topic: _host(topic) for topic in topics}
        self._fetch = fetch
        self._certificates: dict[str, x509.Certificate] = {}

    def read(self, body: bytes, now: datetime) -> list[Event]:
        """The events of a request. A request to confirm our subscription is confirmed, and has none.

        Raises HookRefusedError, or what `fetch` raises where Amazon cannot be reached: then SNS asks again.
        """
        message = parsed(body)
        kind = text(message, "Type")
        host = self._hosts.get(text(message, "TopicArn"))
        if host is None:
            raise HookRefusedError("this topic is not named in the settings")
        if kind not in _SIGNED:
            raise HookRefusedError(f"unknown type of message: {kind[:40]}", 400)
        self._verify(message, _SIGNED[kind], host, now)
        if kind == "SubscriptionConfirmation":
            self._fetch(_at(host, _CONFIRMATION, text(message, "SubscribeURL")))
            return []
        return [_event(message)]

    def _verify(self, message: Any, names: tuple[str, ...], host: str, now: datetime) -> None:
        told = "".join(
            f"{n}\n{text(message, n)}\n" for n in names if n != "Subject" or n in message
        )
        digest = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(  # noqa: S303  (the default of SNS)
            text(message, "SignatureVersion")
        )
        url = _at(host, _CERTIFICATE, text(message, "SigningCertURL"))
        key = self._certificate(url, now).public_key()
        if digest is None or not isinstance(key, rsa.RSAPublicKey):
            raise HookRefusedError("signed in an unknown way")
        try:
            signature = base64.b64decode(text(message, "Signature"), validate=True)
            key.verify(signature, told.encode(), padding.PKCS1v15(), digest)
        except (InvalidSignature, ValueError):
            raise HookRefusedError("the signature does not fit") from None

    def _certificate(self, url: str, now: datetime) -> x509.Certificate:
        found = self._certificates.get(url)
        if found is None:
            try:
                found = x509.load_pem_x509_certificate(self._fetch(url))
            except ValueError:
                raise HookRefusedError("what the certificate's address has is none") from None
            if len(self._certificates) >= _MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[url] = found
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            raise HookRefusedError("the certificate is not valid now")
        return found


def _host(topic: str) -> str:
    """The SNS host of a topic's region; China has a domain of its own."""
    _, partition, _, region, *_ = topic.split(":")
    return f"sns.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")


def _at(host: str, path: str, url: str) -> str:
    """The address, if it is this host's, by https on its usual port. Raises HookRefusedError."""
    if not re.fullmatch(f"https://{re.escape(host)}{path}", url):
        raise HookRefusedError("an address that is none of the topic's Amazon SNS")
    return url


def _event(message: Any) -> Event:
    try:
        notice = parsed(text(message, "Message").encode("utf-8", "replace"))
    except HookRefusedError:
        notice = {}
    mail = notice.get("mail", {}) if isinstance(notice, dict) else {}
    headers = {text(h, "name").lower(): text(h, "value") for h in items(mail, "headers")}
    findings = _findings(notice) or [Finding(Kind.UNKNOWN)]
    told = f"{text(mail, 'source')}\n{headers.get('return-path', '')}"
    report = Report(tuple(findings), bracketed(headers.get("message-id", "")))
    # SNS may deliver twice, with another signature: what makes an event the same is its id.
    return Event(
        report, as_bytes({"MessageId": text(message, "MessageId"), "Message": notice}), told
    )


def _findings(notice: Any) -> list[Finding]:
    kind = text(notice, "notificationType") or text(notice, "eventType")
    if kind == "Bounce":
        return [_bounced(notice, who) for who in items(notice, "bounce", "bouncedRecipients")]
    if kind == "Complaint":
        about = text(notice, "complaint", "complaintFeedbackType")
        wish = Kind.UNKNOWN if about in {"not-spam", "auth-failure"} else Kind.COMPLAINT
        told = items(notice, "complaint", "complainedRecipients")
        return [Finding(wish, text(who, "emailAddress"), diagnostic=about) for who in told]
    if kind == "Delivery":
        return [
            Finding(Kind.DELIVERED, str(who)) for who in items(notice, "delivery", "recipients")
        ]
    if kind == "DeliveryDelay":
        told = items(notice, "deliveryDelay", "delayedRecipients")
        return [
            Finding(
                Kind.DELAY,
                text(who, "emailAddress"),
                text(who, "status"),
                text(who, "diagnosticCode"),
            )
            for who in told
        ]
    return []


def _bounced(notice: Any, who: Any) -> Finding:
    address, status = text(who, "emailAddress"), text(who, "status")
    words = text(who, "diagnosticCode")
    subtype = text(notice, "bounce", "bounceSubType")
    if subtype == "MailboxFull":
        return Finding(Kind.FULL, address, status, words)
    if subtype in {"ContentRejected", "AttachmentRejected", "MessageTooLarge"}:
        return Finding(Kind.BLOCKED, address, status, words or subtype)
    if subtype in {"NoEmail", "Suppressed", "OnAccountSuppressionList"}:
        return Finding(Kind.HARD, address, status, words or subtype)
    return failed(
        address, status, words, for_good=text(notice, "bounce", "bounceType") == "Permanent"
    )
