"""Every mail as it was last looked at: an unintended change of one shows in review.

After an intended change: `make goldens`, then read the difference. Forty papers are kept as text alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.render.mails import mails

FOLDER = Path(__file__).parents[1] / "goldens"
REFRESH = bool(os.environ.get("REFRESH_GOLDENS"))


def as_files(name: str) -> dict[str, str]:
    """A mail as its headers and texts are read, by the names of its files."""
    mail = mails()[name]
    headers = [f"{key}: {value}" for key, value in mail.message.items() if key != "Content-Type"]
    files = {f"{name}.txt": "\n".join([*headers, "", mail.text])}
    return files if "forty" in name else {**files, f"{name}.html": mail.html}


@pytest.mark.parametrize("name", mails())
def test_a_mail_is_as_it_was_last_looked_at(name: str) -> None:
    for file, content in as_files(name).items():
        path = FOLDER / file
        if REFRESH:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        assert path.is_file(), "a new mail: make goldens"
        assert content == path.read_text(encoding="utf-8"), "changed: if meant, make goldens"


def test_no_golden_outlives_its_mail() -> None:
    expected = {file for name in mails() for file in as_files(name)}
    kept = {path.name for path in FOLDER.iterdir()}
    if REFRESH:
        for name in kept - expected:
            (FOLDER / name).unlink()
        kept &= expected
    assert kept == expected
