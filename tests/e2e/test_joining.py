"""Signing up in Debian's Chromium: choosing changes the preview, ratings sharpen it, one mail, one button."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from newsletter.app import App
from newsletter.cli import demonstration
from subscribers.feedback import votes_of
from subscribers.tables import Subscriber
from tests.e2e import shots
from tests.e2e.site import serving
from tests.smtpd import free_port

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str]]:
    folder: Path = tmp_path_factory.mktemp("demo") / "demo"
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with ThreadPoolExecutor(1) as beside:  # Playwright's loop runs in this thread
        app, _ = beside.submit(demonstration.play, folder, base, quiet=True).result()
    with serving(app, port, mailbox=Path(app.settings.outbox)) as base:
        yield app, base
    app.engine.dispose()


def accessible(page: Page, script: bool) -> None:
    """axe finds nothing to complain about, in this scheme; it needs scripts to look."""
    if script:
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def shown(page: Page, script: bool) -> list[str]:
    """The papers of the preview, once it is that of what was chosen."""
    if not script:
        page.get_by_role("button", name="Show what I would get").click()
    expect(page.locator("#tasting h2")).to_contain_text("Your digest")
    return page.locator("#tasting .sample-paper").all_inner_texts()


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("size", shots.SIZES)
def test_a_newcomer_chooses_rates_and_confirms(
    demo: tuple[App, str], chrome: Browser, size: str, script: bool
) -> None:
    app, base = demo
    width, height = shots.SIZES[size]
    email = f"emmy-{size}-{script}@example.org".lower()
    context = chrome.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=script,
        timezone_id="Europe/Berlin",
        color_scheme="dark" if size == "phone" else "light",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{base}/subscribe")
    accessible(page, script)

    page.get_by_label("Faster, smaller models").check()
    first = shown(page, script)
    assert first
    page.get_by_label("Image and video generation").check()
    if script:
        expect(page.locator("#tasting .sample-paper").first).not_to_have_text("")
        page.wait_for_timeout(800)
    second = shown(page, script)
    assert second != first
    page.get_by_label(f"Less: {second[0]}").check()
    page.get_by_label(f"More: {second[1]}").check()
    if script:
        page.wait_for_timeout(800)
    third = shown(page, script)
    assert third
    assert page.locator("input[name=less]:checked").count() == 1
    assert page.locator("input[name=more]:checked").count() == 1
    assert page.get_by_label("Faster, smaller models").is_checked()
    accessible(page, script)
    if script:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_label("Time zone").input_value() == "Berlin"
        expect(page.locator("[name=proof]")).not_to_have_value("")
        assert "papers; the first" in page.locator("#tasting-status").inner_text()

    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Your e-mail address").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("mailbox")
    accessible(page, script)
    confirm(context, page, base, email)

    with app.sessions() as session:
        person = session.query(Subscriber).filter_by(email=email).one()
        assert person.state == "confirmed"
        assert person.timezone == ("Europe/Berlin" if script else "UTC")
        assert len(votes_of(session, [person.id])[person.id]) == 2
    assert complaints == []
    context.close()


def confirm(context: BrowserContext, page: Page, base: str, email: str) -> None:
    """The mail's link leads to one page with one button."""
    for _ in range(50):
        page.goto(f"{base}/mailbox")
        if page.get_by_text(f"to {email}").count():
            break
        page.wait_for_timeout(100)
    page.get_by_role("link").filter(has_text=email).click()
    page.get_by_role("link", name="As text").click()
    link = re.search(r"http://\S+/confirm/\S+", page.locator("pre").inner_text())
    assert link
    page.goto(link[0])
    assert page.get_by_role("button").count() == 1
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
