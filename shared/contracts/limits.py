"""Limits of an office as data: versioned documents, read by the services that decide by them.

A document has one subject (times of assignments, limits of upward reports), holds for a unit with
all units below, or for every unit, and is in force from a moment. Each value has a source. Files
and the compacted topic have one model (docs/limits.md, docs/adr/0020). A reader ignores subjects
that a later version has added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import (
    Contract,
    Finite,
    Identifier,
    Instant,
    Level,
    Line,
    Post,
    ResponseMode,
    RuleId,
    Tier,
    UnitId,
    Version,
)

_LONGEST_S = 31 * 86_400
Seconds = Annotated[Finite, Field(ge=1, le=_LONGEST_S)]
SecondsOrNever = Annotated[Finite, Field(ge=0, le=_LONGEST_S)]
Levels = Annotated[tuple[Level, ...], Field(min_length=1, max_length=5)]
Modes = Annotated[tuple[ResponseMode, ...], Field(max_length=4)]
SUBJECTS = ("assignments", "reports")
"""The fields of a document that are subjects."""


class LimitRowsError(ValueError):
    """Rows of a part that set a time twice, or leave one out; `places` are the first of them."""

    def __init__(
        self,
        part: str,
        text: str,
        places: Sequence[str],
        *,
        mode: ResponseMode | None = None,
        count: int = 1,
        is_missing: bool = False,
    ) -> None:
        super().__init__(f"{part}: {text}")
        self.part = part
        self.places = tuple(places)
        self.mode = mode
        self.count = count
        self.is_missing = is_missing


class LimitsSignature(Contract):
    """The signature of an officer under a document."""

    officer_id: Identifier
    name: Line
    unit: UnitId
    post: Post
    signed_at: Instant


class TierTime(Contract):
    """A time of units of these tiers at these levels; without `tiers` of all tiers.

    A time with `modes` holds in these response modes exactly as written. A time without `modes`
    holds in all others, and stricter modes take a share (shared/domain/response_modes/effects.py).
    """

    levels: Levels
    tiers: Annotated[tuple[Tier, ...], Field(max_length=6)] = ()
    modes: Modes = ()
    within_s: Seconds
    source: Line


class LevelPause(Contract):
    """The pause between two rungs of the escalation chain at these levels; `modes` as above."""

    levels: Levels
    modes: Modes = ()
    pause_s: Seconds
    source: Line


class ShareLimit(Contract):
    """A share of a time."""

    share: Annotated[Finite, Field(gt=0, lt=1)]
    source: Line


class CountLimit(Contract):
    """A number of repeats, or a multiple of a time."""

    count: Annotated[int, Field(ge=1, le=1_000)]
    source: Line


class TimeLimit(Contract):
    """A time in seconds; 0 means never."""

    within_s: SecondsOrNever
    source: Line


class AssignmentLimits(Contract):
    """The times of assignments in seconds, to sign and to finish for every level and tier.

    After the share `due_soon` of a time 临期 is reported. Calls about a missed deadline climb the
    escalation chain with a pause between rungs; at the top calls are repeated `rounds` times at the
    same pace, then every `slow` pauses. An alert within `reopen` after the end of a case re-opens
    the case. `consent` is the longest extension or suspension for which an issuer may give consent.
    """

    sign: Annotated[tuple[TierTime, ...], Field(min_length=1, max_length=120)]
    finish: Annotated[tuple[TierTime, ...], Field(min_length=1, max_length=120)]
    pauses: Annotated[tuple[LevelPause, ...], Field(min_length=1, max_length=20)]
    due_soon: ShareLimit
    rounds: CountLimit
    slow: CountLimit
    reopen: TimeLimit
    consent: TimeLimit

    @model_validator(mode="after")
    def _each_time_once(self) -> Self:
        for name, rows in (("sign", self.sign), ("finish", self.finish)):
            _once_and_complete(
                name,
                [
                    (mode, f"{level} of {tier}")
                    for row in rows
                    for mode in row.modes or (None,)
                    for level in row.levels
                    for tier in row.tiers or tuple(Tier)
                ],
                [f"{level} of {tier}" for level in Level for tier in Tier],
            )
        _once_and_complete(
            "pauses",
            [
                (mode, str(level))
                for row in self.pauses
                for mode in row.modes or (None,)
                for level in row.levels
            ],
            [str(level) for level in Level],
        )
        return self


class ReportTime(Contract):
    """The limits of upward reports at these levels; `modes` as for the times of assignments.

    Of the first report by phone and in writing from the start of the duty, between follow-ups, and
    of the final report from the lifting of the alert.
    """

    levels: Levels
    modes: Modes = ()
    phone_s: Seconds
    written_s: Seconds
    follow_up_s: Seconds
    final_s: Seconds
    source: Line


class ReportCap(Contract):
    """The longest limits of the first report of units of these tiers."""

    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=6)]
    phone_s: Seconds
    written_s: Seconds
    source: Line


class LevelChoice(Contract):
    """A choice of levels."""

    levels: Annotated[tuple[Level, ...], Field(max_length=5)]
    source: Line


class ReportLimits(Contract):
    """The limits of upward reports: those of the level and of the tier hold at once.

    A level or tier without a row owes no report. At the levels of `skip` the town also reports
    straight to the city 越级上报. After the share `due_soon` of a limit 临期 is reported.
    """

    levels: Annotated[tuple[ReportTime, ...], Field(min_length=1, max_length=20)]
    tiers: Annotated[tuple[ReportCap, ...], Field(min_length=1, max_length=6)]
    skip: LevelChoice
    due_soon: ShareLimit

    @model_validator(mode="after")
    def _each_limit_once(self) -> Self:
        rows = [
            (mode, str(level))
            for row in self.levels
            for mode in row.modes or (None,)
            for level in row.levels
        ]
        _once_and_complete("levels", rows, sorted({level for _, level in rows}))
        _once_and_complete("tiers", [(None, tier) for row in self.tiers for tier in row.tiers], ())
        return self


class LimitsDocument(RealWorld):
    """A version of a document of limits; `fenghuo limits` checks and publishes it.

    A document holds for `unit` and the units below, or for every unit. The document of the nearest
    unit wins, and of several for a unit the document that came in force last; of the versions of a
    document the highest in force. `enabled` false ends a document. Two people sign a document; a
    shipped example has no signature.
    """

    type: Literal["limits"] = "limits"
    limits_id: RuleId
    version: Version
    enabled: bool = True
    name_zh: Line
    name_en: Line
    unit: UnitId | None = None
    in_force_from: Instant
    signed_by: Annotated[tuple[LimitsSignature, ...], Field(max_length=2)] = ()
    source: Line
    assignments: AssignmentLimits | None = None
    reports: ReportLimits | None = None

    @model_validator(mode="after")
    def _signed_by_two(self) -> Self:
        officers = {signature.officer_id for signature in self.signed_by}
        if self.signed_by and len(officers) < 2:
            raise ValueError("signed_by: two people sign, or nobody")
        return self


def _once_and_complete(
    name: str, places: Sequence[tuple[ResponseMode | None, str]], needed: Sequence[str]
) -> None:
    for (mode, place), count in Counter(places).items():
        if count > 1:
            where = f" in {mode}" if mode else ""
            raise LimitRowsError(name, f"{place} has two times{where}", [place], mode=mode)
    present = {place for mode, place in places if mode is None}
    missing = [place for place in needed if place not in present]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        text = f"no time for {', '.join(missing[:3])}{more}"
        raise LimitRowsError(name, text, missing[:3], count=len(missing), is_missing=True)
