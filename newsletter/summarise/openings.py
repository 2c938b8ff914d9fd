"""What leads a sentence and only makes sense after the one before it."""

from __future__ import annotations

import re

# Words that join a sentence to the one before; without them it says the same.
_JOINING = (
    "however|moreover|furthermore|additionally|in addition|besides|also|therefore|thus|hence"
    "|consequently|as a result|accordingly|meanwhile|nevertheless|nonetheless|still|instead|yet"
    "|conversely|in contrast|by contrast|on the other hand|similarly|likewise|specifically"
    "|in particular|concretely|more specifically|more concretely|in detail|in fact|indeed|notably"
    "|importantly|crucially|interestingly|remarkably|finally|lastly|next|then|first|firstly|second"
    "|secondly|third|thirdly|overall|in summary|in short|to summarize|in conclusion|here|to this end"
    "|to that end|to do so|for this purpose|with this in mind|in doing so|beyond this|beyond that"
    "|in light of this|in response|together|taken together|collectively|ultimately|further|subsequently"
    "|more importantly|critically|unfortunately|more broadly|as a consequence|in this context"
    "|despite this|at its core"
).replace(" ", r"\s+")
_PAPER = r"(?:paper|work|study|article|letter|report|manuscript|thesis|survey|technical\s+report)"
_LEADING = re.compile(
    rf"""(?:
      (?:and|but|so)\s+(?=we\b)
    | (?:{_JOINING}),\s+
    | in\s+(?:this|the\s+present|our)\s+{_PAPER},?\s+(?=we\b|I\b|our\b|an?\b)
    | to\s+(?:address|tackle|bridge|fill|overcome|solve|mitigate|close|remedy|alleviate|resolve|meet
        |handle|counter|combat|answer|remove|reduce|investigate|study|explore|enable|support|achieve
        |validate|verify|test|assess|evaluate|realize|facilitate)
      \s+(?:this|these|those|such|that|the\s+above)\b[^,.;:]{{0,80}},\s+
    | (?:motivated|inspired|guided|informed|driven)\s+by\s+(?:this|these|those|that|such)\b
      [^,.;:]{{0,60}},\s+
    | (?:based|building|drawing)\s+(?:up)?on\s+(?:this|these|those|that|such)\b[^,.;:]{{0,60}},\s+
    | (?:background|objectives?|aims?|purpose|methods?|results?|findings|conclusions?|significance
        |introduction|contributions?|summary)\s*:\s+
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_DANGLING = re.compile(
    rf"""(?:it|its|they|them|their|these|those|such|this|that|he|she|both|each\s+of|neither|the\s+former
      |the\s+latter|the\s+resulting|the\s+second|the\s+other|another|doing\s+so|as\s+such|for\s+example
      |for\s+instance|unlike\s+th(?:is|ese)|rather|otherwise|if\s+so|how
      |(?:in|with|under|across|using|through|from|by|for|on|at|via|given|leveraging|building\s+upon|based\s+on)
        \s+(?:this|these|those|such))\b
      (?!\s+{_PAPER}\b)""",
    re.IGNORECASE | re.VERBOSE,
)


def without_opening(sentence: str) -> str:
    """The sentence without a leading "However,", "In this paper," and the like, begun with a capital.

    >>> without_opening("To address this gap, we propose a map.")
    'We propose a map.'
    """
    rest = sentence
    while found := _LEADING.match(rest):
        rest = rest[found.end() :]
    if rest == sentence or not rest:
        return sentence
    # A name such as vLLM keeps its small letter.
    word = rest.split(maxsplit=1)[0]
    return rest[0].upper() + rest[1:] if word[1:].islower() or len(word) == 1 else rest


def is_dangling(sentence: str) -> bool:
    """Whether it begins by pointing back at what is not there."""
    return bool(_DANGLING.match(sentence))
