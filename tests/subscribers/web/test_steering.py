from __future__ import annotations

import re
from html import unescape

import pytest

from subscribers.choices import Part
from subscribers.feedback import vote
from subscribers.length import Length
from subscribers.preferences import read_preferences
from subscribers.preview import Preview, PreviewPaper, Reason
from subscribers.profile import to_text
from subscribers.tables import Subscriber, Vote
from subscribers.tokens import LESS, MORE, Purpose
from tests.subscribers.support import NOW, SIGNER, Site, dump

CHANGED = {
    "topics": ["vision"],
    "categories": ["math.AG"],
    "wishes": "my own words ^2",
    "people": "Ada Lovelace; Noether, Emmy",
    "organisations": "DeepMind",
    "seeds": "2404.06395, https://arxiv.org/abs/2606.00011v2",
    "muted": "survey, case report",
    "cadence": "weekdays",
    "weekday": "0",
    "hour": "9",
    "timezone": "Asia/Tokyo",
    "max_papers": "5",
    "length": "titles",
    "quiet_days": "7",
    "paused_until": "2026-06-15",
}
ADDED = [
    "object detection", "image segmentation", "vision-language models", "cat:math.AG",
    "my own words ^2", "author:Ada Lovelace", 'author:"Noether, Emmy"', "org:DeepMind",
    "arxiv:2404.06395", "arxiv:2606.00011", "-survey", "-case report",
]  # fmt: skip


@pytest.fixture
def page(site):
    return site.link(Purpose.PREFERENCES, site.joined(wishes="speculative decoding, cs.CL, -dull"))


def fields(text: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form."""
    form = re.search(r'<form class="form".*?</form>', text, re.DOTALL)[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        values = {k: unescape(v) for k, v in re.findall(r'(\w+)="([^"]*)"', tag)}
        ticked = re.search(r"\bchecked\b(?!=| disabled)", tag)
        if values.get("type") in {"checkbox", "radio"} and not ticked:
            continue
        sent.setdefault(values["name"], []).append(values.get("value", ""))
    for name, options in re.findall(
        r'<select id="[^"]*" name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        sent[name] = [unescape(chosen[1]) if chosen else ""]
    for name, value in re.findall(
        r'<textarea id="[^"]*" name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        sent[name] = [unescape(value)]
    return sent


def wishes(site: Site) -> list[str]:
    return to_text(read_preferences(site.subscriber()).profile).splitlines()


def field_of(text: str, wish: str) -> str:
    """The name of the field for a wish's weight."""
    return re.search(rf'<label for="(i\d+)"[^>]*>{re.escape(wish)}<', text)[1]


def test_the_page_shows_what_is_set(site, page):
    text = site.client.get(page).text
    assert "ada@example.org" in text
    for wish in ("speculative decoding", "cs.CL", "dull"):
        assert field_of(text, wish)
    assert 'value="Europe/Berlin" selected' in text
    assert "Thursday 11 June at 07:00, Berlin time" in text
    assert "blog &lt;1&gt;" in text


def test_sent_back_as_it_is_nothing_changes(site, page):
    before = read_preferences(site.subscriber())
    answer = site.client.post(page, data=fields(site.client.get(page).text))
    assert "Saved." in answer.text
    assert read_preferences(site.subscriber()) == before


def test_what_is_saved_is_shown_again(site, page):
    answer = site.client.post(page, data=CHANGED)
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert "Monday 15 June at 09:00, Tokyo time" in answer.text
    assert 'value="2026-06-15"' in answer.text
    saved = read_preferences(site.subscriber())
    assert wishes(site) == ["speculative decoding", "cat:cs.CL", "-dull", *ADDED]
    assert (saved.max_papers, saved.schedule.hour) == (5, 9)
    assert (saved.length, saved.quiet_days) == (Length.TITLES, 7)
    assert "Maps of &lt;old&gt; places" in answer.text  # an example paper, by its title
    # What was typed to be added stands among the wishes now, and no more to be added.
    assert fields(answer.text)["people"] == [""]


def test_wishes_are_weighed_and_dropped_each_by_itself(site, page):
    text = site.client.get(page).text
    sent = fields(text) | {
        field_of(text, "speculative decoding"): ["2"],
        field_of(text, "dull"): ["0"],
    }
    answer = site.client.post(page, data=sent)
    assert wishes(site) == ["speculative decoding ^2", "cat:cs.CL"]
    sent = fields(answer.text) | {field_of(answer.text, "speculative decoding"): ["0.5"]}
    site.client.post(page, data=sent)
    assert wishes(site) == ["speculative decoding ^0.5", "cat:cs.CL"]


def test_parts_and_sources_are_turned_off_and_on(site, page):
    sent = fields(site.client.get(page).text)
    assert sent["parts"] == [*Part]
    assert sent["sources"] == ["arxiv", "blog <1>"]
    sent |= {"parts": ["followed", "away"], "sources": ["arxiv"]}
    answer = site.client.post(page, data=sent)
    saved = read_preferences(site.subscriber())
    assert saved.parts_off == {Part.TRENDING, Part.REVISED, Part.EXPLORE}
    assert saved.sources_off == {"blog <1>"}
    again = fields(answer.text)
    assert (again["parts"], again["sources"]) == (["followed", "away"], ["arxiv"])
    again |= {"parts": [*Part], "sources": ["arxiv", "blog <1>"]}
    site.client.post(page, data=again)
    saved = read_preferences(site.subscriber())
    assert (saved.parts_off, saved.sources_off) == (frozenset(), frozenset())


def test_a_source_that_came_since_is_not_turned_off_by_an_old_page(site, page):
    shown = site.deps.library.sources(None)
    site.deps.library.sources = lambda session: shown[:1]
    sent = fields(site.client.get(page).text)
    del site.deps.library.sources
    site.client.post(page, data=sent)
    assert read_preferences(site.subscriber()).sources_off == frozenset()


def test_a_page_in_another_tab_undoes_nothing(site, page):
    text = site.client.get(page).text
    one = fields(text) | {"hour": ["9"], "wishes": ["robots"], field_of(text, "dull"): ["0"]}
    two = fields(text) | {"max_papers": ["3"], "wishes": ["graphs"], "parts": ["away"]}
    two |= {field_of(text, "cs.CL"): ["2"]}
    site.client.post(page, data=one)
    site.client.post(page, data=two)
    saved = read_preferences(site.subscriber())
    assert (saved.schedule.hour, saved.max_papers) == (9, 3)
    assert saved.parts_off == set(Part) - {Part.AWAY}
    assert wishes(site) == ["speculative decoding", "cat:cs.CL ^2", "robots", "graphs"]


def test_a_preview_saves_nothing_and_shows_what_was_typed(site, page):
    asked = []

    def preview(wanted):
        asked.append(wanted)
        said = Reason("you follow ", "<robots>")
        papers = [
            PreviewPaper(
                entry_id=n, key=str(n), title=f"Paper <{n}>", url="", authors="", day=NOW.date(),
                section="", reasons=(said,),
            )
            for n in range(8)
        ]  # fmt: skip
        return Preview(tuple(papers), 593, 14)

    object.__setattr__(site.deps, "preview", preview)
    with site.sessions.begin() as session:
        vote(
            session,
            session.get(Subscriber, site.subscriber().id),
            "arxiv:2606.00011",
            MORE,
            now=NOW,
        )
        before = dump(session)
    text = site.client.get(page).text
    sent = fields(text) | {"wishes": ["robots"], "max_papers": ["8"], "parts": ["away"]}
    answer = site.client.post(page, data=sent | {"action": "preview"})
    assert "these 8 papers" in answer.text
    assert "Paper &lt;7&gt;" in answer.text
    assert "Saved." not in answer.text
    with site.sessions() as session:
        assert dump(session) == before
    (wanted,) = asked
    assert wanted.ratings == (("arxiv:2606.00011", MORE),)
    assert (wanted.max_papers, len(wanted.profile.interests)) == (8, 4)
    assert wanted.parts_off == set(Part) - {Part.AWAY}
    # The form is as it was typed, and saves now what was seen.
    assert "these 8 papers" in site.client.post(page, data=fields(answer.text)).text
    assert wishes(site)[-1] == "robots"
    assert read_preferences(site.subscriber()).max_papers == 8


def test_what_was_learned_is_told_and_taken_back(site, page):
    with site.sessions.begin() as session:
        ada = session.get(Subscriber, site.subscriber().id)
        for n in range(4):
            vote(session, ada, f"arxiv:2606.{n:05}", MORE, now=NOW)
        vote(session, ada, "arxiv:2606.00009", LESS, now=NOW)
    text = site.client.get(page).text
    told = re.sub(r"<[^>]+>", "", text)
    assert "You voted up 4 papers on maps &lt;of&gt; places." in told
    assert "You voted down 1 paper on" in told
    label = unescape(re.search(r'name="forget" value="(\+[^"]+)"', text)[1])
    answer = site.client.post(page, data={"forget": label})
    assert "4 votes are taken back." in answer.text
    with site.sessions() as session:
        assert [row.value for row in session.query(Vote)] == [LESS]
    assert "taken back before" in site.client.post(page, data={"forget": label}).text
    assert "Saved." not in answer.text
    assert wishes(site) == ["speculative decoding", "cat:cs.CL", "-dull"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("wishes", '"kv cache', "quotation mark"),
        ("wishes", "dull", "both ask for"),
        ("seeds", "not a number", "no number of arXiv"),
        ("muted", "2404.06395", "cannot be ruled out"),
        ("people", "!!", "no word"),
        ("hour", "25", "0 to 23"),
        ("timezone", "Mars/Base", "time zone"),
        ("max_papers", "0", "1 to 40"),
        ("paused_until", "2026-06-10", "a day to come"),
        ("paused_until", "soon", "2027-01-31"),
        ("paused_until", "9999-12-31", "a year"),
        ("wishes", "x" * 201, "at most 200"),
        ("cadence", "hourly", "daily"),
        ("length", "epic", "titles"),
        ("quiet_days", "-1", "whole number"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_saved(site, page, field, value, said):
    before = read_preferences(site.subscriber())
    answer = site.client.post(page, data={**CHANGED, field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    assert read_preferences(site.subscriber()) == before


def test_a_pause_that_is_over_is_not_in_the_way(site, page):
    site.client.post(page, data=CHANGED)
    site.clock.advance(days=10)
    text = site.client.get(page).text
    assert 'name="paused_until" type="date" min="2026-06-21" value=""' in text


def test_a_field_that_is_not_sent_stays_as_it_was(site, page):
    site.client.post(page, data={"wishes": "this too"})
    saved = read_preferences(site.subscriber())
    assert wishes(site) == ["speculative decoding", "cat:cs.CL", "-dull", "this too"]
    assert (saved.schedule.hour, saved.schedule.timezone) == (7, "Europe/Berlin")
    assert not saved.parts_off


def test_a_zone_in_an_old_spelling_can_be_kept(site):
    page = site.link(Purpose.PREFERENCES, site.joined(timezone="Asia/Calcutta"))
    assert "<option selected>Asia/Calcutta" in site.client.get(page).text


def test_the_last_wish_is_not_dropped_by_mistake(site, page):
    text = site.client.get(page).text
    none = {field_of(text, wish): ["0"] for wish in ("speculative decoding", "cs.CL")}
    answer = site.client.post(page, data=fields(text) | none)
    assert answer.status_code == 422
    assert "Please keep or add one thing" in answer.text


def test_of_very_many_wishes_the_rest_is_text(site):
    many = ", ".join(f"wish number {n}" for n in range(130))
    page = site.link(Purpose.PREFERENCES, site.joined(wishes=many))
    text = site.client.get(page).text
    assert len(fields(text)["rest"][0].splitlines()) == 30
    sent = fields(text) | {"rest": ["wish number 129\nanother"]}
    site.client.post(page, data=sent)
    assert wishes(site)[100:] == ["wish number 129", "another"]
    assert len(text.encode()) < 80_000


def test_garbage_in_place_of_what_was_shown_does_no_harm(site, page):
    for was in ("%", "a" * 4000, "i1=2&i1=3&part_off=nonsense&source=x&source_off=y", "&" * 5000):
        assert site.client.post(page, data={**CHANGED, "was": was}).status_code == 200
    saved = read_preferences(site.subscriber())
    assert saved.parts_off <= set(Part)


def test_links_of_another_version_or_none_open_nothing(site, page):
    leave = site.link(Purpose.UNSUBSCRIBE, site.subscriber())
    with site.sessions.begin() as session:
        session.get(Subscriber, site.subscriber().id).links_version = 2
    assert site.client.get(page).status_code == 404
    assert site.client.post(page, data=CHANGED).status_code == 404
    assert site.client.get(site.link(Purpose.PREFERENCES, site.subscriber())).status_code == 200
    assert site.client.get(leave).status_code == 200


def test_the_way_out_is_on_the_page_but_no_way_in_on_the_way_out(site, page):
    way_out = re.search(r'href="(/unsubscribe/[^"]+)"', site.client.get(page).text)[1]
    text = site.client.get(way_out).text
    assert "Stop the digest?" in text
    assert "/preferences/" not in text
    token = way_out.rpartition("/")[2]
    SIGNER.read(token, Purpose.UNSUBSCRIBE, now=site.clock.now)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 digest left out"), (5, "5 digests left out"), (7, "7 digests left out")],
)
def test_the_note_is_told_in_what_it_counts(site, page, count, words):
    # Days for one reader, weeks for another: the form does not know which until it is sent.
    site.client.post(page, data={**CHANGED, "quiet_days": str(count)})
    assert f'value="{count}" selected>{words}<' in site.client.get(page).text
