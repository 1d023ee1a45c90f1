"""Silences, as JSON."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from services.console.core.access import Viewer, is_entitled, may_end_silence
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord
from shared.contracts.silences import WeeklyWindow
from shared.domain.silence_windows import window_at


def weekly_window(row: OutgoingRecord) -> WeeklyWindow | None:
    """Return the weekly window of a silence; None: it hides from its begin to its end."""
    return None if row["weekly"] is None else WeeklyWindow.from_wire(row["weekly"])


def silence(row: OutgoingRecord, viewer: Viewer, names: UnitNames, now: datetime) -> Json:
    """Return a silence or maintenance window with the counts of hidden alarms.

    `window_begin` and `window_end` are the time in which it hides alarms now, or next.
    """
    weekly = weekly_window(row)
    has_ended = row["ended_at"] is not None
    window = None if has_ended else window_at(weekly, row["begin_at"], row["end_at"], now)
    return {
        "silence_id": row["silence_id"],
        "status": row["status"],
        "version": row["version"],
        "kind": row["kind"],
        "place": row["place"],
        "place_name": names.unit(row["place"]),
        "event_type": row["event_type"],
        "rule_id": row["rule_id"],
        "sensor_id": row["sensor_id"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "owner": row["owner"],
        "reason": row["reason"],
        "begin_at": row["begin_at"],
        "end_at": row["end_at"],
        "until_cleared": row["until_cleared"],
        "days": [] if weekly is None else list(weekly.days),
        "daily_from": None if weekly is None else f"{weekly.begin:%H:%M}",
        "daily_until": None if weekly is None else f"{weekly.until:%H:%M}",
        "window_begin": None if window is None else window.begin,
        "window_end": None if window is None else window.end,
        "ended_at": row["ended_at"],
        "silenced": row["silenced"],
        "still_firing": row["still_firing"],
        "may_end": row["ended_at"] is None
        and is_entitled(viewer, partial(may_end_silence, unit=row["unit"])),
    }
