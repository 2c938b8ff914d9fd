"""The pages of the people part: joining, confirming, preferences, votes, leaving."""

from __future__ import annotations

from subscribers.web.deps import WebDeps
from subscribers.web.forms import form_context
from subscribers.web.pages import SECURITY_HEADERS, page_headers
from subscribers.web.routes import routes
from subscribers.web.speech import Speaking

__all__ = ["SECURITY_HEADERS", "Speaking", "WebDeps", "form_context", "page_headers", "routes"]
