"""Models of the responses with sources."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.web.response_models import RecordedAction, ResponseModel
from shared.contracts.fields import DataGrade
from shared.contracts.sources import SourceDoor


class SourceKeyView(ResponseModel):
    """A valid key of a source, by the beginning of its SHA-256."""

    fingerprint: str
    until: datetime | None


class SourcePlaceView(ResponseModel):
    """A place of a source; `*` is every place and has no name."""

    unit: str
    name: str | None


class SourceRefusalView(ResponseModel):
    """The refusals of one kind at one door in the last day; the words are of the newest."""

    contract = "SourceRefusal"

    code: str
    action: str
    count: int
    since: datetime
    until: datetime
    detail: str | None
    first_id: str | None


class SourceView(ResponseModel):
    """A data source with its limits, its activity and its refusals of the last day."""

    contract = "SourceEntry"

    source: str
    record_id: str
    name: str
    owner: str
    owner_name: str
    state: Literal["active", "without_key", "ended"]
    doors: list[SourceDoor]
    sensors: list[str]
    places: list[SourcePlaceView]
    per_minute: int | None
    grade: DataGrade
    sets_grade: bool
    synthetic: bool
    keys: list[SourceKeyView]
    last_reading_at: datetime | None
    last_received_at: datetime | None
    used_per_minute: int
    refused: int
    refusals: list[SourceRefusalView]


class SourceList(ResponseModel):
    """The sources whose owners lie in the subtree, by id."""

    sources: list[SourceView]
    next: str | None
    total: int


class RecordedSource(RecordedAction):
    """Kafka has the request for the change; the ledger applies it within a second or two.

    `key` is the new key, in the first answer alone.
    """

    source: str
    key: str | None
