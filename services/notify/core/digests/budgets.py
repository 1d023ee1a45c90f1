"""Budgets: the number of calls that an officer gets alone; further calls go into a digest.

Nobody reads more than a handful of messages in a quarter of an hour, and a flooded carrier blocks
the sender. The figure is GoAlert's (5 SMS or 3 voice calls in 15 minutes to one contact,
docs/sources.md S36). The division by level and the holding times are our own proposal, since no
source gives figures. Budgets are per officer, level and status: a drill uses no real budget.

The first call about an urgent alert (red, or a recall) has a budget of its own, which no other call
can use. Beyond it, such calls are put together for 2 seconds. Pages about faults of the system
itself have a budget of their own too: a storm of them is one digest, and costs no event a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.notify.core.escalation.priority import is_urgent
from services.notify.core.escalation.profiles import ProfileName
from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind

LONGEST_SHARE = 0.5
"""The longest holding time of a digest, as a share of the time for an answer to its calls."""


class BudgetShare(StrEnum):
    """The shares of an officer's budget: first calls about urgent alerts, faults, the level's."""

    URGENT_ALERTS = "urgent_alerts"
    FAULTS = "faults"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Budget:
    """`calls` in `window_s` seconds; a digest of further calls is held for `hold_s` seconds."""

    calls: int
    window_s: float
    hold_s: float

    def allows(self, share: float) -> int:
        """Return the calls in the window, at a response mode's share of the budget."""
        return int(self.calls * share)


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a profile: of first calls about urgent alerts, of faults of the system itself,
    and of all others by level.
    """

    urgent_alerts: Budget
    faults: Budget
    levels: Mapping[Level, Budget]

    def of(self, level: Level, share: BudgetShare) -> Budget:
        """Return the budget that a call is charged to."""
        match share:
            case BudgetShare.URGENT_ALERTS:
                return self.urgent_alerts
            case BudgetShare.FAULTS:
                return self.faults
            case BudgetShare.LEVEL:
                return self.levels[level]

    @property
    def longest_window_s(self) -> float:
        """The age in seconds of the oldest calls that are counted."""
        return max(
            budget.window_s for budget in (self.urgent_alerts, self.faults, *self.levels.values())
        )


BUDGETS: dict[ProfileName, Budgets] = {
    "standard": Budgets(
        Budget(30, 60, 2),
        Budget(3, 900, 15),
        {
            Level.RED: Budget(20, 300, 10),
            Level.ORANGE: Budget(10, 900, 30),
            Level.YELLOW: Budget(5, 900, 60),
            Level.BLUE: Budget(3, 900, 180),
            Level.NOTICE: Budget(3, 900, 180),
        },
    ),
    "demo": Budgets(Budget(30, 60, 1), Budget(3, 20, 1), dict.fromkeys(Level, Budget(10, 20, 1))),
}


def share_of(subject: SubjectKind, round_: int, priority: int) -> BudgetShare:
    """Return the share that a call is charged to."""
    if subject.is_system:
        return BudgetShare.FAULTS
    urgent = subject is SubjectKind.ALERT and round_ == 1 and is_urgent(priority)
    return BudgetShare.URGENT_ALERTS if urgent else BudgetShare.LEVEL
