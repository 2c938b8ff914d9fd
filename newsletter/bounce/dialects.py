"""Bounces that follow no standard: flufl.bounce first, then what nearly all of them have in common."""

from __future__ import annotations

import logging
import re
from email.message import Message

from flufl.bounce import all_failures

from newsletter.bounce.fields import addresses_in, blocks, status_in
from newsletter.bounce.reading import Mail, one_line
from newsletter.bounce.reasons import refused
from newsletter.bounce.values import Finding, Kind

# It logs whatever a broken mail does to it, and then raises that; we go on without it.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

_DELAY = re.compile(
    r"\b(?:delay(?:ed)?\b|will (?:keep|continue) (?:to )?try|still (?:be )?(?:trying|undelivered)"
    r"|no(?:t| action) (?:yet )?(?:been delivered|(?:is )?required)|warning: (?:message|could not)"
    r"|temporar\w* (?:fail|problem).{0,80}will be (?:retried|tried))",
    re.IGNORECASE | re.DOTALL,
)
_GIVEN_UP = re.compile(
    r"\bpermanent(?:ly)?\b|\bgiv(?:en|ing) up\b|\bgave up\b|\bfailed\b|\bundeliverable\b|"
    r"\bcould ?n[o']t be (?:delivered|reached)\b|\bfatal errors?\b", re.IGNORECASE,
)  # fmt: skip
_BOUNCER = re.compile(
    r"mailer[-_. ]?daemon|postmaster|mail delivery|delivery sub|sysadmin|"
    r"mail[-_. ]?(?:service|server|system|gateway|router)|<>",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|non-?delivery|not deliver|returned mail|"
    r"deliver\w* (?:status|fail|error|problem|report|notif)|return(?:ed)? to sender|"
    r"failure (?:notice|delivery|notif)|failed|failure|bounce|error sending|"
    r"non[- ]?remis|user unknown|mail system error|message status|rejected|"
    r"mail could not|cannot be delivered|unzustellbar|dead mail|nicht zugestellt",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^(?:[ \t>*#=_-]{0,40}(?:original|unsent|below|here|enclosed|the header|copy of|message header|"
    r"returned message|begin of|message text|message from|your message)\b[^\n]{0,80}"
    r"(?:message|mail|header|follow|copy|text|below|begin|started)|"
    r"received:|return-path:|[ \t>]{0,40}message-id:)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
# The envelope in a transcript of a conversation; an address at the start of a line, or in brackets.
_IN_BRACKETS = r"<[^<>@\s]{1,64}@[^<>@\s]{1,255}>"
_RCPT = re.compile(rf"^ In:\s{{1,9}}RCPT TO:({_IN_BRACKETS})", re.IGNORECASE | re.MULTILINE)
_LEADING = re.compile(rf"^[ \t]{{0,80}}({_IN_BRACKETS})", re.MULTILINE)
_BRACKETED = re.compile(_IN_BRACKETS)
_STORY = 12_000
_NEAR = 600

MOST = 100
"""How many recipients of one report are told apart; a mail of ours has one."""


def dialects(mail: Mail) -> list[Finding]:
    """What a bounce in no standard form says; none where nothing in the mail looks like a bounce."""
    if not looks_like_bounce(mail):
        return []
    text, by_system = story(mail), _by_mail_system(mail)
    delayed, failed = _by_library(mail.message)
    if not delayed and not failed:
        failed = _by_header(mail) or _by_text(mail, text)
    if not delayed and not failed and by_system and _GIVEN_UP.search(text):
        failed = [""]  # whose it is, the address that it came back to may tell
    # A library that knows only "permanent" is not asked whether a mail is a mere warning.
    only_delayed = bool(
        _DELAY.search(f"{mail.header('subject')}\n{text}")
    ) and not _GIVEN_UP.search(text)
    if only_delayed:
        delayed, failed = [*delayed, *failed], []
    told = [_finding(address, text, failed) for address in failed[:MOST]]
    # A person may write that somebody is no longer there; that no mailbox is, a mail system alone knows.
    found = [f if by_system or f.kind is not Kind.HARD else Finding(Kind.UNKNOWN) for f in told]
    late = [address for address in delayed[:MOST] if address not in failed]
    return [*found, *(Finding(Kind.DELAY, address, status_in(text)) for address in late)]


def looks_like_bounce(mail: Mail) -> bool:
    """Whether a mail's envelope or headers are those of a mail system rather than of a person."""
    if mail.header("x-failed-recipients"):
        return True
    return _by_mail_system(mail) or bool(_SUBJECT.search(mail.header("subject")))


def _by_mail_system(mail: Mail) -> bool:
    """Whether a mail is a report, has the null return path, or is from a mail system by its name."""
    sender = f"{mail.header('from')} {mail.header('return-path')} {mail.header('sender')}"
    return mail.type == "multipart/report" or bool(_BOUNCER.search(sender))


def story(mail: Mail) -> str:
    """What the mail system wrote itself: the text before the mail that it returns."""
    text = ("\n".join(mail.texts()[:2]) or mail.text)[:_STORY]
    cut = _ORIGINAL.search(text, 40)
    head = text[: cut.start()] if cut else text
    return head if addresses_in(head) or not cut else text


def _by_library(message: Message) -> tuple[list[str], list[str]]:
    """flufl.bounce's answer: addresses that are delayed, addresses that failed."""
    try:
        delayed, failed = all_failures(message)
    except Exception:  # noqa: BLE001  (what a broken mail does to a library is no concern of the others)
        return [], []
    return _plain(delayed), _plain(failed)


def _plain(found: frozenset[bytes]) -> list[str]:
    told = sorted(address.decode("utf-8", "replace") for address in found)
    return [address for text in told for address in addresses_in(text)[:1]]


def _by_header(mail: Mail) -> list[str]:
    return addresses_in(mail.header("x-failed-recipients"))


def _by_text(mail: Mail, text: str) -> list[str]:
    """The addresses that a report stands on, as far as its form tells them from others.

    The last resort is whom the returned mail was for.
    """
    names = ("to", "from", "return-path", "delivered-to", "cc")
    told = "\n".join(mail.header(name) for name in names)
    own = {address.lower() for address in addresses_in(told)}
    for lines in (_RCPT.findall(text), _LEADING.findall(text), _BRACKETED.findall(text), [text]):
        found = [a for a in addresses_in("\n".join(lines)) if a.lower() not in own]
        if found:
            return found
    return [a for block in blocks(mail.original)[:1] for a in addresses_in(block.get("to", ""))[:1]]


def _finding(address: str, text: str, failed: list[str]) -> Finding:
    words = text if len(failed) == 1 else _near(address, text, failed)
    status = status_in(words)
    return Finding(refused(status, words), address, status, _diagnostic(words))


def _near(address: str, text: str, failed: list[str]) -> str:
    """The words from an address up to the next one: what a report of several says of this one."""
    low = text.lower()
    start = low.find(address.lower())
    if start < 0:
        return text
    end = start + _NEAR
    for other in failed:
        at = low.find(other.lower(), start + len(address))
        if other != address and at >= 0:
            end = min(end, at)
    line = low.rfind("\n", 0, start) + 1
    return text[line:end]


_ANSWER = re.compile(r"^.*\b[245]\d\d[ -].*$|^.*\b[245]\.\d\.\d{1,3}\b.*$", re.MULTILINE)


def _diagnostic(words: str) -> str:
    found = _ANSWER.search(words)
    return one_line(found[0] if found else words)[:500]
