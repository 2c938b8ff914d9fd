"""Where papers come from, what is said of them, and under what terms we know it, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from newsletter.model import Entry
from newsletter.render.plain import clean, web_url
from newsletter.render.wording import comments, points, short_date, upvotes
from subscribers.language import N_
from subscribers.language import gettext as _


def facts(entry: Entry, *, few: bool) -> list[str]:
    """Where and when a paper came from, and what people think of it; "" where that is not known."""
    talk = [
        upvotes(entry.votes) if entry.votes else "",
        comments(entry.comments) if entry.comments else "",
        points(entry.points) if entry.points else "",
    ]
    place = " ".join(filter(None, (source_name(entry), clean((entry.categories or ("",))[0])[:40])))
    if few:
        return [place, *talk]
    published = short_date(entry.published_at or entry.first_listed_on)
    return [clean(entry.organisation or ""), published, place, *talk]


def source_name(entry: Entry) -> str:
    """Where a paper can be found: arXiv, bioRxiv, or the host that it links to."""
    host = (urlsplit(web_url(entry.url)).hostname or "").removeprefix("www.")
    for ending, name in _HOSTS.items():
        if host == ending or host.endswith(f".{ending}"):
            return name
    return host[:60]


_HOSTS = {
    "arxiv.org": "arXiv",
    "biorxiv.org": "bioRxiv",
    "medrxiv.org": "medRxiv",
    "huggingface.co": "Hugging Face",
    "openreview.net": "OpenReview",
    "pubmed.ncbi.nlm.nih.gov": "PubMed",
    "semanticscholar.org": "Semantic Scholar",
    "doi.org": "",
}
_ARXIV = N_(
    "arXiv metadata is in the public domain (CC0). "
    "Thank you to arXiv for use of its open access interoperability."
)
_LICENCES = {
    "arxiv-rss": _ARXIV,
    "arxiv-oai": _ARXIV,
    "arxiv-api": _ARXIV,
    "hf-daily": N_("Upvotes, comments and some summaries come from Hugging Face Daily Papers."),
    "openalex": N_("OpenAlex metadata is in the public domain (CC0)."),
    "dblp": N_("dblp metadata is in the public domain (CC0)."),
    "semantic-scholar": N_("Some metadata comes from Semantic Scholar (ODC-BY)."),
    "pubmed": N_("PubMed records: courtesy of the U.S. National Library of Medicine."),
}
_OTHERS = N_("Abstracts from elsewhere belong to their authors or publishers.")


def licences(entries: Sequence[Entry]) -> list[str]:
    """Under what terms we have what is told of these papers, a line for each kind of source."""
    kinds = dict.fromkeys(kind for entry in entries for kind in entry.sources if kind != "samples")
    lines = [_LICENCES.get(kind, _OTHERS) for kind in sorted(kinds)]
    if any(entry.key.startswith("arxiv:") for entry in entries):
        lines.insert(0, _ARXIV)
    if any(entry.points for entry in entries):
        lines.append(N_("Points: Hacker News."))
    return [_(line) for line in dict.fromkeys(lines)]
