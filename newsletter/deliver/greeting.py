"""How a conversation with a relay begins: its greeting, EHLO, STARTTLS, the login."""

from __future__ import annotations

import binascii
import socket
from base64 import b64decode, b64encode
from functools import cache
from hmac import HMAC

from newsletter.deliver.replies import GarbledError
from newsletter.deliver.wire import Wire
from newsletter.errors import MailerError
from newsletter.sending_rules import Relay


def unusable(relay: Relay, why: str) -> MailerError:
    """What to raise where a relay is of no use; it names the relay."""
    joint = ":" if why.startswith("TLS") else ""
    return MailerError(f"the relay {relay.host}:{relay.port}{joint} {why}")


async def greet(wire: Wire, relay: Relay) -> dict[str, str]:
    """Say hello, secure the connection and log in, as the relay's setting wants it: what it offers, each
    extension with its parameters. Raises MailerError, and what the wire raises.
    """
    hello = await wire.reply()
    if hello.kind != 2:
        raise unusable(relay, f"refuses the connection: {hello}")
    offers = await _hello(wire, relay)
    if relay.security != "tls":
        if "STARTTLS" in offers:
            answer = await wire.ask("STARTTLS")
            if answer.kind != 2:
                raise unusable(relay, f"refuses STARTTLS: {answer}")
            await wire.secure(relay)
            offers = await _hello(wire, relay)
        elif relay.security == "starttls":
            raise unusable(relay, "does not offer STARTTLS, which the setting demands")
        elif relay.login is not None and not relay.is_here:
            raise unusable(relay, "does not offer STARTTLS, so the login is not sent")
    if relay.login is not None:
        await _log_in(wire, relay, offers.get("AUTH", "").upper().split())
    return offers


async def _hello(wire: Wire, relay: Relay) -> dict[str, str]:
    answer = await wire.ask(f"EHLO {_own_name()}")
    offers = answer.lines[1:]
    if answer.kind == 5:
        answer = await wire.ask(f"HELO {_own_name()}")
        offers = ()
    if answer.kind != 2:
        raise unusable(relay, f"refuses the connection: {answer}")
    return {
        name.upper(): rest for name, _, rest in (line.strip().partition(" ") for line in offers)
    }


async def _log_in(wire: Wire, relay: Relay, ways: list[str]) -> None:
    login, password = relay.login or "", relay.password or ""
    if "PLAIN" in ways or not {"LOGIN", "CRAM-MD5"} & set(ways):
        answer = await wire.ask("AUTH PLAIN " + _coded(f"\0{login}\0{password}"))
    elif "LOGIN" in ways:
        answer = await wire.ask(f"AUTH LOGIN {_coded(login)}")
        if answer.kind == 3:
            answer = await wire.ask(_coded(password))
    else:
        answer = await wire.ask("AUTH CRAM-MD5")
        if answer.kind == 3:
            answer = await wire.ask(_coded(_mark(login, password, answer.text)))
    if answer.kind != 2:
        raise unusable(relay, f"refuses the login: {answer}")


def _coded(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _mark(login: str, password: str, challenge: str) -> str:
    """CRAM-MD5 (RFC 2195)."""
    try:
        asked = b64decode(challenge, validate=True)
    except binascii.Error as error:
        raise GarbledError("a challenge that is not base64") from error
    return f"{login} {HMAC(password.encode(), asked, 'md5').hexdigest()}"


@cache
def _own_name() -> str:
    """What EHLO says; the name of this machine as it is known here, for asking the DNS may take long."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"
