"""`newsletter demo | up | serve | init | doctor`: setting up and running."""

from __future__ import annotations

import socket
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from sqlalchemy import false, update
from sqlalchemy.exc import SQLAlchemyError

from newsletter import clock, settings
from newsletter.app import App, build
from newsletter.cli import demonstration
from newsletter.cli.parts import open_app
from newsletter.cli.terminal import Json, out, print_json, print_table, say
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import NewsletterError, SettingsError
from newsletter.store import sources
from newsletter.store.engine import describe, open_engine, reading, upgrade
from newsletter.store.tables import Source

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
    loaded = settings.load()
    engine = open_engine(loaded.database_url)
    before, after = upgrade(engine)
    app = build(loaded)
    app.ensure_sources()
    with reading(app.sessions)() as session:
        names = [source.name for source in sources.all_sources(session)]
    if json:
        print_json({"before": before, "revision": after, "sources": names})
        return
    done = "is up to date" if before == after else ("upgraded" if before else "created")
    say(f"{describe(engine)}: {done} (revision {after}).")
    say(f"Sources: {', '.join(names) or 'none'}.")


def doctor(json: Json = False) -> None:
    """Check settings, database, sources and relay; each line says what to do if it is not well."""
    checks = [("settings", *_check_settings())]
    try:
        app = open_app()
    except NewsletterError as error:
        checks.append(("database", False, str(error)))
    else:
        checks.append(("database", *_check_writing(app)))
        checks.append(("sources", *_check_sources(app)))
        checks.append(("relay", *_check_relay(app)))
    well = all(good for _, good, _ in checks)
    if json:
        rows = [{"check": name, "ok": good, "detail": detail} for name, good, detail in checks]
        print_json({"ok": well, "checks": rows})
    else:
        rows_ = [(name, "well" if good else "BAD", detail) for name, good, detail in checks]
        print_table("Doctor", ["Check", "State", "Detail"], rows_)
    if not well:
        raise NewsletterError("not everything is well; see above")


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


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site."""
    app = open_app(real=True)
    serve_site(app, host, port)


def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the site and run the schedule, in one process: all that a small installation needs."""
    from newsletter import scheduler

    app = open_app(real=True)
    app.ensure_sources()
    free_or_fail(host, port)
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
        out.print(f"\nThe mailbox: [bold]{base_url}/mailbox[/]   Sign up: [bold]{base_url}/[/]")
        out.print("Ctrl-C ends it.")
        serve_site(app, host, port, mailbox=Path(app.settings.outbox))


def free_or_fail(host: str, port: int) -> None:
    """Raise NewsletterError if somebody listens there already, before any work is done."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NewsletterError(
                f"cannot listen on {host}:{port}: {error.strerror}; --port chooses another"
            ) from error


def serve_site(app: App, host: str, port: int, mailbox: Path | None = None) -> None:
    """Serve until Ctrl-C or SIGTERM; what is in flight is finished."""
    from newsletter.web.site import create

    free_or_fail(host, port)
    config = uvicorn.Config(
        create(app, mailbox=mailbox),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses hold tokens
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _Server(config).run()


class _Server(uvicorn.Server):
    """Uvicorn that ends quietly: it would raise the signal again, and end us before the clockwork."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
