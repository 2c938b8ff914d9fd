"""Which features of HTML and CSS a mail uses, by the names that caniemail has for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import tinycss2
from justhtml import Node

from tests.render.mails import elements, tree

# What caniemail has no row for. Whatever stands here was looked at: it is older than any client, or
# reaches one client alone, or says nothing that is seen.
UNTABLED = {
    *("color", "font-family", ":root", "supported-color-schemes"),
    *("-webkit-text-size-adjust", "-ms-text-size-adjust", "-ms-interpolation-mode"),
    *("mso-table-lspace", "mso-table-rspace", "mso-padding-alt"),
    *("<html>", "<head>", "<title>", "<meta>", "<a>", "<b>", "<i>", "<br>"),
    *("[border]", "[bgcolor]", "[vertical-align]", "[class]", "[style]", "[href]", "[src]"),
    *("[content]", "[http-equiv]", "[name]", "[type]", "[media]"),
    *("[xmlns]", "[xmlns:v]", "[xmlns:o]", "[aria-roledescription]"),
}
_ALIASES = {
    **{f"<h{n}>": "html-h1-h6" for n in range(1, 7)},
    **{f"<{name}>": "html-lists" for name in ("ul", "ol", "dl", "li", "dt", "dd")},
    **{f"<{name}>": "html-table" for name in ("tbody", "thead", "tr", "td", "th", "caption")},
    **{
        f"<{name}>": "html-semantics"
        for name in ("article", "section", "header", "footer", "main", "nav", "aside", "figure")
    },
    "<em>": "html-strong",
    "@media (min-width)": "css-at-media",
    "@media (max-width)": "css-at-media",
}
_SIDES = re.compile(
    r"^(margin|padding|border)-(top|right|bottom|left)(-\w+)?$|^border-(color|width|style)$"
)
_COMBINATORS = {">": "child", "+": "adjacent-sibling", "~": "general-sibling"}


def used_by(html: str, known: Collection[str]) -> set[str]:
    """The rows of caniemail that `html` uses. An AssertionError names what is neither there nor `UNTABLED`."""
    found: set[str] = set()
    strange: set[str] = set()
    for name, rows in _used(html):
        slugs = [row for row in (_ALIASES.get(name), *rows) if row in known]
        if slugs:
            found.add(slugs[0])
        elif name not in UNTABLED:
            strange.add(name)
    assert not strange, f"caniemail has no row for {sorted(strange)}: look at them, then UNTABLED"
    return found


def _used(html: str) -> Iterator[tuple[str, list[str]]]:
    """(what people call it, names that its row may have) of everything used."""
    root = tree(html)
    yield from _page(html)
    for element in elements(root):
        yield f"<{element.name}>", [f"html-{element.name}"]
        for name, value in element.attrs.items():
            yield f"[{name}]", [f"html-{name}"]
            if name == "style":
                yield from _declarations(tinycss2.parse_declaration_list(value or ""))
        yield from _special(element)
        if element.name == "style":
            yield from _rules(tinycss2.parse_stylesheet(element.children[0].data))
            if media := element.attrs.get("media"):
                yield from _media(tinycss2.parse_component_value_list(media))


def _page(html: str) -> Iterator[tuple[str, list[str]]]:
    if html.lower().startswith("<!doctype html>"):
        yield "doctype", ["html-doctype"]
    if "<!--" in html:
        yield "HTML comment", ["html-comments"]


def _special(element: Node) -> Iterator[tuple[str, list[str]]]:
    attrs = element.attrs
    if element.name == "meta" and attrs.get("name") == "color-scheme":
        yield "meta color-scheme", ["html-meta-color-scheme"]
    href = attrs.get("href") or ""
    if href.startswith("mailto:"):
        yield "mailto:", ["html-mailto-links"]
    if href.startswith("#"):
        yield "anchor", ["html-anchor-links"]
    if element.name == "img":
        suffix = urlsplit(attrs.get("src") or "").path.rpartition(".")[2].lower()
        yield f"image {suffix}", [f"image-{suffix}"]


def _rules(rules: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    for rule in rules:
        assert rule.type != "error", rule.message
        if rule.type == "comment":
            yield "CSS comment", ["css-comments"]
        elif rule.type == "at-rule":
            yield f"@{rule.at_keyword}", [f"css-at-{rule.at_keyword}"]
            if rule.at_keyword == "media":
                yield from _media(rule.prelude)
            if rule.at_keyword == "font-face":
                yield from _declarations(tinycss2.parse_declaration_list(rule.content))
            elif rule.content is not None:
                yield from _rules(tinycss2.parse_rule_list(rule.content))
        elif rule.type == "qualified-rule":
            yield from _selector(rule.prelude)
            yield from _declarations(tinycss2.parse_declaration_list(rule.content))


def _media(prelude: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    for token in prelude:
        if token.type == "() block":
            feature = next(t.value for t in token.content if t.type == "ident")
            yield f"@media ({feature})", [f"css-at-media-{feature}"]
            yield from _values(token.content)


def _selector(prelude: list[Any]) -> Iterator[tuple[str, list[str]]]:
    before = None
    tokens = [t for t in prelude if t.type != "comment"]
    while tokens and tokens[-1].type == "whitespace":
        tokens.pop()
    for at, token in enumerate(tokens):
        if token == "*":
            yield "*", ["css-selector-universal"]
        elif token == ",":
            yield ",", ["css-selector-grouping"]
        elif token.type == "literal" and token.value in _COMBINATORS:
            yield token.value, [f"css-selector-{_COMBINATORS[token.value]}"]
        elif token.type == "hash":
            yield "#id", ["css-selector-id"]
        elif token.type == "[] block":
            yield "[attribute]", ["css-selector-attribute"]
        elif token.type == "whitespace" and before is not None:
            joined = {getattr(each, "value", "") for each in (before, tokens[at + 1])}
            if not joined & {",", *_COMBINATORS}:
                yield "descendant", ["css-selector-descendant"]
        elif token.type in {"ident", "function"}:
            yield from _named(token, before, tokens[at - 2] if at > 1 else None)
        before = token


def _named(token: Any, before: Any, earlier: Any) -> Iterator[tuple[str, list[str]]]:
    name = token.value if token.type == "ident" else token.name
    if before is not None and before == ".":
        yield ".class", ["css-selector-class"]
        if earlier is not None and earlier.type in {"ident", "hash"}:
            yield ".a.b", ["css-selector-chaining"]
    elif before is not None and before == ":":
        kind = "element" if earlier is not None and earlier == ":" else "class"
        yield f":{name}", [f"css-pseudo-{kind}-{name}"]
    else:
        yield "type", ["css-selector-type"]


def _declarations(declarations: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    for declared in declarations:
        assert declared.type != "error", declared.message
        if declared.type != "declaration":
            continue
        name = declared.lower_name
        side = _SIDES.match(name)
        yield name, [f"css-{name}", *([f"css-{side[1] or 'border'}"] if side else [])]
        if declared.important:
            yield "!important", ["css-important"]
        words = [t.lower_value for t in declared.value if t.type == "ident"]
        if name == "display":
            yield from ((f"display:{w}", [f"css-display-{w}", "css-display"]) for w in words)
        if "initial" in words:
            yield "initial", ["css-unit-initial"]
        yield from _values(declared.value)


def _values(tokens: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    for token in tokens:
        if token.type == "dimension":
            yield f"{token.lower_unit} unit", [f"css-unit-{token.lower_unit}"]
        elif token.type == "percentage":
            yield "% unit", ["css-unit-percent"]
        elif token.type == "function":
            name = token.lower_name
            rows = [f"css-function-{name}", f"css-unit-{name}", f"css-{name}"]
            yield f"{name}()", ["css-variables"] if name == "var" else rows
            yield from _values(token.arguments)
