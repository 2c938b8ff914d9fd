"""Recorded exchanges in YAML (VCR's format), as replies of the loopback server."""

from __future__ import annotations

import gzip
from pathlib import Path

import yaml

from tests.servers import Reply


def replies(path: Path) -> list[Reply]:
    """The recorded responses in order: their body, unpacked, and status."""
    found = []
    for exchange in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
        response = exchange["response"]
        body = response["body"]["string"]
        raw = body.encode() if isinstance(body, str) else body
        found.append(Reply(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw,
                           response["status"]["code"]))  # fmt: skip
    return found
