"""An archive that counts as large, its readers, and what they would get."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, func, select

from newsletter.app import App
from newsletter.model import Digest, Skip
from newsletter.stages.learning import learn_stale
from newsletter.store.learned import LearnedTaste
from subscribers import audience
from tests import inputs
from tests.factories import NOW

ARCHIVE = 400
_SUBJECTS = [
    ["language model", "token", "prompt", "decoding", "corpus", "vocabulary"],
    ["reinforcement learning", "policy", "reward", "agent", "exploration", "bandit"],
    ["diffusion", "denoising", "sampler", "noise schedule", "image", "latent"],
    ["neural network", "layer", "activation", "weights", "pruning", "gradient"],
    ["robot", "gripper", "manipulation", "locomotion", "sensor", "joint"],
    ["graph", "node", "edge", "message passing", "community", "spectral"],
    ["protein structure", "folding", "residue", "ligand", "sequence", "binding"],
    ["image segmentation", "mask", "pixel", "boundary", "contour", "instance"],
]
_COMMON = [
    "method",
    "results",
    "data",
    "approach",
    "task",
    "experiments",
    "benchmark",
    "baseline",
    "accuracy",
    "training",
    "analysis",
    "theory",
    "efficient",
    "robust",
    "simple",
    "scalable",
    "general",
    "adaptive",
    "survey",
    "study",
]
WISHES = [
    "language model\nreinforcement learning",
    "diffusion, -survey",
    '"neural network"\nrobot',
    "graph",
    "protein structure\nimage segmentation ^2",
    "",
]


def papers() -> list[tuple[str, str]]:
    if inputs.shared() is not None:
        return [(r["title"], r["abstract"] or "") for r in islice(inputs.stream(), ARCHIVE)]
    return [_made_up(random.Random(n)) for n in range(ARCHIVE)]


def _made_up(chance: random.Random) -> tuple[str, str]:
    """A paper about one or two subjects, in words of these and words that all papers have."""
    about = chance.sample(_SUBJECTS, 1 + chance.randrange(2))
    subject = [word for each in about for word in chance.sample(each, 4)]
    common = chance.sample(_COMMON, 8)
    abstract = chance.choices(subject, k=24) + chance.choices(common, k=24)
    chance.shuffle(abstract)
    named = " ".join(phrase for each in about for phrase in each[:1])
    return f"{common[0]} {named} {subject[1]}", f"{named} {' '.join(abstract)}"


def key(number: int) -> str:
    return f"arxiv:2606.{number:05}"


def chosen(app: App, block: int, now: datetime = NOW) -> dict[int, object]:
    """What everybody would get, by a planner that only reads, in blocks."""
    planner, found = app.planner(now), dict[int, object]()
    with app.sessions() as session:
        for members in audience.due(session, now=now, block=block):
            for member, digest in zip(members, planner.choose(session, members), strict=True):
                found[member.id] = told(digest)
    return found


def told(digest: Digest | Skip) -> object:
    if isinstance(digest, Skip):
        return digest
    return [(pick.entry_id, pick.section, pick.evidence) for pick in digest.picks]


def count(app: App, table: type) -> int:
    with app.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def learned(app: App, now: datetime = NOW) -> int:
    return learn_stale(app.sessions, app._spaces, now, 10_000)


def clear(app: App) -> None:
    with app.sessions.begin() as session:
        session.execute(delete(LearnedTaste))
