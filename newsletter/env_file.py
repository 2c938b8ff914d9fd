"""The lines of an `.env` file, read as whoever loads it will read them."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from newsletter.errors import SettingsError


def read_lines(env_file: Path | None) -> list[Binding]:
    """What stands in the file, as it will be read. Raises SettingsError for lines that nobody can read."""
    if env_file is None or not env_file.is_file():
        return []
    try:
        lines = list(parse_stream(io.StringIO(env_file.read_text("utf-8-sig"))))
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file} is not UTF-8 text") from None
    except OSError as error:
        raise SettingsError(f"{env_file} cannot be read: {error.strerror}") from error
    bad = [
        f"{env_file}, line {line.original.line}: not of the form NAME=VALUE, or wrongly quoted"
        for line in lines
        if line.error
    ]
    if bad:
        raise SettingsError("settings that cannot work:\n  " + "\n  ".join(bad))
    return lines
