"""Duty plans 值班安排: rotations, shifts, overrides, swaps and leave, and the gaps between them."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from shared.contracts.envelope import Envelope, RealWorld
from shared.contracts.fields import (
    Contract,
    Day,
    Identifier,
    Instant,
    Line,
    Long,
    Post,
    ResponseMode,
    Text,
    UnitId,
    Version,
    WallTime,
)
from shared.contracts.pages import Channel, Officer, PhoneNumber

HORIZON_DAYS = 30
"""So far ahead gaps are looked for."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone of the IANA database") from None
    return name


ModeNames = Annotated[tuple[ResponseMode, ...], Field(max_length=len(ResponseMode))]
"""The response modes in which an entry holds; none named = in every one."""
ZoneName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]


class DayKind(StrEnum):
    """Days on which a rotation is on duty.

    `workday`, `rest_day` and `holiday` are those of the calendar of the office (调休 included).
    """

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    WORKDAY = "workday"
    REST_DAY = "rest_day"
    HOLIDAY = "holiday"


DayKinds = Annotated[tuple[DayKind, ...], Field(max_length=len(DayKind))]
DutyPhone = Annotated[PhoneNumber | None, Field(json_schema_extra={"pii": True})]
"""The telephone of whoever is on duty then, instead of their own."""


class _Span(Contract):
    """Half-open: `begin` <= t < `end`."""

    begin: Instant
    end: Instant

    @model_validator(mode="after")
    def _forward(self) -> _Span:
        if self.end <= self.begin:
            raise ValueError("end must lie after begin")
        return self


class Member(Contract):
    """An officer of a unit, and the channels of their pages besides the console."""

    kind: Literal["member"] = "member"
    officer: Officer
    channels: Annotated[tuple[Channel, ...], Field(max_length=12)] = (Channel.CONSOLE,)


class Rotation(Contract):
    """`members` take turns at a post, `turn_days` each, handing over at `handover` local time.

    `turn_hours` instead of days cuts each day into equal shifts beginning at `handover` (12: day
    and night). The first member begins on `starts`; the last turn ends on `ends` (None = open end).
    One that names `modes` is the roster of these modes: in force while one of them holds for the
    unit, it goes before shifts and rotations that name none.

    With `days`, only days of these kinds have a turn, and only they are counted. With `until`, each
    day's turn ends at this local time (of the next day unless it lies after `handover`). The day of
    a turn is that of its begin.
    """

    kind: Literal["rotation"] = "rotation"
    post: Post
    members: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=64)]
    starts: Day
    ends: Day | None = None
    handover: WallTime = time(8, 0)
    turn_days: Annotated[int, Field(ge=1, le=31)] = 1
    turn_hours: Literal[6, 8, 12] | None = None
    zone: ZoneName = "Asia/Shanghai"
    modes: ModeNames = ()
    days: DayKinds = ()
    until: WallTime | None = None
    phone: DutyPhone = None

    @model_validator(mode="after")
    def _consistent(self) -> Rotation:
        if self.ends is not None and self.ends <= self.starts:
            raise ValueError("ends must lie after starts")
        if self.turn_hours is not None and self.turn_days != 1:
            raise ValueError("give turn_days or turn_hours, not both")
        if self.handover.tzinfo is not None:
            raise ValueError("handover is local time, its zone stands in zone")
        if self.until is not None and self.turn_hours is not None:
            raise ValueError("give until or turn_hours, not both")
        return self


class Shift(_Span):
    """One officer at a post for a time; a shift precedes a rotation. `modes` as in a rotation."""

    kind: Literal["shift"] = "shift"
    post: Post
    officer_id: Identifier
    modes: ModeNames = ()
    phone: DutyPhone = None


class Override(_Span):
    """Somebody else at a post for a time, or nobody (None); it goes before everything."""

    kind: Literal["override"] = "override"
    post: Post
    officer_id: Identifier | None = None
    reason: Text = ""
    phone: DutyPhone = None


class Swap(_Span):
    """An exchange of two officers, at every post of the unit.

    `other` replaces `officer_id` from begin to end; `officer_id` replaces `other` in the second
    span.
    """

    kind: Literal["swap"] = "swap"
    officer_id: Identifier
    other_id: Identifier
    other_begin: Instant
    other_end: Instant

    @model_validator(mode="after")
    def _two_people(self) -> Swap:
        if self.officer_id == self.other_id:
            raise ValueError("a swap needs two officers")
        if self.other_end <= self.other_begin:
            raise ValueError("other_end must lie after other_begin")
        return self


class Leave(_Span):
    """An absence of an officer: their turns are empty unless an override names a deputy."""

    kind: Literal["leave"] = "leave"
    officer_id: Identifier
    reason: Text = ""


DutyRule = Annotated[
    Member | Rotation | Shift | Override | Swap | Leave, Field(discriminator="kind")
]


class DutyEntry(RealWorld):
    """One entry of a unit's duty plan; the newest version per unit and entry holds.

    `place` is the position in the order of last changes: of two contradicting entries the later one
    holds. `cancelled` removes the entry; its content stays readable.
    """

    type: Literal["duty_entry"] = "duty_entry"
    entry_id: Identifier
    version: Version
    place: Annotated[Long, Field(ge=1)]
    unit: UnitId
    rule: DutyRule
    cancelled: bool = False
    actor: Identifier | None = None


class DutyRequest(Envelope):
    """An officer's change of a duty plan, a request until duty has applied it.

    `put` adds or replaces the entry; `cancel` removes the entry. The officers of the unit and of
    units above may change its plan.
    """

    type: Literal["duty_request"] = "duty_request"
    verb: Literal["put", "cancel"]
    entry_id: Identifier
    unit: UnitId
    rule: DutyRule | None = None
    officer_id: Identifier
    post: Post


class Gap(_Span):
    """A time in which nobody holds the post."""


class DutyCoverage(RealWorld):
    """All gaps of a post in the coming days; the newest record per unit and post holds."""

    type: Literal["duty_coverage"] = "duty_coverage"
    unit: UnitId
    post: Post
    begin: Instant
    end: Instant
    gaps: Annotated[tuple[Gap, ...], Field(max_length=400)] = ()
    headline: Line
