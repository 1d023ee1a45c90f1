"""Silences 静默 and maintenance windows 检修窗口: requests for them, and how they stand."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.duty import DayKind, ZoneName
from shared.contracts.envelope import Envelope
from shared.contracts.fields import (
    Contract,
    Count,
    EventType,
    Identifier,
    Instant,
    Post,
    RuleId,
    SensorId,
    Text,
    UnitId,
    Version,
    WallTime,
)


class SilenceKind(StrEnum):
    """`silence`: a known alarm without use now.

    `maintenance`: work at the site will raise alarms.
    """

    SILENCE = "silence"
    MAINTENANCE = "maintenance"


LONGEST: dict[SilenceKind, timedelta] = {
    SilenceKind.SILENCE: timedelta(hours=24),
    SilenceKind.MAINTENANCE: timedelta(days=7),
}
"""How far the end may lie ahead, when a silence is made and when it is extended. Our own rule."""
AHEAD = timedelta(days=30)
"""How far its beginning may lie ahead."""
LONGEST_WEEKLY = timedelta(days=183)
"""How far the last day of a weekly silence may lie ahead: half a year, then somebody asks again."""
LONGEST_WINDOW = timedelta(hours=12)
"""How long one window of a weekly silence lasts at most."""
WEEKDAYS = frozenset(tuple(DayKind)[:7])
"""The kinds of days that a weekly silence may name."""
CLEARED_FOR = timedelta(minutes=30)
"""A silence that ends with its alarms ends when it has hidden none for so long."""


class WeeklyWindow(Contract):
    """Hours on some days of the week, on the wall clock of `zone`.

    `until` is of the next day unless it lies after `begin`. The day of a window is that of its
    begin.
    """

    days: Annotated[tuple[DayKind, ...], Field(min_length=1, max_length=7)]
    begin: WallTime
    until: WallTime
    zone: ZoneName = "Asia/Shanghai"

    @model_validator(mode="after")
    def _is_short(self) -> WeeklyWindow:
        if not set(self.days) <= WEEKDAYS:
            raise ValueError("days are days of the week")
        minutes = [time.hour * 60 + time.minute for time in (self.begin, self.until)]
        length = timedelta(minutes=(minutes[1] - minutes[0]) % (24 * 60))
        if not timedelta(0) < length <= LONGEST_WINDOW:
            raise ValueError("a weekly window lasts twelve hours at most")
        return self


class Matcher(Contract):
    """The alarms of a silence: every named part has to match. `place` is a subtree."""

    place: UnitId | None = None
    event_type: EventType | None = None
    rule_id: RuleId | None = None
    sensor_id: SensorId | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Matcher:
        if not any((self.place, self.event_type, self.rule_id, self.sensor_id)):
            raise ValueError("a matcher names a place, an event type, a rule or a sensor")
        return self


class SilenceRequest(Envelope):
    """A request of an officer; alerting applies the request or dead-letters it with the reason.

    `create` needs `kind`, `matcher`, `begin_at`, `end_at`; `extend` needs `end_at`; `end` acts at
    once. The creating officer owns the silence, and their unit (`origin_unit`) limits its reach.
    `status` is part of the match: a silence of a drill silences drills. `until_cleared`: the
    silence ends before `end_at` when all alarms that it hid have been clear for half an hour.
    `weekly`: the silence hides only in these windows between `begin_at` and `end_at`.
    """

    type: Literal["silence_request"] = "silence_request"
    silence_id: Identifier
    verb: Literal["create", "extend", "end"]
    kind: SilenceKind = SilenceKind.SILENCE
    matcher: Matcher | None = None
    begin_at: Instant | None = None
    end_at: Instant | None = None
    until_cleared: bool = False
    weekly: WeeklyWindow | None = None
    officer_id: Identifier
    post: Post
    reason: Annotated[Text, Field(min_length=1)]

    @model_validator(mode="after")
    def _is_complete(self) -> SilenceRequest:
        if self.verb == "create" and None in (self.matcher, self.begin_at, self.end_at):
            raise ValueError("create needs matcher, begin_at and end_at")
        if self.verb == "extend" and self.end_at is None:
            raise ValueError("extend needs end_at")
        if self.weekly is not None and self.until_cleared:
            raise ValueError("a weekly silence ends on its last day, not with its alarms")
        return self


class SilenceEvent(Envelope):
    """The `version`-th state of a silence, complete.

    `silenced` counts the silenced alarms, `still_firing` those still raised at the end, or at the
    warning before the end. `ended_at` is None while the silence is in force or in the future.
    `warned_at`: the owner is told that this end is near while alarms are still raised; None again
    with another end.
    """

    type: Literal["silence"] = "silence"
    silence_id: Identifier
    version: Version
    kind: SilenceKind
    matcher: Matcher
    unit: UnitId
    owner: Identifier
    post: Post
    begin_at: Instant
    end_at: Instant
    until_cleared: bool = False
    weekly: WeeklyWindow | None = None
    ended_at: Instant | None = None
    warned_at: Instant | None = None
    silenced: Count = 0
    still_firing: Count = 0
    reason: Text
    actor: Identifier | None = None
