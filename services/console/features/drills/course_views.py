"""The course of a test alarm as JSON: its steps from the reading to the last unit."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.record import Json, OutgoingRecord
from shared.contracts.fields import Tier
from shared.contracts.readings import Reading

STEPS = ("reading", "alarm", "alert", "issued", "command", "signed", "last_signed")
_TIERS = list(Tier)


def course_view(
    sent: Reading,
    sensor_name: str,
    alarm: OutgoingRecord | None,
    alert: OutgoingRecord | None,
    command: OutgoingRecord | None,
    tiers: Sequence[OutgoingRecord],
) -> Json:
    """Return the steps with their moments; null for a step that is still to come."""
    ordered = sorted(tiers, key=lambda row: _TIERS.index(Tier(row["tier"])))
    signed = [row for row in ordered if row["signed"]]
    is_complete = bool(ordered) and all(row["signed"] == row["total"] for row in ordered)
    last = max((row["last_at"] for row in signed), default=None)
    moments = {
        "reading": sent.occurred_at,
        "alarm": None if alarm is None else alarm["started_at"],
        "alert": None if alert is None else alert["began_at"],
        "issued": None if command is None else command["occurred_at"],
        "command": None if command is None else command["sent_at"],
        "signed": min((row["last_at"] for row in signed), default=None),
        "last_signed": last if is_complete else None,
    }
    return {
        "reading_id": sent.id,
        "sensor_id": sent.sensor_id,
        "sensor_name": sensor_name,
        "value": sent.value,
        "unit": sent.unit,
        "level": None if alarm is None else alarm["level"],
        "alert_id": None if alert is None else alert["alert_id"],
        "alert_state": None if alert is None else alert["state"],
        "command_id": None if command is None else command["command_id"],
        "steps": [{"step": step, "at": moments[step]} for step in STEPS],
        "tiers": [
            {"tier": row["tier"], "total": row["total"], "signed": row["signed"]} for row in ordered
        ],
        "complete": is_complete,
    }
