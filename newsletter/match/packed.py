"""What was learned, as compact bytes and back: weights as float16, places as int32, little end first.

Arrays only, never pickled objects: a database must not be able to run code here.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsletter.match.company import Company
from newsletter.match.profiles import Profiles
from newsletter.match.space import Features, Space, make_space
from newsletter.match.vocabulary import Floats, Vocabulary

# Raised whenever the same texts would be learned or stored differently: what was stored by older code
# is then learned anew.
LEARNING = 2

_PLACE, _WEIGHT, _EXACT = np.dtype("<i4"), np.dtype("<f2"), np.dtype("<f4")
_BYTES_A_TERM = _PLACE.itemsize + _WEIGHT.itemsize


@dataclass(frozen=True, slots=True)
class PackedProfile:
    """One row of `Profiles`. `terms`: the places of all terms, then their weights; `dense`: weights."""

    terms: bytes
    dense: bytes
    mean: float
    spread: float


def pack_profiles(profiles: Profiles) -> list[PackedProfile]:
    """Each reader's profile as it is stored."""
    terms = profiles.features.terms
    places, weights = terms.indices.astype(_PLACE), terms.data.astype(_WEIGHT)
    dense = profiles.features.dense.astype(_WEIGHT)
    bounds = zip(terms.indptr[:-1].tolist(), terms.indptr[1:].tolist(), strict=True)
    return [
        PackedProfile(
            places[start:stop].tobytes() + weights[start:stop].tobytes(),
            dense[row].tobytes(),
            float(profiles.mean[row]),
            float(profiles.spread[row]),
        )
        for row, (start, stop) in enumerate(bounds)
    ]


def unpack_profiles(rows: Sequence[PackedProfile], space: Space) -> Profiles:
    """The profiles that `pack_profiles` made of readers in this space."""
    lengths = [len(row.terms) // _BYTES_A_TERM for row in rows]
    cut = [(row.terms, length * _PLACE.itemsize) for row, length in zip(rows, lengths, strict=True)]
    places = np.frombuffer(b"".join(terms[:at] for terms, at in cut), _PLACE)
    weights = np.frombuffer(b"".join(terms[at:] for terms, at in cut), _WEIGHT)
    starts = np.cumsum([0, *lengths], dtype=np.int32)
    shape = (len(rows), len(space.vocabulary.columns))
    terms = sparse.csr_matrix((_floats(weights), places.astype(np.int32), starts), shape=shape)
    dense = np.frombuffer(b"".join(row.dense for row in rows), _WEIGHT)
    return Profiles(
        Features(terms, _floats(dense).reshape(len(rows), space.archive.dense.shape[1])),
        np.array([row.mean for row in rows], np.float32),
        np.array([row.spread for row in rows], np.float32),
    )


def rounded(profiles: Profiles, space: Space) -> Profiles:
    """The profiles as they will be read: ranked in this form, storing them changes no pick."""
    return unpack_profiles(pack_profiles(profiles), space)


def pack_space(space: Space) -> bytes:
    """A space without what `make_space` computes again."""
    of_terms, _, of_semantic = (np.float32(np.sqrt(share)) for share in space.shares)
    semantic = space.archive.dense[:, space.basis.shape[1] :]
    return _pack(
        {
            "terms": np.frombuffer("\n".join(space.vocabulary.columns).encode(), np.uint8),
            "idf": space.vocabulary.idf.astype(_EXACT),
            "basis": space.basis.astype(_WEIGHT),
            **_packed_matrix(sparse.csr_matrix(space.archive.terms / of_terms)),
            "encoder": np.array(space.encoder),
            "semantic": (semantic / (of_semantic or 1)).astype(_WEIGHT),
        }
    )


def unpack_space(data: bytes) -> Space:
    """The space that `pack_space` was given, as far as float16 tells."""
    parts = _unpack(data)
    terms = parts["terms"].tobytes().decode().split("\n") if len(parts["terms"]) else []
    vocabulary = Vocabulary(
        {term: column for column, term in enumerate(terms)}, parts["idf"].astype(np.float32)
    )
    encoder = str(parts["encoder"])
    semantic = _floats(parts["semantic"]) if encoder else None
    vectors = _unpacked_matrix(parts)
    return make_space(vocabulary, _floats(parts["basis"]), vectors, semantic, encoder)


def pack_company(company: Company) -> bytes:
    """Papers' tastes, and what leads to them."""
    keys = np.frombuffer(json.dumps(company.keys).encode(), np.uint8)
    leads = company.leads.astype(_EXACT)
    return _pack({"keys": keys, "tastes": company.tastes.astype(_WEIGHT), "leads": leads})


def unpack_company(data: bytes) -> Company:
    """The company that `pack_company` was given, as far as float16 tells."""
    parts = _unpack(data)
    keys = tuple(json.loads(parts["keys"].tobytes()))
    index = {key: at for at, key in enumerate(keys)}
    return Company(index, _floats(parts["tastes"]), _floats(parts["leads"]))


def _packed_matrix(matrix: sparse.csr_matrix) -> dict[str, NDArray[Any]]:
    return {
        "data": matrix.data.astype(_WEIGHT),
        "indices": matrix.indices.astype(_PLACE),
        "indptr": matrix.indptr.astype(_PLACE),
        "shape": np.array(matrix.shape, _PLACE),
    }


def _unpacked_matrix(parts: Mapping[str, NDArray[Any]]) -> sparse.csr_matrix:
    places = (parts["indices"].astype(np.int32), parts["indptr"].astype(np.int32))
    shape = tuple(parts["shape"].tolist())
    return sparse.csr_matrix((_floats(parts["data"]), *places), shape=shape)


def _pack(parts: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **parts)
    return zlib.compress(buffer.getvalue(), 1)


def _unpack(data: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as parts:
        return dict(parts)


def _floats(values: NDArray[Any]) -> Floats:
    return values.astype(np.float32)
