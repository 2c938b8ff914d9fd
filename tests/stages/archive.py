"""An archive that counts as large, its readers, and what they would get."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from sqlalchemy import delete, func, select

from newsletter.app import App
from newsletter.model import Digest, Skip
from newsletter.stages.learning import learn_stale
from newsletter.store.learned import LearnedTaste
from subscribers import audience
from tests import inputs
from tests.factories import NOW

ARCHIVE = 400
WISHES = [
    "language model\nreinforcement learning",
    "diffusion, -survey",
    '"neural network"\nrobot',
    "graph",
    "protein structure\nimage segmentation ^2",
    "",
]


def papers() -> list[tuple[str, str]]:
    if inputs.shared() is not None:
        return [(r["title"], r["abstract"] or "") for r in islice(inputs.stream(), ARCHIVE)]
    words = [f"{a}{b}" for a in ("graph", "model", "robot", "image") for b in range(9)]
    return [
        (f"{words[n % 36]} {words[n * 7 % 31]}", " ".join(words[n * k % 36] for k in range(12)))
        for n in range(ARCHIVE)
    ]


def key(number: int) -> str:
    return f"arxiv:2606.{number:05}"


def chosen(app: App, block: int, now: datetime = NOW) -> dict[int, object]:
    """What everybody would get, by a planner that only reads, in blocks."""
    planner, found = app.planner(now), dict[int, object]()
    with app.sessions() as session:
        for members in audience.due(session, now=now, block=block):
            for member, digest in zip(members, planner.choose(session, members), strict=True):
                found[member.id] = told(digest)
    return found


def told(digest: Digest | Skip) -> object:
    if isinstance(digest, Skip):
        return digest
    return [(pick.entry_id, pick.section, pick.evidence) for pick in digest.picks]


def count(app: App, table: type) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def learned(app: App, now: datetime = NOW) -> int:
    return learn_stale(app.sessions, app._spaces, now, 10_000)


def clear(app: App) -> None:
    with app.sessions.begin() as session:
        session.execute(delete(LearnedTaste))
