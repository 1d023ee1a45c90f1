"""Models of the responses with duty plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.console.web.response_models import ResponseModel, optional
from shared.contracts.duty import Leave, Override, Rotation, Shift, Swap
from shared.contracts.fields import Language, Post, ResponseMode
from shared.contracts.pages import Channel


class DutyOfficer(ResponseModel):
    """An officer of the plan; name and addresses are present if the viewer may see them."""

    contract = "Officer"

    officer_id: str
    name: str = optional()
    phone: str = optional()
    addresses: dict[Channel, str] = optional()
    language: Language


class PlanMember(ResponseModel):
    """The entry of a plan that names an officer of the unit."""

    contract = "Member"

    kind: Literal["member"]
    officer: DutyOfficer
    channels: list[Channel]


PlanRule = Annotated[
    PlanMember | Rotation | Shift | Override | Swap | Leave, Field(discriminator="kind")
]


class PlanEntry(ResponseModel):
    """An entry of the plan."""

    contract = "DutyEntry"

    entry_id: str
    version: int
    actor: str | None
    rule: PlanRule


class DutyTurn(ResponseModel):
    """A time during which one officer, or nobody, holds a post."""

    begin: datetime
    end: datetime
    officer_id: str | None
    name: str | None


class PostTurns(ResponseModel):
    """The turns at one post."""

    post: Post
    turns: list[DutyTurn]


class DutyPlan(ResponseModel):
    """The duty plan of a unit: the turns at each post, and the entries that define them."""

    unit: str
    unit_name: str
    mode: ResponseMode
    begin: datetime
    end: datetime
    posts: list[PostTurns]
    entries: list[PlanEntry]


class CalendarSlot(ResponseModel):
    """A turn of an officer at a post, or a time without one."""

    post: Post
    begin: datetime
    end: datetime
    officer_id: str | None
    name: str | None
    own_turn: bool


class CalendarDay(ResponseModel):
    """A day with its turns; `zh` and `en` name what is special about the day.

    A turn stands on the day on which it begins, and on each later day after noon.
    """

    day: date
    workday: bool
    holiday: bool
    zh: str | None
    en: str | None
    slots: list[CalendarSlot]


class DutyCalendar(ResponseModel):
    """The duty calendar of a unit, day by day in Beijing time, from now on.

    `holidays_known`: the office has the holidays of all these days.
    """

    unit: str
    unit_name: str
    mode: ResponseMode
    begin: datetime
    end: datetime
    posts: list[Post]
    days: list[CalendarDay]
    holidays_known: bool


class TimeGap(ResponseModel):
    """A time during which nobody holds the post."""

    begin: datetime
    end: datetime


class PostGaps(ResponseModel):
    """The gaps at one post, with the first and the last moment of them."""

    contract = "DutyCoverage"

    unit: str
    unit_name: str
    post: Post
    headline: str
    gaps: list[TimeGap]
    begin: datetime
    end: datetime


class PostGapList(ResponseModel):
    """Posts of the subtree of the officer with gaps, the next gap first."""

    gaps: list[PostGaps]


class ImportedEntries(ResponseModel):
    """Kafka has all entries of the file."""

    entries: int
