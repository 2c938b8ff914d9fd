"""The live preview beside the sign-up form: what somebody would get, as far as they have chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from subscribers.language import gettext as _
from subscribers.language import ngettext
from subscribers.preview import Preview, PreviewBusyError, Wanted
from subscribers.profile import Profile
from subscribers.sowing import Sown
from subscribers.tokens import MORE
from subscribers.web.deps import WebDeps

MOST_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TastingView:
    """What the preview's template shows. `message`: why there is no preview; `carried`: papers that were
    rated and are not shown any more, as (key, rating, title).
    """

    preview: Preview | None = None
    message: str = ""
    chosen: bool = False
    sown: Sown = field(default_factory=Sown)
    rated: Mapping[str, int] = field(default_factory=dict)
    carried: tuple[tuple[str, int, str], ...] = ()

    @property
    def status(self) -> str:
        """What a screen reader is told after each change."""
        if self.preview is None or not self.preview.papers:
            return self.message or _("No paper of these days fits yet.")
        count = len(self.preview.papers)
        line = ngettext(
            "{count} paper; the first: {title}", "{count} papers; the first: {title}", count
        )
        return line.format(count=count, title=self.preview.papers[0].title)


def tasted(
    deps: WebDeps, profile: Profile, ratings: tuple[tuple[str, int], ...], sown: Sown
) -> TastingView:
    """A preview of what these wishes and ratings would bring."""
    keys = [key for key, _value in ratings]
    found = deps.find_papers(keys, ()).by_key if keys else {}
    known = tuple((key, value) for key, value in ratings if key in found)
    try:
        preview = deps.preview(Wanted(profile, known, MOST_SHOWN))
    except PreviewBusyError:
        return TastingView(
            message=_("Many people are looking just now. Please try again in a moment."),
            sown=sown,
            carried=tuple((key, value, found[key].title) for key, value in known),
        )
    shown = {paper.key for paper in preview.papers}
    return TastingView(
        preview=preview,
        chosen=any(not wish.muted for wish in profile.interests)
        or any(value == MORE for _key, value in known),
        sown=sown,
        rated=dict(known),
        carried=tuple((key, value, found[key].title) for key, value in known if key not in shown),
    )
