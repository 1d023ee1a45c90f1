"""Refused acts on their way to the trail: the first of a kind at once, then one record a minute with a count.

A kind is actor, action and reason; strangers are told apart by the reason only. So whoever floods a door
writes one record a minute, and one officer not many more than a hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.console.core.action_record import ActionRecord
from shared.contracts.fields import cleaned
from shared.contracts.ids import content_id
from shared.contracts.refusals import UNKNOWN, Refusal, RefusedFor
from shared.contracts.topics import REFUSALS
from shared.contracts.units import tier_of

EVERY = timedelta(minutes=1)
"""So long what is tried again is only counted."""
MOST_KINDS = 5_000
"""Told apart at once; what is beyond is a stranger's `other`."""
MOST_OF_ONE = 100
"""Of one actor; what is beyond is told by its reason only, as `other`."""


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """One refused try. `unit`: the officer's own, None for a stranger's."""

    actor: str
    action: str
    reason: RefusedFor
    unit: str | None = None
    place: str | None = None
    subject_id: str = ""
    address: str = ""

    @property
    def kind(self) -> tuple[str, str, str]:
        """What is counted together."""
        return (self.actor, "" if self.actor == UNKNOWN else self.action, self.reason)


@dataclass(slots=True)
class _Counted:
    first: RefusedAttempt
    since: datetime
    until: datetime
    due: datetime
    count: int = 1


@dataclass
class RefusalLog:
    """Those of one process. `process`: an id of its own, so that no two write the same record."""

    process: str
    stranger_unit: str
    """In whose name a stranger's tries are recorded."""
    _open: dict[tuple[str, str, str], _Counted] = field(default_factory=dict)
    _kinds: Counter[str] = field(default_factory=Counter)
    """How many of these each actor has."""

    def note(self, tried: RefusedAttempt, now: datetime) -> None:
        """One more."""
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

    def due(self, now: datetime, limit: int) -> Sequence[ActionRecord]:
        """What is to be written now, the longest due first; kinds not tried for a minute are forgotten."""
        ripe = [key for key, counted in self._open.items() if counted.due <= now]
        acts: list[ActionRecord] = []
        for key in sorted(ripe, key=lambda key: self._open[key].due):
            counted = self._open[key]
            if counted.count == 0:
                self._forget(key)
            elif len(acts) < limit:
                acts.append(self._act(counted, now))
                counted.count, counted.due = 0, now + EVERY
        return acts

    def _within_bounds(self, tried: RefusedAttempt) -> RefusedAttempt:
        if len(self._open) >= MOST_KINDS:
            return RefusedAttempt(UNKNOWN, "other", tried.reason)
        if self._kinds[tried.actor] >= MOST_OF_ONE:
            return RefusedAttempt(tried.actor, "other", tried.reason, tried.unit)
        return tried

    def _forget(self, key: tuple[str, str, str]) -> None:
        del self._open[key]
        self._kinds[key[0]] -= 1
        if not self._kinds[key[0]]:
            del self._kinds[key[0]]

    def _act(self, counted: _Counted, now: datetime) -> ActionRecord:
        first = counted.first
        unit = first.unit or self.stranger_unit
        record = Refusal(
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
        return ActionRecord(REFUSALS, first.actor, record, first.actor)
