"""Rows of the feed in, JSON out: the whole line, the line without words, or only that something changed."""

from __future__ import annotations

import json

from services.console.core.access import Viewer, sees_line
from services.console.core.masking import opens
from services.console.core.names import Names
from services.console.core.record import Json, Record


def line(row: Record, names: Names) -> Json:
    """A line of the feed."""
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


def verdict(row: Record, viewer: Viewer) -> str | None:
    """How a line may be shown: `full`, `masked` (graded, its words left out), `hint` or None."""
    result = sees_line(viewer, row["kind"], row["unit_code"], row["officer_id"])
    own = row["officer_id"] == viewer.officer_id
    if result == "full" and not own and not opens(viewer, row["unit_code"], row["data_grade"]):
        return "masked"
    return result


def as_allowed(row: Record, verdict: str | None, names: Names) -> Json:
    """As much of a line as the verdict allows."""
    if verdict == "full":
        return line(row, names)
    if verdict == "masked":
        return {**line(row, names), "headline": "", "masked": True}
    return hint(row)


def shown(row: Record, viewer: Viewer, names: Names) -> Json:
    """A line as this viewer may see it; rows were selected for the viewer already."""
    return as_allowed(row, verdict(row, viewer), names)


def hint(row: Record) -> Json:
    """That something about assignments changed, without what."""
    return {"seq": row["seq"], "kind": "assignments", "status": row["status"], "hint": True}
