"""Numbered pieces of the text part are made once, wherever an operator's template puts the number."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from newsletter.render.cards import Numbered


@pytest.mark.parametrize(
    ("make", "times"),
    [
        (
            lambda n: (
                b"\n" + (b"[%d]" % n).ljust(5).replace(b"  ", b" =20") + b"A title [1]\n[2] too"
            ),
            2,
        ),
        (lambda n: b"[%d]\r\n" % n, 2),
        (lambda n: b"Paper %d of many [1]" % n, 2 + 4),
        (lambda n: b"[1] is no label; [%d] is" % n, 2 + 4),
    ],
)
def test_under_any_number(make: Callable[[int], bytes], times: int) -> None:
    made: list[int] = []

    def counted(number: int) -> bytes:
        made.append(number)
        return make(number)

    piece = Numbered(counted)
    assert [piece.under(n) for n in (1, 2, 9, 10, 100)] == [make(n) for n in (1, 2, 9, 10, 100)]
    assert len(made) == times
