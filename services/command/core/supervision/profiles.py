"""The times of assignments in force, as tables computed once for each document of limits.

A document gives the times for normal mode; a stricter response mode takes a share of them, or has
rows of its own (shared/domain/limits/assignments.py). The values and their sources are in the
documents: docs/limits.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contracts.fields import Level, ResponseMode, Tier
from shared.contracts.limits import LimitsDocument
from shared.domain.limits.assignments import times_in
from shared.domain.limits.profiles import Profiles


@dataclass(frozen=True, slots=True)
class SlaProfile:
    """Deadlines in seconds, in one response mode, of version `limits_version` of a document.

    `due_soon` is the share of a deadline after which 临期 is reported. `step_s` is the pause between
    two rungs of the escalation chain. At its top the call is repeated `rounds` times at that pace,
    and then every `slow` steps for as long as nobody acts.

    `recurrence_s`: an alert's order within so many seconds after the same case was closed re-opens
    the case; 0 means never. `consent_s` is the longest extension or suspension from now, in
    seconds.
    """

    limits_id: str
    limits_version: int
    sign_s: Mapping[Level, Mapping[Tier, float]]
    finish_s: Mapping[Level, Mapping[Tier, float]]
    step_s: Mapping[Level, float]
    due_soon: float
    rounds: int
    slow: int
    recurrence_s: float
    consent_s: float
    modes: Mapping[ResponseMode, SlaProfile] = field(compare=False, repr=False)

    def in_mode(self, mode: ResponseMode) -> SlaProfile:
        """Return the profile in a response mode."""
        return self.modes[mode]


def profile_of(document: LimitsDocument) -> SlaProfile:
    """Return the profile of a document about assignments, in normal mode."""
    limits = document.assignments
    assert limits is not None, f"{document.limits_id} is not about assignments"
    modes: dict[ResponseMode, SlaProfile] = {}
    for mode in ResponseMode:
        times = times_in(limits, mode)
        modes[mode] = SlaProfile(
            limits_id=document.limits_id,
            limits_version=document.version,
            sign_s=times.sign_s,
            finish_s=times.finish_s,
            step_s=times.step_s,
            due_soon=limits.due_soon.share,
            rounds=limits.rounds.count,
            slow=limits.slow.count,
            recurrence_s=limits.reopen.within_s,
            consent_s=limits.consent.within_s,
            modes=modes,
        )
    return modes[ResponseMode.NORMAL]


SlaProfiles = Profiles[SlaProfile]
"""The profiles of all units at a moment."""
