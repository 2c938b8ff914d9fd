"""`newsletter preview`: what readers would get, without planning or sending it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from newsletter import clock
from newsletter.app import App
from newsletter.cli.parts import Day, failed_if, open_app, parse_day
from newsletter.cli.terminal import Json, print_json, print_table
from newsletter.model import Digest, Entry, Skip
from newsletter.pipeline import everybody
from newsletter.stages.letters import DigestLetters, Person
from newsletter.store import reading
from newsletter.store.engine import reading as reading_sessions
from subscribers import audience


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("preview")(preview)


@dataclass(frozen=True, slots=True)
class Would:
    """What somebody would get."""

    person: Person
    digest: Digest | Skip
    entries: dict[int, Entry]

    @property
    def count(self) -> int:
        """How many papers."""
        return len(self.digest.picks) if isinstance(self.digest, Digest) else 0

    @property
    def why(self) -> str:
        """The wishes that they are for, or why there are none."""
        if isinstance(self.digest, Skip):
            return self.digest.reason.value
        wishes = (pick.evidence[0].interest or "popular today" for pick in self.digest.picks)
        return ", ".join(dict.fromkeys(wishes))


def preview(
    email: Annotated[str | None, typer.Option(help="Whose digest; everybody's if unset.")] = None,
    day: Day = None,
    out: Annotated[Path, typer.Option(help="Folder for the .eml files.")] = Path("preview"),
    json: Json = False,
) -> None:
    """Write the digests that would be sent now as .eml files. Nothing is planned, nothing is sent."""
    chosen, now = parse_day(day), clock.now()
    app = open_app()
    renderer = app.renderer()
    letters = DigestLetters(renderer, app.links)
    rows: list[tuple[str, int, str | None, str]] = []
    for would in would_get(app, chosen, now, email):
        path = None
        if isinstance(would.digest, Digest):
            letter = letters.letter(
                would.person, would.digest, would.entries, day=chosen, planned_at=now
            )
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"{chosen}-{would.person.id}.eml"
            path.write_bytes(renderer.digest(letter).data)
        rows.append((would.person.email, would.count, str(path) if path else None, would.why))
    failed_if(email is not None and not rows, f"nobody who may be mailed is subscribed as {email}")
    if json:
        names = ("email", "picks", "file", "why")
        print_json(
            {"day": chosen, "previews": [dict(zip(names, row, strict=True)) for row in rows]}
        )
    else:
        print_table(f"Previews for {chosen}", ["Reader", "#Papers", "File", "Why"], rows)


def would_get(app: App, day: date, now: datetime, email: str | None) -> list[Would]:
    """What everybody, or the one at an address, would get for the edition of `day`."""
    planner = app.planner(now)
    found: list[Would] = []
    with reading_sessions(app.sessions)() as session:
        if email is None:
            blocks = everybody(day, now)(session, 0)
        else:
            member = audience.by_address(session, email, now=now)
            blocks = iter([[replace(member, edition_day=day)]] if member else [])
        for members in blocks:
            for member, digest in zip(members, planner.choose(session, members), strict=True):
                ids = [p.entry_id for p in digest.picks] if isinstance(digest, Digest) else []
                person = Person(member.id, member.email, member.links_version)
                found.append(Would(person, digest, reading.entries_by_id(session, ids)))
    return found
