"""Rows of the read model in, JSON out; names added, nothing computed that a service has decided."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from services.console.core.access import Viewer, is_entitled, may_end_silence
from services.console.core.masking import opens
from services.console.core.names import Names
from services.console.core.record import Record
from services.console.core.steps import AlertFacts, further_verbs, next_of, steps_for, verbs_for
from shared.contracts.alerts import AlertState
from shared.contracts.commands import AssignmentState

Json = dict[str, Any]


def facts(row: Record) -> AlertFacts:
    """What the rules need to know of an alert's row."""
    signatures = json.loads(row["signatures"])
    debt = json.loads(row["debt"]) if row["debt"] is not None else None
    return AlertFacts(
        state=AlertState(row["state"]),
        place=row["place"],
        level=row["level"],
        proposed=row["proposed_level"],
        approver_unit=row["approver_unit"],
        approvals_needed=row["approvals_needed"],
        more_time=row["proposed_until"] is not None,
        authority_unit=row["authority_unit"],
        debtor_unit=debt["unit"] if debt is not None else None,
        authorised_by=debt["by_unit"] if debt is not None else None,
        signers=tuple(
            one["officer_id"] for one in signatures if one["level"] == row["proposed_level"]
        ),
    )


def alert(row: Record, viewer: Viewer, names: Names) -> Json:
    """One alert of the list, with the next step and what the viewer may do.

    The words of a record graded above general are left out for those it is not open to; `masked` says so.
    """
    known = facts(row)
    open_to = opens(viewer, row["place"], row["data_grade"])
    coming = next_of(known)
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
        if coming is None
        else {
            "verb": coming.verb,
            "unit": coming.unit,
            "unit_name": names.unit(coming.unit),
            "signed": coming.signed,
            "needed": coming.needed,
        },
        "may": verbs_for(viewer, known),
        "may_also": further_verbs(viewer, known),
        "proposed_until": row["proposed_until"],
        "expires_at": row["expires_at"],
        "incident_grade": row["incident_grade"],
        "response_level": row["response_level"],
        "flapping": row["flapping"],
        "merged_into": row["merged_into"],
    }


def alert_detail(
    row: Record,
    alarms: Iterable[Record],
    commands: Iterable[Record],
    viewer: Viewer,
    names: Names,
) -> Json:
    """One alert with text, signatures, the evidence of its alarms and the commands it caused."""
    open_to = opens(viewer, row["place"], row["data_grade"])
    return {
        **alert(row, viewer, names),
        "text": row["body"] if open_to else "",
        "areas": [{"unit": unit, "name": names.unit(unit)} for unit in row["areas"]],
        "signatures": [
            {
                "unit_name": names.unit(one["unit"]),
                "post": one["post"],
                "level": one["level"],
                "signed_at": one["signed_at"],
            }
            for one in json.loads(row["signatures"])
        ],
        "debt": _debt(row, names),
        "positions": [
            {
                "unit": one["unit"],
                "unit_name": names.unit(one["unit"]),
                "at": one["at"],
                **dict.fromkeys(("level", "incident_grade", "response_level")),
                **one["assessment"],
            }
            for one in json.loads(row["positions"])
        ],
        "merged_ids": list(row["merged_ids"]),
        "report_ids": list(row["report_ids"]),
        "evidence": [alarm(one, viewer, names) for one in alarms],
        "commands": [command_head(one, names) for one in commands],
    }


def _debt(row: Record, names: Names) -> Json | None:
    """The signatures that are still owed after an emergency authorisation."""
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


def silence(row: Record, viewer: Viewer, names: Names) -> Json:
    """One silence or maintenance window, with what it has hidden so far."""
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


def alarm(row: Record, viewer: Viewer, names: Names) -> Json:
    """Why: what a sensor measured, or several sources said, and the limit that was crossed. The words of
    a graded one as of an alert."""
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


def command_head(row: Record, names: Names) -> Json:
    """A command without its roll-up."""
    return {
        "command_id": row["command_id"],
        "status": row["status"],
        "version": row["version"],
        "state": row["state"],
        "alert_id": row["alert_id"],
        "event_type": row["event_type"],
        "level": row["level"],
        "root": row["root"],
        "root_name": names.unit(row["root"]),
        "issuer_unit": row["issuer_unit"],
        "issuer_name": names.unit(row["issuer_unit"]),
        "title": row["title"],
        "recipients": row["recipients"],
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "sent_at": row["sent_at"],
    }


def assignment(row: Record, viewer: Viewer, names: Names) -> Json:
    """One unit's assignment and the steps the viewer may take on it."""
    state = AssignmentState(row["state"])
    return {
        "assignment_id": row["assignment_id"],
        "command_id": row["command_id"],
        "alert_id": row["alert_id"],
        "status": row["status"],
        "version": row["version"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "unit_tier": row["unit_tier"],
        "role": row["role"],
        "state": state,
        "level": row["level"],
        "event_type": row["event_type"],
        "title": row["title"],
        "instruction": row["instruction"],
        "issuer_unit": row["issuer_unit"],
        "issuer_name": names.unit(row["issuer_unit"]),
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "attempt": row["attempt"],
        "signed_at": row["signed_at"],
        "reported_at": row["reported_at"],
        "done_at": row["done_at"],
        "late": row["late"],
        "synthetic": row["synthetic"],
        "reason": row["reason"],
        "parent_assignment_id": row["parent_assignment_id"],
        "mandatory": row["mandatory"],
        "reassigned_from": row["reassigned_from"],
        "asked": None
        if row["asked_step"] is None
        else {"step": row["asked_step"], "until": row["asked_until"], "text": row["asked_text"]},
        "suspended_until": row["suspended_until"],
        "extensions": row["extensions"],
        "original_finish_by": row["original_finish_by"],
        "children": None if row["children"] is None else json.loads(row["children"]),
        "may": steps_for(
            viewer,
            state,
            row["unit"],
            row["issuer_unit"],
            row["release_unit"],
            asked=row["asked_step"] is not None,
        ),
    }


def missing(row: Record, names: Names) -> Json:
    """A unit that has not signed, has returned, or is late, and who is being called about it."""
    return {
        "assignment_id": row["assignment_id"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "unit_tier": row["unit_tier"],
        "state": row["state"],
        "sign_by": row["sign_by"],
        "finish_by": row["finish_by"],
        "reason": row["reason"],
        "supervision": row["kind"],
        "rung": row["rung"],
        "target_name": names.unit(row["target_unit"]) if row["target_unit"] else None,
        "target_post": row["target_post"],
    }


def acknowledgement(row: Record, names: Names) -> Json:
    """A step somebody took, with what was written."""
    return {
        "step": row["step"],
        "attempt": row["attempt"],
        "unit_name": names.unit(row["officer_unit"]),
        "post": row["post"],
        "text": row["body"],
        "sent_at": row["sent_at"],
    }


def photo(row: Record, names: Names) -> Json:
    """What is known of a photo; the picture lies at /api/photos/{photo_id}."""
    return {
        "photo_id": row["photo_id"],
        "assignment_id": row["assignment_id"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "note": row["note"],
        "received_at": row["received_at"],
    }


def page(row: Record, names: Names) -> Json:
    """A page of the viewer's own."""
    return {
        "page_id": row["page_id"],
        "status": row["status"],
        "version": row["version"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "post": row["post"],
        "round": row["round"],
        "rung": row["rung"],
        "state": row["state"],
        "level": row["level"],
        "headline": row["headline"],
        "text": row["body"],
        "subject_kind": row["subject_kind"],
        "alert_id": row["alert_id"],
        "command_id": row["command_id"],
        "assignment_id": row["assignment_id"],
        "answer_by": row["answer_by"],
        "answer": row["verb"],
        "channel": row["channel"],
        "resend": row["resend"],
        "reason": row["reason"],
        "sent_at": row["sent_at"],
    }


def supervision(row: Record, names: Names) -> Json:
    """The newest firing of one clock of one open assignment."""
    return {
        "assignment_id": row["subject_id"],
        "command_id": row["command_id"],
        "status": row["status"],
        "kind": row["kind"],
        "clock": row["clock"],
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "rung": row["rung"],
        "target_unit": row["target_unit"],
        "target_name": names.unit(row["target_unit"]),
        "target_post": row["target_post"],
        "due_at": row["due_at"],
        "late_by_s": row["late_by_s"],
        "level": row["level"],
        "title": row["title"],
        "sent_at": row["sent_at"],
    }


def sensor(row: Record, names: Names) -> Json:
    """A sensor that is silent or faulty."""
    return {
        "sensor_id": row["sensor_id"],
        "name": names.sensor(row["sensor_id"]),
        "unit": row["unit"],
        "unit_name": names.unit(row["unit"]),
        "state": row["state"],
        "last_seen_at": row["last_seen_at"],
        "detail": row["detail"],
        "sent_at": row["sent_at"],
    }
