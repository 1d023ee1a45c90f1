"""The times of assignments in a mode: shares of the usual rows, rows of the mode as written."""

from __future__ import annotations

import pytest

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import LevelPause, TierTime
from shared.domain.limits.assignments import times_in
from shared.domain.response_modes.effects import EFFECTS
from tests.support.limits import assignment_limits, shipped

_ROWS = (
    (5, 15, 30, 2),
    (10, 30, 30, 5),
    (30, 60, 60, 10),
    (120, 240, 120, 30),
    (120, 240, 120, 30),
)
MINUTES = dict(
    zip((Level.RED, Level.ORANGE, Level.YELLOW, Level.BLUE, Level.NOTICE), _ROWS, strict=True)
)
"""Signing in offices and in the field, written report, pause: what Python held before."""
FIELD = (Tier.GRID, Tier.MICROGRID)


@pytest.mark.parametrize("mode", ResponseMode)
@pytest.mark.parametrize("level", Level)
def test_the_shipped_document_has_the_values_that_were_constants(
    level: Level, mode: ResponseMode
) -> None:
    limits = shipped("assignments-standard").assignments
    assert limits is not None
    times, share = times_in(limits, mode), EFFECTS[mode]
    office, field, written, pause = MINUTES[level]
    for tier in Tier:
        sign = field if tier in FIELD else office
        assert times.sign_s[level][tier] == sign * 60 * share.deadline
        assert times.finish_s[level][tier] == (sign + written) * 60 * share.deadline
    assert times.step_s[level] == pause * 60 * share.step


def test_a_row_that_names_a_mode_holds_there_as_it_is_written() -> None:
    in_emergency = (ResponseMode.EMERGENCY,)
    limits = assignment_limits(
        600,
        1200,
        60,
        sign=(
            TierTime(
                levels=(Level.RED,),
                tiers=(Tier.TOWN,),
                modes=in_emergency,
                within_s=90.0,
                source="test",
            ),
        ),
        pauses=(LevelPause(levels=(Level.RED,), modes=in_emergency, pause_s=10.0, source="test"),),
    )
    times = times_in(limits, ResponseMode.EMERGENCY)
    assert times.sign_s[Level.RED][Tier.TOWN] == 90
    assert times.sign_s[Level.RED][Tier.CITY] == 300
    assert times.finish_s[Level.RED][Tier.TOWN] == 600
    assert (times.step_s[Level.RED], times.step_s[Level.BLUE]) == (10, 30)
    standby = times_in(limits, ResponseMode.STANDBY)
    assert standby.sign_s[Level.RED][Tier.TOWN] == 450
