"""How many calls an officer gets one by one; what comes beyond is put together into a digest.

Nobody reads more than a handful of messages in a quarter of an hour, and a carrier that is flooded
blocks the sender. The measure is GoAlert's (5 SMS or 3 voice calls in 15 minutes to one contact,
docs/sources.md S36); the split by level and the holds are our own proposal, no source gives a
figure. Budgets are per officer, level and status: a drill uses up nothing that is real.

The first call about an urgent alert (red, or a recall) has a budget of its own, so that nothing else can
use it up; beyond it the calls are put together for 2 seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.notify.core.priority import urgent
from services.notify.core.profiles import ProfileName
from shared.contracts.fields import Level
from shared.contracts.pages import SubjectKind

LONGEST_SHARE = 0.5
"""No digest is held longer than this share of the time that an answer to its calls may take."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`calls` one by one in `window_s` seconds; a digest of calls beyond is held for `hold_s` seconds."""

    calls: int
    window_s: float
    hold_s: float

    def allows(self, share: float) -> int:
        """Calls in the window, at a response mode's share of the budget."""
        return int(self.calls * share)


@dataclass(frozen=True, slots=True)
class Budgets:
    """A profile: of `news` (first calls about urgent alerts), and by level of everything else."""

    news: Budget
    levels: Mapping[Level, Budget]

    def of(self, level: Level, *, news: bool) -> Budget:
        """The one that a call is charged to."""
        return self.news if news else self.levels[level]

    @property
    def longest_window_s(self) -> float:
        """How far back calls have to be counted."""
        return max(level.window_s for level in (self.news, *self.levels.values()))


BUDGETS: dict[ProfileName, Budgets] = {
    "standard": Budgets(
        Budget(30, 60, 2),
        {
            Level.RED: Budget(20, 300, 10),
            Level.ORANGE: Budget(10, 900, 30),
            Level.YELLOW: Budget(5, 900, 60),
            Level.BLUE: Budget(3, 900, 180),
            Level.NOTICE: Budget(3, 900, 180),
        },
    ),
    "demo": Budgets(Budget(30, 60, 1), dict.fromkeys(Level, Budget(10, 20, 1))),
}


def is_news(subject: SubjectKind, round_: int, priority: int) -> bool:
    """Whether it is the first call to an officer about an urgent alert."""
    return subject is SubjectKind.ALERT and round_ == 1 and urgent(priority)
