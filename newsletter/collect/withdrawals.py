"""Whether a paper was withdrawn, read from what its authors and arXiv's administrators write.

arXiv has no field for it: the comment says so, in many words, or the abstract is replaced by a sentence
that does. A paper about withdrawal (of drugs, of troops, from a treaty) says so inside a long abstract,
and one "withdrawn from a conference" still stands.
"""

from __future__ import annotations

import re

_WORK = (
    r"(?:papers?|manuscripts?|articles?|submissions?|preprints?|e-?prints?|works?|versions?|notes?"
    r"|reports?|drafts?|documents?|thesis|letters?|study|contribution|posting)"
)
_GONE = r"(?:withdrawn|withdrew|retracted|removed|recalled)"
_BEFORE = (
    r"(?:has|have|had|is|are|was|were|been|being|be|now|hereby|therefore|temporarily|should|must)"
)
# "This paper has been withdrawn", "The present papers are now hereby retracted".
_PAPER_IS = re.compile(
    rf"\b(?:this|the|these|our|my|present|arxiv)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}\s+"
    rf"(?:\(?[\w.:/-]+\)?\s+)?(?:{_BEFORE}\s+){{1,4}}{_GONE}\b",
    re.IGNORECASE,
)
# A comment, or a part of one, that begins so: "withdrawn by arXiv administrators", "Paper withdrawn:".
_BEGINS = re.compile(
    rf"\W*(?:(?:this|the|v\d+:?)\s+)*(?:{_WORK}\s+)?(?:(?:has\s+been|is|was)\s+)?(?:withdrawn|retracted)"
    r"\s*(?:$|[.:;,!(]|by\b|due\b|because\b|since\b|as\b|for\b|pending\b|until\b|on\b|at\b|from\b)",
    re.IGNORECASE,
)
_ACTED = re.compile(
    rf"\b(?:{_GONE}\s+by\s+(?:the\s+)?(?:first\s+|corresponding\s+|submitting\s+)?"
    rf"(?:authors?|submitters?|arxiv)|(?:authors?|we|i)\s+(?:have\s+|has\s+|had\s+|hereby\s+"
    rf"|wish\s+to\s+|would\s+like\s+to\s+|decided\s+to\s+)*(?:withdraw|withdrew|withdrawn|retract(?:ed)?)"
    rf"\s+(?:this|the|our|my)\s+(?:[\w-]+\s+)?{_WORK})\b",
    re.IGNORECASE,
)
# What is left of one place only, or an older version, or another paper, is not gone from arXiv.
_ELSEWHERE = re.compile(
    rf"(?i:{_GONE})\s+(?:\w+\s+){{0,3}}?(?:from|at|in)\s+(?!arxiv|the\s+arxiv|consideration\s+on\s+arxiv)"
    rf"(?:(?:the|a|an|its|to|submission|publication|consideration)\s+)*"
    rf"(?:[A-Z][\w&.'-]*|\w*\s?(?:conference|journal|workshop|proceedings|review|track|venue))",
)
_OTHER = re.compile(
    rf"\b(?:previous|earlier|older|former|first|other|another|replac(?:es|ing)|supersed(?:es|ing))\s+"
    rf"(?:\S+\s+){{0,4}}?(?:which\s+|that\s+)?(?:{_BEFORE}\s+)*{_GONE}\b"
    rf"|\bwithdrawn\s+(?:and|but)\s+(?:is\s+)?now\b|\bun-?withdrawn\b|\bnot\s+{_GONE}\b"
    r"|\b(?:section|appendix|figure|table|claim|theorem|lemma|part|statement)s?\b[^.;,]{0,20}\s"
    rf"(?:{_BEFORE}\s+)+{_GONE}\b",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"withdr[ae]w|retract|removed|recalled", re.IGNORECASE
)  # cheap, and rarely there
_SHORT = 60  # words; an abstract this short that says so is nothing but the withdrawal


def is_withdrawn(comment: str | None, abstract: str = "") -> bool:
    """Whether the comment says that the paper is withdrawn, or its abstract is that sentence.

    >>> is_withdrawn("This paper has been withdrawn due to an error in Lemma 8")
    True
    >>> is_withdrawn("12 pages; withdrawn from ICLR 2026 and resubmitted")
    False
    """
    if comment and _HINT.search(comment) and _says_so(comment):
        return True
    if not _HINT.search(abstract) or len(abstract.split()) > _SHORT:
        return False
    first = re.split(r"(?<=[.;!])\s", abstract, maxsplit=1)[0]
    return bool(_PAPER_IS.search(first) or _ACTED.search(first)) and not _excused(first)


def _says_so(comment: str) -> bool:
    sentences = re.split(r"(?<=[.;!])\s+", comment)
    return any(
        (_PAPER_IS.search(said) or _ACTED.search(said) or _BEGINS.match(said))
        and not _excused(said)
        for said in sentences
    )


def _excused(said: str) -> bool:
    return bool(_ELSEWHERE.search(said) or _OTHER.search(said))
