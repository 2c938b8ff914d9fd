"""What `docs/sources.md` says is so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

from newsletter.collect.http import Http
from newsletter.collect.port import Request
from newsletter.collect.registry import kinds
from tests.servers import Web

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")


def test_the_worked_example_works(web: Web, http: Http) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    assert len(code.splitlines()) < 40
    names: dict = {}
    exec(code, names)
    reports = names["LabReports"]()
    address = web.put("/list", b"On  birds | https://lab.example/1\nno address\n")
    request = Request(reports.check({"address": address}), date(2026, 6, 16), datetime.now(UTC))
    batch = next(reports.collect(request, http))
    assert [(paper.title, paper.keys) for paper in batch.listed] == [
        ("On birds", ("url:https://lab.example/1",))
    ]
    assert batch.problems == ("1 lines without title or address",)


def test_every_kind_is_documented() -> None:
    for kind in kinds():
        assert f"`{kind}`" in PAGE or f"`{kind}:" in PAGE
