"""Hundreds of runs: `python -m tests.soak [--runs N] [--seed FIRST]`. Prints each run's seed and books."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.operator import Operator
from tests.soak.harness import Plan, play, prepare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=100, help="of each database and number of senders"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    bad = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"sqlite": f"sqlite:///{folder / 'soak.sqlite3'}"}
        if (server := stack.enter_context(postgres.own_database())) is not None:
            urls["postgresql"] = server
        operators = {name: Operator(folder, url) for name, url in urls.items()}
        for operator in operators.values():
            stack.callback(operator.close)
            prepare(operator)
        for run in range(options.runs):
            for name, operator in operators.items():
                for processes in (1, 3):
                    seed = options.seed + run
                    begun = time.monotonic()
                    books = play(operator, folder, Plan(seed, processes))
                    bad += bool(books.faults)
                    operator.close()  # else each run would keep a connection to the server
                    print(
                        f"seed {seed} {name} {processes} senders {time.monotonic() - begun:.1f} s: "
                        f"{dict(books.states)}, {books.taken} taken, {books.doubles} twice "
                        f"({books.killed_connections} connections cut, {books.lost_answers} answers lost)"
                        + "".join(f"\n  WRONG: {fault}" for fault in books.faults),
                        flush=True,
                    )
    print(f"{bad} runs went wrong" if bad else "all is well")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
