"""Nothing lost, nothing twice but what is marked: a few runs of what `make soak` runs by the hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operator import Operator
from tests.soak.harness import Plan, play, prepare


@pytest.mark.parametrize("processes", [1, 3])
def test_no_kill_and_no_relay_loses_or_doubles_a_mail(
    operator: Operator, tmp_path: Path, processes: int
) -> None:
    prepare(operator)
    for seed in range(1, 4):
        books = play(operator, tmp_path, Plan(seed, processes))
        assert books.faults == [], f"seed {seed}: {books}"
        assert books.states["submitted"] > 0
