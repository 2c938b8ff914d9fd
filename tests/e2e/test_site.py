"""A reader on the site in Debian's Chromium: from the day to a sign-up, and every page by axe-core."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from newsletter import clock
from newsletter.app import App
from newsletter.cli import demonstration
from newsletter.store.reading import ids_by_key
from subscribers.tables import Subscriber
from tests.e2e import shots
from tests.e2e.site import serving
from tests.e2e.test_accessible_mails import found_by_axe
from tests.smtpd import free_port

pytestmark = pytest.mark.enable_socket

PAPER = "arxiv:2605.21573"
# Links that stand alone; those within a line of text need no such room.
_SMALL = """() => [...document.querySelectorAll(
        "nav a, .button, button, summary, .month a, .choices-list a, .offers a, .jump, input")]
    .filter(each => each.offsetParent)
    .map(each => [each.textContent, each.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.9)
    .map(([name, box]) => `${name} is ${box.height} high`)"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str]]:
    port = free_port()
    folder = tmp_path_factory.mktemp("site") / "demo"
    with ThreadPoolExecutor(1) as beside:  # Playwright's loop runs in this thread
        base = f"http://127.0.0.1:{port}"
        app, _ = beside.submit(demonstration.play, folder, base, quiet=True).result()
    with serving(app, port) as base:
        yield app, base
    app.engine.dispose()


def opened(chrome: Browser, size: str, scheme: str, *, script: bool) -> BrowserContext:
    width, height = shots.SIZES[size]
    return chrome.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
    )


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("size", shots.SIZES)
def test_from_the_day_to_a_sign_up(
    demo: tuple[App, str], chrome: Browser, size: str, script: bool
) -> None:
    _, base = demo
    context = opened(chrome, size, "light", script=script)
    page = context.new_page()
    complaints: list[str] = []

    def complain(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    page.on("console", complain)
    page.goto(base)
    title = page.locator(".paper-item h3 a").first
    name = title.inner_text()
    title.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    related = page.locator(".slips a").first
    name = related.inner_text()
    related.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_text("Cite it").click()
    expect(page.locator(".bibtex")).to_contain_text("@misc{")
    page.get_by_role("searchbox").fill('"language models" author:Chen')
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_role("link", name="Mail me papers like these").click()
    expect(page.get_by_label("In your own words")).to_have_value('"language models"\nauthor:Chen')
    assert complaints == []
    context.close()


def addresses(app: App) -> list[str]:
    """Every kind of page that there is."""
    with app.sessions() as session:
        reader = session.query(Subscriber).first()
        entry_id = ids_by_key(session, [PAPER])[PAPER]
        assert reader
        version = reader.links_version
        votes = app.signer.make_votes(reader.id, version, [entry_id], now=clock.now())
    return [
        *("/", "/daily/2026-01-01", "/weekly", f"/papers/{PAPER}", "/papers/unknown"),
        *(f"/papers/{PAPER}?v={votes[entry_id][0]}", "/categories/cs.CL", "/search"),
        *("/search?q=language+models+after:never", "/search?q=zeppelins"),
    ]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_everybody_can_use_every_page(
    demo: tuple[App, str], chrome: Browser, size: str, scheme: str
) -> None:
    app, base = demo
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    context = opened(chrome, size, scheme, script=True)
    page = context.new_page()
    for address in addresses(app):
        page.goto(f"{base}{address}")
        told = found_by_axe(page, axe)
        assert told["violations"] == [], address
        assert "color-contrast" in told["passes"]
        assert fits(page), address
        assert page.evaluate(_SMALL) == [], address
    page.set_viewport_size({"width": 320, "height": 700})
    for address in ("/", f"/papers/{PAPER}"):
        page.goto(f"{base}{address}")
        assert fits(page), address
    context.close()


def fits(page: Page) -> bool:
    """Nothing reaches over the side."""
    told = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return bool(told)
