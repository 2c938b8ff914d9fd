"""`newsletter evaluate FOLDER | --history`: how well a ranker finds what readers took up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from newsletter import clock
from newsletter.cli.parts import failed_if, open_app
from newsletter.cli.terminal import Json, print_json, print_table, progress

if TYPE_CHECKING:
    from newsletter.match.evaluate import Figures, Fit
    from newsletter.store.history import Answers

    Groups = Mapping[str, Figures]
    Evaluated = Callable[[Fit, Callable[[int], None]], Groups]

Ranker = Annotated[list[str] | None, typer.Option("--ranker", help="Only this ranker; repeatable.")]

_SHORT = {"recall": "R", "ndcg": "NDCG", "mrr": "MRR"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    folder: Annotated[
        Path | None, typer.Argument(help="Holds entries, pools and tasks.", show_default=False)
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Replay the votes of this installation's readers.")
    ] = False,
    ranker: Ranker = None,
    json: Json = False,
) -> None:
    """Rank tasks with known answers by the code that serves mails, and print how good it is."""
    from newsletter.settings import load
    from newsletter.stages.rankers import USUAL, rankers

    if (folder is not None) is history:
        raise typer.BadParameter("give a folder of tasks or --history, one of the two")
    known = rankers(load().encoder)
    for name in ranker or ():
        if name not in known:
            raise typer.BadParameter(f"there is no ranker {name!r}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in ranker or USUAL if name in known}
    if folder is None:
        _history(chosen, json=json)
    else:
        _folder(folder, chosen, json=json)


def _folder(path: Path, rankers: Mapping[str, Fit], *, json: bool) -> None:
    from newsletter.match import evaluate
    from newsletter.stages.tasks import read_folder

    tasks = read_folder(path)
    found = _ranked(
        rankers, len(tasks.tasks), lambda fit, tell: evaluate.evaluate(tasks, fit, tell), quiet=json
    )
    if json:
        print_json(_as_dict(found))
    else:
        _print(found)


def _history(rankers: Mapping[str, Fit], *, json: bool) -> None:
    from newsletter.stages.history import evaluate_history, read_moments
    from newsletter.store.engine import reading
    from newsletter.store.history import answers

    app = open_app()
    with reading(app.sessions)() as session:
        weeks = read_moments(session, clock.now(), app.settings.window_days)
        failed_if(
            not weeks,
            "there is nothing to replay yet: no reader has voted for a paper of a past digest",
        )
        count = sum(len(moments) for moments in weeks.values())
        found = _ranked(
            rankers,
            count,
            lambda fit, tell: evaluate_history(session, weeks, fit, tell),
            quiet=json,
        )
        exploring, others = answers(session)
    if json:
        picks = {"explore": exploring.as_dict(), "others": others.as_dict()}
        print_json(_as_dict(found) | {"picks": picks})
    else:
        _print(found)
        _print_answers({"to explore": exploring, "all others": others})


def _ranked(
    rankers: Mapping[str, Fit], count: int, evaluated: Evaluated, *, quiet: bool
) -> dict[str, Groups]:
    found: dict[str, Groups] = {}
    for name, fit in rankers.items():
        with progress(f"Ranking ({name})", count, quiet=quiet) as advance:
            found[name] = evaluated(fit, advance)
    return found


def _as_dict(found: Mapping[str, Groups]) -> dict[str, object]:
    groups = {
        name: {group: figures.as_dict() for group, figures in figures_of.items()}
        for name, figures_of in found.items()
    }
    return {"rankers": groups}


def _print(found: Mapping[str, Groups]) -> None:
    """Each group's means, and below them their standard errors: side by side they would need a wide
    terminal.
    """
    from newsletter.match.evaluate import METRICS

    short = [metric.partition("@") for metric in METRICS]
    columns = ["Group", "#Profiles", *(f"#{_SHORT[name]}{at}{cut}" for name, at, cut in short)]
    for name, groups in found.items():
        rows: list[list[object]] = []
        for group, figures in groups.items():
            means = (f"{figures.mean[metric]:.3f}" for metric in METRICS)
            errors = (Text(f"±{figures.error[metric]:.3f}", "dim") for metric in METRICS)
            rows += [[group, figures.profiles, *means], ["", "", *errors]]
        print_table(f"Ranker {name} (mean over profiles ± standard error)", columns, rows)


def _print_answers(answers: Mapping[str, Answers]) -> None:
    rows = [
        [name, one.sent, one.up, one.down, one.none, f"{one.up / max(one.sent, 1):.1%}"]
        for name, one in answers.items()
    ]
    columns = ["Picks", "#Sent", "#More", "#Less", "#No vote", "#Hit rate"]
    print_table("How readers answered what was sent", columns, rows)
