"""Where the sentences of an abstract end."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Full stops of Chinese and Japanese end a sentence wherever they stand, those of Latin letters before
# a blank; quotation marks and brackets that close right behind belong to it.
_END = re.compile(
    r"""[。！？]+[”’」』）)]*\s*|(?<=\S)[.!?…]+['"”’»)\]]*\s+"""  # noqa: RUF001
)
_MATHS = re.compile(r"(?<!\\)\$(?=\S)(?:[^$\\]|\\.){1,300}?(?<=\S)\$(?!\d)")
# Never the end of a sentence, for what they introduce must follow.
_INTRODUCES = frozenset(
    """e.g i.e eg ie vs v.s cf approx resp ca viz dr prof mr mrs ms w.r.t a.k.a""".split()  # noqa: SIM905
)
# Both inside a sentence ("Fig. 2", "Doe et al. (2026)") and at its end; what follows decides.
_AMBIGUOUS = frozenset(
    """al etc inc ltd corp co jr sr u.s u.k e.u ph.d i.i.d a.m p.m dept st mt fig figs eq eqs eqn eqns sec
    secs sect ref refs tab tabs thm lem prop cor def ch app alg no nos nr vol pp""".split()  # noqa: SIM905
)
# What begins a sentence, and hardly ever stands capitalised within one.
_STARTS = frozenset(
    """a additionally after all although an and as at based besides both but by code compared consequently
    current despite due each empirically existing experimental experiments extensive finally first for
    from further furthermore given hence here how however i if importantly in inspired instead it its
    many meanwhile moreover most motivated nevertheless no notably on one our overall rather recent
    recently results second similarly since so some specifically such that the their then there
    therefore these they this those through thus to together two under unlike using we what when where
    whereas whether which while with yet""".split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W_](?:[\w.\-]*[^\W_])?")
_NEAR = 160  # characters behind a full stop that are looked at


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order, each as it stands there; nothing but white space is left out.

    >>> sentences("We improve on Doe et al. by 3.5 points, e.g. on maps (Fig. 2). It is fast.")
    ['We improve on Doe et al. by 3.5 points, e.g. on maps (Fig. 2).', 'It is fast.']
    """
    found = []
    start = 0
    for end in _ends(text):
        found.append(text[start:end].strip())
        start = end
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends(text: str) -> Iterator[int]:
    maths = [found.span() for found in _MATHS.finditer(text)]
    start = 0
    for found in _END.finditer(text):
        if any(begin < found.start() < end - 1 for begin, end in maths):
            continue
        if found[0][0] in "。！？" or _is_end(text, start, found):  # noqa: RUF001
            yield found.end()
            start = found.end()


def _is_end(text: str, start: int, found: re.Match[str]) -> bool:
    rest = text[found.end() : found.end() + _NEAR]
    if not rest:
        return True
    if not _may_start(rest) or _within_brackets(text[start : found.end()], rest):
        return False
    if not found[0].startswith(".") or found[0].startswith(".."):
        return True
    words = text[start : found.start()].split()
    if not words:
        return True
    last = words[-1].lstrip("([{\"'“‘").lower()  # noqa: RUF001
    if last in _INTRODUCES:
        return False
    if last.isdigit() and (len(words) == 1 or words[-2].endswith((":", ";"))):
        return False  # the number of a listed part: "in two steps: 1. We ..."
    if last in _AMBIGUOUS or (len(last) == 1 and last.isalpha()):
        following = _WORD.match(rest)
        return following is not None and following[0].lower() in _STARTS
    return True


def _may_start(rest: str) -> bool:
    """Whether a sentence may begin so: a capital, a number, a sign, or a name such as vLLM."""
    first = rest.lstrip("([{\"'“‘«")[:1]  # noqa: RUF001
    if not first.islower():
        return True
    word = _WORD.match(rest)
    return word is not None and any(char.isupper() or char.isdigit() for char in word[0])


def _within_brackets(before: str, rest: str) -> bool:
    """Whether a bracket that was opened in this sentence closes soon behind the full stop."""
    if before.count("(") <= before.count(")"):
        return False
    closing, opening = rest.find(")"), rest.find("(")
    return closing >= 0 and (opening < 0 or closing < opening)
