"""Documents of limits for tests: the shipped ones, and one with few values."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from shared.contracts.fields import Level, Tier
from shared.contracts.limits import (
    AssignmentLimits,
    CountLimit,
    LevelChoice,
    LevelPause,
    LimitsDocument,
    ReportCap,
    ReportLimits,
    ReportTime,
    ShareLimit,
    TierTime,
    TimeLimit,
)
from shared.contracts.units import tier_of
from shared.definitions.limits.pack import load

CITY = "500000000000"
IN_FORCE = datetime(2020, 1, 1, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "deploy" / "limits"


@cache
def shipped(limits_id: str) -> LimitsDocument:
    """Return a document that is shipped."""
    documents = load([SHIPPED], IN_FORCE).usable().documents
    [result] = [document for document in documents if document.limits_id == limits_id]
    return result


def assignment_limits(
    sign_s: float = 600,
    finish_s: float = 1200,
    pause_s: float = 60,
    reopen_s: float = 0,
    sign: tuple[TierTime, ...] = (),
    pauses: tuple[LevelPause, ...] = (),
) -> AssignmentLimits:
    """One time for everybody, and further rows for some modes."""
    levels, source = tuple(Level), "test"
    return AssignmentLimits.model_construct(
        sign=(TierTime.model_construct(levels=levels, within_s=sign_s, source=source), *sign),
        finish=(TierTime.model_construct(levels=levels, within_s=finish_s, source=source),),
        pauses=(
            LevelPause.model_construct(levels=levels, pause_s=pause_s, source=source),
            *pauses,
        ),
        due_soon=ShareLimit(share=0.8, source=source),
        rounds=CountLimit(count=3, source=source),
        slow=CountLimit(count=10, source=source),
        reopen=TimeLimit(within_s=reopen_s, source=source),
        consent=TimeLimit(within_s=15 * 86_400, source=source),
    )


def report_limits(
    phone_s: float, written_s: float, follow_up_s: float = 60, final_s: float = 60
) -> ReportLimits:
    """One limit for every level and tier, in seconds; at red the town also reports to the city."""
    source = "test"
    return ReportLimits.model_construct(
        levels=(
            ReportTime.model_construct(
                levels=tuple(level for level in Level if level is not Level.NOTICE),
                phone_s=phone_s,
                written_s=written_s,
                follow_up_s=follow_up_s,
                final_s=final_s,
                source=source,
            ),
        ),
        tiers=(
            ReportCap.model_construct(
                tiers=(Tier.TOWN, Tier.DISTRICT),
                phone_s=phone_s,
                written_s=written_s,
                source=source,
            ),
        ),
        skip=LevelChoice(levels=(Level.RED,), source=source),
        due_soon=ShareLimit(share=0.8, source=source),
    )


def a_document(
    limits: AssignmentLimits | ReportLimits | None = None,
    *,
    limits_id: str = "test",
    version: int = 1,
    unit: str | None = None,
    in_force_from: datetime = IN_FORCE,
    enabled: bool = True,
) -> LimitsDocument:
    """A document; the times may be shorter than the contract allows, since a test waits."""
    limits = assignment_limits() if limits is None else limits
    return LimitsDocument.model_construct(
        id=f"lim-{limits_id}-{version}",
        occurred_at=IN_FORCE,
        sent_at=IN_FORCE,
        origin_unit=CITY,
        tier=tier_of(CITY),
        limits_id=limits_id,
        version=version,
        enabled=enabled,
        name_zh="时限",
        name_en="Times",
        unit=unit,
        in_force_from=in_force_from,
        source="test",
        assignments=limits if isinstance(limits, AssignmentLimits) else None,
        reports=limits if isinstance(limits, ReportLimits) else None,
    )
