"""Models of the responses with silences."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import RecordedAction, ResponseModel
from shared.contracts.duty import DayKind
from shared.contracts.fields import Status
from shared.contracts.silences import SilenceKind


class SilenceView(ResponseModel):
    """A silence or a maintenance window, with the number of alarms that it has hidden."""

    contract = "SilenceEvent"

    silence_id: str
    status: Status
    version: int
    kind: SilenceKind
    place: str | None
    place_name: str | None
    event_type: str | None
    rule_id: str | None
    sensor_id: str | None
    unit: str
    unit_name: str
    owner: str
    reason: str
    begin_at: datetime
    end_at: datetime
    until_cleared: bool
    days: list[DayKind]
    daily_from: str | None
    daily_until: str | None
    window_begin: datetime | None
    window_end: datetime | None
    ended_at: datetime | None
    silenced: int
    still_firing: int
    may_end: bool


class SilenceList(ResponseModel):
    """Silences of the subtree of the officer, and those from above that cover it."""

    silences: list[SilenceView]


class RecordedSilence(RecordedAction):
    """Kafka has the request for the silence."""

    silence_id: str
