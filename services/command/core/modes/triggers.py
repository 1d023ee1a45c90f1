"""Triggers of the rule that proposes a mode: an alert of orange or above, or response level Ⅲ or
graver.

The triggers are our own proposal (docs/sources.md S42), and so are the mode, its duration and the
tier that decides: the district runs its emergencies, and the city those of places without a
district.
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
DURATION = timedelta(hours=24)
"""Duration of a mode that the rule proposes."""

MODE_OF_LEVEL: dict[Level, ResponseMode] = {
    Level.ORANGE: ResponseMode.STANDBY,
    Level.RED: ResponseMode.EMERGENCY,
}
MODE_OF_RESPONSE: dict[ResponseLevel, ResponseMode] = {
    ResponseLevel.III: ResponseMode.STANDBY,
    ResponseLevel.II: ResponseMode.EMERGENCY,
    ResponseLevel.I: ResponseMode.EMERGENCY,
}


@dataclass(frozen=True, slots=True)
class ModeTrigger:
    """The mode that the rule proposes because of an alert, and the unit that decides."""

    status: Status
    unit: str
    mode: ResponseMode
    alert: AlertEvent


def trigger_of(alert: AlertEvent) -> ModeTrigger | None:
    """Return the trigger of an issued alert, with the stricter of two modes; None without one."""
    modes = [
        mode
        for mode in (
            MODE_OF_LEVEL.get(alert.level) if alert.level else None,
            MODE_OF_RESPONSE.get(alert.response_level) if alert.response_level else None,
        )
        if mode is not None
    ]
    if not modes:
        return None
    mode = max(modes, key=STRICTNESS.__getitem__)
    unit = ancestor_at(alert.place, DECIDING_TIER) or lineage(alert.place)[-1]
    return ModeTrigger(alert.status, unit, mode, alert)


def is_stricter(trigger: ModeTrigger, modes: Modes, open_modes: list[ResponseMode]) -> bool:
    """Return whether the mode is stricter than the mode in force and all proposed modes."""
    present = modes.effective(trigger.status, trigger.unit).mode
    return all(looser(mode, trigger.mode) for mode in (present, *open_modes))
