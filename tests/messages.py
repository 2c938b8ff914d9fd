"""Every sentence that readers see, gathered from the code and the templates, and the catalogues brought up
to them: `make messages`. `make messages NEW=fr` begins a language.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import jinja2
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from subscribers.catalogue import catalogue

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "subscribers/locale"
# Which arguments of which functions are messages; `None` is the first.
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "counted": (1, 2)}
_PART = re.compile(r"\{%-?\s*part\s+\w+\s*-?%\}")


def extracted() -> Catalog:
    """All messages, in the order of their files."""
    found = Catalog(charset="utf-8")
    for path in sorted([*ROOT.glob("newsletter/**/*.py"), *ROOT.glob("subscribers/**/*.py")]):
        with path.open("rb") as file:
            for line, message, comments, _ in extract("python", file, KEYWORDS, ["NOTE:"]):
                _add(found, path, line, message, comments)
    for label in _labels():
        found.add(label, locations=[("subscribers/catalogue.toml", 1)])
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"])
    for path in sorted(each for each in (ROOT / "templates").rglob("*") if each.is_file()):
        if path.suffix not in {".html", ".txt", ".mjml"}:
            continue
        source = _PART.sub("", path.read_text("utf-8"))
        for line, function, message in environment.extract_translations(source):
            given = (message,) if isinstance(message, str) else message or (None,)
            _add(found, path, line, given[: 2 if function == "ngettext" else 1], [])
    return found


def _add(found: Catalog, path: Path, line: int, message: object, comments: Sequence[str]) -> None:
    told = (message,) if isinstance(message, str) else message
    assert isinstance(told, tuple)
    if None in told:
        return  # no constant: it is one where it is made
    place = path.relative_to(ROOT).as_posix()
    found.add(told if told[1:] else told[0], locations=[(place, line)], auto_comments=comments)


def _labels() -> Iterator[str]:
    for group in catalogue().groups:
        yield group.label
        yield from (topic.label for topic in group.topics)
    for archive in catalogue().archives:
        yield archive.label
        yield from (category.label for category in archive.categories)


def read(language: str) -> Catalog:
    """A language's catalogue as it stands; empty where there is none."""
    path = LOCALE / f"{language}.po"
    if not path.is_file():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> bytes:
    """The file of a language with every message there is and no other, told by their files alone."""
    known = read(language)
    known.update(extracted(), no_fuzzy_matching=True)
    out = BytesIO()
    write_po(
        out,
        known,
        width=100,
        omit_header=True,
        sort_by_file=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    name = Locale.parse(language).english_name
    head = (
        f"# {name}. Sentences are looked up by their English; what is missing stays English.\n"
        "# `make messages` brings this file up to the code and the templates.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {known.plural_forms}\\n"\n\n'
    )
    return head.encode() + out.getvalue()


def main(new: str) -> None:
    """Brings all catalogues up to date, and begins one for `new`."""
    for language in sorted({path.stem for path in LOCALE.glob("*.po")} | ({new} if new else set())):
        (LOCALE / f"{language}.po").write_bytes(updated(language))
        missing = sum(
            not each.string or not all(_strings(each.string)) for each in read(language) if each.id
        )
        print(f"{language}: {missing} to translate")


def _strings(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
