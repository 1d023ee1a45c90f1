"""The score of an alert, 0 to 100: for sorting a list, never for deciding anything.

It never falls when the level, the number of sources or the number of kinds of source rises.
"""

from __future__ import annotations

from shared.contracts.fields import Level

BASE: dict[Level, int] = {
    Level.NOTICE: 5,
    Level.BLUE: 20,
    Level.YELLOW: 35,
    Level.ORANGE: 50,
    Level.RED: 65,
}
PER_SOURCE, MOST_FOR_SOURCES = 5, 20
PER_KIND, MOST_FOR_KINDS = 5, 15


def score(level: Level | None, sources: int, kinds: int) -> int:
    """Level first, then each source after the first, then each kind of source after the first."""
    return (
        (BASE[level] if level is not None else 0)
        + min(PER_SOURCE * max(sources - 1, 0), MOST_FOR_SOURCES)
        + min(PER_KIND * max(kinds - 1, 0), MOST_FOR_KINDS)
    )
