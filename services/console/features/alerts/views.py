"""Alerts and alarms, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from services.console.core.access import Viewer
from services.console.core.masking import opens
from services.console.core.names import UnitNames
from services.console.core.offers import AlertFacts, further_verbs, next_of, verbs_for
from services.console.core.record import Json, OutgoingRecord
from services.console.features.alerts.wording_views import issued_words
from shared.contracts.alerts import AlertState


def facts(row: OutgoingRecord) -> AlertFacts:
    """Return the facts of an alert's row that the rules of offers need."""
    signatures = json.loads(row["signatures"])
    state = AlertState(row["state"])
    # The debt of an expired alert stays on record, but nobody can settle the debt any more.
    is_owed = row["debt"] is not None and state is AlertState.ISSUED
    debt = json.loads(row["debt"]) if is_owed else None
    return AlertFacts(
        state=state,
        place=row["place"],
        level=row["level"],
        proposed=row["proposed_level"],
        approver_unit=row["approver_unit"],
        approvals_needed=row["approvals_needed"],
        more_time=row["proposed_until"] is not None,
        other_words=row["wording"] is not None and row["wording"] != row["issued_wording"],
        authority_unit=row["authority_unit"],
        debtor_unit=debt["unit"] if debt is not None else None,
        authorised_by=debt["by_unit"] if debt is not None else None,
        signers=tuple(signature["officer_id"] for signature in signatures if signature["present"]),
    )


def alert(row: OutgoingRecord, viewer: Viewer, names: UnitNames, warning: Json | None) -> Json:
    """Return an alert of the list, with the next step and the verbs offered to the viewer.

    `warning` is the warning of another agency behind it. The words of a graded record are left out
    unless open to the viewer; `masked` tells the client.
    """
    alert_facts = facts(row)
    open_to = opens(viewer, row["place"], row["data_grade"])
    next_step = next_of(alert_facts)
    return {
        "alert_id": row["alert_id"],
        "incident_id": row["incident_id"],
        "status": row["status"],
        "version": row["version"],
        "state": row["state"],
        "transition": row["transition"],
        "event_type": row["event_type"],
        "place": row["place"],
        "place_name": names.unit(row["place"]),
        "level": row["level"],
        "proposed_level": row["proposed_level"],
        "score": row["score"],
        "distinct_sources": row["distinct_sources"],
        "alarms": len(row["alarm_ids"]),
        "reports": len(row["report_ids"]),
        "masked": not open_to,
        "headline": row["headline"] if open_to else "",
        "approver_unit": row["approver_unit"],
        "approver_name": names.unit(row["approver_unit"]),
        "occurred_at": row["occurred_at"],
        "sent_at": row["sent_at"],
        "next": None
        if next_step is None
        else {
            "verb": next_step.verb,
            "unit": next_step.unit,
            "unit_name": names.unit(next_step.unit),
            "signed": next_step.signed,
            "needed": next_step.needed,
        },
        "may": verbs_for(viewer, alert_facts),
        "may_also": further_verbs(viewer, alert_facts),
        "proposed_until": row["proposed_until"],
        "expires_at": row["expires_at"],
        "incident_grade": row["incident_grade"],
        "response_level": row["response_level"],
        "flapping": row["flapping"],
        "merged_into": row["merged_into"],
        "warning": warning,
    }


def alert_detail(
    row: OutgoingRecord,
    alarms: Iterable[OutgoingRecord],
    commands: Iterable[Json],
    warning: Json | None,
    viewer: Viewer,
    names: UnitNames,
) -> Json:
    """Return an alert with text, signatures, evidence and caused commands.

    The commands have the form of features/commands/views.py.
    """
    open_to = opens(viewer, row["place"], row["data_grade"])
    return {
        **alert(row, viewer, names, warning),
        "text": row["body"] if open_to else "",
        "areas": [{"unit": unit, "name": names.unit(unit)} for unit in row["areas"]],
        "issued_wording": issued_words(row, names) if open_to else None,
        "signatures": [
            {
                "unit_name": names.unit(signature["unit"]),
                "post": signature["post"],
                "level": signature["level"],
                "signed_at": signature["signed_at"],
            }
            for signature in json.loads(row["signatures"])
        ],
        "debt": _debt(row, names),
        "positions": [
            {
                "unit": position["unit"],
                "unit_name": names.unit(position["unit"]),
                "at": position["at"],
                **dict.fromkeys(("level", "incident_grade", "response_level")),
                **position["assessment"],
            }
            for position in json.loads(row["positions"])
        ],
        "merged_ids": list(row["merged_ids"]),
        "report_ids": list(row["report_ids"]),
        "evidence": [alarm(record, viewer, names) for record in alarms],
        "commands": list(commands),
    }


def _debt(row: OutgoingRecord, names: UnitNames) -> Json | None:
    """Return the signatures still due after an emergency authorisation."""
    if row["debt"] is None:
        return None
    debt = json.loads(row["debt"])
    return {
        "unit": debt["unit"],
        "unit_name": names.unit(debt["unit"]),
        "approvals": debt["approvals"],
        "by_unit": debt["by_unit"],
        "by_unit_name": names.unit(debt["by_unit"]),
        "due_at": debt["due_at"],
        "chased": debt["chased"],
    }


def alarm(row: OutgoingRecord, viewer: Viewer, names: UnitNames) -> Json:
    """Return an alarm: the measurement or the sources, and the limit that was crossed.

    The words of a graded alarm are masked like an alert's.
    """
    sensor_id = row["sensor_id"]
    open_to = opens(viewer, row["place"], row["data_grade"])
    return {
        "alarm_id": row["alarm_id"],
        "level": row["level"],
        "transition": row["transition"],
        "kind": row["kind"],
        "rule_id": row["rule_id"],
        "status": row["status"],
        "score": row["score"],
        "parts": None if row["parts"] is None else json.loads(row["parts"]),
        "masked": not open_to,
        "headline": row["headline"] if open_to else "",
        "sensor_id": sensor_id,
        "sensor_name": None if sensor_id is None else names.sensor(sensor_id),
        "place": row["place"],
        "place_name": names.unit(row["place"]),
        "evidence": json.loads(row["evidence"]),
        "retrospective": row["retrospective"],
        "withdrawn": row["withdrawn"],
        "started_at": row["started_at"],
        "occurred_at": row["occurred_at"],
    }
