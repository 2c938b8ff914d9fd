"""`newsletter subscribers`: who gets the digest."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter import clock
from newsletter.cli.parts import failed_if, open_app, open_database
from newsletter.cli.terminal import Json, print_json, print_table, say
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subscribers.tables import Subscriber


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who gets the digest.", no_args_is_help=True)
    group.command("list")(list_subscribers)
    group.command("import")(import_file)
    group.command("export")(export)
    group.command("erase")(erase)
    group.command("again")(again)
    app.add_typer(group, name="subscribers")


def list_subscribers(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50, json: Json = False
) -> None:
    """List subscribers, the latest first."""
    from sqlalchemy import select

    from newsletter.store.engine import reading
    from subscribers.tables import Subscriber

    with reading(open_database())() as session:
        found = session.scalars(
            select(Subscriber).order_by(Subscriber.id.desc()).limit(limit)
        ).all()
    if json:
        print_json(
            {
                "subscribers": [
                    {
                        "email": person.email,
                        "state": person.state,
                        "cadence": person.cadence,
                        "hour": person.hour,
                        "timezone": person.timezone,
                        "next_send_at": person.next_send_at,
                    }
                    for person in found
                ]
            }
        )
        return
    rows = [
        (
            person.email,
            person.state,
            person.cadence,
            f"{person.hour:02}:00 {person.timezone}",
            f"{person.next_send_at:%Y-%m-%d %H:%M}" if person.next_send_at else "",
        )
        for person in found
    ]
    print_table("Subscribers", ["Address", "State", "Cadence", "Hour", "Next (UTC)"], rows)


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with a header line, or a JSON array.")],
    invite: Annotated[
        bool,
        typer.Option("--invite", help="Mail those without proof of consent a link to confirm."),
    ] = False,
    json: Json = False,
) -> None:
    """Import people from CSV or JSON; a bad row is told by its line and costs no other row."""
    from newsletter.store.notices import queue_notice
    from subscribers import importing
    from subscribers.notices import NoticeKind
    from subscribers.tokens import Purpose

    app = open_app()
    now = clock.now()
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise NewsletterError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise NewsletterError(f"{file} is not UTF-8 text") from None

    def invite_them(session: Session, person: Subscriber) -> None:
        token = app.signer.make(Purpose.CONFIRM, person.id, person.links_version, now=now)
        queue_notice(session, person, NoticeKind.CONFIRM, {"token": token})

    asked = invite_them if invite else None
    with app.sessions.begin() as session:
        if file.suffix == ".json":
            report = importing.import_json(session, text, now=now, invite=asked)
        else:
            report = importing.import_csv(session, io.StringIO(text), now=now, invite=asked)
    if json:
        print_json(
            {
                "added": report.added,
                "known": report.known,
                "suppressed": report.suppressed,
                "errors": [{"line": row.line, "message": row.message} for row in report.errors],
            }
        )
    else:
        for row in report.errors:
            say(f"line {row.line}: {row.message}", style="red")
        say(
            f"{report.added} added, {report.known} known already, {report.suppressed} suppressed, "
            f"{len(report.errors)} refused."
        )
    if report.errors:
        raise NewsletterError(f"{len(report.errors)} of the rows were refused; all others are in")


def export(
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output if unset.")] = None,
) -> None:
    """Export all subscribers as CSV, in the form that `import` reads."""
    from newsletter.store.engine import reading
    from subscribers import importing

    with reading(open_database())() as session:
        if file is None:
            importing.export_csv(session, sys.stdout)
            return
        with file.open("w", encoding="utf-8", newline="") as target:
            count = importing.export_csv(session, target)
    say(f"{count} subscribers written to {file}.")


def erase(email: str, json: Json = False) -> None:
    """Erase a person; what stays is a hash that keeps them from being mailed again."""
    from newsletter.stages.forgetting import forget
    from subscribers import privacy
    from subscribers.address import parse_address
    from subscribers.preferences import find

    known = parse_address(email).hash
    with open_database().begin() as session:
        person = find(session, known)
        if person is None:
            raise NewsletterError(f"nobody is subscribed as {email}")
        for address in privacy.addresses_of(session, person):
            forget(session, address)
        privacy.erase(session, person, now=clock.now())
    if json:
        print_json({"erased": True})
    else:
        say(f"{email} is erased.")


def again(
    email: Annotated[str, typer.Argument(metavar="ADDRESS")],
    json: Json = False,
) -> None:
    """Ask a reader whose mails came back whether they are still there; they are mailed once they say so."""
    from newsletter.store.notices import queue_notice
    from subscribers.address import parse_address
    from subscribers.preferences import find, locked
    from subscribers.returning import bring_back

    app = open_app(real=True)
    address = parse_address(email)
    with app.sessions.begin() as session:
        found = find(session, address.hash)
        person = None if found is None else locked(session, found)
        asked = person is not None and bring_back(
            session, person, signer=app.signer, send_notice=queue_notice, now=clock.now()
        )
    failed_if(not asked, f"{email} is no reader who is not mailed because mails came back")
    sent = app.notices().run()
    if json:
        print_json({"asked": address.email, "error": sent.error})
    else:
        say(f"{address.email} was asked.")
    failed_if(sent.error is not None, f"{sent.error}; the mail stays planned")
