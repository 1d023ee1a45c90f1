"""Silences, as JSON."""

from __future__ import annotations

from functools import partial

from services.console.core.access import Viewer, is_entitled, may_end_silence
from services.console.core.names import Names
from services.console.core.record import Json, Record


def silence(row: Record, viewer: Viewer, names: Names) -> Json:
    """Return a silence or maintenance window with the counts of hidden alarms."""
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
        "ended_at": row["ended_at"],
        "silenced": row["silenced"],
        "still_firing": row["still_firing"],
        "may_end": row["ended_at"] is None
        and is_entitled(viewer, partial(may_end_silence, unit=row["unit"])),
    }
