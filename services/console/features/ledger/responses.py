"""Models of the responses about the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.console.web.response_models import ResponseModel
from shared.contracts.catalog import GroupEntry, PlainEntry, SensorEntry, UnitEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Post


class LedgerLine(ResponseModel):
    """An entry of the ledger in a list."""

    key: str
    kind: str
    name: str
    place: str | None
    place_name: str | None
    version: int
    retired: bool
    since: datetime


class LedgerList(ResponseModel):
    """Entries of the ledger by key."""

    entries: list[LedgerLine]
    next: str | None
    total: int


class LedgerVersion(ResponseModel):
    """A version of an entry, with author and reason; `newest` is the number of the newest."""

    key: str
    version: int
    newest: int
    retired: bool
    by_set_up: bool
    since: datetime
    actor: str
    unit: str
    unit_name: str
    post: Post | None
    reason: str
    cause_id: str
    entry: UnitEntry | GroupEntry | SensorEntry | PlainEntry


class LedgerHistory(ResponseModel):
    """The versions of an entry, the newest first."""

    versions: list[LedgerVersion]


class LedgerChange(ResponseModel):
    """A version that a request has made, or would make as a trial."""

    key: str
    name: str
    version: int
    retired: bool


class ChangeRefusal(ResponseModel):
    """The reason why the ledger refuses a request, or a part of a trial."""

    reason: Reason
    detail: str


class LedgerDecision(ResponseModel):
    """The decision of the ledger on a request; `changes` lists the first 200 of `changed`."""

    request_id: str
    state: Literal["open", "accepted", "refused"]
    decided_at: datetime | None
    changed: int
    changes: list[LedgerChange]
    refusals: list[ChangeRefusal]
