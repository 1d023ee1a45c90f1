"""The last known state of alerts, assignments and duties to report."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from services.notify.core.subjects.snapshots import (
    AlertSnapshot,
    AssignmentPhase,
    AssignmentSnapshot,
    ReportDutySnapshot,
)
from services.notify.core.working_set import WorkingSet
from services.notify.store.columns import columns
from shared.contracts.fields import Level
from shared.runtime.database import Transaction


async def load_alerts(
    transaction: Transaction, alert_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Add the snapshots of these alerts to the working set."""
    if not alert_ids:
        return
    rows = await transaction.connection.fetch(
        "SELECT alert_id, status, version, level, proposed_level, recalled FROM notify.alert "
        "WHERE alert_id = ANY($1::text[])",
        list(alert_ids),
    )
    for row in rows:
        level, proposed = (
            Level(value) if value else None for value in (row["level"], row["proposed_level"])
        )
        snapshot = AlertSnapshot(
            row["alert_id"], row["status"], row["version"], level, proposed, row["recalled"]
        )
        working_set.alerts[snapshot.alert_id] = snapshot


async def load_assignments(
    transaction: Transaction, assignment_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Add the snapshots of these assignments to the working set."""
    if not assignment_ids:
        return
    rows = await transaction.connection.fetch(
        "SELECT assignment_id, status, version, attempt, phase FROM notify.assignment "
        "WHERE assignment_id = ANY($1::text[])",
        list(assignment_ids),
    )
    for row in rows:
        snapshot = AssignmentSnapshot(
            row["assignment_id"],
            row["status"],
            row["version"],
            row["attempt"],
            AssignmentPhase(row["phase"]),
        )
        working_set.assignments[snapshot.assignment_id] = snapshot


async def load_report_duties(
    transaction: Transaction, duty_ids: Collection[str], working_set: WorkingSet
) -> None:
    """Add the snapshots of these duties to report to the working set."""
    if not duty_ids:
        return
    rows = await transaction.connection.fetch(
        "SELECT duty_id, status, version, dues FROM notify.report_duty "
        "WHERE duty_id = ANY($1::text[])",
        list(duty_ids),
    )
    for row in rows:
        dues = {clock: datetime.fromisoformat(at) for clock, at in json.loads(row["dues"]).items()}
        snapshot = ReportDutySnapshot(row["duty_id"], row["status"], row["version"], dues)
        working_set.report_duties[snapshot.duty_id] = snapshot


async def save(transaction: Transaction, working_set: WorkingSet) -> None:
    """Write the changed snapshots."""
    if working_set.changed_alerts:
        await transaction.connection.execute(
            "INSERT INTO notify.alert "
            "(alert_id, status, version, level, proposed_level, recalled) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], "
            "$6::bool[]) ON CONFLICT (alert_id) DO UPDATE SET version = EXCLUDED.version, "
            "level = EXCLUDED.level, proposed_level = EXCLUDED.proposed_level, "
            "recalled = EXCLUDED.recalled, changed_at = now()",
            *columns(
                working_set.changed_alerts.values(),
                ["alert_id", "status", "version", "level", "proposed_level", "recalled"],
            ),
        )
    if working_set.changed_assignments:
        await transaction.connection.execute(
            "INSERT INTO notify.assignment (assignment_id, status, version, attempt, phase) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[]) "
            "ON CONFLICT (assignment_id) DO UPDATE SET version = EXCLUDED.version, "
            "attempt = EXCLUDED.attempt, phase = EXCLUDED.phase, changed_at = now()",
            *columns(
                working_set.changed_assignments.values(),
                ["assignment_id", "status", "version", "attempt", "phase"],
            ),
        )
    for snapshot in working_set.changed_report_duties.values():
        dues = {clock: at.isoformat() for clock, at in snapshot.dues.items()}
        await transaction.connection.execute(
            "INSERT INTO notify.report_duty (duty_id, status, version, dues) "
            "VALUES ($1, $2, $3, $4) ON CONFLICT (duty_id) DO UPDATE SET "
            "version = EXCLUDED.version, dues = EXCLUDED.dues, changed_at = now()",
            snapshot.duty_id,
            snapshot.status,
            snapshot.version,
            json.dumps(dues),
        )
