"""Reading a form's body, of whatever size and shape it comes, into no more than a cap."""

from __future__ import annotations

import re

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

LARGEST_BODY = 256 * 1024
_MOST_FIELDS = 600
_HALVES = re.compile("[\ud800-\udfff]")


class BodyTooLargeError(Exception):
    """More octets came than may, or were announced."""


class BodyMalformedError(Exception):
    """The body is not the form that its headers say it is."""


async def read_form(request: Request) -> FormData:
    """The fields of an urlencoded or multipart body; empty for any other type of content.

    Raises BodyTooLargeError before more than the cap is in memory, BodyMalformedError.
    """
    body = await capped(request, LARGEST_BODY)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = await Request(request.scope, replay).form(
            max_files=0, max_fields=_MOST_FIELDS, max_part_size=LARGEST_BODY
        )
    except (HTTPException, MultiPartException, UnicodeError) as error:
        raise BodyMalformedError from error
    # A multipart body names its own charset, and there are some that make halves of surrogate pairs.
    if any(
        _HALVES.search(text)
        for pair in form.multi_items()
        for text in pair
        if isinstance(text, str)
    ):
        raise BodyMalformedError
    return form


async def capped(request: Request, largest: int) -> bytes:
    """The whole body. Raises BodyTooLargeError before more than `largest` octets are in memory."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > largest:
        raise BodyTooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise BodyTooLargeError
    return bytes(body)
