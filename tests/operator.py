"""An operator's installation for tests: a database, settings as environment variables, the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from newsletter.app import App, build
from newsletter.model import DeliveryState
from newsletter.settings import Settings
from newsletter.store import entries, sources
from newsletter.store.engine import open_engine, upgrade
from newsletter.store.tables import Delivery
from subscribers import importing
from tests.factories import NOW, listed

SECRET = "a secret for tests, long enough"
ROOT = Path(__file__).parents[1]


@dataclass
class Operator:
    """Runs `newsletter` in a folder, on a database, with settings."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    _apps: list[App] = field(default_factory=list)

    def close(self) -> None:
        for app in self._apps:
            app.engine.dispose()

    def __post_init__(self) -> None:
        engine = open_engine(self.database_url)
        upgrade(engine)
        engine.dispose()

    def environment(self) -> dict[str, str]:
        base = {
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": SECRET,
            "FROM": "Paperround <digest@paperround.example>",
            "BASE_URL": "https://papers.example",
            "OUTBOX": str(self.folder / "outbox"),
            "SOURCES": "none",
            "SIGNALS": "none",
            "ALLOW_PRIVATE_SOURCES": "true",
            "DEADLINE_HOURS": "100000",  # tests plan as of a day that has long passed
        } | self.settings
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NEWSLETTER_")}
        inherited["PYTHONPATH"] = str(ROOT)  # this tree's command, not that of an installed one
        return inherited | {f"NEWSLETTER_{name}": value for name, value in base.items()}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "newsletter", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def app(self) -> App:
        values = {
            name.removeprefix("NEWSLETTER_"): value
            for name, value in self.environment().items()
            if name.startswith("NEWSLETTER_")
        }
        values["FROM_"] = values.pop("FROM")
        app = build(Settings(_env_file=None, **{name.lower(): v for name, v in values.items()}))
        self._apps.append(app)
        return app


def add_readers(app: App, wishes: list[str], *, now: datetime = NOW) -> None:
    """Confirmed subscribers `reader0@example.org`, ... with these wishes, due since an hour ago."""
    lines = ["email,wishes,hour,timezone,confirmed_at,consent"]
    for number, wish in enumerate(wishes):
        quoted = wish.replace('"', '""')
        lines.append(
            f'reader{number}@example.org,"{quoted}",{now.hour},UTC,{now.isoformat()},a test'
        )
    with app.sessions.begin() as session:
        report = importing.import_csv(
            session, [line + "\n" for line in lines], now=now - timedelta(hours=1)
        )
    assert not report.errors


def add_papers(app: App, count: int, *, now: datetime = NOW, **more: Any) -> None:
    """Papers seen half an hour ago; `paper 0`, `paper 1`, ... in their titles."""
    papers = [listed(number, day=now.date(), **more) for number in range(count)]
    with app.sessions.begin() as session:
        source = sources.add(session, f"papers {now}", "feed", {})
        entries.save(session, source.id, papers, now - timedelta(minutes=30))


def sent(app: App, when: datetime) -> None:
    """As if the relay had taken at that moment all that was planned."""
    with app.sessions.begin() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.state == DeliveryState.PLANNED)
            .values(state=DeliveryState.SUBMITTED, settled_at=when)
        )
