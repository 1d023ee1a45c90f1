"""Time limits of upward reports as data. EXAMPLE, set your own: Chongqing's limits are unknown.

Two rules hold at once and the stricter one counts: by level (red, orange and yellow follow a
published company circular) and by tier (town to district from a county of 2018, both
docs/sources.md S29; district to city a common pattern without a source, docs/sources.md S41).
Follow-ups and the final report are our proposal. A level that is not listed (notice 提示) needs no
report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.domain.response_modes.effects import EFFECTS


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """Time limits: of the first report by phone and in writing, between follow-ups, of the final.

    The first two count from the start of the obligation, the last from the lifting of the alert.
    """

    phone: timedelta
    written: timedelta
    follow_up: timedelta
    final: timedelta

    def in_mode(self, mode: ResponseMode) -> ReportLimits:
        """Return the limits in a response mode (shared/domain/response_modes/effects.py)."""
        share = EFFECTS[mode].deadline
        return ReportLimits(
            self.phone * share, self.written * share, self.follow_up * share, self.final * share
        )


@dataclass(frozen=True, slots=True)
class ReportProfile:
    """Limits by level (`levels`) and the longest (phone, written) limits by tier (`first`).

    At the levels in `skip` the town also reports straight to the city (越级上报). `due_soon` is the
    share of a limit after which 临期 is reported.
    """

    levels: Mapping[Level, ReportLimits]
    first: Mapping[Tier, tuple[timedelta, timedelta]]
    skip: frozenset[Level]
    due_soon: float = 0.8

    def limits(self, level: Level, tier: Tier) -> ReportLimits | None:
        """Return the limits of a unit of this tier; None where no report is due."""
        by_level = self.levels.get(level)
        if by_level is None or tier not in self.first:
            return None
        phone, written = self.first[tier]
        return ReportLimits(
            min(by_level.phone, phone),
            min(by_level.written, written),
            by_level.follow_up,
            by_level.final,
        )


def _limits(phone: int, written: int, follow_up: int, final_hours: int) -> ReportLimits:
    return ReportLimits(
        timedelta(minutes=phone),
        timedelta(minutes=written),
        timedelta(minutes=follow_up),
        timedelta(hours=final_hours),
    )


STANDARD = ReportProfile(
    levels={
        Level.RED: _limits(15, 30, 30, 24),
        Level.ORANGE: _limits(15, 30, 60, 24),
        Level.YELLOW: _limits(30, 60, 120, 24),
        Level.BLUE: _limits(60, 120, 240, 24),
    },
    first={
        Tier.TOWN: (timedelta(minutes=20), timedelta(minutes=40)),
        Tier.DISTRICT: (timedelta(minutes=30), timedelta(minutes=60)),
    },
    skip=frozenset({Level.RED}),
)
