"""Screenshots of pages and mails in Debian's Chromium: `python -m tests.e2e.shots FOLDER`.

Plays the demo, serves it, and writes each page at 1280 and 390 px, and every specimen of a mail at 640 and
360 px with images off, all light and dark.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, sync_playwright

from newsletter import clock
from newsletter.cli import demonstration
from newsletter.stages.specimens import rendered
from newsletter.web.mailbox import read_mail
from tests.e2e.site import serving
from tests.smtpd import free_port

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
MAIL_SIZES = {"640": (640, 900), "360": (360, 740)}


def chromium() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium that asks nobody outside for anything."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        port = free_port()
        app, rows = demonstration.play(Path(place) / "demo", f"http://127.0.0.1:{port}", quiet=True)
        mail = Path(rows[0]["file"])
        text = read_mail(mail).text
        preferences = next(word for word in text.split() if "/preferences/" in word)
        vote = next(word for word in text.split() if "/vote/" in word)
        leave = next(word for word in text.split() if "/unsubscribe/" in word)
        with serving(app, port, mailbox=mail.parent) as base, browser() as chrome:
            pages = {
                "day": f"{base}/",
                "week": f"{base}/weekly",
                "category": f"{base}/categories/cs.CL",
                "search": f"{base}/search?q=language+models",
                "paper": f"{base}/papers/arxiv:2605.21573",
                "sign-up": f"{base}/subscribe",
                "preferences": preferences,
                "unsubscribe": leave,
                "vote": vote,
                "mailbox": f"{base}/mailbox",
                "mailbox-mail": f"{base}/mailbox/{mail.name}",
                "digest": f"{base}/mailbox/{mail.name}/html",
                "missing": f"{base}/nowhere",
            }
            for name, url in pages.items():
                shoot(chrome, folder, name, url)
            httpx2.post(vote)
            shoot(chrome, folder, "voted", vote)
            for specimen, seen in rendered(app.renderer(), app.links, clock.now()):
                file = Path(place) / f"{specimen}.html"
                file.write_text(seen.html, encoding="utf-8")
                shoot(chrome, folder, f"mail-{specimen}", file.as_uri(), MAIL_SIZES, images=False)
        app.engine.dispose()


def shoot(
    chrome: Browser,
    folder: Path,
    name: str,
    url: str,
    sizes: Mapping[str, tuple[int, int]] = SIZES,
    *,
    images: bool = True,
) -> None:
    """One page at each size, light and dark. Nothing may stand out at the right."""
    for size, (width, height) in sizes.items():
        for scheme in ("light", "dark"):
            page = chrome.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            if not images:
                page.route("**/*.{png,jpg,jpeg,gif,svg,webp}", lambda route: route.abort())
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, size)
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
