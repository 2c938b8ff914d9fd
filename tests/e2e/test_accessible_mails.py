"""Every mail in headless Chromium: axe-core finds nothing, on a desk and a phone, light and dark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import shots
from tests.render.mails import mails

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]

# All rules of WCAG 2.2 A and AA, and what axe-core counts as best practice.
_RUN = """async () => {
    const { violations, passes } = await axe.run(document, { runOnly: [
        "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return {
        passes: passes.map(rule => rule.id),
        violations: violations.map(rule =>
            [rule.id, ...rule.nodes.map(node => node.target + ": " + node.failureSummary)]),
    };
}"""
# Links that stand alone, in rows or on buttons; those within a sentence or a title need no such room.
_SMALL = """() => [...document.querySelectorAll(".end a, .date a, .press a")]
    .map(link => [link.textContent, link.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44 || box.width < 44)
    .map(([name, box]) => `${name} is ${box.width} by ${box.height}`)"""


@pytest.fixture(scope="module")
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def seen(chrome: Browser, html: str, size: str, scheme: str) -> Page:
    """The mail in a window of its own."""
    width, height = shots.MAIL_SIZES[size]
    page = chrome.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_content(html)
    return page


def found_by_axe(page: Page, axe: str) -> dict[str, Any]:
    """What axe-core says of a page: the rules that it keeps, and those that it breaks, with where."""
    page.evaluate(axe)
    told: dict[str, Any] = page.evaluate(_RUN)
    return told


@pytest.mark.parametrize("name", mails())
def test_everybody_can_read_it(chrome, axe, name):
    for size in shots.MAIL_SIZES:
        for scheme in ("light", "dark"):
            page = seen(chrome, mails()[name].html, size, scheme)
            told = found_by_axe(page, axe)
            assert told["violations"] == [], (size, scheme)
            assert {"color-contrast", "document-title", "html-has-lang"} <= set(told["passes"])
            assert page.evaluate(_SMALL) == [], (size, scheme)
            assert (
                page.evaluate("document.documentElement.scrollWidth") <= shots.MAIL_SIZES[size][0]
            )
            page.close()


def test_what_nobody_can_read_is_found(chrome, axe):
    html = mails()["confirm"].html
    page = seen(
        chrome, html.replace("#5a6372", "#c8c8c8").replace(' lang="en"', ""), "640", "light"
    )
    told = {rule for rule, *_ in found_by_axe(page, axe)["violations"]}
    assert told >= {"color-contrast", "html-has-lang"}
    page = seen(chrome, html.replace("padding:15px 30px", "padding:5px 30px"), "360", "dark")
    assert page.evaluate(_SMALL)
