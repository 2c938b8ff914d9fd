"""A person with Debian's Chromium, without JavaScript and with it, on a phone and at a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from newsletter.app import App
from newsletter.cli import demonstration
from tests.e2e import shots
from tests.e2e.site import serving
from tests.smtpd import free_port

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[App, str]]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with ThreadPoolExecutor(1) as beside:  # Playwright's loop runs in this thread
        app, _ = beside.submit(demonstration.play, tmp_path / "demo", base, quiet=True).result()
    with serving(app, port, mailbox=Path(app.settings.outbox)) as base:
        yield app, base
    app.engine.dispose()


def fits(page: Page) -> None:
    """Nothing reaches over the side."""
    wide = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    assert not wide, page.url


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("size", shots.SIZES)
def test_from_sign_up_to_goodbye(
    demo: tuple[App, str], chrome: Browser, size: str, script: bool
) -> None:
    _, base = demo
    width, height = shots.SIZES[size]
    context = chrome.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=script
    )
    page = context.new_page()
    complaints: list[str] = []

    def complain(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(said.text)

    page.on("console", complain)

    page.goto(f"{base}/subscribe")
    fits_if_script(page, script)
    page.get_by_label("Faster, smaller models").check()
    page.get_by_label("In your own words").fill('"kv cache"\n-survey')
    page.get_by_label("Your e-mail address").fill("marie@example.org")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("mailbox")

    page.goto(f"{base}/mailbox")
    fits_if_script(page, script)
    for _ in range(50):
        if page.get_by_text("to marie@example.org").count():
            break
        page.wait_for_timeout(100)
        page.reload()
    page.get_by_role("link").filter(has_text="marie@example.org").click()
    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Confirm my").click()
    page = opened.value
    page.on("console", complain)
    assert "/confirm/" in page.url
    assert page.get_by_role("button").count() == 1
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits_if_script(page, script)

    # Ada's digest has her links.
    page.goto(f"{base}/mailbox")
    page.get_by_role("link").filter(has_text="ada@example.org").click()
    page.get_by_role("link", name="As text").click()
    text = page.locator("pre").inner_text()
    links = {
        kind: re.search(rf"http://\S+/{kind}/\S+", text) for kind in ("preferences", "unsubscribe")
    }
    assert links["preferences"]
    assert links["unsubscribe"]
    page.goto(links["preferences"][0])
    fits_if_script(page, script)
    page.get_by_label("Once a week").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Once a week")).to_be_checked()
    page.goto(links["unsubscribe"][0])
    page.get_by_role("button").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert complaints == []
    context.close()


def fits_if_script(page: Page, script: bool) -> None:
    if script:
        fits(page)
