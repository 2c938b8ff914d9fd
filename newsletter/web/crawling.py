"""What crawlers and browsers ask a site for: its map, what they may visit, how it is searched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.render import xml
from newsletter.render.addresses import paper_path
from newsletter.store import mapping
from newsletter.store.engine import reading
from newsletter.web.caching import Caching
from newsletter.web.problems import OPEN
from subscribers.web.deps import WebDeps

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_HOUR = 3600

# Readers' own pages, which their links alone should lead to; and searches, of which there is no end.
_NOT_VISITED = (
    "/address/", "/confirm/", "/digest/", "/mailbox", "/move/", "/pause/", "/preferences/", "/undo/",
    "/unsubscribe/", "/vote/", "/search", "/feeds/search", "/api/",
)  # fmt: skip


class Crawling:
    """Handlers for `/sitemap.xml`, `/sitemaps/N.xml`, `/robots.txt`, `/opensearch.xml`."""

    def __init__(self, app: App, deps: WebDeps, caching: Caching) -> None:
        self._deps = deps
        self._caching = caching
        self._sessions = reading(app.sessions)
        self._base = deps.base_url.rstrip("/")

    def routes(self) -> list[Route]:
        """The four addresses."""
        return [
            Route("/sitemap.xml", self.sitemap, methods=["GET"]),
            Route("/sitemaps/{number}.xml", self.part, methods=["GET"]),
            Route("/robots.txt", self.robots, methods=["GET"]),
            Route("/opensearch.xml", self.opensearch, methods=["GET"]),
        ]

    def sitemap(self, request: Request) -> Response:
        """All papers' pages, or the parts that have them where they are many."""
        with self._sessions() as session:
            parts = [
                (number, *mapping.changed(session, number))
                for number in range(1, mapping.stretches(session) + 1)
            ]

            def make() -> Response:
                if len(parts) > 1:
                    known = (
                        (f"{self._base}/sitemaps/{number}.xml", at)
                        for number, many, at in parts
                        if many
                    )
                    return _xml(_map("sitemapindex", "sitemap", known))
                papers = [
                    paper for number, _, _ in parts for paper in mapping.papers(session, number)
                ]
                return _xml(_map("urlset", "url", [(f"{self._base}/", None), *self._pages(papers)]))

            return self._caching.answer(request, repr(parts), make, seconds=_HOUR)

    def part(self, request: Request) -> Response:
        """One part of a large map."""
        said = request.path_params["number"]
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else 0
        with self._sessions() as session:
            if not 1 <= number <= mapping.stretches(session):
                raise HTTPException(404)
            return self._caching.answer(
                request,
                repr(mapping.changed(session, number)),
                lambda: _xml(_map("urlset", "url", self._pages(mapping.papers(session, number)))),
                seconds=_HOUR,
            )

    def _pages(
        self, papers: Iterable[tuple[str, datetime]]
    ) -> Iterable[tuple[str, datetime | None]]:
        return ((f"{self._base}{paper_path(key)}", at) for key, at in papers)

    def robots(self, request: Request) -> Response:
        """What crawlers are asked to leave alone, and where the map is."""
        root = self._deps.root
        lines = ["User-agent: *", *(f"Disallow: {root}{path}" for path in _NOT_VISITED), ""]
        lines += [f"Sitemap: {self._base}/sitemap.xml", ""]
        return self._caching.answer(
            request, "", lambda: PlainTextResponse("\n".join(lines), headers=dict(OPEN)),
            seconds=_HOUR,
        )  # fmt: skip

    def opensearch(self, request: Request) -> Response:
        """How a browser's own search box asks here (OpenSearch 1.1)."""

        def make() -> Response:
            root = xml.root(_OPENSEARCH, "OpenSearchDescription")
            xml.add(root, "ShortName", self._deps.site[:16])
            xml.add(root, "Description", self._deps.site)
            xml.add(root, "InputEncoding", "UTF-8")
            for kind, path in (
                ("text/html", "/search"),
                ("application/atom+xml", "/feeds/search.atom"),
            ):
                template = f"{self._base}{path}?q={{searchTerms}}"
                xml.add(root, "Url", type=kind, template=template)
            return _xml(root, "application/opensearchdescription+xml")

        return self._caching.answer(request, "", make, seconds=_HOUR)


def _map(name: str, each: str, known: Iterable[tuple[str, datetime | None]]) -> etree._Element:
    root = xml.root(_SITEMAP, name)
    for address, at in known:
        node = xml.add(root, each)
        xml.add(node, "loc", address)
        if at is not None:
            xml.add(node, "lastmod", at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return root


def _xml(root: etree._Element, kind: str = "application/xml") -> Response:
    return Response(xml.octets(root), media_type=kind, headers=dict(OPEN))
