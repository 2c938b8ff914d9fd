"""Parts of a digest that are alike for many readers but for a few words: encoded once, with gaps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from newsletter.errors import TemplateError
from newsletter.render.mime import (
    Mold,
    body_of,
    decode_body,
    encode_mold,
    encode_piece,
    encode_words,
)
from newsletter.render.templates import MailTemplate
from newsletter.render.values import Site

OF_READER = ("email", "preferences_url", "unsubscribe_url", "pause_url", "web_url")
# As many as there are moments of the next digest and sets of licences; the bound is for months.
_KEPT = 1000


class Molds:
    """Makes the molds of a digest, and keeps them."""

    def __init__(self, site: Site, template: MailTemplate) -> None:
        self._site = site
        self._template = template
        self._kept: dict[Hashable, Mold] = {}

    def votes(self, part: str, *, offered: bool) -> Mold:
        """The vote links of a paper, with gaps for the tokens `more` and `less`; or the same part where
        nobody may vote.
        """
        gaps = {way: f"gapof{way}token" for way in ("more", "less")} if offered else {}
        urls = {
            f"{way}_url": f"{self._site.base_url}/vote/{gaps[way]}" if offered else ""
            for way in ("more", "less")
        }
        return encode_mold(*self._template.render(part, {"site": self._site, **urls}), gaps)

    def mold(self, part: str, own: Mapping[str, str], **words: Hashable) -> Mold:
        """A part that says `words` to many readers, with a gap for each name in `own`: those of the
        values in `Reader`, and `preheader`. Raises TemplateError.
        """
        key = (part, *own, *words.values())
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = self._made(part, own, words)
        return self._kept[key]

    def _made(self, part: str, own: Mapping[str, str], words: Mapping[str, Hashable]) -> Mold:
        gaps = {name: f"gapof{name.replace('_', '')}" for name in own}
        # Long, and with letters of all kinds: a template that wraps, escapes or changes what is filled
        # in would show it otherwise than the mold.
        sample = {name: f"{name}@Example.org/&{'x' * 60} ü" for name in own}
        try:
            told = self._rendered(part, {name: _Gap(gap) for name, gap in gaps.items()}, words)
            expected = encode_piece(*self._rendered(part, sample, words))
            mold = encode_mold(*told, gaps)
        except (AttributeError, TypeError) as error:
            raise self._refused(part) from error
        filled = mold.fill(encode_words(sample))
        if decode_body(body_of([filled])) != decode_body(body_of([expected])):
            raise self._refused(part)
        return mold

    def _rendered(
        self, part: str, own: Mapping[str, object], words: Mapping[str, Hashable]
    ) -> tuple[str, str]:
        reader = {name: own.get(name, "") for name in OF_READER}
        context = {"site": self._site, "reader": reader, "preheader": own.get("preheader", "")}
        return self._template.render(part, {**context, **words})

    def _refused(self, part: str) -> TemplateError:
        return TemplateError(
            f"template {self._template.name}, part {part}: a reader's address and links and the "
            "preheader can only be shown there as they are, without a filter"
        )


@dataclass(frozen=True, slots=True)
class _Gap:
    """What a template is given in place of a word that is filled in later: it can be shown, no more."""

    word: str

    def __str__(self) -> str:
        return self.word

    def __html__(self) -> str:
        return self.word
