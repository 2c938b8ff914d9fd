"""Mails in files: single ones, mboxes, Maildirs, folders of any of these. Nothing is changed or deleted."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsletter.receive import LARGEST


@dataclass(frozen=True, slots=True)
class Found:
    """A mail in a file, or why the file cannot be read (`error`, then `raw` is empty)."""

    path: Path
    raw: bytes = b""
    error: str = ""


def mails(path: Path) -> Iterator[Found]:
    """Every mail below a path, in the order of the names.

    A folder with `cur` and `new` in it is a Maildir: its mails are in these two, and whatever else a mail
    server keeps there (indexes, other mailboxes, what is still being delivered) is none. A file that
    begins with "From " is an mbox. Files and folders whose names begin with a dot are left out.
    """
    if not path.exists():
        yield Found(path, error="there is no such file or folder")
    elif path.is_dir():
        yield from _folder(path)
    else:
        yield from _file(path)


def _folder(path: Path) -> Iterator[Found]:
    try:
        names = sorted(path.iterdir())
    except OSError as error:
        yield Found(path, error=error.strerror or str(error))
        return
    maildir = [path / "cur", path / "new"]
    if all(inner.is_dir() for inner in maildir):
        names = maildir
    for inner in names:
        if not inner.name.startswith(".") and not inner.is_symlink():
            yield from mails(inner)


def _file(path: Path) -> Iterator[Found]:
    try:
        with path.open("rb") as file:
            begins_as_mbox = file.read(5) == b"From "
        if begins_as_mbox:
            yield from _mbox(path)
        else:
            with path.open("rb") as file:
                yield Found(path, file.read(LARGEST))
    except OSError as error:
        yield Found(path, error=error.strerror or str(error))


def _mbox(path: Path) -> Iterator[Found]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            with box.get_file(key) as file:
                yield Found(path, file.read(LARGEST))
    finally:
        box.close()
