"""Groups of streams with identical bytes.

Officers of one unit who look at one place receive equal events, except for their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from services.console.core.access import Viewer
from services.console.core.record import OutgoingRecord
from services.console.stream.views import visibility

_NO_OFFICER = ""


class FilterKey(NamedTuple):
    """All on which the visibility of an event depends; equal within a group of streams.

    `officer` is empty where no event in question belongs to one officer.
    """

    unit: str
    root: str
    status: str | None
    officer: str

    @staticmethod
    def of(viewer: Viewer, status: str | None) -> FilterKey:
        """Return the key of one officer alone; with `status` only events of that status."""
        return FilterKey(viewer.unit, viewer.root, status, viewer.officer_id)

    def shared(self) -> FilterKey:
        """Return the key of all officers with a different id only."""
        return self._replace(officer=_NO_OFFICER)


class StreamFilter:
    """Decides how the events of the feed are shown to the streams of one key."""

    def __init__(self, key: FilterKey, example: Viewer) -> None:
        self._status = key.status
        self._viewer = replace(example, officer_id=key.officer)

    def verdict(self, row: OutgoingRecord) -> str | None:
        """Return how an event is shown (stream/views.py); None when it is not shown."""
        if self._status is not None and row["status"] != self._status:
            return None
        return visibility(row, self._viewer)
