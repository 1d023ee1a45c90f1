"""Field types and closed value sets of every message.

All models are strict: no coercion of numbers from text, no NaN or infinity, no unknown field,
no time without a zone, no unbounded text. Sources in docs/sources.md: S8 (CAP 1.2) for `Status`,
S1 and S3 for alert levels and advice, S4 for grades of incidents, S5 for response levels, S10 for
kinds of event; names of tiers and units and the form of a record are our own (S43).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_TAGS = frozenset({"type", "kind", "op"})
"""Names of the constant texts that tell the members of a union apart."""


PHONE_PATTERN = r"^\+?[0-9][0-9 \-]{2,30}$"
"""A telephone number as people write it."""


class Contract(BaseModel):
    """Base of every message model: immutable, strict, closed.

    Doors read with the model as it is. Readers of what a service has written, perhaps in a later
    version, ignore unknown fields: `from_wire`, and `decode` of shared/runtime/decoding.py.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        ser_json_timedelta="float",
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Require the constant texts in the schema: a union tells its members by them.

        Code of writers may omit these texts, since the model fills them in. `schema_version` and a
        constant status may be absent.
        """
        described = handler(schema)
        body = handler.resolve_ref_schema(described)
        fields = body.get("properties", {})
        required = {
            *body.get("required", ()),
            *(name for name, field in fields.items() if name in _TAGS and "const" in field),
        }
        if required:
            body["required"] = [name for name in fields if name in required]
        return described

    def to_wire(self) -> bytes:
        """The wire form: JSON, UTF-8; absent optional fields are left out."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def from_wire(cls, value: str | bytes) -> Self:
        """Return a stored wire form as a message; unknown fields are ignored."""
        return cls.model_validate_json(value, extra="ignore")


def _clean(text: str) -> str:
    """Refuse what Postgres or a later encoder cannot hold: NUL and lone surrogates."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain a lone surrogate") from None
    return text


def cleaned(text: str) -> str:
    """Return the text with the characters replaced that `Clean` refuses."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def is_sensitive(event_type: str) -> bool:
    """Return whether events of this type are for the responsible units alone.

    社会安全事件: mass incidents 群体性事件, major public-opinion events 重大舆情.
    """
    return event_type.startswith(_SENSITIVE_CLASSES)


def _without_zone(moment: time) -> time:
    if moment.tzinfo is not None:
        raise ValueError("is a time of day and has no zone")
    return moment


Clean = AfterValidator(_clean)
"""Refuses a text that Postgres or a later encoder cannot hold."""
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]{0,95}$")]
"""An id of an event or aggregate: 1 to 96 characters of letters, digits and `. _ : -`."""
UnitId = Annotated[
    str, Field(pattern=r"^[0-9]{12}(/[a-z][a-z_]{0,31}|/grid/[0-9]{3}(/[0-9]{2})?)?$")
]
"""A unit: 12-digit division code, `code12/dept`, or `code12/grid/NNN[/NN]`."""
SensorId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,63}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._\-]{0,63}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
"""A short name of our own: a department, a role, a group, a line of a plan."""
Metric = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
EventType = Annotated[str, Field(pattern=r"^1[1-4][A-Z0-9]{0,3}(:[a-z0-9_]{1,40})?$")]
"""An opaque event code such as `11A01` (flood) or `12:gas_leak` (own slug under a class)."""
_SENSITIVE_CLASSES = ("14",)
Line = Annotated[str, Field(min_length=1, max_length=200), Clean]
"""One line of text a person reads, at most 200 characters."""
Text = Annotated[str, Field(max_length=4000), Clean]
PairOfTexts = Annotated[str, Field(max_length=8000), Clean]
"""A text in both languages (shared/domain/bilingual.py), each half as long as a text may be."""
FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
END_OF_INSTANTS = datetime(2200, 1, 1, tzinfo=UTC)
Instant = Annotated[AwareDatetime, Field(ge=FIRST_INSTANT, lt=END_OF_INSTANTS)]
"""A moment with its zone, of the years 2000 to 2199; a time without a zone is refused.

Postgres, Python and every zone can hold it, and what is near it: no year 1, no year 9999.
"""
Day = Annotated[date, Field(ge=FIRST_INSTANT.date(), lt=END_OF_INSTANTS.date())]
"""A day of the same years."""
WallTime = Annotated[time, AfterValidator(_without_zone)]
"""A time of day where it is used; its zone stands beside it."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""How many: a column of Postgres holds it."""
Long = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A sequence number or an offset of Kafka."""


class Position(Contract):
    """A place on earth, WGS 84 degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Status(StrEnum):
    """CAP status. It taints everything that follows from a record.

    `System` belongs to the canary (docs/watch.md): no such record reaches a person, a screen, a
    total or the trail, and its rows are deleted after a day.
    """

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"
    SYSTEM = "System"


DoorStatus = Literal[Status.ACTUAL, Status.EXERCISE, Status.TEST]
"""The statuses that a person, and a source of reports, may give to a record."""


class Level(StrEnum):
    """Alert level 预警级别, plus `notice` 提示, the kind below the four levels."""

    NOTICE = "notice"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


LEVEL_ORDER: dict[Level, int] = {level: rank for rank, level in enumerate(Level)}
"""Rank of a level, 0 (notice) to 4 (red)."""


class IncidentGrade(StrEnum):
    """Incident grade 事件分级: what has happened, never mixed with the alert level."""

    GRADE_1 = "grade_1"
    GRADE_2 = "grade_2"
    GRADE_3 = "grade_3"
    GRADE_4 = "grade_4"


class ResponseLevel(StrEnum):
    """Response level 响应级别: what is being done."""

    I = "I"  # noqa: E741
    II = "II"
    III = "III"
    IV = "IV"


class Tier(StrEnum):
    """The six tiers of the unit tree."""

    CITY = "city"
    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"
    MICROGRID = "microgrid"


class ResponseMode(StrEnum):
    """平急状态 of a unit."""

    NORMAL = "normal"
    STANDBY = "standby"
    EMERGENCY = "emergency"
    RECOVERY = "recovery"


class Language(StrEnum):
    """The language that a person is addressed in."""

    ZH = "zh"
    EN = "en"


class DataGrade(StrEnum):
    """Data grade 数据分级: 一般, 重要, 核心."""

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"


_GRADES = tuple(DataGrade)


def highest_grade(*grades: DataGrade) -> DataGrade:
    """Return the strictest of the grades, which is the grade of a record made from several."""
    return max(grades, key=_GRADES.index)


class Post(StrEnum):
    """Posts of a unit in the order of calling: B岗, A岗, 指挥长."""

    B = "B"
    A = "A"
    COMMANDER = "commander"
