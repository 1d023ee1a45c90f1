"""Limits of upward reports: the stricter of level and tier, by the share of the mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import LevelChoice, ReportCap, ReportLimits, ReportTime, ShareLimit
from shared.domain.limits.reports import ReportTimes, report_times
from shared.domain.response_modes.effects import EFFECTS
from tests.support.limits import shipped

NORMAL, EMERGENCY = ResponseMode.NORMAL, ResponseMode.EMERGENCY


def shipped_limits() -> ReportLimits:
    limits = shipped("reports-standard").reports
    assert limits is not None
    return limits


@pytest.mark.parametrize(
    ("level", "tier", "minutes"),
    [
        (Level.RED, Tier.TOWN, (15, 30, 30, 1440)),
        (Level.ORANGE, Tier.TOWN, (15, 30, 60, 1440)),
        (Level.YELLOW, Tier.TOWN, (20, 40, 120, 1440)),
        (Level.BLUE, Tier.DISTRICT, (30, 60, 240, 1440)),
    ],
)
@pytest.mark.parametrize("mode", ResponseMode)
def test_the_shipped_document_has_the_values_that_were_constants(
    level: Level, tier: Tier, minutes: tuple[int, ...], mode: ResponseMode
) -> None:
    share = EFFECTS[mode].deadline
    times = ReportTimes(*(number * 60 * share for number in minutes))
    assert report_times(shipped_limits(), level, tier, mode) == times


def test_a_row_that_names_the_mode_holds_as_written_below_the_cap_of_the_tier() -> None:
    base = shipped_limits()
    changes = {"phone_s": 100.0, "final_s": 7.0, "modes": (EMERGENCY,)}
    row = base.levels[0].model_copy(update=changes)
    limits = base.model_copy(update={"levels": (*base.levels, row)})
    assert report_times(limits, Level.RED, Tier.TOWN, EMERGENCY) == (100, 1200, 1800, 7)
    assert report_times(limits, Level.RED, Tier.TOWN, NORMAL) == (900, 1800, 1800, 86_400)


@given(st.lists(st.floats(1, 1e6), min_size=6, max_size=6), st.sampled_from(ResponseMode))
def test_no_first_report_has_longer_than_level_and_tier_allow(
    seconds: list[float], mode: ResponseMode
) -> None:
    phone, written, follow_up, final, cap_phone, cap_written = seconds
    source, town = "test", (Tier.TOWN,)
    row = ReportTime(
        levels=(Level.RED,),
        phone_s=phone,
        written_s=written,
        follow_up_s=follow_up,
        final_s=final,
        source=source,
    )
    limits = ReportLimits(
        levels=(row,),
        tiers=(ReportCap(tiers=town, phone_s=cap_phone, written_s=cap_written, source=source),),
        skip=LevelChoice(levels=(), source=source),
        due_soon=ShareLimit(share=0.5, source=source),
    )
    times = report_times(limits, Level.RED, Tier.TOWN, mode)
    assert times is not None
    assert times.phone_s <= min(phone, cap_phone)
    assert times.written_s <= min(written, cap_written)
    assert report_times(limits, Level.BLUE, Tier.TOWN, mode) is None
    assert report_times(limits, Level.RED, Tier.CITY, mode) is None
