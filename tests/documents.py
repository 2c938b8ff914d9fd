"""What the settings' own descriptions make of `.env.example` and `docs/settings.md`.

`python -m tests.documents` writes both; a test holds them equal.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from newsletter.settings import DEFAULT_SECRET, Settings, env_name

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / ".env.example"
TABLE = ROOT / "docs" / "settings.md"

_NEEDED = {
    "from_": "Paperround <digest@example.org>",
    "smtp_url": "smtp+starttls://login:password@smtp.example.org:587",
    "base_url": "https://papers.example.org",
    "secret_key": DEFAULT_SECRET,
}


def default(name: str) -> str:
    """A field's default as it is written in the environment."""
    value = Settings.model_fields[name].default
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def env_example() -> str:
    """The text of `.env.example`: what a real site must set, then all else at its default."""
    lines = [
        "# Paperround's settings. Copy this file to .env; the environment wins over it.",
        "",
        "# --- To be set before real people are mailed ---",
    ]
    for name, example in _NEEDED.items():
        lines += ["", *_comment(name), f"{env_name(name)}={example}"]
    lines += ["", "# --- The rest, at its defaults ---"]
    for name in Settings.model_fields:
        if name not in _NEEDED:
            lines += ["", *_comment(name), f"#{env_name(name)}={default(name)}"]
    return "\n".join(lines) + "\n"


def _comment(name: str) -> list[str]:
    said = Settings.model_fields[name].description or ""
    if name in _NEEDED:
        said += f" Default: {default(name) or 'unset'}."
    return [f"# {line}" for line in textwrap.wrap(said, 96)]


def settings_table() -> str:
    """The text of `docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Read once at start, from the environment or from `.env` in the current folder; the environment wins.",
        "Every key that is wrong or unknown is told at once, and nothing starts.",
        "`newsletter up`, `serve`, `run` and `send` refuse the default secret key and an unset sender.",
        "",
        "| key | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        shown = f"`{default(name)}`" if default(name) else "unset"
        lines.append(f"| `{env_name(name)}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    EXAMPLE.write_text(env_example(), encoding="utf-8")
    TABLE.write_text(settings_table(), encoding="utf-8")
