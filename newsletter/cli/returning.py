"""`newsletter bounces`: read what came back from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.parts import failed_if, open_app
from newsletter.cli.terminal import Json, print_json, print_table, progress, say
from newsletter.errors import SettingsError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.receive.files import Found
    from newsletter.stages.arriving import Arrival


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bounces")(bounces)


def bounces(
    path: Annotated[
        Path | None, typer.Argument(help="A mail, an mbox, a Maildir, or a folder of these.")
    ] = None,
    imap: Annotated[
        bool, typer.Option("--imap", help="Read the mailbox of the settings instead.")
    ] = False,
    signed_only: Annotated[
        bool,
        typer.Option(
            "--signed-only",
            help="Believe only what our own signature proves; for files that anybody can write to.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Take in mails that came back: bounces, complaints, unsubscriptions. The files stay as they are."""
    from newsletter.receive import files
    from newsletter.stages.returned import AT_ONCE

    if imap == (path is not None):
        raise typer.BadParameter("a path or --imap: one of them")
    app = open_app()
    if path is None:
        _from_mailbox(app, json=json)
        return
    app.prune_returned()
    intake = app.intake()
    counts: Counter[tuple[str, str]] = Counter()
    read = again = 0
    unread: list[str] = []
    with progress("Reading", None, quiet=json) as advance:
        mails = _arrivals(app, files.mails(path), unread, trusted=not signed_only)
        while some := list(islice(mails, AT_ONCE)):
            taken = intake.take_all(some)
            read += len(taken)
            again += sum(one.again for one in taken)
            counts.update(
                (kind.value, effect.value) for one in taken for kind, effect in one.outcomes
            )
            advance(len(taken))
    _tell(read, again, counts, unread, json=json)
    failed_if(bool(unread), f"{len(unread)} could not be read: {'; '.join(unread[:3])}")
    failed_if(not read, f"{path}: there is no mail in it")


def _arrivals(
    app: App, found: Iterable[Found], unread: list[str], *, trusted: bool
) -> Iterator[Arrival]:
    """What the files say; those that cannot be read are added to `unread`."""
    from newsletter.stages.arriving import from_mail

    for mail in found:
        if mail.error:
            unread.append(f"{mail.path}: {mail.error}")
        else:
            yield from_mail(app.links, mail.raw, way="file", trusted=trusted)


def _from_mailbox(app: App, *, json: bool) -> None:
    if app.settings.bounce_imap is None:
        raise SettingsError("settings that cannot work:\n  NEWSLETTER_BOUNCE_IMAP is not set")
    count = app.read_returned()
    if json:
        print_json({"read": count})
    else:
        say(f"{count} mails were taken in; `newsletter status` counts what they say.")


def _tell(
    read: int, again: int, counts: Counter[tuple[str, str]], unread: list[str], *, json: bool
) -> None:
    rows = [(kind, effect, count) for (kind, effect), count in sorted(counts.items())]
    if json:
        found = [{"kind": kind, "effect": effect, "count": count} for kind, effect, count in rows]
        print_json({"read": read, "known": again, "unreadable": unread, "found": found})
        return
    if rows:
        print_table("What came back", ["What it says", "What it led to", "#Count"], rows)
    if again:
        say(f"{again} of {read} mails were taken in before.")
