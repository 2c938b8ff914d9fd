"""Canonical keys: by which name a paper is the same paper, whatever source shows it.

Three kinds, the strongest first: `arxiv:2404.06395`, `doi:10.1000/x`, `url:https://example.org/a`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

_LONGEST = 400  # what the key columns hold
_ARXIV = r"(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z][a-z\-]+(?:\.[a-z]{2})?/\d{7})"
_ARXIV_ID = re.compile(
    rf"(?:oai:)?(?:arxiv(?:\.org)?:\s*)?({_ARXIV})(?:v(\d{{1,4}}))?(?:\.pdf)?", re.IGNORECASE
)
_ARXIV_PATH = re.compile(
    r"/(?:abs|pdf|html|format|ps|src|e-print|papers|paper|overview|labs\.arxiv\.org/html)/(.+?)/?",
    re.IGNORECASE,
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)", re.IGNORECASE)
_ARXIV_HOSTS = ("arxiv.org", "alphaxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_DOI_PATH = re.compile(r"/(?:doi|content)/(?:[a-z]+/)?(10\.\d{4,9}/.+)", re.IGNORECASE)
_PREPRINT = re.compile(r"(10\.(?:1101|64898)/[\d.]+?)(?:v\d+(?:\..*)?)?")
_TRACKING = re.compile(
    r"(?:utm_.*|mc_[ce]id|fbclid|gclid|dclid|msclkid|yclid|igshid|_hs(?:enc|mi)|mkt_tok|ref_src|dgcid"
    r"|ncid|cmpid|spm|wt_mc|af|rss)",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_WWW = re.compile(r"^(?:www\.)+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = "/:@!$&'()*+,;=~-._%"


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """The arXiv id (without its version) and the version that a text names, or None.

    Takes ids old and new style, `oai:arXiv.org:...`, DOIs of arXiv and addresses of its pages.
    """
    text = text.strip()
    if "://" in text:
        return _arxiv_of_url(text)
    found = _ARXIV_DOI.fullmatch(re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE))
    match = _ARXIV_ID.fullmatch(found[1] if found else text)
    if match is None:
        return None
    name = match[1].lower()
    if "/" in name:  # math.GT/0309136 and math/0309136 are one paper
        archive, _, number = name.partition("/")
        name = f"{archive.partition('.')[0]}/{number}"
    return name, int(match[2]) if match[2] else None


def _arxiv_of_url(text: str) -> tuple[str, int | None] | None:
    parts = _split(text)
    host = _host(parts)
    path = unquote(parts.path)
    if host in {"doi.org", "dx.doi.org"}:
        return arxiv_id(path.lstrip("/")) if _ARXIV_DOI.fullmatch(path.lstrip("/")) else None
    ours = host in _ARXIV_HOSTS or host.endswith(".arxiv.org")
    hugging_face = host in {"huggingface.co", "hf.co"} and path.startswith("/papers/")
    match = _ARXIV_PATH.fullmatch(path) if ours or hugging_face else None
    return arxiv_id(match[1]) if match else None


def doi(text: str) -> str | None:
    """The DOI that a text or address names, lower-cased; None where no pattern shows one."""
    text = text.strip()
    if "://" in text:
        parts = _split(text)
        path = unquote(parts.path)
        if _host(parts) in {"doi.org", "dx.doi.org"}:
            text = path.lstrip("/")
        else:
            found = _DOI_PATH.match(path)
            text = found[1] if found else ""
    text = re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE)
    match = _DOI.match(text)
    if match is None:
        return None
    name = match[0].rstrip(".,;)]}/").lower()
    preprint = _PREPRINT.fullmatch(name)  # bioRxiv's addresses carry a version, its DOIs do not
    return preprint[1] if preprint else name


def canonical_url(text: str) -> str | None:
    """One spelling for an address: https, no www, port, fragment or tracking, sorted query.

    None for what is no http address.
    """
    parts = _split(text.encode("utf-8", "ignore").decode().strip())
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return None
    host = _host(parts)
    try:
        port = parts.port
    except ValueError:
        return None
    if not host:
        return None
    if host == "google.com" and parts.path == "/url":  # alerts wrap every link
        inner = dict(parse_qsl(parts.query)).get("url") or dict(parse_qsl(parts.query)).get("q")
        if inner and inner.startswith("http"):
            return canonical_url(inner)
    if port and port != _DEFAULT_PORTS[parts.scheme.lower()]:
        host += f":{port}"
    path = quote(
        unquote(parts.path, errors="surrogateescape"), _UNRESERVED, errors="surrogateescape"
    )
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    kept = sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0]))
    query = f"?{urlencode(kept, errors='surrogateescape')}" if kept else ""
    return f"https://{host}{path.rstrip('/')}{query}"


def keys_of(*names: str | None) -> tuple[str, ...]:
    """The canonical keys of all names (ids, DOIs, addresses) of one paper, the strongest first."""
    found = {key for name in names if name for key in _keys(name)}
    ranks = {"arxiv": 0, "doi": 1, "url": 2}
    return tuple(sorted(found, key=lambda key: (ranks[key.partition(":")[0]], key)))


def _keys(name: str) -> Iterable[str]:
    paper = arxiv_id(name)
    if paper:
        return (f"arxiv:{paper[0]}",)
    number = doi(name)
    if number:
        return (bounded(f"doi:{number}"),)
    address = canonical_url(name)
    return (bounded(f"url:{address}"),) if address else ()


def bounded(key: str) -> str:
    """The key itself, or, where it is longer than the column, its kind and its digest."""
    if len(key) <= _LONGEST and key.isprintable():
        return key
    kind, _, name = key.partition(":")
    return f"{kind}:sha256:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return SplitResult("", "", "", "", "")


def _host(parts: SplitResult) -> str:
    host = unicodedata.normalize("NFKC", parts.hostname or "").rstrip(".")  # other dots become dots
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return _WWW.sub("", name) if _HOST.fullmatch(name) else ""
