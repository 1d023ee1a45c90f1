"""Who hears the same: officers before the same place from the same unit, but for what is their own."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from services.console.core.access import Viewer
from services.console.core.record import Record
from services.console.stream.views import verdict

_NOBODY = ""


class FilterKey(NamedTuple):
    """What a line's verdict depends on; equal for all who hear the same of every line.

    `officer` is empty where none of the lines in question is one officer's own.
    """

    unit: str
    root: str
    status: str | None
    officer: str

    @staticmethod
    def of(viewer: Viewer, status: str | None) -> FilterKey:
        """The audience of one officer alone; `status` = only lines of this status."""
        return FilterKey(viewer.unit, viewer.root, status, viewer.officer_id)

    def shared(self) -> FilterKey:
        """The audience with everybody in it who differs only in being somebody else."""
        return self._replace(officer=_NOBODY)


class StreamFilter:
    """An audience's judgement of lines."""

    def __init__(self, audience: FilterKey, example: Viewer) -> None:
        self._status = audience.status
        self._viewer = replace(example, officer_id=audience.officer)

    def verdict(self, row: Record) -> str | None:
        """How a line may be shown to the audience (stream/views.py); None when it is not for it."""
        if self._status is not None and row["status"] != self._status:
            return None
        return verdict(row, self._viewer)
