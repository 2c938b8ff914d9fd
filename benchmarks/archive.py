"""A large archive for the site: real papers, made many, over months of days, with votes and readers."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, islice

from newsletter.app import App
from newsletter.collect import calendar
from newsletter.model import Listed
from newsletter.store import entries, signals, sources
from subscribers import importing
from tests import inputs

DAY = date(2026, 6, 10)
NOW = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)
A_DAY = 700
_VOTED = 0.06  # of a day's papers, as Hugging Face Daily Papers are of arXiv's


def fill(app: App, count: int) -> int:
    """`count` papers over the weekdays until `DAY`, a twentieth of them voted on; how many there are."""
    records = [record for record in inputs.stream() if record["source"] == "arxiv-listing"]
    chance = random.Random(7)
    texts = cycle(records)
    days = [DAY - timedelta(days=n) for n in range(2 * count // A_DAY + 8)]
    open_days = [day for day in days if calendar.expected(day)]
    with app.sessions.begin() as session:
        arxiv = sources.add(session, "arxiv-rss:cs", "arxiv-rss", {}).id
        hf = sources.add(session, "hf-daily", "hf-daily", {}).id
    left, number = count, 0
    for day in reversed(open_days[: -(-count // A_DAY)]):
        batch = list(islice(texts, min(A_DAY, left)))
        left -= len(batch)
        papers = [_paper(record, records, number + n, day) for n, record in enumerate(batch)]
        number += len(batch)
        seen_at = datetime.combine(day, time(5), UTC)
        with app.sessions.begin() as session:
            entries.save(session, arxiv, papers, seen_at)
        voted = chance.sample(papers, int(_VOTED * len(papers)))
        for hour in (2, 5, 9):
            told = [_voted(paper, hour * (1 + int(chance.paretovariate(1.2)))) for paper in voted]
            with app.sessions.begin() as session:
                entries.save(session, hf, told, seen_at + timedelta(hours=hour))
                ids = entries.ids_by_key(session, [paper.keys[0] for paper in told])
                points = {(each, "hn-points"): 3 * hour for each in list(ids.values())[:6]}
                signals.record(session, points, seen_at + timedelta(hours=hour))
    return number


def _paper(
    record: dict[str, object], records: list[dict[str, object]], number: int, day: date
) -> Listed:
    """A real paper; from the second round on with half of the abstract of another: no two are one."""
    title, abstract = str(record["title"]), str(record["abstract"])
    if number >= len(records):
        other = records[(number * 31 + number // len(records)) % len(records)]
        words, others = abstract.split(), str(other["abstract"]).split()
        abstract = " ".join([*words[: len(words) // 2], *others[len(others) // 2 :]])
        title = f"{' '.join(title.split()[:6])} {' '.join(str(other['title']).split()[-6:])}"
    return Listed(
        keys=(f"arxiv:{day:%y%m}.{number:06}",),
        title=" ".join(title.split()),
        abstract=" ".join(abstract.split()),
        day=day,
        authors=tuple(str(name) for name in record["authors"]),  # type: ignore[attr-defined]
        categories=tuple(str(name) for name in record.get("categories") or ()),  # type: ignore[attr-defined]
        url=f"https://arxiv.org/abs/{day:%y%m}.{number:06}",
        published_at=datetime.combine(day - timedelta(days=1), time(15), UTC),
        organisation=("Google DeepMind", "Example University", None)[number % 3],
    )


def _voted(paper: Listed, votes: int) -> Listed:
    return Listed(
        keys=paper.keys, title=paper.title, day=paper.day, votes=votes, comments=votes // 8,
        url=paper.url,
    )  # fmt: skip


def add_readers(app: App, count: int) -> None:
    """Confirmed readers with five wishes each."""
    wishes = ["graph neural networks", "diffusion models", "speculative decoding", "robot learning",
              "protein structure", "privacy", "retrieval", "speech recognition"]  # fmt: skip
    lines = ["email,wishes,hour,timezone,confirmed_at,consent\n"]
    for number in range(count):
        mine = "\n".join(wishes[(number + n) % len(wishes)] for n in range(5))
        lines.append(f'r{number}@example.org,"{mine}",7,UTC,{NOW.isoformat()},benchmark\n')
    with app.sessions.begin() as session:
        importing.import_csv(session, lines, now=NOW)
