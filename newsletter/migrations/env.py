"""Alembic's entry: always online, on the connection that `store.engine` hands over."""

from typing import Any, Literal

from alembic import context

import newsletter.store.tables  # noqa: F401  (fills the metadata)
from newsletter.store.searchable import is_declared
from subscribers.orm import Base, UTCDateTime


def _render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column type as the plain one: a migration must outlive the code's names."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=_render_item,
    include_name=is_declared,
)
with context.begin_transaction():
    context.run_migrations()
