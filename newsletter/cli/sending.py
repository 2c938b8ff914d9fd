"""`newsletter send | status`: what is planned leaves, and how it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter import clock
from newsletter.cli.parts import (
    Day,
    ended_if_stopped,
    failed_if,
    open_app,
    open_database,
    parse_day,
    stopped_by_signals,
)
from newsletter.cli.terminal import Json, print_json, print_table, progress, say
from newsletter.model import Outcome

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.stages.send import SendReport

_BACK_DAYS = 30


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("send")(send)
    app.command("status")(status)


def send(  # noqa: PLR0917  (a command's options)
    day: Day = None,
    only: Annotated[str | None, typer.Option(help="Only to this address.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Let editions go on that were stopped.")
    ] = False,
    held: Annotated[
        bool, typer.Option("--held", help="Also send what is uncertain and held.")
    ] = False,
    late: Annotated[
        bool,
        typer.Option("--late", help="Also send what was skipped, or would be, for being late."),
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that send; the setting if unset.")
    ] = None,
    json: Json = False,
) -> None:
    """Send what is planned and due, and what was put off; a stopped run goes on where it stood."""
    from newsletter.fleet import Fleet
    from newsletter.store.claims import Scope

    scope = Scope(day=parse_day(day) if day else None, late=late, held=held)
    app = open_app(real=True)
    if only is not None:
        scope = replace(scope, subscriber_id=_member(app, only))
    _reopen(app, scope.day, resume=resume, late=late, quiet=json)
    app.notices().run()
    with stopped_by_signals(app), progress("Sending", None, quiet=json) as advance:
        sent = Fleet(app, processes or app.settings.processes).send(scope, advance)
    if json:
        print_json(sent_numbers(sent))
    else:
        _print_sent(sent)
    ended_if_stopped(app)
    failed_sending(sent)


def _member(app: App, address: str) -> int:
    from newsletter.store.engine import reading
    from subscribers import audience

    with reading(app.sessions)() as session:
        member = audience.by_address(session, address, now=clock.now())
    failed_if(member is None, f"nobody who may be mailed is subscribed as {address}")
    assert member is not None
    return member.id


def _reopen(app: App, day: date | None, *, resume: bool, late: bool, quiet: bool) -> None:
    from newsletter.store import editions, standing

    with app.sessions.begin() as session:
        resumed = editions.resume(session, day, clock.now()) if resume else []
        reopened = standing.reopen_late(session, day) if late else 0
    if not quiet:
        for each in resumed:
            say(f"The edition of {each} goes on.")
        if reopened:
            say(f"{reopened} that were skipped for being late are sent.")


def _print_sent(sent: SendReport) -> None:
    for outcome, count in sorted(sent.outcomes.items()):
        say(f"{count} {outcome.value}")
    if not sent.outcomes and not sent.put_off:
        say("Nothing is due.")
    if sent.put_off:
        say(f"{sent.put_off} were put off, for their domains take mail slowly: send again later.")
    if sent.recovered:
        say(f"{sent.recovered} were found uncertain after a crash.", style="yellow")
    for line in sent.notes:
        say(line[0].upper() + line[1:], style="yellow")


def status(day: Day = None, json: Json = False) -> None:
    """How an edition's deliveries stand (the counts add up to its audience), other mails, returned ones."""
    from newsletter.store import editions, returned, standing
    from newsletter.store.engine import reading

    chosen = parse_day(day)
    until = datetime.combine(chosen + timedelta(days=1), time(), UTC)
    with reading(open_database())() as session:
        counts = standing.counts(session, chosen)
        back = returned.counts(session, until, _BACK_DAYS)
        notices = standing.notice_counts(session, until, _BACK_DAYS)
        stopped = dict(editions.stopped(session)).get(chosen)
    total = sum(count for _, _, count in counts)
    if json:
        rows = [{"state": s.value, "reason": why, "count": count} for s, why, count in counts]
        came = [{"kind": kind, "effect": what, "count": count} for kind, what, count in back]
        others = [
            {"kind": kind, "state": state.value, "reason": why, "count": count}
            for kind, state, why, count in notices
        ]
        told = {"day": chosen, "audience": total, "deliveries": rows, "returned": came}
        print_json({**told, "notices": others, "stopped": stopped})
        return
    table = [(state.value, why or "", count) for state, why, count in counts]
    print_table(f"Edition of {chosen}", ["State", "Reason", "#Count"], [*table, ("all", "", total)])
    if stopped:
        say(f"It is stopped: {stopped}. `newsletter send --resume` lets it go on.", style="red")
    if notices:
        title = f"Other mails of the {_BACK_DAYS} days up to it"
        shown = [(kind, state.value, why or "", count) for kind, state, why, count in notices]
        shown.append(("all", "", "", sum(count for *_, count in notices)))
        print_table(title, ["Mail", "State", "Reason", "#Count"], shown)
    if back:
        title = f"Came back in the {_BACK_DAYS} days up to it"
        print_table(title, ["What it says", "What it led to", "#Count"], back)


def sent_numbers(sent: SendReport) -> dict[str, Any]:
    """A sending run as JSON."""
    return {
        **{outcome.value: count for outcome, count in sent.outcomes.items()},
        "withheld": sent.withheld,
        "recovered": sent.recovered,
        "put_off": sent.put_off,
        "notes": sent.notes,
        "error": sent.error,
    }


def failed_sending(sent: SendReport) -> None:
    """End with exit code 1 if nothing could be sent, or an edition was stopped."""
    failed_if(sent.error is not None, f"{sent.error}; what is left stays planned")
    tried = sent.outcomes.total()
    failed_if(
        tried > 0 and not sent.outcomes[Outcome.SUBMITTED],
        f"the relay took none of {tried} mails; `newsletter status` says why",
    )
