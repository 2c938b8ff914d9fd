"""How the API answers: JSON that anybody may read, and problems in the form of RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from subscribers.web.pages import SECURITY_HEADERS

PROBLEM = "application/problem+json"

OPEN: Mapping[str, str] = {
    **SECURITY_HEADERS,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
}
"""The headers of what pages anywhere may read."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457. `errors`: a message for each field that is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class Unacceptable(Exception):  # noqa: N818  (what was sent is, not we)
    """Parameters that cannot be taken: a message for each."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def json_answer(document: BaseModel, status: int = 200) -> Response:
    """A document that pages anywhere may read."""
    return Response(
        document.model_dump_json(), status, media_type="application/json", headers=dict(OPEN)
    )


def problem(
    status: int, detail: str, errors: Mapping[str, str] | None = None, *, open_to_all: bool = True
) -> Response:
    """A problem; nobody keeps it."""
    document = ProblemDocument(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=[FieldProblem(field=name, message=said) for name, said in (errors or {}).items()],
    )
    headers = OPEN if open_to_all else SECURITY_HEADERS
    return Response(
        document.model_dump_json(), status, media_type=PROBLEM,
        headers={**headers, "Cache-Control": "no-store"},
    )  # fmt: skip


def preflight(_: Request) -> Response:
    """What a browser asks before it lets a page of another site send more than plain headers."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
            "Access-Control-Max-Age": "86400",
        },
    )
