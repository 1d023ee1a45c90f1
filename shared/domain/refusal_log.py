"""Refused acts on the way to the audit trail, of officers and of sources.

The first refusal of a kind is recorded at once, then one record a minute with a count; of wrong
records of a source, which concern no right, one in ten minutes. A kind is the actor, the action,
the reason and what is wrong; for unknown people the reason only. A flood of requests therefore
makes one record a minute, and an actor at most about a hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.contracts.fields import cleaned
from shared.contracts.ids import content_id
from shared.contracts.refusals import UNKNOWN, Refusal, RefusedFor
from shared.contracts.units import tier_of

INTERVAL = timedelta(minutes=1)
"""The interval in which repeated attempts are only counted."""
INTERVAL_OF_WRONG_RECORDS = timedelta(minutes=10)
"""The same for wrong records: a device that is set up wrongly repeats itself for days."""
MOST_KINDS = 5_000
"""Most kinds at once; further attempts are counted as `other` of an unknown person."""
MOST_KINDS_OF_ACTOR = 100
"""Most kinds of one actor; further attempts are counted by their reason, as `other`."""


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """A refused attempt. `unit` is the unit of the actor, None for an unknown person.

    `problem` and `detail` say what is wrong with a record of a source.
    """

    actor: str
    action: str
    reason: RefusedFor
    unit: str | None = None
    place: str | None = None
    subject_id: str = ""
    address: str = ""
    problem: str = ""
    detail: str = ""

    @property
    def kind(self) -> tuple[str, str, str]:
        """The key under which attempts are counted together."""
        action = "" if self.actor == UNKNOWN else self.action
        return (
            self.actor,
            action,
            f"{self.reason}:{self.problem}" if self.problem else self.reason,
        )

    @property
    def interval(self) -> timedelta:
        """The interval in which repetitions are only counted."""
        return INTERVAL_OF_WRONG_RECORDS if self.problem else INTERVAL


@dataclass(slots=True)
class _Counted:
    first: RefusedAttempt
    since: datetime
    until: datetime
    due: datetime
    count: int = 1


@dataclass
class RefusalLog:
    """The refusals of a process. `process` is an id of the process, for unique record ids."""

    process: str
    stranger_unit: Callable[[], str]
    """The unit in whose name attempts of unknown people are recorded."""
    _open: dict[tuple[str, str, str], _Counted] = field(default_factory=dict)
    _kinds: Counter[str] = field(default_factory=Counter)
    """The number of kinds of each actor."""

    def note(self, tried: RefusedAttempt, now: datetime) -> None:
        """Count one attempt."""
        if tried.kind not in self._open:
            tried = self._within_bounds(tried)
        existing_counted = self._open.get(tried.kind)
        if existing_counted is None:
            self._kinds[tried.actor] += 1
            self._open[tried.kind] = _Counted(tried, now, now, due=now)
        elif existing_counted.count == 0:
            (
                existing_counted.first,
                existing_counted.since,
                existing_counted.until,
                existing_counted.count,
            ) = tried, now, now, 1
        else:
            existing_counted.until, existing_counted.count = now, existing_counted.count + 1

    def due(self, now: datetime, limit: int) -> Sequence[Refusal]:
        """Return the records that are due, the oldest first; idle kinds are removed."""
        return [record for record, _ in self.due_with_attempts(now, limit)]

    def due_with_attempts(
        self, now: datetime, limit: int
    ) -> Sequence[tuple[Refusal, RefusedAttempt]]:
        """Return the records that are due, each with the first attempt that it counts."""
        ripe = [key for key, counted in self._open.items() if counted.due <= now]
        records: list[tuple[Refusal, RefusedAttempt]] = []
        for key in sorted(ripe, key=lambda key: self._open[key].due):
            counted = self._open[key]
            if counted.count == 0:
                self._forget(key)
            elif len(records) < limit:
                records.append((self._record(counted, now), counted.first))
                counted.count, counted.due = 0, now + counted.first.interval
        return records

    def _within_bounds(self, tried: RefusedAttempt) -> RefusedAttempt:
        if len(self._open) >= MOST_KINDS:
            return RefusedAttempt(UNKNOWN, "other", tried.reason)
        if self._kinds[tried.actor] >= MOST_KINDS_OF_ACTOR:
            return RefusedAttempt(tried.actor, "other", tried.reason, tried.unit)
        return tried

    def _forget(self, key: tuple[str, str, str]) -> None:
        del self._open[key]
        self._kinds[key[0]] -= 1
        if not self._kinds[key[0]]:
            del self._kinds[key[0]]

    def _record(self, counted: _Counted, now: datetime) -> Refusal:
        first = counted.first
        unit = first.unit or self.stranger_unit()
        return Refusal(
            id=content_id("ref", self.process, *first.kind, counted.since.isoformat()),
            occurred_at=counted.since,
            sent_at=now,
            until=counted.until,
            origin_unit=unit,
            tier=tier_of(unit),
            areas=() if first.place is None else (first.place,),
            actor=first.actor,
            action=cleaned(first.action),
            reason=first.reason,
            place=first.place,
            subject_id=cleaned(first.subject_id),
            address=cleaned(first.address),
            count=counted.count,
        )
