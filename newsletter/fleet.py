"""Several processes that send one edition beside each other: Python computes on one core a process.

The ledger keeps them apart, as it does any two senders. A child that dies costs its leases; what it had
claimed is taken up at the end.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any

from newsletter.app import App, build
from newsletter.logs import start_log
from newsletter.parent import when_parent_ends
from newsletter.pipeline import Pipeline
from newsletter.settings import Settings
from newsletter.stages.send import SendReport
from newsletter.store.claims import Scope
from newsletter.store.engine import reading
from newsletter.store.standing import waiting

_POLL = 0.5
# Below so many mails a process takes longer to start than to send its share.
_WORTH_IT = 1000


@dataclass(frozen=True)
class Fleet:
    """Sends as the settings want it: by this process, or by several where there is enough to send."""

    app: App
    processes: int

    def pipeline(self) -> Pipeline:
        """The daily story, with its mails sent so."""
        return replace(self.app.pipeline(), send=self.send)

    def send(
        self,
        scope: Scope,
        progress: Callable[[int], None] = lambda _: None,
        *,
        more: Callable[[], bool] = lambda: False,
    ) -> SendReport:
        """As `Sender.run`."""
        if self.processes > 1 and self._is_much(more):
            return _send(self.app, self.processes, scope, progress, more)
        return self.app.send(scope, progress, more=more)

    def _is_much(self, more: Callable[[], bool]) -> bool:
        while True:
            coming = more() and not self.app.stopping.is_set()
            with reading(self.app.sessions)() as session:
                if waiting(session, _WORTH_IT) == _WORTH_IT:
                    return True
            if not coming:
                return False
            time.sleep(_POLL)


def _send(
    app: App,
    processes: int,
    scope: Scope,
    progress: Callable[[int], None],
    more: Callable[[], bool],
) -> SendReport:
    context = multiprocessing.get_context("spawn")
    coming = context.Event()
    coming.set()
    children: dict[Connection, BaseProcess] = {}
    for _ in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        child = context.Process(
            target=_work, args=(app.settings, scope, 1 / processes, coming, theirs)
        )
        child.start()
        theirs.close()
        children[ours] = child
    report = SendReport()
    while children:
        if app.stopping.is_set() or not more():
            coming.clear()
        if app.stopping.is_set():
            for running in children.values():
                running.terminate()
        for heard in wait(list(children), _POLL):
            assert isinstance(heard, Connection)
            if not _hear(heard, report, progress):
                children.pop(heard).join()
    if not app.stopping.is_set() and report.error is None:
        report.add(app.sender().run(scope, progress))
    return report


def _hear(ours: Connection, report: SendReport, progress: Callable[[int], None]) -> bool:
    """Take what a child says; False once it has said all, or died."""
    try:
        said: Any = ours.recv()
    except (EOFError, OSError):
        return False
    if isinstance(said, SendReport):
        report.add(said)
        return False
    progress(said)
    return True


def _work(
    settings: Settings, scope: Scope, share: float, coming: Event, theirs: Connection
) -> None:
    start_log(settings.log_level, settings.log_format)
    app = build(settings)
    signal.signal(signal.SIGTERM, lambda *_: app.stopping.set())
    signal.signal(signal.SIGINT, lambda *_: app.stopping.set())
    when_parent_ends(app.stopping.set)  # as if they had asked for it

    def tell(said: object) -> None:
        with suppress(OSError):  # nobody listens any more
            theirs.send(said)

    report = app.sender(share).run(scope, tell, more=coming.is_set)
    tell(report)
    app.engine.dispose()
