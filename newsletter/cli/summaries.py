"""`newsletter summarise`: have the language model write what readers wait for, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from newsletter import clock
from newsletter.cli.parts import failed_if, open_app
from newsletter.cli.terminal import Json, print_json, print_table, progress, say
from newsletter.errors import SettingsError

if TYPE_CHECKING:
    from newsletter.stages.summarise import SummaryReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("summarise")(summarise)


def summarise(json: Json = False) -> None:
    """Ask the model of the settings about papers that were picked or are popular, within its budget."""
    from newsletter.pipeline import RUN_PATIENCE
    from newsletter.store.engine import reading
    from newsletter.store.summaries import spent

    app = open_app()
    with progress("Summarising", None, quiet=json):
        report = app.summarise(RUN_PATIENCE)
    if report is None:
        raise SettingsError("no model is set: NEWSLETTER_SUMMARY_URL and _MODEL name one")
    with reading(app.sessions)() as session:
        requests, tokens, _ = spent(session, clock.now().date())
    if json:
        print_json(report.as_dict() | {"requests_today": requests, "tokens_today": tokens})
    else:
        print_summarised(report)
        say(f"Today: {requests} of {app.settings.summary_requests} requests, {tokens} tokens.")
    failed_if(
        report.failed > 0 and not report.written,
        f"the model wrote nothing: {next(iter(report.reasons), '')}",
    )


def print_summarised(report: SummaryReport) -> None:
    """What a visit to the model came to, and why papers keep their extracts."""
    why = [f"{reason} ({count})" for reason, count in report.reasons.most_common(3)]
    if report.stopped:
        why.append(f"stopped: {report.stopped}")
    row = (report.written, report.refused, report.failed, report.left, "; ".join(why))
    columns = ["#Written", "#Refused", "#Failed", "#Left", "Remarks"]
    print_table("Summaries by the model", columns, [row])
