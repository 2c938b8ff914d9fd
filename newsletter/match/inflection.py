"""When two words are the same word to a reader who looks for a phrase.

Two grades, both made of small rules on English tokens (see `words.tokens`); other scripts stay as
they are. `plain`: singular and plural, British and American spelling. `root`: the endings -ed and
-ing, too. Never derivation: "quantization" is not "quantize".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

_VOWELS = frozenset("aeiouy")

# Plurals that no rule below finds, as `words.stem` leaves them.
_SINGULAR = {
    many: one
    for one, all_many in {
        "alias": "alia", "analysis": "analyse", "api": "apis", "appendix": "appendice",
        "atlas": "atla", "automaton": "automata", "bacterium": "bacteria", "bias": "bia",
        "canvas": "canva", "child": "children", "corpus": "corpora", "cpu": "cpus", "criterion": "criteria",
        "crisis": "crise", "equilibrium": "equilibria", "formula": "formulae", "gpu": "gpus",
        "hypothesis": "hypothese", "index": "indice", "lens": "len", "matrix": "matrice",
        "menu": "menus", "mouse": "mice", "nucleus": "nuclei", "npu": "npus",
        "phenomenon": "phenomena", "poi": "pois", "roi": "rois", "spectrum": "spectra",
        "stimulus": "stimuli", "synthesis": "synthese", "tpu": "tpus", "vertex": "vertice",
        "vortex": "vortice",
    }.items()
    for many in all_many.split()
}  # fmt: skip
_ENDS_IN_OS = frozenset(("chaos", "cosmos", "ethos", "kudos", "pathos"))
_SPELLINGS = (("isation", "ization"), ("ise", "ize"), ("ised", "ized"), ("ising", "izing"),
              ("yse", "yze"), ("ysed", "yzed"), ("ysing", "yzing"), ("our", "or"))  # fmt: skip
# What is left of "routing" and "quoted" does not tell by its letters that an e is missing.
_WITH_E = frozenset(("rout", "quot", "chang", "rang"))

Key = Callable[[str], str]
"""`plain` or `root`: two tokens are the same word if their keys are."""


@lru_cache(maxsize=200_000)
def plain(token: str) -> str:
    """A token without the plural that `words.stem` leaves, in American spelling."""
    return _settled(token, _once_plain)


@lru_cache(maxsize=200_000)
def root(token: str) -> str:
    """A token without -ed and -ing as well, and without what these endings do to a word."""
    return _settled(token, _once_root)


def _settled(token: str, step: Key) -> str:
    """The step done until nothing changes, so that a key is its own key. ASCII words only."""
    if len(token) < 3 or not token.isascii() or not token.isalpha():
        return token
    while (after := step(token)) != token:
        token = after
    return token


def _once_plain(token: str) -> str:
    token = _SINGULAR.get(token, token)
    if len(token) > 4:
        if token.endswith("os") and token not in _ENDS_IN_OS:
            return token[:-1]
        if token.endswith("ie"):
            return token[:-2] + "y"  # movies became movy
        if token.endswith("oe"):
            return token[:-1]
    if len(token) > 5:
        for british, american in _SPELLINGS:
            if token.endswith(british):
                return token.removesuffix(british) + american
    # "viruses" and "causes" do not tell whether an e belongs to the singular, so neither keeps it.
    return token[:-1] if len(token) > 3 and token.endswith("se") else token


def _once_root(token: str) -> str:
    word = _bare(plain(token))
    if _syllables(word) < 2:
        return word
    # In longer words nothing tells whether "quantizing" lost an e or "controlled" won an l.
    if word.endswith("e") and not word.endswith("ee") and _syllables(word[:-1]) > 1:
        return word[:-1]
    return word[:-1] if _doubled(word) and not word.endswith("ss") else word


def _bare(word: str) -> str:
    """A word without -ed or -ing; the word itself where that is no ending (string, speed)."""
    if len(word) > 4 and word.endswith("ied"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and _syllables(rest) and not word.endswith("eed"):
            return _restored(rest)
    return word


def _restored(rest: str) -> str:
    """What stood before -ed or -ing, of one syllable: `plann` -> plan, `cod` -> code, `sampl` -> sample."""
    if _syllables(rest) > 1:
        return rest
    if _doubled(rest) and len(rest) > 3 and rest[-1] not in "lsfz":
        return rest[:-1]
    return rest + "e" if _lost_e(rest) else rest


def _lost_e(rest: str) -> bool:
    last, before = rest[-1], rest[-2]
    if rest in _WITH_E or last in "cv" or rest.endswith(("dg", "rg")):
        return True
    if last == "l":
        return before not in _VOWELS | set("lrw") or _short(rest)
    return _short(rest)


def _short(rest: str) -> bool:
    """Consonant, vowel, consonant: had there been no e, -ing would have doubled the last."""
    return rest[-1] not in _VOWELS | set("swx") and rest[-2] in _VOWELS and rest[-3] not in _VOWELS


def _doubled(word: str) -> bool:
    return len(word) > 2 and word[-1] == word[-2] and word[-1] not in _VOWELS


@lru_cache(maxsize=200_000)
def _syllables(word: str) -> int:
    """Groups of vowels."""
    return sum(
        char in _VOWELS and (at == 0 or word[at - 1] not in _VOWELS) for at, char in enumerate(word)
    )
