"""Which page goes out first when several wait for a channel."""

from __future__ import annotations

from shared.contracts.fields import LEVEL_ORDER, Level, Status

RESERVED = 1
"""Up to here (a recall, red) a delivery loop of its own waits: nothing else ever stands in its way."""
_PRACTICE = 10


def priority(status: Status, level: Level, *, recalled: bool = False) -> int:
    """The smaller goes first: a recall, then by level; what is only practice after all that is real."""
    rank = 0 if recalled else 1 + LEVEL_ORDER[Level.RED] - LEVEL_ORDER[level]
    return rank if status is Status.ACTUAL else rank + _PRACTICE


def urgent(priority: int) -> bool:
    """Whether it is a recall or red, real or practised."""
    return priority % _PRACTICE <= RESERVED
