"""What mail clients support, read from the recorded tables of caniemail.com.

`python -m tests.render.caniemail` prints what the mails use that some client lacks, as docs/email.md lists it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

# The clients that every mail must be right in, by family and, within it, by their name in the tables.
CLIENTS = {
    "gmail": ("Gmail", {"desktop-webmail": "web", "ios": "iOS", "android": "Android"}),
    "outlook": ("Outlook", {"windows": "Windows", "macos": "Mac", "outlook-com": "web"}),
    "apple-mail": ("Apple Mail", {"macos": "Mac", "ios": "iOS"}),
    "yahoo": ("Yahoo", {"desktop-webmail": "web", "ios": "iOS", "android": "Android"}),
}
_FRONT = re.compile(r"---\n(.*?)\n---", re.DOTALL)


@dataclass(frozen=True)
class Feature:
    """A row of caniemail: its name there, its title, and (family, client) -> y, a (partly), n or u (unknown)."""

    slug: str
    title: str
    support: Mapping[tuple[str, str], str]

    @property
    def lacking(self) -> dict[str, list[str]]:
        """The clients without it or with part of it, by family, as a person says them."""
        told: dict[str, list[str]] = {}
        for (family, client), value in self.support.items():
            name, clients = CLIENTS[family]
            if value == "n":
                told.setdefault(name, []).append(clients[client])
            elif value == "a":
                told.setdefault(name, []).append(f"{clients[client]} partly")
        return told


def features(folder: Path) -> dict[str, Feature]:
    """All rows, by slug. `folder`: the recorded `_features`."""
    return {path.stem: read(path.stem, path.read_text("utf-8")) for path in folder.glob("*.md")}


def read(slug: str, source: str) -> Feature:
    """One row. Its front matter is YAML but for tabs, which YAML does not take for blanks."""
    front = _FRONT.match(source)
    assert front, f"{slug}: no front matter"
    values = yaml.safe_load(front[1].replace("\t", "    "))
    support = {
        (family, client): _newest(values["stats"].get(family, {}).get(client, {}))
        for family, (_, clients) in CLIENTS.items()
        for client in clients
    }
    return Feature(slug, values["title"].strip(), support)


def _newest(versions: Mapping[object, str]) -> str:
    """The letter of the newest version; `u` where nobody tried any."""
    if not versions:
        return "u"
    newest = max(versions, key=lambda version: [int(n) for n in re.findall(r"\d+", str(version))])
    return versions[newest][0]


def where(feature: Feature) -> str:
    """`Gmail (iOS, Android), Outlook (Windows partly)`; a family that lacks it altogether by name alone."""
    told = []
    for family, clients in feature.lacking.items():
        every = next(them for name, them in CLIENTS.values() if name == family)
        whole = clients == list(every.values())
        told.append(family if whole else f"{family} ({', '.join(clients)})")
    return ", ".join(told)


if __name__ == "__main__":
    from tests.inputs import require
    from tests.render.features import used_by
    from tests.render.mails import mails

    known = features(require("inputs", "caniemail", "_features"))
    for slug in sorted({slug for mail in mails().values() for slug in used_by(mail.html, known)}):
        if lacking := where(known[slug]):
            print(f"| `{known[slug].title}` | {lacking} | |")
