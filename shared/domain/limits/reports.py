"""The time limits of upward reports of a unit at a level, in a response mode."""

from __future__ import annotations

from typing import NamedTuple

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import ReportLimits
from shared.domain.response_modes.effects import EFFECTS


class ReportTimes(NamedTuple):
    """Seconds: of the first report by phone and in writing, between follow-ups, of the final."""

    phone_s: float
    written_s: float
    follow_up_s: float
    final_s: float


def report_times(
    limits: ReportLimits, level: Level, tier: Tier, mode: ResponseMode
) -> ReportTimes | None:
    """Return the stricter of the times of level and tier; None where no report is due.

    A level's row that names the mode holds as written; all other times take the mode's share.
    """
    cap = next((row for row in limits.tiers if tier in row.tiers), None)
    rows = [row for row in limits.levels if level in row.levels]
    exact = next((row for row in rows if mode in row.modes), None)
    row = exact or next((row for row in rows if not row.modes), None)
    if cap is None or row is None:
        return None
    share = EFFECTS[mode].deadline
    of_level = 1.0 if exact is not None else share
    return ReportTimes(
        min(row.phone_s * of_level, cap.phone_s * share),
        min(row.written_s * of_level, cap.written_s * share),
        row.follow_up_s * of_level,
        row.final_s * of_level,
    )
