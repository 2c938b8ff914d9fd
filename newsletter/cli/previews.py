"""`newsletter preview`: what readers would get, without planning or sending it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter import clock
from newsletter.cli.parts import Day, failed_if, open_app, parse_day
from newsletter.cli.terminal import Json, print_json, print_table, say
from newsletter.model import Digest, Message, Skip

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.render import DigestLetter


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("preview")(preview)


def preview(
    email: Annotated[
        str | None, typer.Option(help="Whose digest; specimens of every mail if unset.")
    ] = None,
    day: Day = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for .eml files; unset: shown in the browser.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where the browser finds them.")] = 8001,
    json: Json = False,
) -> None:
    """Show mails: a reader's digest as it would be now, or specimens of every mail in every state.

    In the browser, anew whenever a template is saved; with --out or --json as .eml files. Nothing is
    planned, nothing is sent.
    """
    chosen, now = parse_day(day), clock.now()
    app = open_app()
    if out is None and not json:
        _serve(app, email, chosen, now, port)
        return
    folder = out or Path("preview")
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        _write(folder / f"{name}.eml", message)
        for name, message in _messages(app, email, chosen, now)
    ]
    if json:
        print_json({"day": chosen, "previews": rows})
    else:
        table = [(row["subject"], row["bytes"], row["file"]) for row in rows]
        print_table("Previews", ["Subject", "#Bytes", "File"], table)


def _messages(
    app: App, email: str | None, day: date, now: datetime
) -> Iterator[tuple[str, Message]]:
    from newsletter.stages.specimens import specimens

    renderer = app.renderer()
    if email is None:
        yield from specimens(renderer, app.links, now)
    else:
        letter, number = _letter_of(app, email, day, now)
        yield f"{day}-{number}", renderer.digest(letter)


def _serve(app: App, email: str | None, day: date, now: datetime, port: int) -> None:
    import uvicorn

    from newsletter.cli.serving import free_or_fail
    from newsletter.stages.specimens import rendered
    from newsletter.web.gallery import Gallery

    free_or_fail("127.0.0.1", port)
    if email is None:
        gallery = Gallery(app, lambda renderer: dict(rendered(renderer, app.links, now)))
    else:
        letter, number = _letter_of(app, email, day, now)
        name = f"{day}-{number}"
        gallery = Gallery(app, lambda renderer: {name: renderer.digest_preview(letter)})
    say(f"The mails are at http://127.0.0.1:{port}/ ; Ctrl-C ends it.")
    uvicorn.run(gallery.site(), host="127.0.0.1", port=port, log_level="warning")


def _letter_of(app: App, email: str, day: date, now: datetime) -> tuple[DigestLetter, int]:
    from newsletter.cli.would import would_get
    from newsletter.stages.letters import DigestLetters

    found = would_get(app, day, now, email)
    failed_if(not found, f"nobody who may be mailed is subscribed as {email}")
    (would,) = found
    failed_if(isinstance(would.digest, Skip), f"{email} would get no mail: {would.why}")
    assert isinstance(would.digest, Digest)
    letter = DigestLetters(app.renderer(), app.links).letter(
        would.person, would.digest, would.entries, day=day, planned_at=now, manner=would.manner
    )
    return letter, would.person.id


def _write(path: Path, message: Message) -> dict[str, Any]:
    path.write_bytes(message.data)
    parsed = message_from_bytes(message.data, policy=default_policy)
    return {"file": str(path), "subject": str(parsed["Subject"]), "bytes": len(message.data)}
