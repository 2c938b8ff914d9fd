"""The daily story goes on whatever one of its steps meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from newsletter import clock
from newsletter.app import App
from newsletter.cli.terminal import watch
from newsletter.llm.port import Said
from tests import chat
from tests.factories import NOW
from tests.operator import add_papers, add_readers


@dataclass(frozen=True)
class BrokenWriter:
    """A model whose client fails in a way that nobody foresaw."""

    name: str = "a-model"
    seconds: float = 1.0

    def write(self, messages: Sequence[dict[str, str]]) -> Said:
        raise ZeroDivisionError("unforeseen\nin two lines")


@pytest.fixture
def broken(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    add_readers(app, ["paper number"])
    add_papers(app, 3, abstract=chat.ABSTRACT)
    return replace(app, writer=BrokenWriter())


def mails(app: App) -> int:
    return len(list(Path(app.settings.outbox).glob("*.eml")))


def test_a_tick_sends_though_summarising_breaks(
    broken: App, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.pipeline().tick(NOW)
    assert mails(broken) == 1
    (line,) = [each for each in capsys.readouterr().out.splitlines() if "summarise.broke" in each]
    assert "ZeroDivisionError: unforeseen in two lines" in line


def test_a_run_sends_and_its_report_tells_what_broke(broken: App) -> None:
    edition = broken.pipeline().run(NOW.date(), watch(quiet=True))
    assert mails(broken) == 1
    assert edition.summarised is not None
    assert edition.summarised.stopped == "ZeroDivisionError: unforeseen in two lines"
