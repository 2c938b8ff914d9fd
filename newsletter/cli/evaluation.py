"""`newsletter evaluate FOLDER`: how well the ranker that serves mails finds what readers took up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.terminal import Json, print_json, print_table, progress

if TYPE_CHECKING:
    from newsletter.match.evaluate import Figures

Ranker = Annotated[list[str] | None, typer.Option("--ranker", help="Only this ranker; repeatable.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate_folder)


def evaluate_folder(
    folder: Annotated[Path, typer.Argument(help="Holds entries, pools and tasks.")],
    ranker: Ranker = None,
    json: Json = False,
) -> None:
    """Rank tasks with known answers by the code that serves mails, and print how good it is."""
    from newsletter.match.evaluate import evaluate
    from newsletter.stages.tasks import RANKERS, read_folder

    names = ranker or list(RANKERS)
    for name in names:
        if name not in RANKERS:
            raise typer.BadParameter(f"there is no ranker {name!r}; there are {', '.join(RANKERS)}")
    tasks = read_folder(folder)
    found: dict[str, Mapping[str, Figures]] = {}
    for name in names:
        with progress(f"Ranking ({name})", len(tasks.tasks), quiet=json) as advance:
            found[name] = evaluate(tasks, RANKERS[name], advance)
    if json:
        groups = {
            name: {group: figures.as_dict() for group, figures in figures_of.items()}
            for name, figures_of in found.items()
        }
        print_json({"rankers": groups})
        return
    for name, figures_of in found.items():
        _print(name, figures_of)


def _print(name: str, groups: Mapping[str, Figures]) -> None:
    from newsletter.match.evaluate import METRICS

    rows = [
        [
            group,
            figures.profiles,
            *(f"{figures.mean[metric]:.3f} ±{figures.error[metric]:.3f}" for metric in METRICS),
        ]
        for group, figures in groups.items()
    ]
    columns = ["Group", "#Profiles", *(f"#{metric}" for metric in METRICS)]
    print_table(f"Ranker {name} (mean over profiles ± standard error)", columns, rows)
