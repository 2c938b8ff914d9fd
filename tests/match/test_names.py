"""Whom a typed name means among the listed ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.match.features import day_features
from newsletter.match.names import listed_as, name_words, typed_name
from newsletter.match.wishes import find
from subscribers.profile import Kind
from tests.factories import entry


@pytest.mark.parametrize(
    ("typed", "listed", "meant"),
    [
        ("Geoffrey Hinton", "Geoffrey Hinton", True),
        ("Geoffrey Hinton", "Geoffrey E. Hinton", True),
        ("G. Hinton", "Geoffrey Hinton", True),
        ("G Hinton", "Geoffrey E. Hinton", True),
        ("Hinton, G.", "Geoffrey Hinton", True),
        ("Hinton, Geoffrey E.", "Geoffrey Everest Hinton", True),
        ("Hinton", "Geoffrey Hinton", True),
        ("Geoffrey Hinton", "Hinton, Geoffrey", True),
        ("GEOFFREY HINTON", "geoffrey hinton", True),
        ("G. Hinton", "Mary Hinton", False),
        ("E. Hinton", "Geoffrey E. Hinton", False),
        ("Geoffrey Hinton", "G. Hinton", False),
        ("Geoffrey E. Hinton", "Geoffrey Hinton", False),
        ("Wei Wang", "Yi Wei Wang", False),
        ("Wei Wang", "Weiwei Wang", False),
        ("Laurens van der Maaten", "Laurens van der Maaten", True),
        ("L. van der Maaten", "Laurens van der Maaten", True),
        ("van der Maaten", "Laurens van der Maaten", True),
        ("van der Maaten, Laurens", "Laurens van der Maaten", True),
        ("Maaten", "Laurens van der Maaten", True),
        ("van der Maaten", "Peter Maaten", False),
        ("José Ñandú", "Jose Nandu", True),
        ("Lukasz Kaiser", "Łukasz Kaiser", True),
        ("Soren Kjaer", "Søren Kjær", True),
        ("J.-P. Serre", "Jean-Pierre Serre", True),
        ("Garcia-Molina", "Hector Garcia-Molina", True),
        ("Martin Luther King Jr.", "Martin Luther King", True),
        ("Henry Levy", "Henry Levy Jr.", True),
        ("王伟", "王伟", True),
        ("ATLAS Collaboration", "ATLAS Collaboration", True),
        ("Jean", "Jean Serre", False),
    ],
)
def test_whom_a_name_means(typed: str, listed: str, meant: bool) -> None:
    day = day_features([entry(1, authors=("Emmy Noether",)), entry(2, authors=("Ada L.", listed))])
    assert list(find(day, Kind.AUTHOR, typed)) == ([1] if meant else [])
    assert listed_as(typed, ("Ada L.", listed)) == (listed if meant else None)


@given(st.text(), st.text())
def test_the_index_finds_whom_a_scan_finds(typed: str, listed: str) -> None:
    day = day_features([entry(1, authors=(listed,))])
    name = typed_name(typed)
    if name.family and name.fits(name_words(listed)):
        assert list(find(day, Kind.AUTHOR, typed)) == [0]


@pytest.mark.parametrize(
    ("typed", "listed", "meant"),
    [
        ("DeepMind", "Google DeepMind", True),
        ("google deepmind", "Google DeepMind", True),
        ("Google", "Google DeepMind", True),
        ("École Normale", "Ecole Normale Supérieure, Paris", True),
        ("Mind", "Google DeepMind", False),
        ("DeepMind Google", "Google DeepMind", False),
        ("Google Mind", "Google DeepMind Mind", False),
        ("...", "Google DeepMind", False),
        ("DeepMind", None, False),
    ],
)
def test_which_organisation_is_meant(typed: str, listed: str | None, meant: bool) -> None:
    day = day_features([entry(1, organisation="Acme"), entry(2, organisation=listed)])
    assert list(find(day, Kind.ORGANISATION, typed)) == ([1] if meant else [])
