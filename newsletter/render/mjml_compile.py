"""From an MJML body to the source of a Jinja template, once per template.

MJML knows nothing of Jinja, so every `{{ value }}` and `{% statement %}` crosses it as an opaque
word, or as a comment where only elements may stand, and is put back afterwards. What papers and
subscribers wrote comes in later, when the compiled template is rendered: it never meets MJML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from css_inline import CSSInliner
from mjml import mjml2html

from newsletter.errors import TemplateError

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_COMPONENT = re.compile(r"</?(mj[\w-]*)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*1?[0-9a-fA-F]);"
)
_BLANKS = re.compile(r"[ \t\n]{2,}")
_TWICE = re.compile(r"<mj-title>.*?</mj-title>|<mjml\b[^>]*>", re.DOTALL)
# MJML lets an unknown component through as it stands, and would fetch or misplace some known ones,
# so what may be used is listed.
_COMPONENTS = frozenset(
    (
        *("mjml", "mj-head", "mj-title", "mj-preview", "mj-attributes", "mj-all", "mj-class"),
        *("mj-style", "mj-breakpoint", "mj-raw", "mj-body", "mj-wrapper", "mj-section"),
        *("mj-column", "mj-group", "mj-text", "mj-button", "mj-divider", "mj-spacer"),
        *("mj-table", "mj-image"),
    )
)


def compile_mjml(source: str, *, name: str, inline_css: str = "") -> str:
    """HTML with the Jinja of `source` in its places; rules of `inline_css` become style attributes.

    `name` is the template's folder, named by every TemplateError: for a component that MJML would
    not understand, for its own complaints, and for Jinja that did not come through exactly once.
    """
    _refuse_the_unknown(source, name)
    cargo = _pack(source, name)
    try:
        # MJML calls a mail an article and has no way to say more: to whoever listens to it, in a
        # browser or a client, it is what the page is about.
        html = mjml2html(cargo.source, fonts={}).replace(' role="article"', ' role="main"')
        if inline_css:
            html = CSSInliner(
                inline_style_tags=False,
                keep_style_tags=True,
                load_remote_stylesheets=False,
                minify_css=True,
                extra_css=inline_css,
            ).inline(html)
    except Exception as error:
        raise TemplateError(f"template {name}: {error}") from error
    # Nobody sees how the source is indented, and every paper of every mail would carry it.
    return _unpack(_BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", html), cargo, name)


@dataclass(frozen=True, slots=True)
class _Cargo:
    """MJML with words for its Jinja: what each stands for, and how often it must arrive."""

    source: str
    prefix: str
    jinja: tuple[str, ...]
    copies: tuple[int, ...]


def _refuse_the_unknown(source: str, name: str) -> None:
    unknown = {tag for tag in _COMPONENT.findall(source) if tag not in _COMPONENTS}
    if unknown:
        raise TemplateError(f"template {name}: unknown component {', '.join(sorted(unknown))}")
    if _CONTROL.search(source):
        # An escaped control character ends the whole process inside MJML, not just the compile.
        raise TemplateError(f"template {name}: holds a control character")
    if 'inline="inline"' in source:
        raise TemplateError(f'template {name}: mj-style inline="inline" has no effect here')


def _pack(source: str, name: str) -> _Cargo:
    prefix = "jinja"
    while prefix in source.lower():
        prefix += "q"
    packed: list[str] = []
    jinja: list[str] = []
    copies: list[int] = []
    doubled = [match.span() for match in _TWICE.finditer(source)]
    state = _Position()
    at = 0
    for match in _JINJA.finditer(source):
        literal = source[at : match.start()]
        at = match.end()
        packed.append(literal)
        state.read(literal)
        if match[0].startswith("{#"):
            continue
        word = f"{prefix}{len(jinja):04d}z"
        bare = match[0].startswith("{{") or state.in_tag or state.in_style
        packed.append(word if bare else f"<!--{word}-->")
        jinja.append(match[0])
        # MJML shows the title and the language twice: of the document, and of the article.
        copies.append(2 if any(a <= match.start() < b for a, b in doubled) else 1)
    packed.append(source[at:])
    whole = "".join(packed)
    if re.search(r"\{[{%#]|[}%#]\}", whole):
        raise TemplateError(f"template {name}: a Jinja tag is not closed")
    return _Cargo(whole, prefix, tuple(jinja), tuple(copies))


class _Position:
    """Where in the markup the reading stands: inside a tag, inside a style sheet, or between."""

    in_tag = False
    in_style = False

    def read(self, literal: str) -> None:
        opened, closed = literal.rfind("<"), literal.rfind(">")
        if opened != closed:
            self.in_tag = opened > closed
        begun, ended = literal.rfind("<mj-style"), literal.rfind("</mj-style")
        if begun != ended:
            self.in_style = begun > ended


def _unpack(html: str, cargo: _Cargo, name: str) -> str:
    arrived = [0] * len(cargo.jinja)

    def put_back(match: re.Match[str]) -> str:
        number = int(match["comment"] or match["word"])
        arrived[number] += 1
        return cargo.jinja[number]

    word = cargo.prefix
    pattern = rf"<!--{word}(?P<comment>\d{{4}})z-->|{word}(?P<word>\d{{4}})z"
    restored = re.sub(pattern, put_back, html)
    for jinja, expected, copies in zip(cargo.jinja, cargo.copies, arrived, strict=True):
        if copies != expected:
            raise TemplateError(
                f"template {name}: {jinja} came out of MJML {copies} times instead of {expected}; "
                "is it where MJML allows text?"
            )
    return restored
