"""What speaks for a sentence of an abstract, in numbers: the traits that `extract` weighs."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.match.words import STOP, tokens
from newsletter.summarise.openings import is_dangling, without_opening

_NEW = re.compile(
    r"""\b(?:(?:we|I|this\ (?:paper|work|study|article|survey|report)|authors?)
      \s+(?:\w+ly\s+|then\s+|first\s+|also\s+)?
      (?:propose|introduc|present|develop|describ|design|devis|formulat|construct|creat|releas|explor
        |investigat|study\b|studies\b|examin|analy[sz]|address|build|offer|provid|contribut|argu|establish
        |extend|revisit|report|leverag|adapt|prove|derive|curat|collect|unif)
     |is\s+(?:proposed|introduced|presented|developed|an?\s+(?:novel|new|unified|open|large|simple))
     |(?:a|an|the\ first)\s+(?:\w+\s+){0,2}(?:novel|new|unified)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_FOUND = re.compile(
    r"""\b(?:outperform|surpass|exceed|achiev|attain|improv|boost|reduc|show(?:s|ed)?\ that|shows?\b
      |demonstrat|reveal|we\s+(?:find|found|observe|show|prove|establish)|find\ that|results?\b|finding
      |experiment|evaluat|state[-\ ]of[-\ ]the[-\ ]art|sota\b|yield|confirm|indicat|gains?\b
      |significant)""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER = re.compile(
    r"\d(?:[\d.,]{0,12}\s?(?:%|\u00d7|x\b|times\b|points?\b|fold\b|percent))", re.IGNORECASE
)
_PROBLEM = re.compile(
    r"""\b(?:however|remain|challeng|limited?\b|limitation|lack|suffer|struggle|difficult|existing|despite
      |although|recent(?:ly)?\b|prior\b|previous|current|traditional|conventional|often|typically|fail
      |bottleneck|crucial|essential|widely|has\ become|have\ become|increasingly|underexplored|unclear)""",
    re.IGNORECASE | re.VERBOSE,
)
_LABEL = 3  # words; what is no longer ("Main results.") says nothing by itself
_ASIDE = re.compile(
    r"""https?://|www\.|github\.|\bcodes?\b.{0,200}\b(?:available|released?|public|open)\b
      |project\ page|project\ website
      |^(?:code|data|demo|project|website|video|page)s?\b.{0,40}:|publicly\ (?:available|released)
      |open[-\ ]sourced?\b|upon\ (?:acceptance|publication)|\bfuture\ (?:work|research)
      |accepted\ (?:at|to|by)""",
    re.IGNORECASE | re.VERBOSE,
)

NAMES = ("early", "last", "new", "first_new", "problem", "name", "title", "central")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it would be shown, its content words, and what is known of it.

    `is_new`, `is_found`: it says what is new, what was found. `is_dangling`: it begins by pointing
    at the sentence before. `is_aside`: a question, a label, where the code is. `is_background`: it comes
    before the first that says what is new. `traits`: the numbers that are weighed, in NAMES' order.
    """

    text: str
    words: frozenset[str]
    is_new: bool
    is_found: bool
    is_dangling: bool
    is_aside: bool
    is_background: bool
    traits: tuple[float, ...]


def read_sentences(title: str, parts: Sequence[str]) -> list[Sentence]:
    """The sentences of an abstract with what is known of each."""
    bags = [Counter(_content(part)) for part in parts]
    central = _centrality(bags)
    heading, name = frozenset(_content(title)), _name(title)
    news = [bool(_NEW.search(part)) for part in parts]
    turn = news.index(True) if any(news) else len(parts)
    found = []
    for at, part in enumerate(parts):
        shown = without_opening(part)
        traits = (
            max(0.0, 1 - 2 * at / max(len(parts) - 1, 1)),
            float(at == len(parts) - 1),
            float(news[at]),
            float(at == turn),
            float(bool(_PROBLEM.search(part))),
            float(bool(name) and name in shown.lower()),
            len(heading & bags[at].keys()) / max(len(heading), 1),
            central[at],
        )
        found.append(
            Sentence(
                text=shown,
                words=frozenset(bags[at]),
                is_new=news[at],
                is_found=bool(_FOUND.search(part) or _NUMBER.search(part)),
                is_dangling=is_dangling(shown),
                is_aside=bool(_ASIDE.search(part))
                or shown.endswith("?")
                or len(tokens(shown)) <= _LABEL,
                is_background=at < turn < len(parts),
                traits=traits,
            )
        )
    return found


def _content(text: str) -> list[str]:
    return [word for word in tokens(text) if word not in STOP]


def _name(title: str) -> str:
    """What the paper calls its thing: "vogue" of "VOGUE: Guiding ..."; "" where the title names none."""
    head, colon, _ = title.partition(":")
    return head.strip().lower() if colon and 1 <= len(head.split()) <= 3 else ""


def _centrality(bags: Sequence[Counter[str]]) -> list[float]:
    """How like each sentence is to all of them, by cosine of TF-IDF within the abstract; 0 to 1."""
    among = Counter(word for bag in bags for word in bag)
    idf = {word: math.log(1 + len(bags) / count) for word, count in among.items()}
    rows = [_unit({word: count * idf[word] for word, count in bag.items()}) for bag in bags]
    whole: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        for word, value in row.items():
            whole[word] += value
    middle = _unit(whole)
    return [sum(value * middle[word] for word, value in row.items()) for row in rows]


def _unit(row: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(value * value for value in row.values())) or 1.0
    return {word: value / length for word, value in row.items()}
