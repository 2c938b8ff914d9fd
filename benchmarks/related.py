"""Related papers: how often two of one reading list are found together, and what finding them costs.

`related.precision_at_10`: of each paper of ../shared/reco/lists its ten nearest among all entries; how many
share a reading list with it. The yardstick is plain TF-IDF cosine in the same run, with an encoder that
encoder's cosine alone. `related.rank_of_named`: where the four papers that one public page names as related
to MiniCPM stand over seeds and stream; yardstick: TF-IDF. `related.nearest_ms`: one look-up among so many
made-up papers; yardstick: comparing all of them in full.

`--encoder minilm` measures matching by meaning as well (`make semantic`); encoding takes long, so
`--vectors FOLDER` keeps what was encoded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from newsletter.encode.port import Encoder
from newsletter.encode.sentences import open_encoder
from newsletter.errors import EncoderError
from newsletter.match.features import text_words
from newsletter.match.packed import pack_space, unpack_space
from newsletter.match.related import COMPARED, Neighbours
from newsletter.match.space import DIMENSIONS, Space, fit_space
from newsletter.match.vocabulary import Floats, Vocabulary
from newsletter.stages.spaces import ARCHIVE_TEXTS
from newsletter.stages.tasks import read_folder
from tests import inputs

PLAIN_TERMS = 200_000
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
LOOKUPS = 30
MINICPM = "MiniCPM"
NAMED_BY = "004"
AT_ONCE = 256


@dataclass(frozen=True)
class Papers:
    """Texts as (title, abstract), the latest last; `words`: their tokens."""

    texts: Sequence[tuple[str, str]]
    words: Sequence[list[str]]

    @classmethod
    def of(cls, texts: Sequence[tuple[str, str]]) -> Papers:
        return cls(texts, [text_words(title, abstract) for title, abstract in texts])


def main() -> None:
    options = _options()
    if inputs.shared() is None:
        print("no shared inputs: name their folder by PAPERROUND_SHARED", file=sys.stderr)
        sys.exit(1)
    try:
        encoder = open_encoder(options.encoder)
        lists(encoder, options)
        named(encoder, options)
    except EncoderError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    for size in SIZES:
        if size * DIMENSIONS * options.scale <= 3e8:
            cost(int(size * options.scale))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="make all sizes smaller")
    parser.add_argument("--encoder", help="`minilm`, a folder or a model's id")
    parser.add_argument("--vectors", type=Path, help="a folder that keeps what was encoded")
    return parser.parse_args()


def lists(encoder: Encoder | None, options: argparse.Namespace) -> None:
    """Precision among the papers of the reading lists."""
    folder = read_folder(inputs.require("reco", "lists"))
    entries = sorted(folder.entries.values(), key=lambda each: each.first_listed_on)
    place = {each.key: at for at, each in enumerate(entries)}
    names = sorted({task.profile for task in folder.tasks})
    held = np.zeros((len(entries), len(names)), bool)
    for task in folder.tasks:
        for key in (*task.likes, *task.relevant):
            held[place[key], names.index(task.profile)] = True
    papers = Papers.of([(each.title, each.abstract) for each in entries])
    asked = np.flatnonzero(held.any(axis=1))[:: max(1, round(1 / options.scale))]
    plain = _precision(_by_terms(papers, asked), held, asked)
    ways = Ways(papers, encoder, options.vectors)
    found = _precision(ways.nearest(asked), held, asked)
    harness.report("related.precision_at_10", found, "share", plain, queries=len(asked))
    if encoder is not None:
        alone = _precision(ways.by_meaning(asked), held, asked)
        both = _precision(ways.nearest(asked, semantic=True), held, asked)
        harness.report("related.precision_at_10_semantic", both, "share", alone)


def named(encoder: Encoder | None, options: argparse.Namespace) -> None:
    """The ranks of the papers that a page names."""
    texts: dict[str, tuple[str, str]] = {}
    related = []
    with inputs.require("stream", "seeds.jsonl").open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            title, abstract = _folded(record["title"]), _folded(record["abstract"])
            texts.setdefault(title.lower(), (title, abstract))
            if any(name.startswith(NAMED_BY) for name in record["source_files"]):
                related.append(title.lower())
    for record in inputs.stream():
        title, abstract = _folded(record["title"]), _folded(record["abstract"])
        texts.setdefault(title.lower(), (title, abstract))
    keys = list(texts)
    [about] = [keys.index(title) for title in related if MINICPM.lower() in title]
    wanted = [keys.index(title) for title in related if keys.index(title) != about]
    papers = Papers.of(list(texts.values()))
    asked = np.array([about])
    ways = Ways(papers, encoder, options.vectors)
    plain = _ranks(next(_by_terms(papers, asked, len(keys) - 1))[0], wanted)
    served = {"": ways.nearest(asked, most=len(keys) - 1)}
    if encoder is not None:
        served["_semantic"] = ways.nearest(asked, semantic=True, most=len(keys) - 1)
    for name, found in served.items():
        ranks = _ranks(next(found)[0], wanted)
        for rank, before in zip(ranks, plain, strict=True):
            harness.report(f"related.rank_of_named{name}", rank, "rank", before, papers=len(keys))


def cost(size: int) -> None:
    """One look-up among random unit vectors, against the full product of all."""
    draw = np.random.default_rng(size)
    latent = np.empty((size, DIMENSIONS), np.float16)
    for start in range(0, size, 10_000):
        rows = draw.standard_normal((min(10_000, size - start), DIMENSIONS), np.float32)
        latent[start : start + len(rows)] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    nothing = np.zeros((size, 0), np.float16)
    papers = Neighbours.of(np.arange(size), latent, nothing)
    whole = latent.astype(np.float32)
    quick, full = [], []
    for row in range(LOOKUPS):
        wanted = whole[row]
        start_at = time.perf_counter()
        papers.nearest(wanted, nothing[0].astype(np.float32), 20)
        quick.append(time.perf_counter() - start_at)
        start_at = time.perf_counter()
        np.argpartition(-(whole @ wanted), 20)
        full.append(time.perf_counter() - start_at)
    megabytes = (latent.nbytes + papers.coarse.nbytes) / 1e6
    times = (1000 * statistics.median(each) for each in (quick, full))
    harness.report("related.nearest_ms", *_in_order(times), papers=size, mb=round(megabytes))


def _in_order(times: Iterator[float]) -> tuple[float, str, float]:
    quick, full = times
    return quick, "ms", full


class Ways:
    """Papers in a space that is learned as a server does: from the latest, stored and read."""

    def __init__(self, papers: Papers, encoder: Encoder | None, folder: Path | None) -> None:
        space: Space = unpack_space(pack_space(fit_space(papers.words[-ARCHIVE_TEXTS:])))
        latent = space.latent(space.vocabulary.vectors(papers.words)).astype(np.float16)
        self._texts = papers.texts
        self._semantic = np.zeros((len(latent), 0), np.float16)
        if encoder is not None:
            texts = [f"{title}\n{abstract}" for title, abstract in papers.texts]
            self._semantic = _encoded(encoder, texts, folder)
        self._with = Neighbours.of(np.arange(len(latent)), latent, self._semantic)
        self._without = Neighbours.of(np.arange(len(latent)), latent, self._semantic[:, :0])

    def nearest(
        self, asked: NDArray[np.integer], *, semantic: bool = False, most: int = 10
    ) -> Iterator[list[list[int]]]:
        """The nearest papers of each, as the site finds them, the paper itself left out."""
        among = self._with if semantic else self._without
        for row in asked.tolist():
            latent, meant = among.latent[row], among.semantic[row]
            found = among.nearest(
                latent.astype(np.float32),
                meant.astype(np.float32),
                most + 1,
                compared=COMPARED + most,
            )
            yield [[id_ for id_, _ in found if id_ != row][:most]]

    def by_meaning(self, asked: NDArray[np.integer]) -> Iterator[list[list[int]]]:
        """The nearest ten by the encoder alone."""
        rows = self._semantic.astype(np.float32)
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            yield _best(rows[part] @ rows.T, part, 10)


def _by_terms(
    papers: Papers, asked: NDArray[np.integer], most: int = 10
) -> Iterator[list[list[int]]]:
    plain = Vocabulary.fit(papers.words, PLAIN_TERMS, power=1.0, pair_weight=1.0)
    vectors = plain.vectors(papers.words)
    across = vectors.T.tocsr()
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        yield _best(np.asarray((vectors[part] @ across).todense()), part, most)


def _best(scores: Floats, asked: NDArray[np.integer], most: int) -> list[list[int]]:
    scores[np.arange(len(asked)), asked] = -np.inf
    found = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    return [[int(at) for at in row] for row in found]


def _precision(
    found: Iterator[list[list[int]]], held: NDArray[np.bool_], asked: NDArray[np.integer]
) -> float:
    rows = [row for block in found for row in block]
    return float(
        np.mean(
            [(held[row] & held[at]).any(axis=1).mean() for row, at in zip(rows, asked, strict=True)]
        )
    )


def _ranks(order: Sequence[int], wanted: Sequence[int]) -> list[int]:
    return sorted(order.index(at) + 1 for at in wanted)


def _encoded(encoder: Encoder, texts: Sequence[str], folder: Path | None) -> NDArray[np.float16]:
    """The texts' vectors; those that the folder has are read from there."""
    parts = []
    for start in range(0, len(texts), 512):
        part = texts[start : start + 512]
        digest = hashlib.sha256("\0".join([encoder.name, *part]).encode()).hexdigest()[:16]
        kept = folder / f"{digest}.npy" if folder else None
        if kept and kept.exists():
            parts.append(np.load(kept))
            continue
        parts.append(encoder.encode(part).astype(np.float16))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, parts[-1])
    return np.concatenate(parts)


def _folded(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
