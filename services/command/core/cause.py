"""The cause of a change: the record from which a new version of a command or assignment follows."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contracts.ids import transition_id


class Cause(msgspec.Struct, frozen=True, gc=False):
    """A record that brings a change about.

    `unit` owns the action, `occurred_at` is event time, `actor` is the officer (None: no person).
    """

    record_id: str
    occurred_at: datetime
    unit: str
    actor: str | None = None


def references(aggregate_id: str, version: int, cause: Cause) -> tuple[str, ...]:
    """Return the ids that a version refers to: the previous version, then the cause."""
    if version == 1:
        return (cause.record_id,)
    return (transition_id(aggregate_id, version - 1), cause.record_id)
