"""The API described in OpenAPI 3.1: paths by hand, schemas from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from newsletter.match.query import LONGEST_QUERY
from newsletter.stages.browsed import DayOrder
from newsletter.stages.related import MOST_RELATED
from newsletter.stages.search import MOST_A_PAGE, Order
from newsletter.web import subscriptions
from newsletter.web.documents import DayDocument, FoundEntries, RelatedEntries, WholeEntry
from newsletter.web.problems import OPEN, PROBLEM, ProblemDocument

_READ = (DayDocument, FoundEntries, RelatedEntries, WholeEntry, ProblemDocument,
         subscriptions.SubscriptionAnswer)  # fmt: skip
_SENT = (subscriptions.SubscriptionRequest,)
_REF = "#/components/schemas/{model}"
_WORDS = {
    304: "What the caller has is still so (If-None-Match).",
    404: "There is no such entry.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "Something cannot be taken; a message for each field or parameter.",
    429: "Too many requests from one network; Retry-After says when to come again.",
}

Json = dict[str, Any]


def openapi(base_url: str, site: str) -> Response:
    """The document."""
    body = json.dumps(document(base_url, site), ensure_ascii=False)
    return Response(body, media_type="application/json", headers=dict(OPEN))


def document(base_url: str, site: str) -> Json:
    """The document as JSON values."""
    _, schemas = models_json_schema(
        [*((each, "serialization") for each in _READ), *((each, "validation") for each in _SENT)],
        ref_template=_REF,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": site, "version": "1"},
        "servers": [{"url": base_url.rstrip("/")}],
        "paths": dict(_paths()),
        "components": {"schemas": schemas["$defs"]},
    }


def _paths() -> Iterator[tuple[str, Json]]:
    key = _parameter("key", {"type": "string"}, "Any key of the entry, percent-encoded.", "path")
    yield (
        "/api/v1/entries",
        _get(
            "Search",
            FoundEntries,
            [
                _parameter(
                    "q",
                    {"type": "string"},
                    f"What to look for, as in the search box; at most {LONGEST_QUERY} characters count.",
                ),
                _parameter("order", _one_of(Order)),
                *_part(MOST_A_PAGE),
            ],
        ),
    )
    yield "/api/v1/entries/{key}", _get("An entry", WholeEntry, [key], 404)
    yield (
        "/api/v1/entries/{key}/related",
        _get("What is related to an entry", RelatedEntries, [key, *_part(MOST_RELATED)], 404),
    )
    day = _parameter("day", {"type": "string", "format": "date"}, "Such as 2026-11-19.", "path")
    yield (
        "/api/v1/daily/{day}",
        _get(
            "A day's papers",
            DayDocument,
            [
                day,
                _parameter("order", _one_of(DayOrder)),
                _parameter("category", _text(200), "A category or archive: cs.CL, cs"),
                _parameter("source", _text(200), "As in the answer's `sources`."),
                *_part(100),
            ],
        ),
    )
    yield subscriptions.PATH, {"post": _subscribe()}
    yield (
        "/api/v1/openapi.json",
        {
            "get": {
                "summary": "This description",
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.1",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    **_problems(304, 429),
                },
            }
        },
    )


def _subscribe() -> Json:
    return {
        "summary": "Ask for a digest; a mail with a link to confirm follows",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref(subscriptions.SubscriptionRequest)}},
        },
        "responses": {
            "202": _answer(subscriptions.SubscriptionAnswer, "The same whatever the address."),
            **_problems(413, 415, 422, 429),
        },
    }


def _get(summary: str, model: type[BaseModel], parameters: list[Json], *more: int) -> Json:
    return {
        "get": {
            "summary": summary,
            "parameters": parameters,
            "responses": {"200": _answer(model, summary), **_problems(304, *more, 422, 429)},
        }
    }


def _parameter(name: str, schema: Json, description: str = "", where: str = "query") -> Json:
    found: Json = {"name": name, "in": where, "required": where == "path", "schema": schema}
    return found | ({"description": description} if description else {})


def _part(most: int) -> list[Json]:
    return [
        _parameter("offset", {"type": "integer", "minimum": 0, "maximum": 1_000_000}),
        _parameter("count", {"type": "integer", "minimum": 1, "maximum": most}),
    ]


def _one_of(choices: type[Order | DayOrder]) -> Json:
    return {"type": "string", "enum": [each.value for each in choices]}


def _text(longest: int) -> Json:
    return {"type": "string", "maxLength": longest}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


def _answer(model: type[BaseModel], description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _ref(model)}}}


def _problems(*statuses: int) -> Json:
    body = {PROBLEM: {"schema": _ref(ProblemDocument)}}
    return {
        str(status): {"description": _WORDS[status]} | ({} if status == 304 else {"content": body})
        for status in statuses
    }
