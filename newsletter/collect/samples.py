"""The papers that ship with the project, so that a newcomer sees a digest without any network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from newsletter.collect import arxiv, checking, dates
from newsletter.collect.http import Http
from newsletter.collect.keys import keys_of
from newsletter.collect.port import Batch, Request
from newsletter.model import Listed


class Samples:
    """Takes no settings."""

    def check(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """See `Collector.check`."""
        checking.only(settings)
        return {}

    def collect(self, request: Request, http: Http) -> Iterator[Batch]:  # noqa: ARG002
        """All sample papers, as if they were announced on the day asked for."""
        listed = tuple(listed_of(record, request.day) for record in records())
        yield Batch(listed, notes=(f"{len(listed)} sample papers",))


def records() -> list[dict[str, Any]]:
    """The sample papers as their file holds them."""
    text = files("newsletter").joinpath("samples", "papers.json").read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def listed_of(record: Mapping[str, Any], day: date) -> Listed:
    """One record as a paper of a day."""
    identifier = record["id"]
    return Listed(
        keys=keys_of(f"arXiv:{identifier}"),
        title=record["title"],
        day=day,
        abstract=record["abstract"],
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
        url=arxiv.page(identifier),
        pdf_url=arxiv.pdf(identifier),
        code_url=record.get("code_url"),
        published_at=dates.moment(record.get("published_at")),
        organisation=record.get("organisation"),
        votes=record.get("votes"),
        comments=record.get("comments"),
    )
