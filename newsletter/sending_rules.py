"""What an operator may wish about sending: relays, quiet hours, a warm-up, a stop-loss. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?")
_WARM_UP = re.compile(r"(\d{4}-\d\d-\d\d):(\d{1,9})(?::(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over, as told by an SMTP URL.

    `security`: "tls" from the first byte (smtps://), "starttls" demanded (smtp+starttls://),
    "opportunistic" (smtp://: STARTTLS where offered, and always before a login).
    `weight`: its share of the connections where there are several; `connections`: the most at the same
    time, `mails`: the most over one of them, 0 for no limit of its own.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "opportunistic"]
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    verify: bool = True
    weight: int = 1
    connections: int = 0
    mails: int = 0

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nobody can listen on the way."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def name(self) -> str:
        """As people are told of it."""
        return f"{self.host}:{self.port}"


_RELAYS: dict[str, tuple[Literal["tls", "starttls", "opportunistic"], int]] = {
    "smtp": ("opportunistic", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}


def parse_relay(url: str) -> Relay:
    """Read `smtp://[login:password@]host[:port][?verify=no&weight=3&connections=8&mails=100]`.

    Raises ValueError in plain words.
    """
    parts = urlsplit(url)
    if parts.scheme not in _RELAYS:
        raise ValueError("must begin with smtp://, smtp+starttls:// or smtps://")
    if not parts.hostname:
        raise ValueError("names no host")
    security, port = _RELAYS[parts.scheme]
    told = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(told.keys() - {"verify", *_NUMBERS}):
        raise ValueError(f"has {unknown[0]}= behind its ?; verify, {', '.join(_NUMBERS)} are known")
    numbers = {name: _number(name, told[name]) for name in _NUMBERS if name in told}
    return Relay(
        host=parts.hostname,
        port=parts.port or port,
        security=security,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        verify=told.get("verify") != "no",
        **numbers,
    )


_NUMBERS = ("weight", "connections", "mails")


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 1_000_000:
        raise ValueError(f"{name}={text} is not a whole number from 1 on")
    return int(text)


def parse_relays(urls: str) -> tuple[Relay, ...]:
    """Read several relays, comma-separated. Raises ValueError in plain words."""
    found = tuple(parse_relay(url) for url in re.split(r"\s*,\s*(?=smtp)", urls.strip()))
    names = [relay.name for relay in found]
    if len(set(names)) < len(names):
        raise ValueError("names a relay twice; weight= gives one more of the mail")
    return found


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, local to `zone`, nothing leaves; over midnight where `end` is earlier."""

    start: time
    end: time
    zone: str = "UTC"

    def covers(self, now: datetime) -> bool:
        """Whether it is quiet now."""
        at = now.astimezone(ZoneInfo(self.zone)).time()
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


def parse_quiet_hours(text: str) -> QuietHours:
    """Read `22:00-06:00 Europe/Berlin`; without a zone it is UTC. Raises ValueError in plain words."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be such as 22:00-06:00 or 22:00-06:00 Europe/Berlin")
    start_hour, start_minute, end_hour, end_minute, zone = found.groups()
    try:
        start, end = time(int(start_hour), int(start_minute)), time(int(end_hour), int(end_minute))
    except ValueError:
        raise ValueError("must be times of a day, from 00:00 to 23:59") from None
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{zone} is not a time zone such as Europe/Berlin") from None
    if start == end:
        raise ValueError("begins when it ends")
    return QuietHours(start, end, zone or "UTC")


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many digests of a new sender may leave on a day (UTC): `cap`, then `factor` times as many."""

    start: date
    cap: int
    factor: float = 1.5

    def most(self, now: datetime) -> int | None:
        """The day's cap; None once it is beyond any list."""
        days = max(0, (now.astimezone(UTC).date() - self.start).days)
        if self.factor == 1.0:
            return self.cap
        # The power of a float overflows long after any list ends.
        return int(self.cap * self.factor**days) if days * (self.factor - 1) < 60 else None


def parse_warm_up(text: str) -> WarmUp:
    """Read `2026-11-20:500` or `2026-11-20:500:1.3`. Raises ValueError in plain words."""
    found = _WARM_UP.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be such as 2026-11-20:500 or 2026-11-20:500:1.3: day, mails, growth")
    day, cap, factor = found.groups()
    try:
        start = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"{day} is not a date") from None
    if int(cap) < 1 or not 1.0 <= float(factor or 1.5) <= 10.0:
        raise ValueError("must begin with a mail or more, and grow by a factor from 1 to 10")
    return WarmUp(start, int(cap), float(factor or 1.5))


@dataclass(frozen=True, slots=True)
class StopLoss:
    """When so many of an edition's mails are refused for good that sending on would harm.

    `share`: of those that have an answer; `least`: refusals below which nothing is concluded.
    """

    share: float = 0.1
    least: int = 20

    def tells(self, refused: int, submitted: int) -> str | None:
        """Why the edition is to be stopped; None where it may go on."""
        if self.share >= 1 or refused < self.least:
            return None
        if refused <= self.share * (refused + submitted):
            return None
        return (
            f"{refused} of {refused + submitted} mails were refused for good, more than "
            f"{self.share:.0%}"
        )
