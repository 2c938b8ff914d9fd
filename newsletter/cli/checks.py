"""What `newsletter doctor` looks at; each check tells whether it is well, and the detail."""

from __future__ import annotations

from sqlalchemy import false, update
from sqlalchemy.exc import SQLAlchemyError

from newsletter import settings
from newsletter.app import App
from newsletter.cli.parts import open_app
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import NewsletterError, SettingsError
from newsletter.store import sources
from newsletter.store.engine import describe, reading
from newsletter.store.tables import Source

Check = tuple[str, bool, str]


def all_checks() -> list[Check]:
    """(what was looked at, whether it is well, the detail), in the order to put right."""
    checks = [("settings", *_check_settings())]
    try:
        app = open_app()
    except NewsletterError as error:
        checks.append(("database", False, str(error)))
    else:
        checks.append(("database", *_check_writing(app)))
        checks.append(("sources", *_check_sources(app)))
        checks.append(("encoder", *_check_encoder(app)))
        checks.append(("relay", *_check_relay(app)))
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


def _check_relay(app: App) -> tuple[bool, str]:
    mailer = app.mailer
    try:
        with mailer.connect():
            pass
    except NewsletterError as error:
        return False, str(error)
    if isinstance(mailer, SmtpMailer):
        login = "logged in" if mailer.relay.login else "no login"
        return True, f"{mailer.relay.host}:{mailer.relay.port} answers, {login}"
    return True, f"no relay is set: mails become files in {app.settings.outbox}"
