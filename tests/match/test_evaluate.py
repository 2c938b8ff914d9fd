"""The measuring itself: a ruler that is wrong makes every figure wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from newsletter.errors import NewsletterError
from newsletter.match.evaluate import Folder, Task, evaluate, materials, measures, rank
from newsletter.stages.rankers import RANKERS
from newsletter.stages.tasks import read_folder
from tests.factories import entry

ENTRIES = {
    name: entry(number, f"{word} studies", f"All about {word} and its kin.", key=name)
    for number, (name, word) in enumerate(
        [("a", "graphs"), ("b", "proteins"), ("c", "auctions"), ("d", "graphs"), ("e", "proteins")]
    )
}


def task(pool: str, likes: str, relevant: str, profile: str = "p", keywords: tuple[str, ...] = ()):
    return Task(profile, "g", keywords, tuple(likes), pool, frozenset(relevant))


def test_metrics_are_those_of_the_textbook() -> None:
    found = measures(["x", "a", "y", "b"], frozenset("ab"))
    assert found["recall@5"] == 1
    assert found["mrr"] == 0.5
    ideal = 1 + 1 / np.log2(3)
    assert found["ndcg@10"] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)
    assert measures(["x"], frozenset("a"))["mrr"] == 0
    assert measures([str(n) for n in range(99)], frozenset(["8"]))["recall@5"] == 0


def test_a_profiles_tasks_are_averaged_before_the_profiles() -> None:
    tasks = (
        task("day", "", "a", "often", ("graphs",)),
        task("day", "", "c", "often", ("graphs",)),
        task("day", "", "a", "once", ("graphs",)),
    )
    pools = {"day": ("a", "b", "c")}

    def fit(_archive, _libraries):
        return lambda pool, asked: np.array([[3.0, 2.0, 1.0]] * len(asked), dtype=np.float32)

    (figures,) = evaluate(Folder(ENTRIES, pools, tasks), fit).values()
    assert figures.profiles == 2
    assert figures.mean["mrr"] == pytest.approx(((1 + 1 / 3) / 2 + 1) / 2)
    assert figures.error["mrr"] == pytest.approx((1 - 2 / 3) / 2)


def test_nothing_of_a_pool_and_no_answer_can_be_learned_from() -> None:
    tasks = (
        task("2025-01-01", "d", "a"),
        task("fold-0", "de", "b"),
        task("fold-0", "c", "a", "other"),
    )
    folder = Folder(ENTRIES, {"2025-01-01": ("a", "b"), "fold-0": ("a", "b")}, tasks)
    (streams, stream), (folds, fold) = materials(folder)
    assert (streams, folds) == (("2025-01-01",), ("fold-0",))
    assert stream.archive == fold.archive == ("c", "d", "e")
    assert stream.libraries == {}
    assert fold.libraries == {"p": ("d", "e"), "other": ("c",)}


def test_what_is_liked_is_not_ranked() -> None:
    folder = Folder(ENTRIES, {"day": ("a", "b", "c", "d")}, (task("day", "d", "a"),))
    ((_, order),) = rank(folder, RANKERS["default"])
    assert "d" not in order
    assert order[0] == "a"


@pytest.mark.parametrize("keywords", [("graphs",), ()])
def test_the_serving_ranker_handles_a_folder(tmp_path: Path, keywords: tuple[str, ...]) -> None:
    write_folder(tmp_path, keywords)
    figures = evaluate(read_folder(tmp_path), RANKERS["default"])["g"]
    assert figures.mean["mrr"] == (1.0 if keywords else pytest.approx(1.0))


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, ("graphs",), relevant=["nowhere"])
    with pytest.raises(NewsletterError, match="not in its pool"):
        read_folder(tmp_path)


def write_folder(path: Path, keywords: tuple[str, ...], relevant: list[str] | None = None) -> None:
    lines = [{"id": e.key, "title": e.title, "abstract": e.abstract} for e in ENTRIES.values()]
    text = "\n".join(json.dumps(line) for line in lines)
    (path / "entries.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (path / "pools.json").write_text(json.dumps({"2025-01-01": ["a", "b", "c"]}))
    one = {"profile": "p", "group": "g", "keywords": keywords, "likes": ["d"], "pool": "2025-01-01"}
    (path / "tasks.jsonl").write_text(json.dumps(one | {"relevant": relevant or ["a"]}) + "\n")
