"""The fold over recorded decisions: counts and cases of the differences of a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import LimitsDocument
from shared.contracts.units import ancestor_at
from shared.domain.limits.book import LimitBook
from shared.domain.limits.call_pace import CallPace
from shared.domain.limits.preview.alternative import Alternative
from shared.domain.limits.preview.counts import Counts, Difference, PreviewCase, difference_of
from shared.domain.limits.preview.outcomes import (
    AttemptTerms,
    ClockChange,
    DutyTerms,
    attempt_changes,
    duty_changes,
)
from shared.domain.limits.preview.recorded import RecordedAttempt, RecordedDuty
from shared.domain.limits.reports import report_times

MOST_CASES = 50
"""The most cases that are named of a difference; the counts have all."""
ChainLength = Callable[[str], int]
"""The number of posts that are called about a unit, one after the other."""


@dataclass(frozen=True, slots=True)
class PreviewResult:
    """The counts of all, by level, and by unit and level; villages and grids count in their town.

    `unjudged` decisions have no recorded document of limits.
    """

    attempts: int
    duties: int
    unjudged: int
    total: Counts
    by_level: Mapping[Level, Counts]
    by_unit: Mapping[tuple[str, Level], Counts]
    cases: Mapping[Difference, tuple[PreviewCase, ...]]


@dataclass(slots=True)
class Preview:
    """The differences that `draft` would have made in the decisions added so far.

    Attempts are added in the order of their beginnings: a part follows its whole.
    """

    draft: LimitsDocument
    book: LimitBook
    chain: ChainLength
    now: datetime
    attempts: int = 0
    duties: int = 0
    unjudged: int = 0
    _alternative: Alternative = field(init=False)
    _by_unit: dict[tuple[str, Level], Counts] = field(default_factory=dict)
    _cases: dict[Difference, list[PreviewCase]] = field(default_factory=dict)
    _parent_moves: dict[str, timedelta] = field(default_factory=dict)
    _terms: dict[tuple[int, Level, Tier, ResponseMode], AttemptTerms] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._alternative = Alternative(self.book, self.draft)

    def add_attempt(self, attempt: RecordedAttempt) -> None:
        """Compare one attempt of an assignment."""
        self.attempts += 1
        documents = self._documents("assignments", attempt.unit, attempt.begun_at, attempt.limits)
        if documents is None:
            return
        before, after = (
            self._attempt_terms(document, attempt.level, attempt.tier, attempt.mode)
            for document in documents
        )
        moves = timedelta()
        if attempt.parent_id is not None:
            moves = self._parent_moves.get(attempt.parent_id, moves)
        changes = list(
            attempt_changes(attempt, before, after, self.chain(attempt.unit), self.now, moves)
        )
        subject = attempt.assignment_id, attempt.command_id, attempt.attempt
        for change in changes:
            self._count(change, subject, attempt.unit, attempt.level)
        finish = changes[-1]
        if finish.after.due_at != finish.before.due_at:
            self._parent_moves[attempt.assignment_id] = finish.after.due_at - finish.before.due_at

    def add_duty(self, duty: RecordedDuty) -> None:
        """Compare one duty to report."""
        self.duties += 1
        unit, at, level, mode = duty.unit, duty.started_at, duty.level, duty.mode
        documents = self._documents("reports", unit, at, duty.limits)
        paces = self._documents("assignments", unit, at, None, recorded=False)
        if documents is None or paces is None:
            return
        subject = duty.duty_id, duty.incident_id, 1
        before, after = (document.reports for document in documents)
        assert before is not None, "a document about reports"
        assert after is not None, "a document about reports"
        times, new_times = (
            report_times(limits, level, duty.tier, mode) for limits in (before, after)
        )
        skips = level in after.skip.levels
        if new_times is None or (duty.skip_level and not skips):
            self._count_duty(Difference.NO_LONGER_OWED, subject, duty)
            return
        if skips and level not in before.skip.levels and duty.tier is Tier.TOWN:
            self._count_duty(Difference.NEWLY_OWED, subject, duty)
        if times is None:
            self.unjudged += 1
            return
        terms = [
            DutyTerms(side, limits.due_soon.share, self._pace(pace, level, mode))
            for side, limits, pace in (
                (times, before, paces[0]),
                (new_times, after, paces[1]),
            )
        ]
        for change in duty_changes(duty, terms[0], terms[1], self.chain(unit), self.now):
            self._count(change, subject, unit, level)

    def result(self) -> PreviewResult:
        """Return the counts and cases so far."""
        total = Counts()
        by_level: dict[Level, Counts] = {}
        for (_, level), counts in self._by_unit.items():
            total.add_counts(counts)
            by_level.setdefault(level, Counts()).add_counts(counts)
        return PreviewResult(
            self.attempts,
            self.duties,
            self.unjudged,
            total,
            by_level,
            dict(self._by_unit),
            {name: tuple(cases) for name, cases in self._cases.items()},
        )

    def _documents(
        self, subject: str, unit: str, at: datetime, key: str | None, *, recorded: bool = True
    ) -> tuple[LimitsDocument, LimitsDocument] | None:
        """Return the document that held and that of the draft's world; None when unknown."""
        if recorded:
            before = self.book.get(key)
        else:
            before = self._alternative.before(subject, unit, at)
        after = self._alternative.after(subject, unit, at)
        if before is None or after is None or getattr(before, subject) is None:
            self.unjudged += 1
            return None
        draft = self.draft
        if after is draft or (not draft.enabled and before.limits_id == draft.limits_id):
            return before, after
        return before, before

    def _attempt_terms(
        self, document: LimitsDocument, level: Level, tier: Tier, mode: ResponseMode
    ) -> AttemptTerms:
        key = id(document), level, tier, mode
        terms = self._terms.get(key)
        if terms is None:
            times, limits = self._alternative.times(document, mode), document.assignments
            assert limits is not None, "a document about assignments"
            terms = self._terms[key] = AttemptTerms(
                times.sign_s[level][tier],
                times.finish_s[level][tier],
                limits.due_soon.share,
                self._pace(document, level, mode),
            )
        return terms

    def _pace(self, document: LimitsDocument, level: Level, mode: ResponseMode) -> CallPace:
        limits = document.assignments
        assert limits is not None, "a document about assignments"
        step = timedelta(seconds=self._alternative.times(document, mode).step_s[level])
        return CallPace(step, limits.rounds.count, limits.slow.count)

    def _count(
        self, change: ClockChange, subject: tuple[str, str, int], unit: str, level: Level
    ) -> None:
        self._counts(unit, level).add(change)
        difference = difference_of(change)
        if difference is not None:
            self._name(difference, subject, unit, level, change.begun_at, change)

    def _count_duty(
        self, difference: Difference, subject: tuple[str, str, int], duty: RecordedDuty
    ) -> None:
        counts = self._counts(duty.unit, duty.level)
        if difference is Difference.NEWLY_OWED:
            counts.newly_owed += 1
        else:
            counts.no_longer_owed += 1
        self._name(difference, subject, duty.unit, duty.level, duty.started_at)

    def _counts(self, unit: str, level: Level) -> Counts:
        key = desk_of(unit), level
        counts = self._by_unit.get(key)
        if counts is None:
            counts = self._by_unit[key] = Counts()
        return counts

    def _name(
        self,
        difference: Difference,
        subject: tuple[str, str, int],
        unit: str,
        level: Level,
        at: datetime,
        change: ClockChange | None = None,
    ) -> None:
        cases = self._cases.setdefault(difference, [])
        if len(cases) < MOST_CASES:
            subject_id, thread, attempt = subject
            cases.append(
                PreviewCase(difference, subject_id, thread, unit, level, attempt, at, change)
            )


def preview(
    draft: LimitsDocument,
    book: LimitBook,
    attempts: Iterable[RecordedAttempt],
    duties: Iterable[RecordedDuty],
    chain: ChainLength,
    now: datetime,
) -> PreviewResult:
    """Return the differences that the draft would have made in these decisions."""
    result = Preview(draft, book, chain, now)
    for attempt in sorted(attempts, key=lambda item: item.begun_at):
        result.add_attempt(attempt)
    for duty in sorted(duties, key=lambda item: item.started_at):
        result.add_duty(duty)
    return result.result()


def desk_of(unit: str) -> str:
    """Return the unit under which a unit is counted: itself, or the town of a village or grid."""
    return ancestor_at(unit, Tier.TOWN) or unit
