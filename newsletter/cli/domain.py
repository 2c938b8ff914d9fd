"""What `newsletter doctor` asks the DNS: would a large mailbox provider believe our mails?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from newsletter.app import App
from newsletter.deliver import dmarc, spf
from newsletter.deliver.keys import RecordError
from newsletter.deliver.resolver import DnsError, Ip, Resolver
from newsletter.deliver.spf import SpfError
from newsletter.deliver.verifying import find_key
from newsletter.errors import NewsletterError
from newsletter.render.headers import mailbox
from newsletter.setting_types import parse_name_server

Found = tuple[bool, str]


@dataclass(frozen=True)
class Domain:
    """Whose mail is looked at: the domains of From and of the return path, and where it leaves from."""

    app: App
    resolver: Resolver
    author: str
    return_path: str
    ips: tuple[Ip, ...]


def domain_checks(app: App, server: str | None) -> list[tuple[str, bool, str]]:
    """SPF, DKIM, DMARC and PTR; nothing where no relay is set, for then no mail leaves."""
    if not app.settings.relays:
        return []
    try:
        domain = _domain(app, server)
        domain.resolver.texts(domain.author)  # one line, not four, where no name server answers
    except NewsletterError as error:
        return [("dns", False, str(error))]
    looks: dict[str, Callable[[Domain], Found]] = {
        "spf": _spf, "dkim": _dkim, "dmarc": _dmarc, "ptr": _ptr,
    }  # fmt: skip
    return [(name, *_looked(look, domain)) for name, look in looks.items()]


def resolver_of(app: App, server: str | None) -> Resolver:
    """The resolver that the option or the settings name, else the system's. Raises NewsletterError."""
    wanted = server or app.settings.dns_server
    try:
        return Resolver(parse_name_server(wanted) if wanted else None)
    except ValueError as error:
        raise NewsletterError(str(error)) from None


def _domain(app: App, server: str | None) -> Domain:
    resolver = resolver_of(app, server)
    author = mailbox(app.site.sender).domain
    # Without an address for what comes back, mails leave with that of From as their return path.
    returns = app.settings.bounce_address
    return_path = returns.rpartition("@")[2].lower() if returns else author
    return Domain(app, resolver, author, return_path, _sending_ips(app, resolver))


def _sending_ips(app: App, resolver: Resolver) -> tuple[Ip, ...]:
    """The addresses that the world sees; none where the relay is in a private network."""
    if app.settings.sending_ips:
        return tuple(map(ip_address, app.settings.sending_ips))
    found = [ip for relay in app.settings.relays for ip in _ips_of(relay.host, resolver)]
    return tuple(ip for ip in found if ip.is_global)


def _ips_of(host: str, resolver: Resolver) -> Sequence[Ip]:
    try:
        return [ip_address(host)]
    except ValueError:
        return [] if host == "localhost" else resolver.addresses(host)


def _looked(look: Callable[[Domain], Found], domain: Domain) -> Found:
    try:
        return look(domain)
    except (RecordError, SpfError, DnsError) as error:
        return False, str(error)


def _spf(domain: Domain) -> Found:
    name = domain.return_path
    record = spf.find_record(domain.resolver, name)
    if record is None:
        return False, f'{name} has no SPF record, such as "v=spf1 mx -all"'
    if not domain.ips:
        # Judged for an address of nobody's: syntax and lookups are the same for all.
        judged = spf.judge(domain.resolver, name, ip_address("192.0.2.1"))
        return True, f"{record} ({_lookups(judged)}); {_UNTOLD}"
    judgements = [(ip, spf.judge(domain.resolver, name, ip)) for ip in domain.ips]
    bad = [
        f"{ip} may not send for {name}: {found.result}"
        for ip, found in judgements
        if found.result != "pass"
    ]
    if bad:
        return False, f"{'; '.join(bad)} ({record})"
    may = ", ".join(str(ip) for ip in domain.ips)
    return True, f"{may} may send for {name} ({_lookups(judgements[0][1])})"


_SEEN_BY = "--send and --arrived look at one that arrived, `newsletter dkim new` makes a key"
_UNTOLD = "which address mail leaves from is not known here: NEWSLETTER_SENDING_IPS tells it"


def _lookups(judged: spf.Judgement) -> str:
    return f"{judged.lookups} of {spf.LOOKUPS} lookups"


def _dkim(domain: Domain) -> Found:
    signer = domain.app.dkim
    if signer is None:
        return (
            True,
            f"no keys are set, so mails are signed only if the relay does; {_SEEN_BY}",
        )
    bad = []
    for key in signer.keys:
        try:
            public = find_key(domain.resolver.texts, key.selector, signer.domain)
        except RecordError as error:
            bad.append(f"{key.selector}: {error}")
        else:
            if public != key.private.public_key():
                bad.append(f"{key.selector}: the record in the DNS is of another key")
    if bad:
        return False, f"{'; '.join(bad)} (`newsletter dkim show` prints what belongs there)"
    told = ", ".join(f"{key.selector} ({key.algorithm})" for key in signer.keys)
    return True, f"{signer.domain} publishes what signs: {told}"


def _dmarc(domain: Domain) -> Found:
    policy = dmarc.policy_of(domain.resolver, domain.author)
    if policy is None:
        return False, f'_dmarc.{domain.author} has no DMARC record, such as "v=DMARC1; p=none"'
    ways = {f"return path {domain.return_path}": (domain.return_path, "aspf")}
    if domain.app.dkim is not None:
        ways[f"signature d={domain.app.dkim.domain}"] = (domain.app.dkim.domain, "adkim")
    told, good = [], []
    for name, (other, tag) in ways.items():
        strict = policy.tags.get(tag, "r").lower() == "s"
        good.append(dmarc.aligned(domain.resolver, domain.author, other, strict=strict))
        told.append(f"{name} is {'' if good[-1] else 'NOT '}aligned with From")
    return all(good), f"p={policy.action} at {policy.at}; {'; '.join(told)}"


def _ptr(domain: Domain) -> Found:
    if not domain.ips:
        return True, _UNTOLD
    good, told = True, []
    for ip in domain.ips:
        names = domain.resolver.names(ip)
        confirmed = [name for name in names if ip in domain.resolver.addresses(name)]
        good = good and bool(confirmed)
        if confirmed:
            told.append(f"{ip} is {confirmed[0]}, and back")
        else:
            says = f"its name {names[0]} does not lead back to it" if names else "it has no name"
            told.append(f"{ip}: {says} (PTR)")
    return good, "; ".join(told)
