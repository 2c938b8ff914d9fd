"""`newsletter preview`: what readers would get, without planning or sending it."""

from __future__ import annotations

from datetime import date, datetime
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter import clock
from newsletter.cli.parts import Day, failed_if, open_app, parse_day
from newsletter.cli.terminal import Json, print_json, print_table
from newsletter.model import Digest, Message, Skip

if TYPE_CHECKING:
    from newsletter.app import App


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("preview")(preview)


def preview(
    email: Annotated[
        str | None, typer.Option(help="Whose digest; specimens of every mail if unset.")
    ] = None,
    day: Day = None,
    out: Annotated[Path, typer.Option(help="Folder for the .eml files.")] = Path("preview"),
    json: Json = False,
) -> None:
    """Write mails as .eml files: a reader's digest as it would be now, or specimens of every mail.

    Nothing is planned, nothing is sent.
    """
    from newsletter.stages.specimens import specimens

    chosen, now = parse_day(day), clock.now()
    app = open_app()
    out.mkdir(parents=True, exist_ok=True)
    if email is None:
        rows = [
            _write(out / f"{name}.eml", message)
            for name, message in specimens(app.renderer(), app.links, now)
        ]
    else:
        rows = _preview_of(app, email, chosen, now, out)
    if json:
        print_json({"day": chosen, "previews": rows})
    else:
        table = [(row["subject"], row["bytes"], row["file"]) for row in rows]
        print_table("Previews", ["Subject", "#Bytes", "File"], table)


def _preview_of(app: App, email: str, day: date, now: datetime, out: Path) -> list[dict[str, Any]]:
    from newsletter.cli.would import would_get
    from newsletter.stages.letters import DigestLetters

    found = would_get(app, day, now, email)
    failed_if(not found, f"nobody who may be mailed is subscribed as {email}")
    (would,) = found
    failed_if(isinstance(would.digest, Skip), f"{email} would get no mail: {would.why}")
    assert isinstance(would.digest, Digest)
    renderer = app.renderer()
    letter = DigestLetters(renderer, app.links).letter(
        would.person, would.digest, would.entries, day=day, planned_at=now
    )
    return [_write(out / f"{day}-{would.person.id}.eml", renderer.digest(letter))]


def _write(path: Path, message: Message) -> dict[str, Any]:
    path.write_bytes(message.data)
    parsed = message_from_bytes(message.data, policy=default_policy)
    return {"file": str(path), "subject": str(parsed["Subject"]), "bytes": len(message.data)}
