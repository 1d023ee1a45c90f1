"""SLA profiles as data: seconds by level and tier (our own example, not law; docs/sources.md S41).

In `standard` the signing times of town and micro-grid are our own proposal; village and city have
the time of the town, the grid that of the micro-grid. The finishing time is the signing time plus
the time for the written first report (red and orange 30 min, yellow 60: a published company
circular, docs/sources.md S29; blue 120: our own). The pause between escalations follows call-1/3/5
for red. At most 15 days with consent is a published rule of a county (docs/sources.md S28); the day
within which a case is re-opened is our own example. `demo` has the same shape in seconds, so that a
person can watch a whole escalation. All values are for normal mode; a stricter response mode takes
a share of them (shared/domain/response_modes/effects.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.domain.response_modes.effects import EFFECTS

_MINUTE = 60.0


class SlaProfileName(StrEnum):
    """Names of the profiles that can be set."""

    STANDARD = "standard"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class SlaProfile:
    """Deadlines in seconds. `due_soon` is the share of a deadline after which 临期 is reported.

    `step_s` is the pause between two rungs of the escalation chain. At its top the call is repeated
    `rounds` times at that pace, and then every `slow` steps for as long as nobody acts.

    `recurrence_s`: an alert's order within so many seconds after the same case was closed re-opens
    the case; 0 means never. `consent_s` is the longest extension or suspension from now, in
    seconds.
    """

    name: SlaProfileName
    sign_s: Mapping[Level, Mapping[Tier, float]]
    finish_s: Mapping[Level, Mapping[Tier, float]]
    step_s: Mapping[Level, float]
    due_soon: float = 0.8
    rounds: int = 3
    slow: int = 10
    recurrence_s: float = 0.0
    consent_s: float = 15 * 24 * 60 * _MINUTE
    _in_mode: dict[ResponseMode, SlaProfile] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def in_mode(self, mode: ResponseMode) -> SlaProfile:
        """Return the profile in a response mode; each is computed once."""
        result = self._in_mode.get(mode)
        if result is None:
            share = EFFECTS[mode]
            result = self._in_mode[mode] = replace(
                self,
                sign_s=_shortened(self.sign_s, share.deadline),
                finish_s=_shortened(self.finish_s, share.deadline),
                step_s={level: seconds * share.step for level, seconds in self.step_s.items()},
            )
        return result


def _shortened(
    table: Mapping[Level, Mapping[Tier, float]], share: float
) -> dict[Level, dict[Tier, float]]:
    return {
        level: {tier: seconds * share for tier, seconds in row.items()}
        for level, row in table.items()
    }


_FIELD_TIERS = (Tier.GRID, Tier.MICROGRID)


def _by_tier(office: float, field: float) -> dict[Tier, float]:
    return {tier: field if tier in _FIELD_TIERS else office for tier in Tier}


def _standard() -> SlaProfile:
    # In minutes: signing in offices, signing in the field, written report, escalation step.
    table = {
        Level.RED: (5, 15, 30, 2),
        Level.ORANGE: (10, 30, 30, 5),
        Level.YELLOW: (30, 60, 60, 10),
        Level.BLUE: (120, 240, 120, 30),
        Level.NOTICE: (120, 240, 120, 30),
    }
    return SlaProfile(
        SlaProfileName.STANDARD,
        sign_s={
            level: _by_tier(office * _MINUTE, field * _MINUTE)
            for level, (office, field, _, _) in table.items()
        },
        finish_s={
            level: _by_tier((office + written) * _MINUTE, (field + written) * _MINUTE)
            for level, (office, field, written, _) in table.items()
        },
        step_s={level: step * _MINUTE for level, (_, _, _, step) in table.items()},
        recurrence_s=24 * 60 * _MINUTE,
    )


def _demo() -> SlaProfile:
    finish = {
        Level.RED: 60.0,
        Level.ORANGE: 70.0,
        Level.YELLOW: 80.0,
        Level.BLUE: 90.0,
        Level.NOTICE: 90.0,
    }
    return SlaProfile(
        SlaProfileName.DEMO,
        sign_s={level: _by_tier(12.0, 25.0) for level in Level},
        finish_s={level: _by_tier(seconds, seconds) for level, seconds in finish.items()},
        step_s=dict.fromkeys(Level, 6.0),
    )


PROFILES: dict[SlaProfileName, SlaProfile] = {
    SlaProfileName.STANDARD: _standard(),
    SlaProfileName.DEMO: _demo(),
}
