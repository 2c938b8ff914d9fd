"""`newsletter demo | up | serve | init | doctor`: setting up and running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newsletter import clock
from newsletter.cli.parts import open_app
from newsletter.cli.terminal import Json, out, print_json, print_table, say
from newsletter.errors import NewsletterError

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)
    app.command("init")(init)
    app.command("doctor")(doctor)
    app.command("up")(up)
    app.command("serve")(serve)


def init(json: Json = False) -> None:
    """Create the database or bring it up to date, and add the sources of the settings."""
    from newsletter import settings
    from newsletter.store import sources
    from newsletter.store.engine import describe, open_engine, reading, upgrade

    engine = open_engine(settings.load().database_url)
    before, after = upgrade(engine)
    app = open_app()
    app.ensure_sources()
    with reading(app.sessions)() as session:
        names = [source.name for source in sources.all_sources(session)]
    if json:
        print_json({"before": before, "revision": after, "sources": names})
        return
    done = "is up to date" if before == after else ("upgraded" if before else "created")
    say(f"{describe(engine)}: {done} (revision {after}).")
    say(f"Sources: {', '.join(names) or 'none'}.")


def doctor(
    send: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send a real mail there, by the relay.")
    ] = None,
    arrived: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Look at what arrived: a saved mail, or with --send a Maildir."
        ),
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for it to arrive.")] = 60,
    dns_server: Annotated[
        str | None, typer.Option(metavar="IP[:PORT]", help="Name server to ask.")
    ] = None,
    json: Json = False,
) -> None:
    """Check settings, database, sources, relay, DNS; each line says what to do if it is not well."""
    from newsletter.cli.checks import Asked, all_checks

    checks = all_checks(Asked(send, arrived, dns_server, wait))
    well = all(good for _, good, _ in checks)
    if json:
        rows = [{"check": name, "ok": good, "detail": detail} for name, good, detail in checks]
        print_json({"ok": well, "checks": rows})
    else:
        rows_ = [(name, "well" if good else "BAD", detail) for name, good, detail in checks]
        print_table("Doctor", ["Check", "State", "Detail"], rows_)
    if not well:
        raise NewsletterError("not everything is well; see above")


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site."""
    from newsletter.cli.serving import serve_site

    app = open_app(real=True)
    with app.receiving():
        serve_site(app, host, port)


def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site and run the schedule, in one process: all that a small installation needs."""
    from newsletter import scheduler
    from newsletter.cli.serving import free_or_fail, serve_site

    app = open_app(real=True)
    app.ensure_sources()
    free_or_fail(host, port)
    with app.receiving():
        clockwork = scheduler.start(app, clock.now)
        try:
            serve_site(app, host, port)
        finally:
            app.stopping.set()
            clockwork.shutdown(wait=True)


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(
        "paperround-demo"
    ),
    json: Json = False,
) -> None:
    """Sample papers, three sample readers, their three mails, and a site to look at them."""
    from newsletter.cli import demonstration
    from newsletter.cli.serving import free_or_fail, serve_site

    interactive = out.is_terminal and not json
    if interactive:
        free_or_fail(host, port)
    base_url = f"http://{host}:{port}"
    app, rows = demonstration.play(folder, base_url, quiet=json)
    if json:
        print_json({"digests": rows, "folder": str(folder)})
    else:
        demonstration.show(rows, folder)
    if interactive:
        out.print(
            f"\nThe day's papers: [bold]{base_url}/[/]   The mailbox: [bold]{base_url}/mailbox[/]   "
            f"Sign up: [bold]{base_url}/subscribe[/]"
        )
        out.print("Ctrl-C ends it.")
        serve_site(app, host, port, mailbox=Path(app.settings.outbox))
    elif not json:
        say("The site is served where a terminal is; there is none here.")
