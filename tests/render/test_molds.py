"""What is filled into a part's gaps is shown as the template itself would have shown it."""

from __future__ import annotations

import pytest
from hypothesis import given

from newsletter.errors import TemplateError
from newsletter.render import MailRenderer, Templates, project_templates
from newsletter.render.digest import PARTS
from newsletter.render.mime import body_of, decode_body, encode_piece, encode_words
from newsletter.render.molds import Molds
from newsletter.render.plain import clean
from tests.render.hostile import ANY_TEXT
from tests.render.letters import SITE

FOOT = {"next": "Monday at 07:00", "licences": ("CC0, 100 % free.",)}


@pytest.fixture(scope="module")
def digest():
    return Templates().mail("digest", PARTS)


@given(ANY_TEXT)
def test_a_filled_part_is_what_the_template_says(digest, text):
    own = {name: clean(text) or "x" for name in ("email", "preferences_url", "unsubscribe_url")}
    filled = Molds(SITE, digest).mold("foot", own, **FOOT).fill(encode_words(own))
    reader = {"pause_url": "", "web_url": ""} | own
    told = encode_piece(*digest.render("foot", {"site": SITE, "reader": reader, **FOOT}))
    assert decode_body(body_of([filled])) == decode_body(body_of([told]))
    assert filled.html_size == told.html_size


@pytest.mark.parametrize(
    "shown",
    [
        "{{ reader.preferences_url | upper }}",
        "{{ reader.preferences_url | wrap }}",
        "{{ reader.preferences_url.partition('@')[0] }}",
    ],
)
def test_a_template_that_changes_what_is_filled_in_is_refused(tmp_path, shown):
    ours = (project_templates() / "email/_parts/list_foot.txt").read_text(encoding="utf-8")
    part = tmp_path / "email/_parts/list_foot.txt"
    part.parent.mkdir(parents=True)
    part.write_text(ours.replace("{{ reader.preferences_url }}", shown), encoding="utf-8")
    with pytest.raises(TemplateError, match=r"email/digest, part foot"):
        MailRenderer(SITE, Templates(tmp_path))


def test_parts_that_say_the_same_are_encoded_once(digest):
    molds, own = Molds(SITE, digest), {"email": "a@example.org", "preheader": "x"}
    assert molds.mold("top", own, date="Monday") is molds.mold("top", own, date="Monday")
    assert molds.mold("top", own, date="Monday") is not molds.mold("top", own, date="Tuesday")
