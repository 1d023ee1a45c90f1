"""A source 来源: a sender of records to ingest, the keys of the sender, and the limits.

An entry names all that the source may send. `*` names all; an entry without doors, sensors or
places allows none. Keys are never stored, only the SHA-256 of each key. A key is a random token of
256 bits: nobody can find the key by trying, and a slow hash would add nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import Contract, DataGrade, Instant, Line, UnitId

SourceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,30}$")]
"""At most 31 letters, digits and `. _ -`: the beginning of the ids of its records."""
SensorChoice = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._\-]{0,63}\*?)$")]
"""A sensor, all sensors whose ids begin so (`gas-*`), or all (`*`)."""
PlaceChoice = Literal["*"] | UnitId
"""A unit with all that lies below it, or all places (`*`)."""
MOST_PER_MINUTE = 1_000_000
"""Records a minute, beyond which a limit would be none."""


class SourceDoor(StrEnum):
    """A door of ingest that a source may use."""

    READINGS = "readings"
    REPORTS = "reports"
    WARNINGS = "warnings"


class KeyHash(Contract):
    """The SHA-256 of a key, in hex; the key is valid before `until`, for ever without it."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    until: Instant | None = None


class SourceEntry(Contract):
    """A source of records. `owner` is the responsible unit.

    Two keys may be valid at once: a sender changes the key without a gap. A reading is limited by
    sensor and by the sensor's place, a report by place, a warning by each area. `per_minute`:
    records a minute at each process of ingest, None: no limit. `grade` is the data grade of the
    records; a record names another grade only where the source `sets_grade`. An `ended` source
    sends nothing more; the entry stays, and the records keep a name. `category` is the class 分类 in
    the words of the office.
    """

    kind: Literal["source"] = "source"
    source: SourceId
    name: Line
    owner: UnitId
    category: Line | None = None
    key_hashes: Annotated[tuple[KeyHash, ...], Field(max_length=4)] = ()
    doors: Annotated[tuple[SourceDoor, ...], Field(max_length=8)] = ()
    sensors: Annotated[tuple[SensorChoice, ...], Field(max_length=1_000)] = ()
    places: Annotated[tuple[PlaceChoice, ...], Field(max_length=200)] = ()
    per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)] | None = None
    grade: DataGrade = DataGrade.GENERAL
    sets_grade: bool = False
    ended: bool = False
    synthetic: bool = False
