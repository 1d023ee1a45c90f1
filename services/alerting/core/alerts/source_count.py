"""Corroboration of an alert: the number of independent sources that have observed the danger.

A sensor or a reporter is one source, however often it speaks. The fullest 30 minutes of event time
are counted, so that the order of arrival never matters and more evidence never counts for less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

Key = TypeVar("Key")

WINDOW = timedelta(minutes=30)
CORROBORATED = 2
"""An alert with at least this many sources counts as corroborated."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A source observed the danger at event time `at`; `kind` is sensor or a reporter's role."""

    source: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceCount:
    """The most distinct sources, and the most distinct kinds of source, within any one window."""

    sources: int
    kinds: int


def count_sources(observations: Iterable[Observation], window: timedelta = WINDOW) -> SourceCount:
    """Return both maxima over all windows of length `window`, ends included; (0, 0) for none."""
    ordered = sorted(observations, key=lambda observation: observation.at)
    sources: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    most_sources = most_kinds = oldest = 0
    for observation in ordered:
        sources[observation.source] += 1
        kinds[observation.kind] += 1
        while observation.at - ordered[oldest].at > window:
            expired = ordered[oldest]
            oldest += 1
            _decrement(sources, expired.source)
            _decrement(kinds, expired.kind)
        most_sources = max(most_sources, len(sources))
        most_kinds = max(most_kinds, len(kinds))
    return SourceCount(most_sources, most_kinds)


def _decrement(counter: Counter[Key], key: Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
