"""Where things stand on our own site. Pure."""

from __future__ import annotations

from urllib.parse import quote

# What a path may hold as it is (RFC 3986, section 3.3); a query, a fragment and a percent sign of a
# key that is an address itself must come back as part of the key.
_SAFE = "/:@!$&'()*+,;=~-._"


def paper_path(key: str) -> str:
    """The page of the paper with this canonical key, below the site's root: `/papers/arxiv:2404.06395`."""
    return f"/papers/{quote(key, safe=_SAFE, errors='replace')}"
