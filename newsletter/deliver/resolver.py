"""Asking the DNS, for `newsletter doctor` alone: nothing that sends waits for it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

from newsletter.errors import NewsletterError

_LIFETIME = 5.0

Ip = IPv4Address | IPv6Address


class DnsError(NewsletterError):
    """No name server told whether a record is there: it is silent, or fails."""


class Resolver:
    """Asks one name server, or those of the system. A record that is not there is an empty answer."""

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsError("the system names no name server; NEWSLETTER_DNS_SERVER can") from error
        self._resolver.lifetime = _LIFETIME
        if server is not None:
            self._resolver.nameservers = [server[0]]
            self._resolver.port = server[1]

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, the strings of each joined. Raises DnsError."""
        found = self._ask(name, "TXT")
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    def addresses(self, name: str) -> list[Ip]:
        """The addresses of a host, of both kinds. Raises DnsError."""
        found = [*self._ask(name, "A"), *self._ask(name, "AAAA")]
        return [ip_address(record.address) for record in found]

    def mail_hosts(self, name: str) -> list[str]:
        """The hosts that take a domain's mail. Raises DnsError."""
        return [_plain(record.exchange) for record in self._ask(name, "MX")]

    def names(self, ip: Ip) -> list[str]:
        """The names of an address (PTR). Raises DnsError."""
        asked = dns.reversename.from_address(str(ip)).to_text()
        return [_plain(record.target) for record in self._ask(asked, "PTR")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            told = " ".join(str(error).split())[:200]
            raise DnsError(f"the DNS does not tell {kind} of {name}: {told}") from error


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
