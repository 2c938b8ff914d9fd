"""What `newsletter doctor` looks at; each check tells whether it is well, and the detail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import false, update
from sqlalchemy.exc import SQLAlchemyError

from newsletter import clock, settings
from newsletter.app import App
from newsletter.cli.arrival import send_and_see
from newsletter.cli.domain import domain_checks
from newsletter.cli.parts import open_app
from newsletter.deliver.port import hand_over
from newsletter.deliver.relays import Relays
from newsletter.errors import NewsletterError, SettingsError
from newsletter.sending_rules import Relay
from newsletter.setting_types import parse_dkim_key
from newsletter.store import sources, summaries
from newsletter.store.engine import describe, reading
from newsletter.store.tables import Source
from newsletter.summarise.prompt import messages
from newsletter.summarise.validate import Refused, read_answer

# What a model is asked about to see whether it can be asked at all.
_SAMPLE = (
    "Folding maps",
    (
        "Maps of large towns are hard to fold. We propose a way to fold them along their rivers, which "
        "needs no scissors. In our experiments readers folded maps faster than before, and the maps "
        "lasted longer. Folding along streets instead works less well."
    ),
)
Check = tuple[str, bool, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line wants beyond the rest: a mail sent and looked at, a name server of its own."""

    send: str | None = None
    arrived: Path | None = None
    server: str | None = None
    seconds: float = 60.0


def all_checks(asked: Asked = Asked()) -> list[Check]:
    """(what was looked at, whether it is well, the detail), in the order to put right."""
    checks = [("settings", *_check_settings())]
    try:
        app = open_app()
    except NewsletterError as error:
        checks.append(("database", False, str(error)))
    else:
        can_write, told = _check_writing(app)
        checks.append(("database", can_write, told))
        checks.append(("sources", *_check_sources(app)))
        checks.append(("encoder", *_check_encoder(app)))
        if can_write:  # else the request could not be counted
            checks.append(("summaries", *_check_writer(app)))
        can_sign, told = _check_keys(app)
        checks.append(("keys", can_sign, told))
        checks.append(("relay", *_check_relay(app)))
        if can_sign:
            checks += domain_checks(app, asked.server)
            checks += _check_mail(app, asked)
    return checks


def _check_settings() -> tuple[bool, str]:
    try:
        settings.load().require_real()
    except SettingsError as error:
        return False, str(error)
    return True, "fit for real readers"


def _check_writing(app: App) -> tuple[bool, str]:
    try:
        with app.sessions.begin() as session:
            session.execute(update(Source).where(false()).values(name=Source.name))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return False, f"{describe(app.engine)} cannot be written: {cause}"
    return True, describe(app.engine)


def _check_sources(app: App) -> tuple[bool, str]:
    with reading(app.sessions)() as session:
        found = sources.all_sources(session)
    failing = [f"{source.name}: {source.last_error}" for source in found if source.failures]
    if failing:
        return False, "; ".join(failing)
    return bool(found), f"{len(found)} configured" if found else "none: run `newsletter init`"


def _check_encoder(app: App) -> tuple[bool, str]:
    if app.encoder is None:
        return True, "none is set: papers are matched by their words alone"
    try:
        app.encoder.encode(["A paper."])
    except NewsletterError as error:
        return False, str(error)
    return True, f"{app.encoder.name}: {app.encoder.dims} numbers a paper"


def _check_writer(app: App) -> tuple[bool, str]:
    if app.writer is None:
        return True, "no model is set: summaries are sentences of the abstracts"
    now, most = clock.now(), app.settings.summary_requests
    with app.sessions.begin() as session:
        may_ask = summaries.spend(session, now.date(), most, now)
    if not may_ask:
        return (
            True,
            f"{app.writer.name} is not asked: the day's {most} requests are spent, or it rests",
        )
    try:
        said = app.writer.write(messages(*_SAMPLE))
    except NewsletterError as error:
        return False, str(error)
    with app.sessions.begin() as session:
        summaries.count_tokens(session, now.date(), said.tokens)
    found = read_answer(said.text, *_SAMPLE)
    if isinstance(found, Refused):
        return False, f"{app.writer.name} answers, but of no use: {found.reason}"
    return True, f"{app.writer.name} answers well"


def _check_keys(app: App) -> tuple[bool, str]:
    if not app.settings.dkim_keys:
        return True, "none are set: mails are not signed here"
    try:
        signer = app.dkim
    except SettingsError as error:
        return False, str(error)
    assert signer is not None
    paths = [path for _, path in map(parse_dkim_key, app.settings.dkim_keys)]
    if open_to_all := [str(path) for path in paths if path.stat().st_mode & 0o007]:
        return False, f"everybody on this machine may use {', '.join(open_to_all)}: chmod 600"
    return True, f"{len(paths)} for {signer.domain}, body {signer.body}"


def _check_mail(app: App, asked: Asked) -> list[Check]:
    try:
        return send_and_see(app, asked.send, asked.arrived, asked.server, asked.seconds)
    except NewsletterError as error:
        return [("mail", False, str(error))]


def _check_relay(app: App) -> tuple[bool, str]:
    answers = [_ask_relay(app, relay) for relay in app.settings.relays or (None,)]
    return all(well for well, _ in answers), "; ".join(told for _, told in answers)


def _ask_relay(app: App, relay: Relay | None) -> tuple[bool, str]:
    try:
        hand_over(app.mailer if relay is None else Relays([relay], 1), [])
    except NewsletterError as error:
        return False, str(error)
    if relay is None:
        return True, f"no relay is set: mails become files in {app.settings.outbox}"
    return True, f"{relay.name} answers, {'logged in' if relay.login else 'no login'}"
