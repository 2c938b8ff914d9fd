"""A reader with Debian's Chromium, from the confirmation to being erased: phone and desk, with JavaScript and
without; axe-core finds nothing on any page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter import clock
from newsletter.app import App
from newsletter.cli import demonstration
from newsletter.pipeline import due
from newsletter.store.notices import queue_notice
from newsletter.web.mailbox import read_mail
from subscribers.address import parse_address
from subscribers.consent import Origin
from subscribers.signup import SignUp, request_subscription
from tests.e2e import shots
from tests.e2e.site import serving
from tests.e2e.test_accessible_mails import found_by_axe
from tests.smtpd import free_port
from tests.subscribers.support import preferences

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]
REAL = clock.now


class Later:
    """The clock, put forward."""

    by = timedelta()

    def __call__(self) -> datetime:
        return REAL() + self.by


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Later]]:
    port, later = free_port(), Later()
    base = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("steering") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", later)
        with ThreadPoolExecutor(1) as beside:  # Playwright's loop runs in this thread
            app, _ = beside.submit(demonstration.play, folder, base, quiet=True).result()
        with serving(app, port):
            yield app, later
    app.engine.dispose()


@pytest.fixture(scope="module")
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


class Reader:
    """Somebody with a mailbox and a browser."""

    def __init__(self, app: App, page: Page, axe: str, *, script: bool) -> None:
        self.app, self.page, self._axe, self._script = app, page, axe, script

    def in_thread(self, work) -> None:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(work).result()

    def link(self, email: str, kind: str, name: str = "") -> str:
        """An address in the latest mail of a kind to somebody."""
        files = Path(self.app.settings.outbox).glob(f"{name}*.eml")
        for path in sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True):
            found = re.search(rf"http://\S+/{kind}/\S+", read_mail(path).text)
            if found and email in path.read_text("utf-8"):
                return found[0]
        raise AssertionError((email, kind))

    def mailed(self, email: str, kind: str, name: str) -> str:
        """The same, once it has come."""
        for _ in range(100):
            try:
                return self.link(email, kind, name)
            except AssertionError:
                self.page.wait_for_timeout(50)
        return self.link(email, kind, name)

    def see(self, url: str = "") -> None:
        """Opens a page, or stays; it must fit, and axe-core find nothing."""
        if url:
            self.page.goto(url)
        if self._script:
            wide = self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            assert not wide, self.page.url
            assert found_by_axe(self.page, self._axe)["violations"] == [], self.page.url

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)


def signed_up(app: App, email: str) -> None:
    with app.sessions.begin() as session:
        wishes = preferences("speculative decoding, KV cache compression, -survey", timezone="UTC")
        request_subscription(
            session,
            SignUp(parse_address(email), wishes),
            origin=Origin(),
            signer=app.signer,
            send_notice=queue_notice,
            now=clock.now(),
        )
    app.notices().run()


def digest(app: App) -> None:
    app.planner(clock.now()).plan(due(clock.now()))
    app.sender().run()


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("size", shots.SIZES)
def test_from_the_confirmation_to_being_erased(demo, chrome: Browser, axe, size, script) -> None:
    app, later = demo
    later.by = timedelta()
    width, height = shots.SIZES[size]
    scheme = "dark" if size == "phone" else "light"
    context = chrome.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=script,
        color_scheme=scheme,
    )
    context.set_default_timeout(15_000)
    reader = Reader(app, context.new_page(), axe, script=script)
    first, second = (f"{who}-{size}-{script}@example.org".lower() for who in ("grace", "hopper"))
    page = reader.page

    reader.in_thread(lambda: signed_up(app, first))
    reader.see(reader.link(first, "confirm"))
    page.get_by_role("button").first.click()
    reader.in_thread(lambda: digest(app))

    reader.see(reader.link(first, "vote"))
    reader.press("Yes, more like this")
    reader.reads("Noted")
    page.locator(".ballots li").nth(1).get_by_role("button", name="Less like this").click()
    reader.reads("Papers like this one will be fewer")
    page.locator(".ballots li").nth(2).get_by_role("button", name="More like this").click()
    reader.see()
    expect(page.locator(".button-chosen")).to_have_count(2)

    preferences_link = reader.link(first, "preferences")
    reader.see(preferences_link)
    page.get_by_label("speculative decoding").select_option("Stronger")
    page.get_by_label("Rule out words").fill("benchmark")
    page.get_by_label("Trending").uncheck()
    reader.press("Preview")
    reader.reads("A digest would bring")
    expect(page.get_by_label("Trending")).not_to_be_checked()
    reader.press("Save")
    reader.reads("Saved.")
    reader.see()
    expect(page.get_by_label("speculative decoding")).to_have_value("2")
    expect(page.get_by_label("benchmark")).to_be_visible()
    expect(page.locator(".past li")).to_have_count(1)
    page.locator(".learned button").first.click()
    reader.reads("taken back.")

    pause = (clock.now() + timedelta(days=40)).date()
    page.get_by_label("Pause: send nothing before").fill(pause.isoformat())
    reader.press("Save")
    reader.reads(f"{pause.day} {pause:%B}")

    page.get_by_role("link", name="Another address").click()
    reader.see()
    page.get_by_label("Your new e-mail address").fill(second)
    page.get_by_role("button").first.click()
    reader.see(reader.mailed(second, "address", "address"))
    page.get_by_role("button").first.click()
    reader.reads(second)
    page.get_by_role("link", name="Open my preferences").click()
    mine = page.url

    later.by += timedelta(days=31)
    reader.see(mine)
    reader.reads("too old")
    expect(page.get_by_text(second)).to_have_count(0)
    reader.press("Mail me a fresh link")
    reader.reads("Look in your mailbox")
    mine = reader.mailed(second, "preferences", "preferences")
    reader.see(mine)
    page.get_by_role("link", name="new links").click()
    reader.see()
    page.get_by_role("link", name="Back to your preferences").click()
    page.get_by_role("link", name="Unsubscribe", exact=True).click()
    reader.see()
    leave = page.url
    page.get_by_role("button", name="Once a week").click()
    reader.reads("Less of it, then.")
    reader.see()

    answer = httpx2.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    reader.see(leave)
    reader.reads("You are unsubscribed")
    reader.see(mine)
    page.get_by_role("link", name="Erase me").click()
    reader.see()
    reader.press("Erase everything about me")
    reader.reads("Nothing of you is left here.")
    reader.see()
    page.goto(mine)
    reader.reads("This link does not work any more.")
    context.close()
