"""Events of the feed as JSON: in full, without words, or as a hint of a change."""

from __future__ import annotations

import json

from services.console.core.access import Viewer, visibility_of_event
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.record import Json, OutgoingRecord


def full_event(row: OutgoingRecord, names: UnitNames) -> Json:
    """Return an event of the feed in full."""
    payload: Json = json.loads(row["payload"])
    if target := payload.get("target_unit"):
        payload["target_name"] = names.unit(target)
    if sensor_id := payload.get("sensor_id"):
        payload["sensor_name"] = names.sensor(sensor_id)
    if row["kind"] == "sensor":
        payload["sensor_name"] = names.sensor(row["subject_id"])
    return {
        "seq": row["seq"],
        "kind": row["kind"],
        "status": row["status"],
        "unit": row["unit_code"],
        "unit_name": names.unit(row["unit_code"]),
        "level": row["level"],
        "at": row["at"],
        "subject_id": row["subject_id"],
        **payload,
    }


def visibility(row: OutgoingRecord, viewer: Viewer) -> str | None:
    """Return `full`, `masked` (graded: without its words), `hint`, or None for an unseen event."""
    result = visibility_of_event(viewer, row["kind"], row["unit_code"], row["officer_id"])
    own = row["officer_id"] == viewer.officer_id
    if result == "full" and not own and not opens(viewer, row["unit_code"], row["data_grade"]):
        return "masked"
    return result


def event_as_allowed(row: OutgoingRecord, allowed: str | None, names: UnitNames) -> Json:
    """Return the allowed part of an event (see `visibility`)."""
    if allowed == "full":
        return full_event(row, names)
    if allowed == "masked":
        return {**full_event(row, names), "headline": "", "masked": True}
    return hint(row)


def event_for(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return the visible part of an event; the row was selected for the viewer."""
    return event_as_allowed(row, visibility(row, viewer), names)


def hint(row: OutgoingRecord) -> Json:
    """Return the hint of changed assignments, without their contents."""
    return {"seq": row["seq"], "kind": "assignments", "status": row["status"], "hint": True}
