"""Counts of a preview, and the cases that a person looks at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from shared.contracts.fields import Level
from shared.domain.limits.preview.outcomes import ClockChange


class Difference(StrEnum):
    """Differences, the gravest first; a case is named for the first that is true."""

    NEWLY_LATE = "newly_late"
    NO_LONGER_LATE = "no_longer_late"
    NEWLY_OWED = "newly_owed"
    NO_LONGER_OWED = "no_longer_owed"
    MORE_CALLS = "more_calls"
    FEWER_CALLS = "fewer_calls"
    EARLIER = "earlier"
    LATER = "later"


@dataclass(slots=True)
class Counts:
    """Counts over deadlines (`clocks`).

    `fixed` deadlines are those of plans and officers. Of a deadline there may be several calls;
    a notice is that of due soon. A duty is owed, or not, as a whole.
    """

    clocks: int = 0
    fixed: int = 0
    earlier: int = 0
    later: int = 0
    late_before: int = 0
    late_after: int = 0
    newly_late: int = 0
    no_longer_late: int = 0
    calls_before: int = 0
    calls_after: int = 0
    notices_before: int = 0
    notices_after: int = 0
    more_calls: int = 0
    fewer_calls: int = 0
    newly_owed: int = 0
    no_longer_owed: int = 0

    def add(self, change: ClockChange) -> None:
        """Count a deadline."""
        before, after = change.before, change.after
        self.clocks += 1
        self.fixed += change.fixed
        self.earlier += after.due_at < before.due_at
        self.later += after.due_at > before.due_at
        self.late_before += before.late
        self.late_after += after.late
        self.newly_late += after.late and not before.late
        self.no_longer_late += before.late and not after.late
        self.calls_before += before.calls
        self.calls_after += after.calls
        self.notices_before += before.notices
        self.notices_after += after.notices
        sent, would_be_sent = before.calls + before.notices, after.calls + after.notices
        self.more_calls += would_be_sent > sent
        self.fewer_calls += would_be_sent < sent

    def add_counts(self, counts: Counts) -> None:
        """Add the counts of another group."""
        for field in fields(self):
            total = getattr(self, field.name) + getattr(counts, field.name)
            setattr(self, field.name, total)


@dataclass(frozen=True, slots=True)
class PreviewCase:
    """A deadline, or a duty as a whole (`change` None), that would have been different."""

    difference: Difference
    subject_id: str
    thread: str
    unit: str
    level: Level
    attempt: int
    at: datetime
    change: ClockChange | None = None


def difference_of(change: ClockChange) -> Difference | None:
    """Return the gravest difference of a deadline; None when nothing differs."""
    before, after = change.before, change.after
    if after.late != before.late:
        return Difference.NEWLY_LATE if after.late else Difference.NO_LONGER_LATE
    sent, would_be_sent = before.calls + before.notices, after.calls + after.notices
    if sent != would_be_sent:
        return Difference.MORE_CALLS if would_be_sent > sent else Difference.FEWER_CALLS
    if after.due_at != before.due_at:
        return Difference.EARLIER if after.due_at < before.due_at else Difference.LATER
    return None
