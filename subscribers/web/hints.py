"""What a form says about wishes that are taken as they are, but will not serve well."""

from __future__ import annotations

from subscribers.language import gettext as _
from subscribers.profile import Interest, Kind, parse_profile, wish_text
from subscribers.web.deps import TooCommon
from subscribers.wording import percent

_MOST = 3


def hints(wishes: str, too_common: TooCommon) -> tuple[str, ...]:
    """A sentence for each typed wish that nearly any paper meets; of many, the most common three.

    `wishes`: what was typed and is known to be well-formed.
    """
    interests = parse_profile(wishes).interests
    asked = [one for one in interests if one.kind in {Kind.TOPIC, Kind.PHRASE}]
    shares = too_common(asked) if asked else {}
    return tuple(
        _sentence(interest, shares[interest])
        for interest in sorted(shares, key=lambda one: -shares[one])[:_MOST]
    )


def _sentence(interest: Interest, share: float) -> str:
    if interest.muted:
        return _(
            "“{wish}” rules out {share} of all new papers; if that is more than you mean, rule out a "
            "phrase of two or three words."
        ).format(wish=wish_text(interest), share=percent(share))
    if " " in interest.text:
        said = _(
            "The words of “{wish}” are together in {share} of all new papers; one word more that says "
            "what is special will serve you better."
        )
    else:
        said = _(
            "“{wish}” is in {share} of all new papers; a phrase of two or three words, such as "
            "“diffusion model”, will serve you better."
        )
    return said.format(wish=interest.text, share=percent(share))
