"""SLA profiles as data: seconds by level and tier (our own example, not law; docs/sources.md S41).

`standard`: signing times of town and micro-grid are our own proposal; village and city stand with
the town, grid with the micro-grid. Finishing is the signing time plus the written first report (red
and orange 30 min, yellow 60: a published company circular, docs/sources.md S29; blue 120: our own).
The step between escalations follows call-1/3/5 for red. At most 15 days with consent is a county's
published rule (docs/sources.md S28); the day within which a case comes back is our own example.
`demo` is the same shape in seconds, so that a whole ladder can be watched. All of it is for normal
mode; a stricter response mode takes its share of it (shared/domain/response_modes/effects.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.domain.response_modes.effects import EFFECTS

_MINUTE = 60.0


class ProfileName(StrEnum):
    """Profiles that can be set."""

    STANDARD = "standard"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Profile:
    """Deadlines in seconds. `due_soon` is the share of a deadline after which 临期 is told.

    `step_s` lies between two rungs of the ladder. At its top the call is repeated `rounds` times at
    that pace and then every `slow` steps, for as long as nobody signs.

    `recurrence_s`: an alert's order within so many seconds after the same one was closed re-opens that
    case; 0 = never. `consent_s`: how far ahead an extension or a suspension may reach, from now.
    """

    name: ProfileName
    sign_s: Mapping[Level, Mapping[Tier, float]]
    finish_s: Mapping[Level, Mapping[Tier, float]]
    step_s: Mapping[Level, float]
    due_soon: float = 0.8
    rounds: int = 3
    slow: int = 10
    recurrence_s: float = 0.0
    consent_s: float = 15 * 24 * 60 * _MINUTE
    _in_mode: dict[ResponseMode, Profile] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def in_mode(self, mode: ResponseMode) -> Profile:
        """The profile as it is in a response mode; made once each."""
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


def _standard() -> Profile:
    # minutes: office tiers sign, field tiers sign, written report, step
    table = {
        Level.RED: (5, 15, 30, 2),
        Level.ORANGE: (10, 30, 30, 5),
        Level.YELLOW: (30, 60, 60, 10),
        Level.BLUE: (120, 240, 120, 30),
        Level.NOTICE: (120, 240, 120, 30),
    }
    return Profile(
        ProfileName.STANDARD,
        sign_s={lv: _by_tier(o * _MINUTE, f * _MINUTE) for lv, (o, f, _, _) in table.items()},
        finish_s={
            lv: _by_tier((o + w) * _MINUTE, (f + w) * _MINUTE) for lv, (o, f, w, _) in table.items()
        },
        step_s={lv: s * _MINUTE for lv, (_, _, _, s) in table.items()},
        recurrence_s=24 * 60 * _MINUTE,
    )


def _demo() -> Profile:
    finish = {
        Level.RED: 60.0,
        Level.ORANGE: 70.0,
        Level.YELLOW: 80.0,
        Level.BLUE: 90.0,
        Level.NOTICE: 90.0,
    }
    return Profile(
        ProfileName.DEMO,
        sign_s={level: _by_tier(12.0, 25.0) for level in Level},
        finish_s={level: _by_tier(seconds, seconds) for level, seconds in finish.items()},
        step_s=dict.fromkeys(Level, 6.0),
    )


PROFILES: dict[ProfileName, Profile] = {
    ProfileName.STANDARD: _standard(),
    ProfileName.DEMO: _demo(),
}
