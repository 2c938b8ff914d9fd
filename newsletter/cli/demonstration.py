"""What `newsletter demo` plays: the real road, on sample papers, with three readers and a local mailbox."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from newsletter import clock
from newsletter.app import App, build
from newsletter.cli.daily import print_collected
from newsletter.cli.terminal import print_table, say, watch
from newsletter.errors import NewsletterError
from newsletter.logs import start_log
from newsletter.settings import Settings
from newsletter.stages.sources import add_source
from newsletter.store import standing
from newsletter.store.engine import open_engine, reading, upgrade
from subscribers import importing

_MARK = ".paperround-demo"

# Three people with nothing in common, as they would fill in the form.
_READERS = """\
email,wishes,max_papers,timezone,confirmed_at,consent
ada@example.org,"{ada}",7,Europe/London,{now},the demo
hedy@example.org,"{hedy}",6,Europe/Vienna,{now},the demo
emmy@example.org,"{emmy}",5,America/New_York,{now},the demo
"""
_WISHES = {
    "ada": ['""speculative decoding""', "KV cache compression", "efficient inference of language models",
            "-survey"],
    "hedy": ["video diffusion", "robot manipulation", "cat:cs.GR", "-benchmark"],
    "emmy": ["protein design", "clinical language models", "auctions and mechanism design", "cat:cs.IT"],
}  # fmt: skip


def play(folder: Path, base_url: str, *, quiet: bool) -> tuple[App, list[dict[str, Any]]]:
    """Set everything up anew in the folder and run one edition. Returns a row for each reader."""
    settings = _fresh(folder, base_url)
    start_log(settings.log_level)
    app = build(settings)
    now = clock.now()
    with app.sessions.begin() as session:
        add_source(session, "samples", "samples", {})
        wishes = {name: "\n".join(lines) for name, lines in _WISHES.items()}
        text = _READERS.format(now=now.isoformat(), **wishes)
        importing.import_csv(session, text.splitlines(keepends=True), now=now)
    edition = app.pipeline().run(now.date(), watch(quiet=quiet))
    if not quiet:
        print_collected(edition.collected)
    if edition.sent.error:
        raise NewsletterError(edition.sent.error)
    with reading(app.sessions)() as session:
        rows = standing.overview(session, now.date(), limit=10)
    return app, [_row(app, row) for row in rows]


def _row(app: App, row: standing.Overview) -> dict[str, Any]:
    name = (row.receipt or "").rpartition(" ")[2]
    path = Path(app.settings.outbox) / name
    size = path.stat().st_size if name and path.is_file() else 0
    return {
        "email": row.email,
        "picks": row.picks,
        "why": row.reason or row.wishes,
        "bytes": size,
        "file": str(path) if size else None,
    }


def show(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """The table of the demo."""
    table = [
        (
            row["email"],
            row["picks"],
            row["why"],
            f"{row['bytes'] / 1000:.0f} KB",
            Path(row["file"] or "").name,
        )
        for row in rows
    ]
    print_table("Mailed", ["Reader", "#Papers", "Why", "#Size", "Where"], table)
    say(f"All of it is in {folder}/; the mails in {folder}/outbox/.")


def _fresh(folder: Path, base_url: str) -> Settings:
    """An empty database and outbox in a folder that is the demo's own. Raises NewsletterError."""
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise NewsletterError(f"{folder} holds other files; --folder names another place")
    outbox = folder / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    for old in [*folder.glob("newsletter.sqlite3*"), *outbox.glob("*.eml")]:
        old.unlink()
    url = f"sqlite:///{folder.resolve() / 'newsletter.sqlite3'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return Settings(
        _env_file=None,
        database_url=url,
        base_url=base_url,
        secret_key=secrets.token_hex(32),
        from_="Paperround <digest@paperround.example>",
        outbox=outbox,
    )
