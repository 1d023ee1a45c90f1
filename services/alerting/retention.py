"""Retention of alerting: alerts that ended long ago with their evidence, and loose records."""

from __future__ import annotations

from datetime import timedelta

from services.alerting.core.alerts.states import FINAL
from shared.contracts.fields import Status
from shared.runtime.retention import (
    CANARY_RETENTION,
    RetentionTask,
    insert_of_deleted_counts,
)
from shared.runtime.sql import names

_ENDED = names(FINAL)
_FAMILY = "ANY(ARRAY(SELECT alert_id FROM family))"

_ALERTS_AND_ALARMS = {"alert": "alerts", "alarm": "alarms"}


def retention_tasks(keep_days: int) -> list[RetentionTask]:
    """Return all retention tasks; rows are kept for `keep_days` days after their end."""
    duration = timedelta(days=keep_days)
    return [
        delete_alerts(duration),
        delete_alerts(CANARY_RETENTION, canary=True),
        delete_alarms(duration),
        *delete_loose_records(duration),
    ]


def delete_alerts(keep: timedelta, *, canary: bool = False) -> RetentionTask:
    """Delete ended alerts with all that was merged into them; with `canary`, those of the canary.

    An alert with an alarm that is still on stays.
    """
    condition = f"status = '{Status.SYSTEM}'" if canary else "true"
    return RetentionTask(
        "ended_alerts_canary" if canary else "ended_alerts",
        "WITH RECURSIVE old AS (SELECT alert_id FROM alerting.alert AS a "  # noqa: S608
        f"WHERE merged_into IS NULL AND state IN {_ENDED} AND {condition} "
        "AND changed_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM alerting.alert_alarm AS e WHERE e.alert_id = a.alert_id "
        "AND e.cleared_at IS NULL AND NOT e.withdrawn) ORDER BY alert_id LIMIT $2 FOR UPDATE), "
        "family AS (SELECT alert_id FROM old UNION SELECT c.alert_id FROM alerting.alert AS c "
        "JOIN family AS f ON c.merged_into = f.alert_id), "
        f"{_delete_evidence('alert_alarm', 'alarms')}, "
        f"{_delete_evidence('alert_report', 'reports')}, "
        f"signatures AS (DELETE FROM alerting.signature WHERE alert_id = {_FAMILY}), "
        f"alerts AS (DELETE FROM alerting.alert WHERE alert_id = {_FAMILY} RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('alerting', _ALERTS_AND_ALARMS)}) "
        "SELECT FROM old",
        keep,
        limit=500,
    )


def delete_alarms(keep: timedelta) -> RetentionTask:
    """Delete alarms that are over and led to no alert."""
    return RetentionTask(
        "loose_alarms",
        "WITH alarms AS (DELETE FROM alerting.alert_alarm WHERE alarm_id = ANY(ARRAY("  # noqa: S608
        "SELECT alarm_id FROM alerting.alert_alarm "
        "WHERE alert_id IS NULL AND waiting_event IS NULL "
        "AND (cleared_at IS NOT NULL OR withdrawn) AND changed_at < now() - $1::interval "
        "ORDER BY alarm_id LIMIT $2 FOR UPDATE)) RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('alerting', {'alarm': 'alarms'})}) "
        "SELECT FROM alarms",
        keep,
    )


def delete_loose_records(keep: timedelta) -> list[RetentionTask]:
    """Delete reports that led to no alert, ended silences that hide no alarm, and old warnings."""
    conditions = {
        "alert_report": ("report_id", "alert_id IS NULL AND observed_at < now() - $1::interval"),
        "silence": (
            "silence_id",
            "ended_at < now() - $1::interval AND NOT EXISTS (SELECT FROM alerting.alert_alarm AS a "
            "WHERE a.silence_id = silence.silence_id AND a.waiting_event IS NOT NULL)",
        ),
        "warning": (
            "warning_id",
            "observed_at < now() - $1::interval AND (withdrawn OR ends_at < now() - $1::interval)",
        ),
    }
    return [
        RetentionTask(
            f"old_{table}s",
            f"DELETE FROM alerting.{table} WHERE {key} = ANY(ARRAY("  # noqa: S608
            f"SELECT {key} FROM alerting.{table} WHERE {condition} ORDER BY {key} LIMIT $2 "
            "FOR UPDATE)) RETURNING 1",
            keep,
        )
        for table, (key, condition) in conditions.items()
    ]


def _delete_evidence(table: str, name: str) -> str:
    """Return the parts of a statement that delete the evidence of the deleted alerts.

    Evidence that a deleted alert gave to another one gets that alert as its origin.
    """
    return (
        f"{name} AS (DELETE FROM alerting.{table} "  # noqa: S608
        f"WHERE alert_id = {_FAMILY} RETURNING status), "
        f"{name}_moved AS (UPDATE alerting.{table} SET origin_alert_id = alert_id "
        f"WHERE origin_alert_id = {_FAMILY} AND NOT coalesce(alert_id = {_FAMILY}, false))"
    )
