"""How a person stands in a file: the fields, and what a row that cannot be taken is told. Pure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from subscribers.address import Address, parse_address
from subscribers.choices import check_parts, check_sources, listed
from subscribers.consent import State
from subscribers.errors import ImportFileError, ProfileError, SubscribersError
from subscribers.language import ENGLISH
from subscribers.preferences import (
    Preferences,
    check_language,
    check_length,
    check_max_papers,
    check_quiet_days,
)
from subscribers.profile import parse_profile
from subscribers.profile_document import ProfileDocument, explain, profile_from_document
from subscribers.schedule import make_schedule


class PersonRecord(BaseModel):
    """One person in a file. `wishes` as typed in a form, or `profile` as a JSON document.

    `confirmed_at` is when they agreed, if they did: it makes them confirmed. `consent` says where
    and how, for the record. Without it they stay pending until they confirm by mail. `parts_off` and
    `sources_off` are names with semicolons between.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str
    wishes: str = ""
    profile: ProfileDocument | None = None
    cadence: str = "daily"
    weekday: int = 0
    hour: int = 7
    timezone: str = "UTC"
    max_papers: int = 10
    length: str = "short"
    quiet_days: int = 0
    language: str = ENGLISH
    paused_until: date | None = None
    parts_off: str = ""
    sources_off: str = ""
    state: State | None = None
    confirmed_at: AwareDatetime | None = None
    consent: str | None = None

    @model_validator(mode="after")
    def _agreed(self) -> PersonRecord:
        if self.state is State.CONFIRMED and self.confirmed_at is None:
            raise ValueError("somebody confirmed needs confirmed_at: when did they agree?")
        return self


COLUMNS = tuple(name for name in PersonRecord.model_fields if name != "profile")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row. `line` is where it begins in the file, from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Person:
    """A row that can be taken."""

    line: int
    address: Address
    preferences: Preferences
    state: State
    confirmed_at: datetime | None
    consent: str | None


def csv_rows(file: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """The rows of a CSV file with the lines they begin on: a dict of the cells that are filled, or
    the text of what is wrong. Raises ImportFileError for a header it cannot work with.
    """
    reader = csv.reader(file)
    header = _header(reader)
    begins = reader.line_num + 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield begins, str(error)
            begins = reader.line_num + 1
            continue
        except UnicodeDecodeError as error:
            raise ImportFileError(f"This is not text in UTF-8: {error}.") from None
        if row is None:
            return
        if len(row) > len(header):
            yield begins, f"{len(row)} values for {len(header)} columns"
        elif any(value.strip() for value in row):
            yield begins, {n: v for n, v in zip(header, row, strict=False) if v.strip()}
        begins = reader.line_num + 1


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.removeprefix("\ufeff").strip().lower() for name in next(reader, [])]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ImportFileError(f"This is not CSV in UTF-8: {error}.") from None
    if unknown := [name for name in header if name not in COLUMNS]:
        raise ImportFileError(
            f"Unknown column {', '.join(map(repr, unknown))}; known are {', '.join(COLUMNS)}."
        )
    if "email" not in header or len(set(header)) != len(header):
        raise ImportFileError("The first line must name each column once, among them email.")
    return header


def json_rows(text: str) -> Iterator[tuple[int, Any]]:
    """The people in a JSON array, with their places. Raises ImportFileError for anything else."""
    try:
        people = json.loads(text)
    except ValueError as error:
        raise ImportFileError(f"This is not JSON: {error}.") from None
    if not isinstance(people, list):
        raise ImportFileError("A JSON file of people is an array of objects.")
    return enumerate(people, start=1)


def understand(line: int, row: Any) -> Person | RowError:
    """The person in a row, or what is wrong with it."""
    try:
        if isinstance(row, str):
            raise ImportFileError(row)
        given = PersonRecord.model_validate(row)
        return Person(
            line=line,
            address=parse_address(given.email),
            preferences=_preferences(given),
            state=given.state or (State.CONFIRMED if given.confirmed_at else State.PENDING),
            confirmed_at=given.confirmed_at,
            consent=given.consent,
        )
    except ValidationError as error:
        message = explain(error)
    except ProfileError as error:
        message = f"{error.field}: {error}"
    except SubscribersError as error:
        message = str(error)
    return RowError(line, message)


def _preferences(given: PersonRecord) -> Preferences:
    return Preferences(
        profile=(
            profile_from_document(given.profile.model_dump())
            if given.profile
            else parse_profile(given.wishes)
        ),
        schedule=make_schedule(
            cadence=given.cadence,
            hour=given.hour,
            timezone=given.timezone,
            weekday=given.weekday,
            paused_until=given.paused_until,
        ),
        max_papers=check_max_papers(given.max_papers),
        length=check_length(given.length),
        quiet_days=check_quiet_days(given.quiet_days),
        parts_off=check_parts(listed(given.parts_off)),
        sources_off=check_sources(listed(given.sources_off)),
        language=check_language(given.language),
    )
