"""A profile as a JSON document, for import: strict about what it does not know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subscribers.errors import ProfileError
from subscribers.profile import Interest, Kind, Profile, make_profile, parse_wish, wish_text


class InterestDocument(BaseModel):
    """`{"kind": "topic", "text": "...", "weight": 1.0, "muted": false}`"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    text: str = Field(min_length=1)
    weight: float = Field(default=1.0, ge=0.1, le=10.0)
    muted: bool = False


class ProfileDocument(BaseModel):
    """`{"interests": [...]}`; each interest an object, or the wish as a reader would type it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interests: list[InterestDocument | str]


def profile_from_document(document: Any) -> Profile:
    """The profile in a parsed JSON value. Raises ProfileError that names every field it refuses."""
    try:
        parsed = ProfileDocument.model_validate(document)
    except ValidationError as error:
        raise ProfileError("profile", explain(error)) from None
    return make_profile(_interest(one) for one in parsed.interests)


def profile_to_document(profile: Profile) -> dict[str, Any]:
    """The reverse of `profile_from_document`, all plain JSON values."""
    return {
        "interests": [
            {"kind": one.kind.value, "text": one.text, "weight": one.weight, "muted": one.muted}
            for one in profile.interests
        ]
    }


def explain(error: ValidationError) -> str:
    """Pydantic's findings as one line: unknown fields first, then what is wrong with the others."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    unknown = [_place(one["loc"]) for one in found if one["type"] == "extra_forbidden"]
    wrong = [
        f"{_place(one['loc'])}: {one['msg'][:1].lower()}{one['msg'][1:]}"
        for one in found
        if one["type"] != "extra_forbidden"
    ]
    if unknown:
        wrong.insert(0, f"unknown field{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}")
    return "; ".join(wrong)


def _interest(given: InterestDocument | str) -> Interest:
    """Held to the same rules as typed wishes, by typing it."""
    if isinstance(given, str):
        return parse_wish(given)
    meant = Interest(given.kind, given.text, round(given.weight, 3), given.muted)
    typed = parse_wish(wish_text(meant))
    if replace(typed, text="") != replace(meant, text="") or (
        given.kind is Kind.TOPIC and "," in given.text
    ):
        raise ProfileError(
            "interests", f"This cannot be the text of one {given.kind}: “{given.text[:60]}”."
        )
    return typed


def _place(location: tuple[int | str, ...]) -> str:
    # The names of the union's members are pydantic's business, not a place in the document.
    return ".".join(str(step) for step in location if step not in {"InterestDocument", "str"})
