"""`newsletter preview` in the browser: mails side by side, rendered anew whenever a template is saved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.errors import TemplateError
from newsletter.render import MailRenderer, Rendered, Templates, project_templates

Render = Callable[[MailRenderer], Mapping[str, Rendered]]
"""The mails by name, made by a renderer."""

_WIDTHS = (640, 360)
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; display: flex; height: 100vh; }
:root { color-scheme: light dark; }
nav { width: 15em; overflow: auto; padding: 1em; box-sizing: border-box; border-right: 1px solid #8888; }
nav a { display: block; padding: .4em 0; } nav a[aria-current] { font-weight: bold; }
main { flex: 1; overflow: auto; padding: 1em; } iframe { border: 1px solid #8888; height: 80vh; }
pre { white-space: pre-wrap; } .error { color: #c33; font-weight: bold; }
"""
# Asks every second whether a file was saved; the page is for whoever writes templates, nobody else.
_RELOAD = """
let seen; setInterval(async () => {
  const stamp = await (await fetch("/stamp")).text();
  if (seen && stamp !== seen) location.reload(); seen = stamp;
}, 1000);
"""


class Gallery:
    """The pages. Templates are compiled anew when a file below their folders has changed."""

    def __init__(self, app: App, render: Render) -> None:
        self._app = app
        self._render = render
        self._lock = threading.Lock()
        self._stamp = ""
        self._mails: Mapping[str, Rendered] = {}
        self._error = ""

    def site(self) -> Starlette:
        """The mails, each with its frames and its text."""
        return Starlette(
            routes=[
                Route("/", self.show, methods=["GET"]),
                Route("/stamp", lambda _: PlainTextResponse(self._now()), methods=["GET"]),
                Route("/{name}", self.show, methods=["GET"]),
                Route("/{name}/html", self.html, methods=["GET"]),
            ]
        )

    def show(self, request: Request) -> Response:
        """One mail at both widths, and its text; the first one if none is named."""
        mails = self._current()
        name = request.path_params.get("name") or next(iter(mails), "")
        if name not in mails and not self._error:
            raise HTTPException(404)
        links = "".join(
            f'<a href="/{escape(each)}"{" aria-current=page" if each == name else ""}>'
            f"{escape(each)}</a>"
            for each in mails
        )
        shown = self._shown(name, mails[name]) if name in mails else ""
        error = f'<p class="error">{escape(self._error)}</p>' if self._error else ""
        return HTMLResponse(
            f"<!doctype html><html lang=en><title>{escape(name)}</title><style>{_STYLE}</style>"
            f"<nav>{links}</nav><main>{error}{shown}</main><script>{_RELOAD}</script>"
        )

    def html(self, request: Request) -> Response:
        """A mail's HTML alone, as its frame shows it; it may run nothing."""
        mail = self._current().get(request.path_params["name"])
        if mail is None:
            raise HTTPException(404)
        return HTMLResponse(mail.html, headers={"Content-Security-Policy": "script-src 'none'"})

    def _shown(self, name: str, mail: Rendered) -> str:
        frames = "".join(
            f'<iframe src="/{escape(name)}/html" width="{width}" title="{width} px"></iframe> '
            for width in _WIDTHS
        )
        size = len(mail.html.encode())
        return (
            f"<h1>{escape(mail.subject)}</h1><p>{size:,} octets of HTML, "
            f"{len(mail.subject)} characters of subject</p>{frames}<pre>{escape(mail.text)}</pre>"
        )

    def _current(self) -> Mapping[str, Rendered]:
        """The mails as the templates stand; the ones before, and the error, while one is broken."""
        with self._lock:
            stamp = self._now()
            if stamp != self._stamp:
                self._stamp, self._error = stamp, ""
                try:
                    templates = Templates(self._app.settings.templates)
                    self._mails = self._render(MailRenderer(self._app.site, templates))
                except TemplateError as error:
                    self._error = str(error)
            return self._mails

    def _now(self) -> str:
        """What changes with any file below the templates' folders."""
        folders = [project_templates(), self._app.settings.templates]
        files = (path for folder in folders if folder for path in Path(folder).rglob("*"))
        return str(max((path.stat().st_mtime_ns for path in files if path.is_file()), default=0))
