"""DMARC: a domain's policy, and whether what authenticates a mail is aligned with its From (RFC 7489).

The organisational domain is found by walking up the DNS tree, as the successor of that RFC does, so that
no list of public suffixes is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.deliver.keys import RecordError, read_tags
from newsletter.deliver.resolver import Resolver

_MOST_LABELS = 7
_POLICIES = {"none", "quarantine", "reject"}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain wants done with mail that fails. `at`: the domain that says so."""

    at: str
    tags: dict[str, str]

    @property
    def action(self) -> str:
        """none, quarantine or reject."""
        return self.tags.get("p", "none").lower()


def policy_of(resolver: Resolver, domain: str) -> Policy | None:
    """The policy that holds for a domain: its own, or the nearest above. Raises RecordError, DnsError."""
    found = _walk(resolver, domain)
    return found[0] if found else None


def aligned(resolver: Resolver, author: str, other: str, *, strict: bool) -> bool:
    """Whether `other` (of a signature or a return path) speaks for the domain of From."""
    if author == other:
        return True
    return not strict and _organisation(resolver, author) == _organisation(resolver, other)


def _organisation(resolver: Resolver, domain: str) -> str:
    found = _walk(resolver, domain)
    for policy in found:
        if policy.tags.get("psd") == "n":
            return policy.at
        if policy.tags.get("psd") == "y":
            below = domain.removesuffix(f".{policy.at}").rpartition(".")[2]
            return f"{below}.{policy.at}"
    return found[-1].at if found else domain


def _walk(resolver: Resolver, domain: str) -> list[Policy]:
    """The records of a domain and of those above it, the nearest first."""
    labels = domain.split(".")
    above = range(max(1, len(labels) - _MOST_LABELS), len(labels))
    places = [labels, *(labels[at:] for at in above)]
    policies = [_at(resolver, ".".join(place)) for place in places]
    return [policy for policy in policies if policy is not None]


def _at(resolver: Resolver, domain: str) -> Policy | None:
    texts = [
        text
        for text in resolver.texts(f"_dmarc.{domain}")
        if text.replace(" ", "").lower().startswith("v=dmarc1")
    ]
    if len(texts) > 1:
        raise RecordError(f"_dmarc.{domain} has {len(texts)} DMARC records; only one may be")
    if not texts:
        return None
    policy = Policy(domain, read_tags(texts[0]))
    if policy.action not in _POLICIES:
        raise RecordError(f"_dmarc.{domain} has a policy that nobody knows: p={policy.action}")
    return policy
