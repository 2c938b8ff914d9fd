"""Webhooks, signed as the providers sign them, with keys of our own; shapes as their manuals show them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from newsletter.bounce.values import Kind
from newsletter.receive.hooks import mailgun, postmark, sendgrid
from newsletter.receive.hooks.event import Event, HookRefusedError
from newsletter.receive.hooks.ses import SnsReader
from tests.returned import mailgun_body, mailgun_failed

NOW = datetime(2026, 6, 10, 6, 30, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)  # fmt: skip


def only(events: list[Event]) -> tuple[Kind, str, str]:
    (event,) = events
    (finding,) = event.report.findings
    return finding.kind, finding.recipient, finding.status


def certificate(days: int = 10) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(RSA.public_key()).serial_number(7)
    made = made.not_valid_before(NOW - timedelta(days=20)).not_valid_after(
        NOW + timedelta(days=days)
    )
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Amazon:
    """Answers for Amazon's hosts, and remembers what it was asked."""

    def __init__(self, days: int = 10) -> None:
        self.asked: list[str] = []
        self.days = days

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return certificate(self.days) if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"


def sns(message: dict[str, Any], version: str = "2", **more: Any) -> bytes:
    """A request of SNS: the fields in alphabetical order are what is signed."""
    whole = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps(message),
        "Timestamp": "2026-06-10T06:29:59.000Z",
    } | more
    names = sorted(name for name in whole if not name.startswith("Sign"))
    signed = "".join(f"{name}\n{whole[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = base64.b64encode(RSA.sign(signed.encode(), padding.PKCS1v15(), algorithm)).decode()
    rest = {"SignatureVersion": version, "Signature": signature, "SigningCertURL": CERTIFICATE}
    return json.dumps(rest | whole).encode()


def bounced(kind: str, subtype: str, status: str = "", words: str = "") -> dict[str, Any]:
    who = {"emailAddress": "ada@example.org", "status": status, "diagnosticCode": words}
    return {
        "notificationType": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [who]},
        "mail": {
            "source": "bounces+tag@papers.example",
            "headers": [{"name": "Message-ID", "value": "<1@papers.example>"}],
        },
    }


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_says_who_bounced(version: str) -> None:
    amazon = Amazon()
    reader = SnsReader([TOPIC], amazon)
    message = bounced("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown")
    events = reader.read(sns(message, version, Subject="Amazon SES"), NOW)
    assert only(events) == (Kind.HARD, "ada@example.org", "5.1.1")
    assert events[0].report.message_id == "<1@papers.example>"
    assert "bounces+tag@papers.example" in events[0].told
    again = reader.read(sns(message, version), NOW)
    assert again[0].raw == events[0].raw
    assert amazon.asked == [CERTIFICATE]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (bounced("Transient", "MailboxFull"), Kind.FULL),
        (bounced("Transient", "General", "4.4.7", "expired"), Kind.SOFT),
        (bounced("Transient", "ContentRejected"), Kind.BLOCKED),
        (bounced("Permanent", "General"), Kind.HARD),
        (bounced("Permanent", "General", "5.7.1", "looks like spam"), Kind.BLOCKED),
        (bounced("Permanent", "OnAccountSuppressionList"), Kind.HARD),
        (bounced("Undetermined", "Undetermined"), Kind.SOFT),
        (
            {
                "eventType": "Complaint",
                "complaint": {"complainedRecipients": [{"emailAddress": "ada@example.org"}]},
            },
            Kind.COMPLAINT,
        ),
        (
            {"notificationType": "Delivery", "delivery": {"recipients": ["ada@example.org"]}},
            Kind.DELIVERED,
        ),
        ({"eventType": "Open"}, Kind.UNKNOWN),
    ],
)
def test_kinds_of_ses(message: dict[str, Any], kind: Kind) -> None:
    assert only(SnsReader([TOPIC], Amazon()).read(sns(message), NOW))[0] is kind


def test_a_subscription_is_confirmed_at_amazon_alone() -> None:
    amazon = Amazon()
    reader = SnsReader([TOPIC], amazon)
    more = {"Type": "SubscriptionConfirmation", "Token": "t"}
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    assert reader.read(sns({}, **more, SubscribeURL=url), NOW) == []
    assert amazon.asked == [CERTIFICATE, url]
    with pytest.raises(HookRefusedError):
        reader.read(sns({}, **more, SubscribeURL="https://evil.example/"), NOW)
    assert len(amazon.asked) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://a@sns.eu-west-1.amazonaws.com/x.pem",
        "https://evil.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.txt",
        "https://sns.eu-west-1.amazonaws.com/x.pem",
        # Buckets and other regions, which others may have.
        "https://sns.s3.amazonaws.com/SimpleNotificationService-0123.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123.pem",
        "https://sns.eu-west-1.amazonaws.com.cn/SimpleNotificationService-0123.pem",
        f"{CERTIFICATE}?x=1",
        f"{CERTIFICATE}#x.pem",
        f"{CERTIFICATE}\n",
        CERTIFICATE.replace(".com/", ".com:443/"),
        CERTIFICATE.replace(".com/", ".com//"),
        CERTIFICATE.replace(".com/", ".com/evil/../"),
        "https://[/x.pem",
        "",
    ],
)
def test_no_certificate_from_elsewhere(url: str) -> None:
    amazon = Amazon()
    with pytest.raises(HookRefusedError):
        SnsReader([TOPIC], amazon).read(
            sns(bounced("Permanent", "General"), SigningCertURL=url), NOW
        )
    assert amazon.asked == []


def test_the_topics_of_china_have_a_host_of_their_own() -> None:
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:bounces"
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem"
    reader = SnsReader([topic], Amazon())
    body = sns(bounced("Permanent", "General"), TopicArn=topic, SigningCertURL=url)
    assert only(reader.read(body, NOW))[0] is Kind.HARD
    with pytest.raises(HookRefusedError):
        reader.read(sns({}, TopicArn=topic, SigningCertURL=url.replace(".cn/", "/")), NOW)


def test_what_amazon_did_not_sign_is_refused() -> None:
    good = sns(bounced("Permanent", "General"))
    reader = SnsReader([TOPIC], Amazon())
    for spoiled in (
        good.replace(b"ada@", b"eve@"),
        good.replace(b'"SignatureVersion": "2"', b'"SignatureVersion": "3"'),
        good.replace(TOPIC.encode(), TOPIC.encode() + b"x"),
        good.replace(b'"Notification"', b'"UnsubscribeConfirmation"'),
        b"[]",
        b"no json",
        b"[" * 100_000,
    ):
        with pytest.raises(HookRefusedError):
            reader.read(spoiled, NOW)
    with pytest.raises(HookRefusedError, match="not valid now"):
        SnsReader([TOPIC], Amazon(days=-1)).read(good, NOW)


@given(anything)
def test_ses_may_say_anything(message: Any) -> None:
    assert SnsReader([TOPIC], Amazon()).read(sns(message), NOW)[0].report.findings


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (mailgun_failed("permanent", "bounce", 550, "No such user here"), Kind.HARD),
        (mailgun_failed("permanent", "bounce", 552, "Mailbox is full"), Kind.FULL),
        (mailgun_failed("permanent", "suppress-bounce", 605, "Not delivering"), Kind.HARD),
        (mailgun_failed("permanent", "suppress-complaint", 607, "Not delivering"), Kind.COMPLAINT),
        (mailgun_failed("permanent", "old", 602, "Too old"), Kind.SOFT),
        (mailgun_failed("temporary", "generic", 450, "greylisted"), Kind.DELAY),
        ({"event": "complained", "recipient": "ada@example.org"}, Kind.COMPLAINT),
        ({"event": "unsubscribed", "recipient": "ada@example.org"}, Kind.UNSUBSCRIBE),
        ({"event": "opened", "recipient": "ada@example.org"}, Kind.UNKNOWN),
    ],
)
def test_kinds_of_mailgun(event: dict[str, Any], kind: Kind) -> None:
    events = mailgun.read(mailgun_body(event, at=NOW), "key-1", NOW)
    assert only(events)[:2] == (kind, "ada@example.org")
    if "message" in event:
        assert events[0].report.message_id == "<1@papers.example>"


@pytest.mark.parametrize(("hours", "heard"), [(0, True), (8.5, True), (-1, True), (9.1, False)])
def test_a_signature_of_mailgun_is_good_for_nine_hours(hours: float, *, heard: bool) -> None:
    body = mailgun_body({"event": "complained"}, at=NOW - timedelta(hours=hours))
    if heard:
        (event,) = mailgun.read(body, "key-1", NOW)
        assert event.once == "t" * 50
    else:
        with pytest.raises(HookRefusedError, match="9 hours"):
            mailgun.read(body, "key-1", NOW)


@pytest.mark.parametrize("stamp", ["", "soon", "nan", "inf", "1e300", "-1"])
def test_a_timestamp_of_mailgun_is_a_moment(stamp: str) -> None:
    made = hmac.new(b"key-1", f"{stamp}t".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": stamp, "token": "t", "signature": made}
    with pytest.raises(HookRefusedError):
        mailgun.read(json.dumps({"signature": signed, "event-data": {}}).encode(), "key-1", NOW)


@given(anything)
def test_mailgun_may_say_anything(event: Any) -> None:
    assert mailgun.read(mailgun_body(event, at=NOW), "key-1", NOW)[0].report.findings
    for body in (json.dumps(event).encode(), mailgun_body(event, "another", at=NOW)):
        with pytest.raises(HookRefusedError):
            mailgun.read(body, "key-1", NOW)


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce", "Details": "gone"}, Kind.HARD),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Details": "mailbox full"}, Kind.FULL),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Details": "smtp;451"}, Kind.SOFT),
        ({"RecordType": "Bounce", "Type": "Transient"}, Kind.DELAY),
        ({"RecordType": "Bounce", "Type": "AutoResponder"}, Kind.AUTO_REPLY),
        ({"RecordType": "Bounce", "Type": "SpamNotification"}, Kind.BLOCKED),
        ({"RecordType": "Bounce", "Type": "ChallengeVerification"}, Kind.CHALLENGE),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, Kind.COMPLAINT),
        ({"RecordType": "Bounce", "Type": "Unknown"}, Kind.UNKNOWN),
    ],
)
def test_kinds_of_postmark(record: dict[str, Any], kind: Kind) -> None:
    body = json.dumps(record | {"Email": "ada@example.org", "ID": 42}).encode()
    assert only(postmark.read(body, basic("a:secret"), "a:secret"))[:2] == (kind, "ada@example.org")


@given(anything)
def test_postmark_may_say_anything(record: Any) -> None:
    body = json.dumps(record).encode()
    assert postmark.read(body, basic("a:secret"), "a:secret")[0].report.findings
    for wrong in ("", "Basic", "Basic !", basic("a:wrong"), "Bearer a:secret", basic("é:ü")):
        with pytest.raises(HookRefusedError):
            postmark.read(body, wrong, "a:secret")


def sendgrid_read(events: Any, *, spoil: bool = False) -> list[Event]:
    body, stamp = json.dumps(events).encode(), "1781073000"
    signature = EC.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    public = EC.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = base64.b64encode(signature).decode()
    return sendgrid.read(body + b" " * spoil, signed, stamp, base64.b64encode(public).decode())


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 gone"}, Kind.HARD),
        ({"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "full"}, Kind.FULL),
        ({"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "spam"}, Kind.BLOCKED),
        ({"event": "bounce", "type": "blocked", "status": "4.0.0", "reason": "later"}, Kind.SOFT),
        ({"event": "dropped", "reason": "Bounced Address"}, Kind.HARD),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, Kind.COMPLAINT),
        ({"event": "spamreport"}, Kind.COMPLAINT),
        ({"event": "unsubscribe"}, Kind.UNSUBSCRIBE),
        ({"event": "deferred", "response": "400 later"}, Kind.DELAY),
        ({"event": "open"}, Kind.UNKNOWN),
    ],
)
def test_kinds_of_sendgrid(event: dict[str, Any], kind: Kind) -> None:
    more = {"email": "ada@example.org", "smtp-id": "<1@papers.example>"}
    events = sendgrid_read([event | more])
    assert only(events)[:2] == (kind, "ada@example.org")
    assert events[0].report.message_id == "<1@papers.example>"


@given(st.lists(anything, max_size=3))
def test_sendgrid_may_say_anything(events: list[Any]) -> None:
    assert len(sendgrid_read(events)) == len(events)
    with pytest.raises(HookRefusedError):
        sendgrid_read(events, spoil=True)
    with pytest.raises(HookRefusedError):
        sendgrid_read({"event": "bounce"})
