"""What a form had shown, sent along with it: only what its reader changed is changed, so that a page that
stood open in another tab undoes nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode


def packed(values: Iterable[tuple[str, str]]) -> str:
    """The values of a form's fields as the text of one hidden field."""
    return urlencode(list(values))


def unpacked(text: str) -> list[tuple[str, str]]:
    """The reverse; anything that was not made by `packed` gives nothing."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []


def merged(
    now: Mapping[str, str], was: Mapping[str, str], sent: Mapping[str, str]
) -> dict[str, str]:
    """The fields as they stand `now`, with those that the form changed of what it had shown."""
    return {
        name: sent[name] if name in sent and sent[name] != was.get(name) else value
        for name, value in now.items()
    }


def merged_off(
    off: Collection[str], was_off: Collection[str], shown: Collection[str], ticked: Collection[str]
) -> frozenset[str]:
    """What is off now, with what the form turned off or on: of what it had `shown`, what is not `ticked` is
    to be off.
    """
    wanted = set(shown) - set(ticked)
    return frozenset((set(off) - (set(was_off) - wanted)) | (wanted - set(was_off)))
