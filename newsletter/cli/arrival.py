"""`newsletter doctor --send ADDRESS --arrived PATH`: a real mail through the relay, and what came of it."""

from __future__ import annotations

import re
import secrets
import stat
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from newsletter import clock
from newsletter.app import App
from newsletter.cli.domain import resolver_of
from newsletter.cli.terminal import say
from newsletter.deliver.canonical import split_mail
from newsletter.deliver.port import hand_over
from newsletter.deliver.verifying import verify
from newsletter.errors import NewsletterError
from newsletter.model import Message, Outcome
from newsletter.receive.files import Found as Mail
from newsletter.receive.files import mails
from newsletter.render import DigestLetter
from newsletter.stages.specimens import letters
from subscribers.tokens import LinkSigner

Found = tuple[str, bool, str]
_Stamp = tuple[int, int]
_EVERY = 0.5  # seconds between two looks

# What a large mailbox provider wants to see covered, where the mail has it.
_WANTED = (
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id",
    "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
_SECURED = re.compile(rb"\bwith\s+(?:UTF8)?(?:E?SMTP|LMTP)S(?:A)?\b", re.IGNORECASE)
_HOP = re.compile(rb"\bwith\s+(?:UTF8)?E?SMTPS?A?\b", re.IGNORECASE)


def send_and_see(
    app: App, to: str | None, arrived: Path | None, server: str | None, seconds: float
) -> list[Found]:
    """Send a specimen to `to`, and look at it where it arrives; or look at a mail that was saved."""
    if to is None:
        if arrived is None:
            return []
        if not arrived.is_file():
            raise NewsletterError(
                f"{arrived} is not a file; a folder is looked through with --send"
            )
        return _look_at_last(app, list(mails(arrived)), server)
    before = _stamps(arrived) if arrived else {}
    if arrived and not arrived.exists():  # the first mail to a mailbox may make it
        if not arrived.parent.is_dir():
            raise NewsletterError(f"{arrived} cannot get any mail: there is no {arrived.parent}")
        say(f"{arrived} is not there yet; it is waited for.", style="yellow")
    message = _specimen(app, to)
    sent = _send(app, message)
    if not sent[0][1]:
        return sent
    if arrived is None:
        hint = f"look for {message.message_id} there, save it, and run `newsletter doctor --arrived FILE`"
        return [*sent, ("arrived", True, f"not looked at: {hint}")]
    data = _wait(arrived, message.message_id, seconds, before)
    if data is None:
        told = f"{message.message_id} did not come to {arrived} within {seconds:g} seconds"
        if not arrived.exists():
            told += ", which is not there"
        return [*sent, ("arrived", False, told)]
    return [*sent, *_look(app, data, server)]


def _specimen(app: App, to: str) -> Message:
    """A digest of sample papers, signed as all are; its links are of no key, so they open nothing."""
    now = clock.now().replace(microsecond=0)
    links = replace(app.links, signer=LinkSigner(secrets.token_hex(32)))
    renderer = app.renderer()
    found = dict(letters(renderer, links, now))["digest"]
    assert isinstance(found, DigestLetter)
    message_id = f"<doctor.{now:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{app.links.domain}>"
    reader = replace(found.reader, email=to)
    message = renderer.digest(replace(found, message_id=message_id, reader=reader))
    return app.dkim.sign(message, now) if app.dkim else message


def _send(app: App, message: Message) -> list[Found]:
    (receipt,), secured = hand_over(app.mailer, [message])
    told = f"{len(message.data):,} octets: {receipt.detail}"
    found: list[Found] = [("sent", receipt.outcome is Outcome.SUBMITTED, told)]
    relays = app.settings.relays
    if secured is not None:
        near = all(relay.is_here for relay in relays)
        how = "by TLS" if secured else "in clear" + (", on this machine" if near else "")
        found.append(("to the relay", secured or near, how))
    return found


def _wait(
    place: Path, message_id: str, seconds: float, before: Mapping[Path, _Stamp]
) -> bytes | None:
    """The mail with this Message-ID, as soon as a file there holds it. `before`: what needs no reading."""
    until = time.monotonic() + seconds
    wanted = re.compile(
        rb"^message-id:\s*" + re.escape(message_id.encode()), re.IGNORECASE | re.MULTILINE
    )
    while True:
        found = _stamps(place)
        for path in [path for path, stamp in found.items() if before.get(path) != stamp]:
            for mail in mails(path):  # none, or an error, where a mail program moved it
                if wanted.search(mail.raw):
                    return mail.raw
        before = found
        if time.monotonic() >= until:
            return None
        time.sleep(_EVERY)


def _stamps(place: Path) -> dict[Path, _Stamp]:
    """Each file of a place (a file, or a folder such as a Maildir), with what tells that it changed."""
    found = {}
    for path in [place] if place.is_file() else place.rglob("*"):
        try:
            told = path.stat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(told.st_mode):
            found[path] = (told.st_mtime_ns, told.st_size)
    return found


def _look_at_last(app: App, found: list[Mail], server: str | None) -> list[Found]:
    """Look at a mail that was saved; of a mailbox, at the one that came last."""
    if not found:
        raise NewsletterError("there is no mail in it")
    if found[-1].error:
        raise NewsletterError(f"{found[-1].path}: {found[-1].error}")
    told = _look(app, found[-1].raw, server)
    if len(found) > 1:
        (name, good, words), *rest = told
        told = [(name, good, f"the last of {len(found)} mails: {words}"), *rest]
    return told


def _look(app: App, data: bytes, server: str | None) -> list[Found]:
    data = re.sub(rb"\r?\n", b"\r\n", data)  # as it was on the wire
    fields, _ = split_mail(data)
    hops = [field.raw for field in fields if field.name == b"received" and _HOP.search(field.raw)]
    return [
        ("arrived", True, f"{len(data):,} octets, {len(fields)} header fields"),
        *_signatures(app, data, {field.name.decode("latin-1") for field in fields}, server),
        ("last hop", *_secured(hops)),
    ]


def _signatures(app: App, data: bytes, present: set[str], server: str | None) -> list[Found]:
    verdicts = verify(data, resolver_of(app, server).texts)
    if not verdicts:
        return [("signature", False, "the mail has no DKIM signature")]
    bad = [f"{each.selector} of {each.domain}: {each.fault}" for each in verdicts if each.fault]
    good = [each for each in verdicts if not each.fault]
    told = [*bad, *(f"{each.selector} of {each.domain} holds" for each in good)]
    covers = {name for each in good for name in each.covers}
    missing = [name for name in _WANTED if name in present - covers]
    covered = f"not covered: {', '.join(missing)}" if missing else "every header field that matters"
    return [
        ("signature", not bad, "; ".join(told)),
        ("covered", bool(good) and not missing, covered),
    ]


def _secured(hops: list[bytes]) -> tuple[bool, str]:
    if not hops:
        return True, "not known: no server wrote down how it got the mail"
    if _SECURED.search(hops[0]):
        return True, "by TLS"
    return False, "in clear, as the topmost Received says"
