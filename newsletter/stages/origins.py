"""The places that papers come from, by the names that readers know. Pure."""

from __future__ import annotations

from typing import NamedTuple

_NAMES = {
    "arxiv-rss": "arXiv",
    "arxiv-oai": "arXiv",
    "arxiv-api": "arXiv",
    "hf-daily": "Hugging Face",
    "biorxiv": "bioRxiv",
    "crossref": "Crossref",
    "dblp": "dblp",
    "openalex": "OpenAlex",
    "openreview": "OpenReview",
    "pubmed": "PubMed",
    "samples": "Samples",
    "semantic-scholar": "Semantic Scholar",
}


class Origin(NamedTuple):
    """A place: `value` as filters and addresses have it, also after `source:`; `name` for people."""

    value: str
    name: str


def origin_of(kind: str, name: str) -> Origin:
    """The place of a source by its kind and name. All of arXiv is one; of feeds each is its own.

    >>> origin_of("arxiv-rss", "arxiv-rss:cs.AI")
    Origin(value='arxiv', name='arXiv')
    """
    known = _NAMES.get(kind)
    if known is None:
        return Origin(name.lower(), name.removeprefix(f"{kind}:"))
    return Origin("arxiv" if known == "arXiv" else kind, known)
