"""When the rule proposes a mode, as data: an alert of orange or above, or response level Ⅲ or graver.

The triggers are our own proposal (docs/sources.md S42), and so is which mode, for how long and
at which tier it is decided: the district runs its emergencies, the city those without a district.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.alerts import AlertEvent
from shared.contracts.fields import Level, ResponseLevel, ResponseMode, Status, Tier
from shared.contracts.units import ancestor_at, lineage
from shared.domain.response_modes.effective import Modes
from shared.domain.response_modes.order import STRICTNESS, looser

DECIDING_TIER = Tier.DISTRICT
LASTS = timedelta(hours=24)
"""How long a mode lasts that the rule proposes."""

OF_LEVEL: dict[Level, ResponseMode] = {
    Level.ORANGE: ResponseMode.STANDBY,
    Level.RED: ResponseMode.EMERGENCY,
}
OF_RESPONSE: dict[ResponseLevel, ResponseMode] = {
    ResponseLevel.III: ResponseMode.STANDBY,
    ResponseLevel.II: ResponseMode.EMERGENCY,
    ResponseLevel.I: ResponseMode.EMERGENCY,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rule would have decided."""

    status: Status
    unit: str
    mode: ResponseMode
    alert: AlertEvent


def wanted(alert: AlertEvent) -> Wanted | None:
    """The mode that an issued alert calls for, at the unit that decides; the stricter of two."""
    results = [
        mode
        for mode in (
            OF_LEVEL.get(alert.level) if alert.level else None,
            OF_RESPONSE.get(alert.response_level) if alert.response_level else None,
        )
        if mode is not None
    ]
    if not results:
        return None
    mode = max(results, key=STRICTNESS.__getitem__)
    unit = ancestor_at(alert.place, DECIDING_TIER) or lineage(alert.place)[-1]
    return Wanted(alert.status, unit, mode, alert)


def is_news(want: Wanted, modes: Modes, open_modes: list[ResponseMode]) -> bool:
    """Whether it is not in force and not proposed already, at least as strictly."""
    now = modes.effective(want.status, want.unit).mode
    return all(looser(response_mode, want.mode) for response_mode in (now, *open_modes))
