"""Corroboration: how many sources that do not depend on each other have seen the same thing.

A sensor or a reporter is one source however often it speaks. Counted is the fullest 30 minutes of
event time, so the order of arrival never matters and more evidence never counts for less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

K = TypeVar("K")

WINDOW = timedelta(minutes=30)
CORROBORATED = 2
"""From so many sources on an alert counts as corroborated."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """`source` has seen it at `at` (event time). `kind` is sensor, or the role of a reporter."""

    source: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Support:
    """The most distinct sources, and the most distinct kinds of source, within any one window."""

    sources: int
    kinds: int


def support(sightings: Iterable[Sighting], window: timedelta = WINDOW) -> Support:
    """Both maxima over all windows of length `window`, ends included; 0 and 0 for nothing."""
    ordered = sorted(sightings, key=lambda sighting: sighting.at)
    sources: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    most_sources = most_kinds = oldest = 0
    for sighting in ordered:
        sources[sighting.source] += 1
        kinds[sighting.kind] += 1
        while sighting.at - ordered[oldest].at > window:
            gone = ordered[oldest]
            oldest += 1
            _take(sources, gone.source)
            _take(kinds, gone.kind)
        most_sources = max(most_sources, len(sources))
        most_kinds = max(most_kinds, len(kinds))
    return Support(most_sources, most_kinds)


def _take(counter: Counter[K], key: K) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
