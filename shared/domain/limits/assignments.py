"""The times of assignments in a response mode, by level and tier, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import AssignmentLimits, LevelPause, TierTime
from shared.domain.response_modes.effects import EFFECTS

Row = TypeVar("Row", TierTime, LevelPause)


@dataclass(frozen=True, slots=True)
class AssignmentTimes:
    """Seconds to sign and to finish by level and tier, and the pause between two rungs by level."""

    sign_s: Mapping[Level, Mapping[Tier, float]]
    finish_s: Mapping[Level, Mapping[Tier, float]]
    step_s: Mapping[Level, float]


def times_in(limits: AssignmentLimits, mode: ResponseMode) -> AssignmentTimes:
    """Return the times in a mode: rows that name it as written, shares of all others."""
    share = EFFECTS[mode]
    return AssignmentTimes(
        _by_tier(limits.sign, mode, share.deadline),
        _by_tier(limits.finish, mode, share.deadline),
        {
            level: row.pause_s * factor
            for row, factor in _in_order(limits.pauses, mode, share.step)
            for level in row.levels
        },
    )


def attempt_deadlines(
    begin: datetime, sign_s: float, finish_s: float, within: datetime | None = None
) -> tuple[datetime, datetime]:
    """Return (sign by, finish by) of an attempt that begins at `begin`.

    Nobody has to finish before the signature is due: the later deadline holds for finishing. The
    deadlines of a part lie `within` the finish_by of its parent, shortened in proportion. When that
    time has passed already, the part gets its full time: a deadline in the past would call officers
    at once who have only just received the assignment.
    """
    sign, finish = timedelta(seconds=sign_s), timedelta(seconds=max(sign_s, finish_s))
    if within is not None and begin < within < begin + finish:
        return begin + sign * ((within - begin) / finish), within
    return begin + sign, begin + finish


def _by_tier(
    rows: Sequence[TierTime], mode: ResponseMode, share: float
) -> dict[Level, dict[Tier, float]]:
    table: dict[Level, dict[Tier, float]] = {level: {} for level in Level}
    for row, factor in _in_order(rows, mode, share):
        for level in row.levels:
            table[level].update(dict.fromkeys(row.tiers or tuple(Tier), row.within_s * factor))
    return table


def _in_order(rows: Sequence[Row], mode: ResponseMode, share: float) -> list[tuple[Row, float]]:
    """Return the rows that count in a mode with their shares; those that name the mode last."""
    result: list[tuple[Row, float]] = [(row, share) for row in rows if not row.modes]
    result += [(row, 1.0) for row in rows if mode in row.modes]
    return result
