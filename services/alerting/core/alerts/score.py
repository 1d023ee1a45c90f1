"""The score of an alert, 0 to 100: a sort key of lists, on which no decision depends.

The score never falls when the level, the number of sources or the number of kinds of source rises.
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
    """Return the points of the level, of each source and of each kind after the first."""
    return (
        (BASE[level] if level is not None else 0)
        + min(PER_SOURCE * max(sources - 1, 0), MOST_FOR_SOURCES)
        + min(PER_KIND * max(kinds - 1, 0), MOST_FOR_KINDS)
    )
