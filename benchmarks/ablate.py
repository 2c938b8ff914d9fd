"""Each part of the ranker: what it gains or costs on tasks with known answers.

`ablate.SET.PART`: NDCG@10 (a mean over groups of their means over profiles) with that part off, what
serves as `yardstick`, and the `difference`, below 0 where the part is a gain. Further, on `lists`:
`interests` and `votes`: those who have both, without their typed words, and without their likes.
`floor`: the share of relevant papers that the floors keep, and of all papers that they bar.
`diversity`: NDCG@10 and the mean likeness of two of the first ten, by how much is deducted.
`guarantee`: two lists as one reader; the share of the two with a relevant paper among ten picks.
`dislikes`: what five papers that looked like a reader's and were not taken tell as votes down on
later days, by how far they are trusted. They are near misses, so the worst that votes down could be.
`--every 3` takes every third task.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from benchmarks import harness
from benchmarks.rankings import Bench, Block, Measured, mean_of, setting, tasks_of
from newsletter.compose import CANDIDATES_PER_PLACE, compose
from newsletter.match import diversity
from newsletter.match.evaluate import Task, measures
from newsletter.match.score import Found, match_block
from newsletter.model import Digest, Evidence, EvidenceKind, Match

OFF = -1e9
PARTS: Mapping[str, Mapping[str, float]] = {
    "background": {"learn.EVIDENCE": 1e9},
    "latent": {"space.LATENT_SHARE": 0.0},
    "related_papers": {"learn.RELATED": 0},
    "kernel_ridge": {"learn.RIDGE": 1e3},
    "idf_power": {"vocabulary.IDF_POWER": 1.0},
    "pair_weight": {"vocabulary.PAIR_WEIGHT": 1.0},
    "fading": {"learn.HALF_LIFE_DAYS": 1e9},
    "cut_of_terms": {"profiles.KEPT_TERMS": 10**9},
    "floors": {"score.FLOOR": OFF, "score.FLOOR_IN_WORDS": OFF},
    "floors_and_words_needed": {
        "score.FLOOR": OFF,
        "score.FLOOR_IN_WORDS": OFF,
        "score._NEVER": OFF,
    },
    "other_readers": {"company.SHARE": 0.0},
}
ONLY = {"other_readers": "citeulike", "fading": "lists", "related_papers": "lists"}
DIVERSITIES = (0.0, 0.3, 0.6)
DISLIKE_TRUSTS = (1.0, 0.3, 0.1)
SHOWN, PLACES, DISLIKES = 30, 10, 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1)
    every = parser.parse_args().every
    for name in ("citeulike", "lists"):
        bench = Bench(tasks_of(name), every)
        tell_parts(name, bench)
    tell_sides(bench)
    tell_floor(bench)
    tell_diversity(bench)
    tell_guarantee(bench)
    tell_dislikes(bench)


def tell_parts(name: str, bench: Bench) -> None:
    served = bench.measured()
    for part, values in PARTS.items():
        if ONLY.get(part, name) == name:
            with setting(values):
                tell(f"ablate.{name}.{part}", bench.measured(), served)


def tell_sides(bench: Bench) -> None:
    both = [task for task in bench.tasks if task.keywords and task.likes]
    served = bench.measured(both)
    sides = {"interests": {"keywords": ()}, "votes": {"likes": ()}}
    for side, nothing in sides.items():
        found = bench.measured([replace(task, **nothing) for task in both])
        tell(f"ablate.lists.{side}", found, served)


def tell(name: str, found: Measured, served: Measured) -> None:
    value, yardstick = mean_of(found), mean_of(served)
    difference = round(value - yardstick, 4)
    harness.report(name, value, "ndcg@10", yardstick, difference=difference, tasks=len(served))


def tell_floor(bench: Bench) -> None:
    kept: list[float] = []
    barred: list[float] = []
    with setting({"diversity.DIVERSITY": 0.0}):
        for block, matched in matches(bench, bench.tasks, None):
            for task, found in zip(block.tasks, matched, strict=True):
                rows = ids(block, found.matches)
                kept.append(len(task.relevant & set(rows)) / len(task.relevant))
                barred.append(1 - len(rows) / len(block.day.entries))
    harness.report("ablate.lists.floor.relevant_kept", float(np.mean(kept)), "share")
    harness.report("ablate.lists.floor.all_barred", float(np.mean(barred)), "share")


def tell_diversity(bench: Bench) -> None:
    figures: dict[float, tuple[Measured, float]] = {}
    for weight in DIVERSITIES:
        with setting({"diversity.DIVERSITY": weight}):
            figures[weight] = varied(bench)
    served = figures[diversity.DIVERSITY]
    for weight, (measured, likeness) in figures.items():
        tell(f"ablate.lists.diversity.{weight}", measured, served[0])
        harness.report(f"ablate.lists.diversity.{weight}.likeness", likeness, "cosine", served[1])


def varied(bench: Bench) -> tuple[Measured, float]:
    """The metrics of the order that is composed from, and how like two of its first ten are."""
    measured: Measured = []
    alike: list[float] = []
    for block, matched in matches(bench, bench.tasks, SHOWN):
        for task, found in zip(block.tasks, matched, strict=True):
            order = [id_ for id_ in ids(block, found.matches) if id_ not in task.likes]
            measured.append((task, measures(order, task.relevant)))
            rows = [match.row for match in found.matches[:PLACES]]
            if len(rows) > 1:
                likeness = block.day.features[rows].likeness(block.day.features[rows])
                alike.append(float(likeness[np.triu_indices(len(rows), 1)].mean()))
    return measured, float(np.mean(alike))


def tell_guarantee(bench: Bench) -> None:
    """Both keyword sets in one reader: does each list have a paper among ten, with and without?"""
    pairs = [
        (one, other)
        for one, other in combinations([t for t in bench.folder.tasks if t.group == "0 liked"], 2)
        if one.pool == other.pool and one.profile != other.profile
    ]
    both = [
        replace(one, keywords=(*one.keywords, *other.keywords), likes=()) for one, other in pairs
    ]
    partner = {id(task): pair for task, pair in zip(both, pairs, strict=True)}
    shares: dict[bool, list[float]] = {True: [], False: []}
    for block, matched in matches(bench, both, CANDIDATES_PER_PLACE * PLACES):
        for task, found in zip(block.tasks, matched, strict=True):
            for guaranteed, share in shares.items():
                chosen = picked(block, found, len(task.keywords), guaranteed=guaranteed)
                share.append(np.mean([bool(chosen & one.relevant) for one in partner[id(task)]]))
    value, without = float(np.mean(shares[True])), float(np.mean(shares[False]))
    harness.report("ablate.lists.guarantee", value, "share", without, pairs=len(pairs))


def picked(block: Block, found: Found, wishes: int, *, guaranteed: bool) -> set[str]:
    of_all = [replace(match, interests=(0,)) for match in found.matches]  # one cause has one place
    digest = compose(
        found.matches if guaranteed else of_all,
        block.day.entries,
        block.day.twins,
        lambda _: (Evidence(EvidenceKind.TOPIC),),
        places=PLACES,
        wishes=wishes,
        considered=len(block.day.entries),
    )
    key_of = {entry.id: entry.key for entry in block.day.entries}
    return {key_of[pick.entry_id] for pick in digest.picks} if isinstance(digest, Digest) else set()


def tell_dislikes(bench: Bench) -> None:
    not_taken = best_not_taken(bench)
    plain, disliking = [], []
    for task in bench.tasks:
        before = sorted(day for day in not_taken[task.profile] if day < task.pool)[-DISLIKES:]
        dislikes = {not_taken[task.profile][day] for day in before} - set(task.likes)
        if dislikes:
            plain.append(task)
            disliking.append(replace(task, dislikes=tuple(sorted(dislikes))))
    without = bench.measured(plain)
    for trust in DISLIKE_TRUSTS:
        with setting({"readers.DISLIKE_TRUST": trust}):
            found = bench.measured(disliking)
        tell(f"ablate.lists.dislikes.{trust}", found, without)
        for group in sorted({task.group for task in plain}):
            of_group = [[(t, m) for t, m in one if t.group == group] for one in (found, without)]
            tell(f"ablate.lists.dislikes.{trust}.{group}", *of_group)


def best_not_taken(bench: Bench) -> Mapping[str, Mapping[str, str]]:
    """Profile -> day -> the paper of that day that was ranked first and not taken up."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    full = [task for task in bench.folder.tasks if task.group == "all liked"]
    for block, matched in matches(bench, full, SHOWN):
        for task, of_one in zip(block.tasks, matched, strict=True):
            taken = {*task.relevant, *task.likes}
            first = (id_ for id_ in ids(block, of_one.matches) if id_ not in taken)
            if (id_ := next(first, None)) is not None:
                found[task.profile][task.pool] = id_
    return found


def matches(
    bench: Bench, tasks: Sequence[Task], limit: int | None
) -> Iterator[tuple[Block, list[Found]]]:
    """Each day with what is found for its readers; no `limit`: all that may be sent."""
    for block in bench.blocks(tasks):
        most = len(block.day.entries) if limit is None else limit
        limits = [most] * len(block.readers)
        yield block, match_block(block.day, block.readers, block.profiles, limits, block.seeds)


def ids(block: Block, matched: Sequence[Match]) -> list[str]:
    return [block.day.entries[match.row].key for match in matched]


if __name__ == "__main__":
    main()
