"""The common head of all records (our own, docs/sources.md S43; status: S8)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import (
    Contract,
    DataGrade,
    Identifier,
    Instant,
    Status,
    Tier,
    UnitId,
)


class Envelope(Contract):
    """The common head of a record.

    `id` is deterministic (shared.contracts.ids) or the source's own key, so that a repeat can be
    recognised. `occurred_at` is event time, `sent_at` the moment the writer sent it. `areas` are
    the units concerned. `references` name the records this one follows or replaces.
    """

    id: Identifier
    schema_version: Literal[1] = 1
    status: Status = Status.ACTUAL
    occurred_at: Instant
    sent_at: Instant
    origin_unit: UnitId
    tier: Tier
    areas: Annotated[tuple[UnitId, ...], Field(max_length=64)] = ()
    references: Annotated[tuple[Identifier, ...], Field(max_length=64)] = ()
    trace_id: Identifier | None = None
    data_grade: DataGrade = DataGrade.GENERAL


class RealWorld(Envelope):
    """A record about units, sensors, rules, plans or duty: drills share these with real events.

    A drill reads and never changes such a record: another status is refused at the door.
    """

    status: Literal[Status.ACTUAL] = Status.ACTUAL
