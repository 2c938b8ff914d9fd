"""Why a mail was refused, by what the other side said and by its enhanced status code (RFC 3463).

Words come first: codes are given loosely (5.1.1 for a full mailbox, 5.7.1 for an unknown one), and the
same words in answer to a mail mean the same everywhere. A refusal that no rule knows is `soft`.
"""

from __future__ import annotations

import re

from newsletter.bounce.values import Kind


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_MAILBOX = r"(?:user|recipient|mailbox|mail ?box|account|address|addressee|alias)"

_FULL = _any(
    rf"{_MAILBOX}(?:'s)?(?: \S+){{0,4}}? (?:is |are )?(?:full|over(?:[ -]?its)?[ -]?quota)\b",
    r"\bmailbox[ -]?full\b",
    r"\b(?:over|exceed\w*|out of)(?: \S+){0,4}? (?:quota|storage|disk space|mailbox size)",
    r"\bquota\b.{0,20}\bexceed",
    r"\b(?:over|disk|mail|storage)[ -]?quota\b",
    r"\binsufficient (?:disk|system) ?(?:space|storage)|\bnot enough (?:disk|storage|space)",
    r"\bno space left\b|\bdisk full\b|\bstorage (?:space )?(?:is )?full\b",
)
# About who sent it or what it said, in words that a rule for unknown mailboxes would take for its own.
_ABOUT_SENDER = _any(
    r"\bsender (?:address |domain )?(?:rejected|denied|blocked|unknown|verify|is )",
    r"\bdomain of sender\b",
    r"\bsender'?s? (?:\S+ ){0,3}(?:does not exist|doesn't exist|could not be)",
    r"\brelay(?:ing)? (?:access )?(?:denied|not|prohibited)|\bnot (?:allowed|permitted) to relay",
    r"\bsender\b.{0,80}\bdoes not exist",
    r"\bhop count\b|\btoo many hops\b|\bmail loop",
)
_HARD = _any(
    # How Exchange Online and many a Postfix answer for mailboxes that they do not have.
    r"\brecipient address rejected: access denied",
    r"\bmailbox unavailable\b|\bdoes not accept mail\b|\bsystem not accepting network messages\b",
    r"\bunknown[- ]?(?:local[- ]?)?(?:user|recipient|mailbox|address|account|local[- ]part)",
    rf"\b{_MAILBOX}s?\b(?: \S+){{0,4}}? (?:is |was |are )?(?:unknown|not known|not found|invalid)\b",
    rf"\b{_MAILBOX}(?: \S+){{0,3}}? (?:does|do|did)(?: not|n't) exist",
    rf"\b{_MAILBOX} (?:could|can)(?: ?not|n't) be (?:found|resolved)",
    rf"\bno (?:such|mailbox|valid) ?(?:\S+ )?(?:{_MAILBOX}|recipients?|here|person|domain|host)",
    rf"\binvalid (?:\S+ )?(?:{_MAILBOX}|recipients?)\b",
    r"\bnot? (?:a|our) (?:valid )?(?:user|customer|recipient|mailbox|known user)\b",
    r"\bdoes(?:n't| not) have an? \S+ account\b",
    r"\bdo(?:es)? not have (?:a|an) (?:mailbox|account)\b",
    r"\bhost (?:or domain name |\S+ (?:was |is )?)?(?:unknown|not found)\b|\bunknown host\b",
    r"\bhost lookup failed",
    r"\bdomain (?:name )?(?:\S+ )?(?:not found|does not exist|unknown)|\bunknown domain\b",
    r"\bname (?:or service )?not known\b|\bnxdomain\b|\bunrout(?:e)?able (?:mail )?domain\b",
    r"\bno longer (?:\S+ ){0,3}?(?:with|at|works?|employed|valid|exists?|active)\b",
    r"\b(?:user|account|recipient|mailbox) (?:has )?(?:moved|left)\b|\bhas moved\b",
    r"\bdestination (?:server|domain) (?:for \S+ )?(?:not found|unknown)",
    r"\bcouldn't find any host\b|\bunresolvable\b",
    r"\bnonexistent\b|\bnon-existent\b|\bnot listed in\b",
)  # fmt: skip
# There still is a mailbox, and it may come back.
_SUSPENDED = _any(rf"\b{_MAILBOX}(?: \S+){{0,7}} (?:is|was|has been) (?:temporarily )?"
                  r"(?:disabled|inactive|suspended|locked|deactivated)\b")  # fmt: skip
_BLOCKED = _any(
    r"\bspam\w*\b|\bjunk\b|\bunsolicited\b|\bbulk (?:e?mail|sender)",
    r"\bblack ?list|\bblock ?list|\bdeny ?list|\brbl\b|\bdnsbl\b|\bspamhaus\b|\bbarracuda\b",
    r"\bblocked\b|\bbanned\b|\breputation\b|\bprohibited\b",
    r"\bdmarc\b|\bdkim\b|\bspf\b|\bunauthenticated\b|\bauthentication (?:checks?|results?|policy)",
    r"\breverse (?:dns|lookup)|\bptr\b|\brdns\b",
    r"\b(?:message|mail|content|site|local|security) polic(?:y|ies)\b",
    r"\bfor policy reasons\b|\bpolicy violation",
    r"\bvirus\b|\bmalware\b|\bphish",
    r"\bsuspicious\b|\bcontent (?:rejected|filter)|\bmessage (?:content )?(?:rejected|refused)\b",
)  # fmt: skip

# Amazon SES puts it before whatever the other side said.
_EMPTY = _any(r"5\.1\.0 - unknown address error")
_HARD_STATUS = _any(r"^5\.1\.(?:1|2|3|6|10)$", r"^5\.4\.310$")
_FULL_STATUS = _any(r"^[45]\.2\.2$")
_BLOCKED_STATUS = _any(r"^[45]\.7\.\d+$")


def refused(status: str, words: str) -> Kind:
    """The kind of a refusal: of `hard`, `soft`, `full` and `blocked`.

    `status`: as in 5.1.1, or ""; `words`: the diagnostic, and whatever else the report says of it.
    """
    words = _EMPTY.sub("", words)
    temporary = status.startswith("4.")
    if _FULL.search(words):
        return Kind.FULL
    if _SUSPENDED.search(words):
        return Kind.SOFT
    if not _ABOUT_SENDER.search(words) and _HARD.search(words) and not temporary:
        return Kind.HARD
    if _BLOCKED.search(words):
        return Kind.BLOCKED
    if _FULL_STATUS.match(status):
        return Kind.FULL
    if _HARD_STATUS.match(status) and not temporary:
        return Kind.HARD
    if _BLOCKED_STATUS.match(status):
        return Kind.BLOCKED
    return Kind.SOFT
