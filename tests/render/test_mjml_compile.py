"""Jinja crosses MJML whole, or the template is refused by name."""

from __future__ import annotations

import re

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TemplateError
from newsletter.render.mjml_compile import compile_mjml

WORDS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
VALUES = st.one_of(
    WORDS.map(lambda word: "{{ " + word + " }}"),
    WORDS.map(lambda word: "{{ " + word + " | default('<b>') }}"),
    WORDS.map(lambda word: "{{ 3 if " + word + " > 2 else 1 }}"),
    st.just("{{ '%' }}"),
)


def mjml(body: str, head: str = "<mj-title>T</mj-title>") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"


def text(inner: str) -> str:
    return mjml(f"<mj-section><mj-column><mj-text>{inner}</mj-text></mj-column></mj-section>")


@given(st.lists(VALUES, max_size=20), st.lists(VALUES, max_size=20))
def test_every_jinja_word_survives_in_its_order(inside, linked):
    body = "".join(f"<p>{value}</p>" for value in inside)
    body += "".join(f'<a href="{value}">x</a>' for value in linked)
    html = compile_mjml(text(body), name="t")
    assert re.findall(r"<p>(.*?)</p>", html) == inside
    assert re.findall(r'<a href="(.*?)">x', html) == linked


def test_statements_survive_between_elements_in_text_in_attributes_and_in_styles():
    source = mjml(
        "{% for x in y %}<mj-section><mj-column><mj-text>"
        '<p class="{% if x %}a{% endif %}">{% if x %}b{% endif %}</p>'
        "</mj-text></mj-column></mj-section>{% endfor %}",
        head="<mj-style>.a { {% if z %}top: 0{% endif %} }</mj-style>",
    )
    html = compile_mjml(source, name="t", inline_css="p { margin: 0 }")
    assert 'class="{% if x %}a{% endif %}"' in html
    assert ">{% if x %}b{% endif %}</p>" in html
    assert "{ {% if z %}top: 0{% endif %} }" in html
    assert "<!--{%" not in html
    assert (
        jinja2.Environment(autoescape=True).from_string(html).render(y=[1, 0], z=0).count("b</p>")
        == 1
    )


def test_the_title_is_shown_twice_and_allowed_to_be():
    html = compile_mjml(mjml("", "<mj-title>{{ title }}</mj-title>"), name="t")
    assert html.count("{{ title }}") == 2


def test_a_note_in_jinja_does_not_reach_the_mail():
    assert "secret" not in compile_mjml(text("a{# secret #}b"), name="t")


def test_rules_become_style_attributes_and_sheets_stay():
    source = mjml(
        "<mj-section><mj-column><mj-text><p class='a'>{{ x }}</p></mj-text></mj-column></mj-section>",
        "<mj-style>@media (prefers-color-scheme: dark) { .a { color: white } }</mj-style>",
    )
    html = compile_mjml(source, name="t", inline_css=".a { color: red }")
    assert re.search(r'<p class="a" style="color: ?red;?">\{\{ x \}\}</p>', html)
    assert "prefers-color-scheme" in html


def test_no_font_is_fetched_from_anywhere():
    html = compile_mjml(text("x"), name="t")
    assert "@import" not in html
    assert re.findall(r"https?://[^\"]+", html) == ["http://www.w3.org/1999/xhtml"]


@pytest.mark.parametrize(
    "source",
    [
        text("<p>{{ x }"),
        text("{{ x }} <p>"),
        mjml("<mj-sectoin></mj-sectoin>"),
        mjml('<mj-include path="/etc/passwd" />'),
        text("&#27;"),
        text("&#x1B;"),
        text("\x1b"),
        mjml("", '<mj-style inline="inline">p { top: 0 }</mj-style>'),
        mjml(
            '<mj-section><mj-column><mj-spacer height="2px">{{ lost }}</mj-spacer></mj-column></mj-section>'
        ),
        mjml('<mj-section css-class="{{ doubled }}"><mj-column></mj-column></mj-section>'),
        "",
        "<html></html>",
    ],
)
def test_a_broken_template_is_refused_by_name(source):
    with pytest.raises(TemplateError, match="email/digest"):
        compile_mjml(source, name="email/digest")
