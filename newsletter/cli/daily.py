"""`newsletter collect | run`: the daily story by hand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter import clock
from newsletter.cli.parts import (
    Day,
    ended_if_stopped,
    failed_if,
    open_app,
    parse_day,
    stopped_by_signals,
)
from newsletter.cli.sending import failed_sending, sent_numbers
from newsletter.cli.summaries import print_summarised
from newsletter.cli.terminal import Json, print_json, print_table, progress, say, watch

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.stages.collect import CollectReport
    from newsletter.stages.plan import PlanReport
    from newsletter.stages.send import SendReport

Source = Annotated[list[str] | None, typer.Option("--source", help="Only this source; repeatable.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("collect")(collect)
    app.command("run")(run)


def collect(source: Source = None, day: Day = None, json: Json = False) -> None:
    """Read the sources and store what is new."""
    chosen = parse_day(day)
    report = _collect(open_app(), chosen, source, quiet=json)
    if json:
        print_json(report.as_dict())
    else:
        print_collected(report)
    _failed_sources(report)


def run(
    day: Day = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Collect and match, but plan and send nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """One whole edition, now: collect, match, and mail everybody, whatever their hour."""
    chosen = parse_day(day)
    app = open_app(real=not dry_run)
    if dry_run:
        _dry_run(app, chosen, json=json)
        return
    from newsletter.fleet import Fleet

    with stopped_by_signals(app):
        pipeline = Fleet(app, app.settings.processes).pipeline()
        edition = pipeline.run(chosen, watch(quiet=json))
    if json:
        numbers = _numbers(edition.planned, edition.sent)
        summaries = edition.summarised.as_dict() if edition.summarised else None
        print_json({"collected": edition.collected.as_dict(), "summaries": summaries, **numbers})
    else:
        print_collected(edition.collected)
        if edition.summarised:
            print_summarised(edition.summarised)
        print_edition(app, chosen)
    ended_if_stopped(app)
    failed_sending(edition.sent)
    _failed_sources(edition.collected)


def _collect(app: App, day: date, names: list[str] | None, *, quiet: bool) -> CollectReport:
    from newsletter.pipeline import counting

    with progress("Collecting", None, quiet=quiet) as advance:
        return app.collect(day, clock.now(), counting(advance), names)


def _dry_run(app: App, day: date, *, json: bool) -> None:
    from newsletter.cli.would import would_get

    collected = _collect(app, day, None, quiet=json)
    would = would_get(app, day, clock.now(), None)
    rows = [(one.person.email, one.count, one.why) for one in would]
    if json:
        digests = [{"email": email, "picks": picks, "why": why} for email, picks, why in rows]
        print_json({"collected": collected.as_dict(), "digests": digests})
    else:
        print_collected(collected)
        print_table(f"Would be sent for {day}", ["Reader", "#Papers", "Why"], rows)
    _failed_sources(collected)


def print_collected(report: CollectReport) -> None:
    """One line a source."""
    rows = [
        (
            source.name,
            source.saved.listed,
            source.saved.new,
            source.saved.updated,
            source.remark,
        )
        for source in report.sources
    ]
    print_table(
        f"Collected for {report.day}", ["Source", "#Listed", "#New", "#Updated", "Remarks"], rows
    )
    if report.signals:
        told = [
            (place.name, place.observed, place.written,
             place.error or "; ".join([*place.problems, *place.notes]))
            for place in report.signals
        ]  # fmt: skip
        print_table("Talked about", ["Place", "#Numbers", "#Changed", "Remarks"], told)
    if report.encoded:
        say(f"{report.encoded} papers were encoded for matching by meaning.")
    if report.encoder_error:
        say(f"No paper was encoded: {report.encoder_error}", style="yellow")
    if not report.sources:
        say(
            "There are no sources yet: `newsletter init` adds those of the settings.",
            style="yellow",
        )


def print_edition(app: App, day: date) -> None:
    """What became of an edition: a line a reader while they fit, else the counts alone."""
    from newsletter.store import standing
    from newsletter.store.engine import reading

    with reading(app.sessions)() as session:
        rows = standing.overview(session, day, limit=40)
        counts = standing.counts(session, day)
    if len(rows) < 40:
        table = [(row.email, row.picks, row.reason or row.wishes, row.state.value) for row in rows]
        print_table(f"Edition of {day}", ["Reader", "#Papers", "Why", "State"], table)
    else:
        totals = [(state.value, why or "", count) for state, why, count in counts]
        print_table(f"Edition of {day}", ["State", "Reason", "#Count"], totals)


def _numbers(planned: PlanReport, sent: SendReport) -> dict[str, Any]:
    return {
        "planned": planned.planned,
        "picks": planned.picks,
        "papers": planned.papers,
        "skipped": {reason.value: count for reason, count in planned.skipped.items()},
        "sent": sent_numbers(sent),
    }


def _failed_sources(report: CollectReport) -> None:
    failed = [source.name for source in report.sources if source.error]
    failed_if(
        bool(failed),
        f"{len(failed)} of {len(report.sources)} sources could not be read: {', '.join(failed)}",
    )
