"""`newsletter sources`: where papers come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.parts import open_database
from newsletter.cli.terminal import Json, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.store.sources import SourceView


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Where papers come from.", no_args_is_help=True)
    group.command("list")(list_sources)
    group.command("add")(add)
    group.command("remove")(remove)
    app.add_typer(group, name="sources")


def list_sources(json: Json = False) -> None:
    """List the sources and how their last visits went."""
    from newsletter.store import sources
    from newsletter.store.engine import reading

    with reading(open_database())() as session:
        found = sources.all_sources(session)
    if json:
        print_json(
            {
                "sources": [
                    {
                        "name": source.name,
                        "kind": source.kind,
                        "settings": dict(source.settings),
                        "enabled": source.enabled,
                        "last_success_at": source.last_success_at,
                        "failures": source.failures,
                        "last_error": source.last_error,
                        "retry_at": source.retry_at,
                        "complete_until": source.complete_until,
                    }
                    for source in found
                ]
            }
        )
        return
    rows = [
        (
            source.name,
            source.kind,
            f"{source.last_success_at:%Y-%m-%d %H:%M}" if source.last_success_at else "never",
            _state(source),
        )
        for source in found
    ]
    print_table("Sources", ["Name", "Kind", "Last read (UTC)", "State"], rows)


def _state(source: SourceView) -> str:
    if not source.enabled:
        return "disabled"
    if not source.failures:
        return "well"
    rest = f", left alone until {source.retry_at:%H:%M} UTC" if source.retry_at else ""
    sick = "unhealthy: " if source.retry_at else ""
    return f"{sick}failed {source.failures}x{rest}: {source.last_error}"


def add(
    source: Annotated[
        str,
        typer.Argument(help="arxiv-rss:cs.AI+cs.CL, arxiv-api:..., hf-daily, or a feed's address."),
    ],
    name: Annotated[str | None, typer.Option(help="A name of your own for it.")] = None,
    json: Json = False,
) -> None:
    """Add a source."""
    from newsletter.stages.sources import add_spec

    with open_database().begin() as session:
        added = add_spec(session, source, name)
    if json:
        print_json({"name": added.name, "kind": added.kind, "settings": dict(added.settings)})
    else:
        say(f"Added {added.name}. `newsletter collect --source {added.name!r}` reads it now.")


def remove(name: str, json: Json = False) -> None:
    """Remove a source; the papers that it brought stay."""
    from newsletter.store import sources

    with open_database().begin() as session:
        sources.remove(session, name)
    if json:
        print_json({"removed": name})
    else:
        say(f"Removed {name}.")
