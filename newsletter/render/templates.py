"""Finds templates and the theme, and makes the Jinja environments that read them.

An operator's folder is searched first, file by file: whoever wants another foot overrides that one
file and keeps the rest.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.render.mjml_compile import compile_mjml
from newsletter.render.plain import hang, wrap
from subscribers.language import gettext, ngettext

_PART = re.compile(r"\{%-?\s*part\s+(\w+)\s*-?%\}\n?")
_INLINE_CSS = "email/_parts/inline.css"


def project_templates() -> Path:
    """The templates that ship with the project: inside a wheel, or at the root of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """One mail's compiled folder: its subject, and the parts that its text and HTML are made of."""

    name: str
    subject: jinja2.Template
    text: dict[str, jinja2.Template]
    html: dict[str, jinja2.Template]

    def render(self, part: str, context: dict[str, Any]) -> tuple[str, str]:
        """Text and HTML of one part. A name that the template invented is a TemplateError."""
        return self.render_text(part, context), self.render_html(part, context)

    def render_text(self, part: str, context: dict[str, Any]) -> str:
        """The text of one part. Raises TemplateError."""
        return self._rendered(self.text, part, context)

    def render_html(self, part: str, context: dict[str, Any]) -> str:
        """The HTML of one part. Raises TemplateError."""
        return self._rendered(self.html, part, context)

    def _rendered(
        self, parts: dict[str, jinja2.Template], part: str, context: dict[str, Any]
    ) -> str:
        try:
            return parts[part].render(context)
        except jinja2.TemplateError as error:
            raise TemplateError(f"template {self.name}, part {part}: {error}") from error

    def render_subject(self, context: dict[str, Any]) -> str:
        """The subject line."""
        try:
            return self.subject.render(context)
        except jinja2.TemplateError as error:
            raise TemplateError(f"template {self.name}, subject: {error}") from error


class Templates:
    """The templates of one site: the operator's `folder`, if any, before the project's own.

    `html` escapes what it is given, `text` does not; both refuse names that nobody passed.
    `theme` is theme.toml, the operator's values over the project's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folders = [*([folder] if folder else []), project_templates()]
        loader = jinja2.FileSystemLoader([str(path) for path in self._folders])
        self.theme = _read_theme(self._folders)
        self.html = _environment(loader, autoescape=True)
        self.text = _environment(loader, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self._mails: dict[tuple[str, tuple[str, ...]], MailTemplate] = {}
        self.html.globals["theme"] = self.text.globals["theme"] = self.theme

    @cached_property
    def _design(self) -> jinja2.Environment:
        # Colours and shared pieces are fixed before MJML runs, so they have signs of their own.
        environment = jinja2.Environment(
            loader=self.html.loader,
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701  (the theme is the operator's own; the result is MJML)
            block_start_string="[%",
            block_end_string="%]",
            variable_start_string="[[",
            variable_end_string="]]",
            comment_start_string="[#",
            comment_end_string="#]",
            trim_blocks=True,
        )
        environment.globals["theme"] = self.theme
        return environment

    def mail(self, name: str, parts: tuple[str, ...]) -> MailTemplate:
        """The compiled mail `email/<name>`, cut into exactly `parts`, in the order of its files."""
        if (name, parts) not in self._mails:
            self._mails[name, parts] = self._compiled(name, parts)
        return self._mails[name, parts]

    def _compiled(self, name: str, parts: Sequence[str]) -> MailTemplate:
        folder = f"email/{name}"
        try:
            mjml = self._design.get_template(f"{folder}/body.mjml").render()
            css = self._design.get_template(_INLINE_CSS).render()
            body = compile_mjml(mjml, name=folder, inline_css=css)
            lines = self._design.overlay(keep_trailing_newline=True)
            text = lines.get_template(f"{folder}/body.txt").render()
            return MailTemplate(
                folder,
                _ready(self.text.get_template(f"{folder}/subject.txt")),
                _cut(self.text, text, parts, f"{folder}/body.txt"),
                _cut(self.html, body, parts, f"{folder}/body.mjml"),
            )
        except jinja2.TemplateNotFound as error:
            raise TemplateError(f"template {folder}: there is no {error.name}") from error
        except jinja2.TemplateError as error:
            raise TemplateError(f"template {folder}: {error}") from error


def _cut(
    environment: jinja2.Environment, source: str, expected: Sequence[str], where: str
) -> dict[str, jinja2.Template]:
    """The parts of a compiled body, named by the `{% part name %}` that opens each."""
    first, *rest = _PART.split(source)
    named = list(zip(rest[::2], rest[1::2], strict=True))
    if [name for name, _ in named] != list(expected):
        raise TemplateError(f"template {where}: its parts must be {', '.join(expected)}")
    sources = dict(named)
    # What MJML puts before the first part (the whole head of the document) opens that part.
    sources[expected[0]] = first + sources[expected[0]]
    if environment.autoescape:  # blank lines mean nothing in HTML
        sources = {name: text.strip("\n") for name, text in sources.items()}
    return {name: _ready(environment.from_string(text)) for name, text in sources.items()}


def _ready(template: jinja2.Template) -> jinja2.Template:
    # Jinja gives each a chain of mappings, and to look through it takes longer than a short part itself.
    template.globals = dict(template.globals)
    return template


def _environment(
    loader: jinja2.BaseLoader, *, autoescape: bool, **options: Any
) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=loader,
        autoescape=autoescape,  # noqa: S701  (off for plain text alone)
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        # Each mail would ask the disk whether what it includes has changed.
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
        **options,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["bold"] = Markup("<b>{}</b>").format
    environment.filters["wrap"] = wrap
    environment.filters["hang"] = hang
    return environment


def _read_theme(folders: Sequence[Path]) -> dict[str, Any]:
    theme: dict[str, Any] = {}
    for folder in reversed(folders):
        path = folder / "theme.toml"
        if not path.is_file():
            continue
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TemplateError(f"{path}: {error}") from error
        for key, value in values.items():
            inner = theme.get(key)
            theme[key] = {**inner, **value} if isinstance(inner, dict) else value
    if not theme:
        raise TemplateError(f"no theme.toml in {', '.join(map(str, folders))}")
    return theme
