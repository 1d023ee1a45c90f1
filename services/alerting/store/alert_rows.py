"""Rows of alerts and signatures: the only place that names their columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from services.alerting.core.alerts.alert import (
    AlarmEvidence,
    Alert,
    FlappingState,
    ReportEvidence,
)
from shared.contracts.alerts import AlertState, Debt, Signature, Stance
from shared.contracts.fields import DataGrade, Level, Post, ResponseMode, Status
from shared.contracts.wordings import AlertWording
from shared.domain.response_modes.effective import Effective

Row = tuple[Any, ...]
_STANCES: TypeAdapter[tuple[Stance, ...]] = TypeAdapter(tuple[Stance, ...])

ALERT = (
    *("alert_id", "version", "status", "state", "event_type", "scope", "place", "incident_id"),
    *("level", "proposed_level", "requested_level", "approver_unit", "approvals_needed"),
    *("round", "issued_round", "verified_by", "sources", "kinds", "score", "headline", "areas"),
    *("proposed_until", "expires_at", "pending_ratification", "positions"),
    *("wording", "issued_wording"),
    *("flapping_level", "flapping_until", "flapping_mode", "flapping_mode_version"),
    *("flapping_mode_unit", "merged_into", "state_before_merge", "merged_alerts"),
    *("data_grade", "changed_at"),
)
SIGNATURE = ("alert_id", "round", "officer_id", "status", "unit", "post", "level", "signed_at")


def alert_row(alert: Alert, now: datetime) -> Row:
    """Return the values in the order of ALERT."""
    ratification = alert.pending_ratification
    return (
        *(alert.alert_id, alert.version, alert.status, alert.state, alert.event_type, alert.scope),
        *(alert.place, alert.incident_id, alert.level, alert.proposed_level),
        *(alert.requested_level, alert.requirement.unit, alert.requirement.approvals),
        *(alert.round, alert.issued_round, alert.verified_by, alert.sources, alert.kinds),
        *(alert.score, alert.headline, list(alert.areas), alert.proposed_until, alert.expires_at),
        None if ratification is None else ratification.model_dump_json(exclude_none=True),
        _STANCES.dump_json(alert.positions, exclude_none=True).decode(),
        *(_json(alert.wording), _json(alert.issued_wording)),
        *_flapping_values(alert.flapping),
        *(alert.merged_into, alert.state_before_merge),
        [" ".join(pair) for pair in alert.merged_alerts],
        *(alert.grade, now),
    )


def signature_rows(alert: Alert) -> list[Row]:
    """Return the signatures of the present proposal, and those that put the level in force."""
    in_force = alert.proposed_level if alert.round == alert.issued_round else alert.level
    return [
        (
            *(alert.alert_id, round_, signature.officer_id, alert.status, signature.unit),
            *(signature.post, level, signature.signed_at),
        )
        for round_, level, signatures in (
            (alert.issued_round, in_force, alert.issuing_signatures),
            (alert.round, alert.proposed_level, alert.signatures),
        )
        for signature in signatures
    ]


def alert_from_row(
    row: asyncpg.Record,
    alarms: tuple[AlarmEvidence, ...],
    reports: tuple[ReportEvidence, ...],
    signatures: Sequence[asyncpg.Record],
) -> Alert:
    """Return an alert from its row, its evidence and the rows of its signatures."""
    level = _level(row["level"])
    by_round: dict[int, tuple[Signature, ...]] = {}
    for signature_row in signatures:
        signature = _signature(signature_row, level)
        round_ = signature_row["round"]
        by_round[round_] = (*by_round.get(round_, ()), signature)
    in_force = row["round"] == row["issued_round"]
    ratification, previous_state = row["pending_ratification"], row["state_before_merge"]
    return Alert(
        alert_id=row["alert_id"],
        status=Status(row["status"]),
        event_type=row["event_type"],
        scope=row["scope"],
        place=row["place"],
        incident_id=row["incident_id"],
        grade=DataGrade(row["data_grade"]),
        version=row["version"],
        state=AlertState(row["state"]),
        level=level,
        proposed_level=_level(row["proposed_level"]),
        requested_level=_level(row["requested_level"]),
        round=row["round"],
        issued_round=row["issued_round"],
        verified_by=row["verified_by"],
        sources=row["sources"],
        kinds=row["kinds"],
        headline=row["headline"],
        areas=tuple(row["areas"]),
        alarms=alarms,
        reports=reports,
        signatures=() if in_force else by_round.get(row["round"], ()),
        issuing_signatures=by_round.get(row["issued_round"], ()),
        proposed_until=row["proposed_until"],
        expires_at=row["expires_at"],
        pending_ratification=(None if ratification is None else Debt.from_wire(ratification)),
        positions=_STANCES.validate_json(row["positions"], extra="ignore"),
        wording=_wording(row["wording"]),
        issued_wording=_wording(row["issued_wording"]),
        flapping=_flapping_from_row(row),
        merged_into=row["merged_into"],
        state_before_merge=None if previous_state is None else AlertState(previous_state),
        merged_alerts=tuple(_pair(text) for text in row["merged_alerts"]),
    )


def _json(wording: AlertWording | None) -> str | None:
    return None if wording is None else wording.to_wire().decode()


def _wording(text: str | None) -> AlertWording | None:
    return None if text is None else AlertWording.from_wire(text)


def _flapping_values(flapping: FlappingState | None) -> Row:
    if flapping is None:
        return (None,) * 5
    mode = flapping.mode
    return (flapping.level, flapping.until, mode.mode, mode.version, mode.unit)


def _flapping_from_row(row: asyncpg.Record) -> FlappingState | None:
    if row["flapping_level"] is None:
        return None
    mode = Effective(
        ResponseMode(row["flapping_mode"]), row["flapping_mode_version"], row["flapping_mode_unit"]
    )
    return FlappingState(Level(row["flapping_level"]), row["flapping_until"], mode)


def _pair(text: str) -> tuple[str, str]:
    child, parent = text.split(" ")
    return child, parent


def _signature(row: asyncpg.Record, issued: Level | None) -> Signature:
    # The contract has no signature under "no level": a lifting is signed under the level it ends.
    level = _level(row["level"]) or issued
    assert level is not None, "only an issued alert is lifted"
    return Signature(
        officer_id=row["officer_id"],
        unit=row["unit"],
        post=Post(row["post"]),
        level=level,
        signed_at=row["signed_at"],
    )


def _level(value: str | None) -> Level | None:
    return None if value is None else Level(value)
