"""What a mailbox answers by itself: that somebody is away, or that we prove to be human."""

from __future__ import annotations

import re

from newsletter.bounce.dialects import story
from newsletter.bounce.reading import Mail
from newsletter.bounce.values import Finding, Kind

_AWAY = re.compile(
    r"\bout of (?:the )?office\b|\bauto(?:matic|mated)?[- ]?(?:reply|response|antwort)|\bvacation\b|"
    r"\baway (?:from|until|on)\b|\bautorespon|\babwesen|\bon (?:holiday|leave)\b|\br[eé]ponse automatique|"
    r"\brespuesta autom|自動(?:返信|応答)|\bi am (?:currently )?away\b",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"\bchallenge[- ]?response\b|"
    r"\b(?:verify|confirm|prove) (?:that )?(?:you are|your (?:message|e-?mail|identity|address))|"
    r"\bsender verification\b|\bspamarrest\b|\bboxbe\b|\btmda\b|"
    r"\bawaiting (?:your )?(?:approval|confirmation)|"
    r"\b(?:click|reply)\b.{0,80}\b(?:to (?:deliver|release|have your (?:message|mail))|whitelist)",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = ("x-autoreply", "x-autorespond", "x-auto-response", "x-vacation", "x-mail-autoreply")


def replies(mail: Mail) -> list[Finding]:
    """An automatic answer of a mailbox, if the mail is one. To be asked before the dialects."""
    if mail.type == "multipart/report":
        return []
    subject, text = mail.header("subject"), story(mail)[:3000]
    answered = mail.header("auto-submitted").lower().startswith("auto-replied")
    marked = any(mail.header(name) for name in _MARKS) or mail.header("precedence").lower() in {
        "auto_reply", "auto-reply",
    }  # fmt: skip
    if _CHALLENGE.search(f"{subject}\n{text}") and (
        answered or marked or "re:" in subject.lower() or _CHALLENGE.search(subject)
    ):
        return [Finding(Kind.CHALLENGE)]
    if _AWAY.search(subject) or ((answered or marked) and _AWAY.search(text)):
        return [Finding(Kind.AUTO_REPLY)]
    return []


def other_automatic(mail: Mail) -> list[Finding]:
    """What says of itself that it is an answer, and is nothing else that we know."""
    answered = mail.header("auto-submitted").lower().startswith("auto-replied")
    if answered or any(mail.header(name) for name in _MARKS):
        return [Finding(Kind.AUTO_REPLY)]
    return []
