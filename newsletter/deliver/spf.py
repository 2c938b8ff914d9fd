"""SPF (RFC 7208): may a host send for a domain, and is the record one that receivers can read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Literal

from newsletter.deliver.resolver import Ip, Resolver
from newsletter.errors import NewsletterError

Result = Literal["pass", "fail", "softfail", "neutral", "none"]

LOOKUPS = 10  # section 4.6.4
_VOID = 2
_RESULTS: dict[str, Result] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(
    r"(?P<sign>[-+?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<domain>[^/\s]\S*?))?(?P<four>/\d{1,3})?(?:/(?P<six>/\d{1,3}))?",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>\S*)", re.IGNORECASE)


class SpfError(NewsletterError):
    """A record that makes receivers give up (permerror); the message says why."""


@dataclass(slots=True)
class Judgement:
    """What a receiver finds: the result for one address, and how many lookups it may have to make."""

    result: Result
    record: str
    lookups: int


@dataclass(slots=True)
class _Check:
    resolver: Resolver
    ip: Ip
    sender: str
    lookups: int = 0
    voids: int = 0
    within: list[str] = field(default_factory=list)

    def domain(self, domain: str) -> tuple[Result, str]:
        """The result for one domain, and its record. Every term is looked at, so all lookups count."""
        record = find_record(self.resolver, domain)
        if record is None:
            return "none", ""
        if domain in self.within:
            raise SpfError(f"SPF of {domain} includes itself")
        self.within.append(domain)
        found: Result | None = None
        redirect = None
        for term in record.split()[1:]:
            if modifier := _MODIFIER.fullmatch(term):
                if modifier["name"].lower() == "redirect":
                    redirect = modifier["value"]
                continue
            mechanism = _TERM.fullmatch(term)
            if mechanism is None:
                raise SpfError(f"SPF of {domain} has a term that nobody knows: {term}")
            if self._matches(mechanism, domain) and found is None:
                found = _RESULTS[mechanism["sign"] or "+"]
        if redirect is not None and not re.search(r"(^|\s)[-+?~]?all(\s|$)", record, re.IGNORECASE):
            self._count()
            other, _ = self.domain(self._expand(redirect, domain))
            if other == "none":
                raise SpfError(f"SPF of {domain} goes on to {redirect}, which has no SPF record")
            found = found or other
        self.within.pop()
        return found or "neutral", record

    def _matches(self, term: re.Match[str], domain: str) -> bool:
        name = term["name"].lower()
        if name == "all":
            return True
        if name in {"ip4", "ip6"}:
            return self._in_network(term, domain)
        self._count()
        target = self._expand(term["domain"] or domain, domain)
        if name == "include":
            result, _ = self.domain(target)
            if result == "none":
                raise SpfError(f"SPF of {domain} includes {target}, which has no SPF record")
            return result == "pass"
        if name == "exists":
            return bool(self._addresses(target))
        if name == "ptr":
            hosts = self.resolver.names(self.ip)
            inside = [host for host in hosts if f".{host}".endswith(f".{target}")]
            return any(self.ip in self.resolver.addresses(host) for host in inside[:LOOKUPS])
        hosts = [target] if name == "a" else self.resolver.mail_hosts(target)
        if len(hosts) > LOOKUPS:
            raise SpfError(f"SPF of {domain}: {target} has more than {LOOKUPS} MX hosts")
        bits = (term["four"] if self.ip.version == 4 else term["six"]) or ""
        whole = 32 if self.ip.version == 4 else 128
        size = int(bits.strip("/") or whole)
        if size > whole:
            raise SpfError(f"SPF of {domain} has a network that cannot be: {term[0]}")
        return any(
            self.ip in ip_network(f"{address}/{size}", strict=False)
            for host in hosts
            for address in self._addresses(host)
            if address.version == self.ip.version
        )

    def _in_network(self, term: re.Match[str], domain: str) -> bool:
        try:
            network = ip_network(f"{term['domain']}{term['four'] or ''}", strict=False)
        except ValueError:
            raise SpfError(f"SPF of {domain} has a network that cannot be: {term[0]}") from None
        if network.version != int(term["name"][2]):
            raise SpfError(f"SPF of {domain} has an address of the wrong kind: {term[0]}")
        return self.ip in network

    def _addresses(self, host: str) -> list[Ip]:
        found = self.resolver.addresses(host)
        self.voids += not found
        if self.voids > _VOID:
            raise SpfError(
                f"SPF asks for more than {_VOID} names that are not there, such as {host}"
            )
        return found

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS:
            raise SpfError(f"SPF of {self.sender} needs more than {LOOKUPS} lookups")

    def _expand(self, text: str, domain: str) -> str:
        """The macros that records in use have (section 7); others are not judged, but refused."""
        reversed_ip = ".".join(reversed(str(self.ip).split(".")))
        known = {"d": domain, "o": self.sender, "i": str(self.ip), "ir": reversed_ip,
                 "v": "in-addr" if self.ip.version == 4 else "ip6"}  # fmt: skip

        def put(found: re.Match[str]) -> str:
            if (value := known.get(found[1].lower())) is None:
                raise SpfError(f"SPF of {domain} has a macro that is not judged here: {found[0]}")
            return value

        return re.sub(r"%\{([^}]*)\}", put, text).lower().rstrip(".")


def find_record(resolver: Resolver, domain: str) -> str | None:
    """The SPF record of a domain. Raises SpfError if there are two, DnsError if nobody tells."""
    found = [text for text in resolver.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        raise SpfError(f"{domain} has {len(found)} SPF records; only one may be")
    return found[0] if found else None


def judge(resolver: Resolver, domain: str, ip: Ip) -> Judgement:
    """What receivers make of mail from `ip` with a return path in `domain`. Raises SpfError, DnsError."""
    check = _Check(resolver, ip, domain)
    result, record = check.domain(domain)
    return Judgement(result, record, check.lookups)
