"""Where templates come from, and how an operator's own ones fail."""

from __future__ import annotations

import jinja2
import pytest

from newsletter.errors import TemplateError
from newsletter.render import MailRenderer, Templates, project_templates
from tests.render.letters import SITE, letter


def own(tmp_path, path: str, text: str) -> Templates:
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return Templates(tmp_path)


def test_an_operator_changes_one_colour_and_keeps_the_rest(tmp_path):
    templates = own(tmp_path, "theme.toml", '[light]\naccent = "#123456"\n')
    assert templates.theme["light"]["ground"] == Templates().theme["light"]["ground"]
    html = MailRenderer(SITE, templates).digest_preview(letter()).html
    assert "#123456" in html
    assert Templates().theme["light"]["accent"] not in html


def test_an_operator_overrides_one_file(tmp_path):
    templates = own(tmp_path, "email/digest/subject.txt", "{{ papers }} for the lab")
    assert MailRenderer(SITE, templates).digest_preview(letter()).subject == "1 paper for the lab"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("email/digest/body.mjml", "<mjml><mj-body>{% part top %}</mj-body></mjml>"),
        ("email/digest/body.mjml", "<mjml><mj-body>"),
        ("email/digest/body.txt", "{% part top %}no other part"),
        ("email/digest/subject.txt", "{% if %}"),
        ("email/confirm/body.txt", "{% part whole %}{% for %}"),
        ("email/confirm/body.mjml", "<mjml><mj-body>[[ theme.light.nothing ]]</mj-body></mjml>"),
    ],
)
def test_a_broken_template_is_known_at_the_start_and_by_its_folder(tmp_path, path, text):
    templates = own(tmp_path, path, text)
    with pytest.raises(TemplateError, match=path.rpartition("/")[0]):
        MailRenderer(SITE, templates)


def test_a_name_that_nobody_passes_is_a_template_error(tmp_path):
    renderer = MailRenderer(SITE, own(tmp_path, "email/digest/subject.txt", "{{ nonsense }}"))
    with pytest.raises(TemplateError, match="email/digest, subject: 'nonsense'"):
        renderer.digest(letter())


def test_a_broken_theme_is_a_template_error(tmp_path):
    with pytest.raises(TemplateError, match=r"theme\.toml"):
        own(tmp_path, "theme.toml", "[light")


def test_html_escapes_and_text_does_not_and_both_are_strict(templates):
    assert templates.html.from_string("{{ x }}").render(x="<") == "&lt;"
    assert templates.text.from_string("{{ x }}").render(x="<") == "<"
    for environment in (templates.html, templates.text):
        with pytest.raises(jinja2.UndefinedError):
            environment.from_string("{{ x }}").render()


def test_the_project_ships_its_templates():
    assert (project_templates() / "theme.toml").is_file()
