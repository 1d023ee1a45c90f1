"""What alerting forgets: alerts that ended long ago with their evidence, and what led to none."""

from __future__ import annotations

from datetime import timedelta

from services.alerting.core.states import FINAL
from shared.runtime.retention import RetentionTask, insert_of_deleted_counts
from shared.runtime.sql import names

_ENDED = names(FINAL)
_FAMILY = "ANY(ARRAY(SELECT alert_id FROM family))"


def _evidence(table: str, gone: str) -> str:
    """Delete what is in the alerts that go; what was only grouped there once is at home where it is."""
    return (
        f"{gone} AS (DELETE FROM alerting.{table} WHERE alert_id = {_FAMILY} RETURNING status), "  # noqa: S608
        f"{gone}_moved AS (UPDATE alerting.{table} SET home_id = alert_id "
        f"WHERE home_id = {_FAMILY} AND NOT coalesce(alert_id = {_FAMILY}, false))"
    )


def forget_alerts(keep: timedelta) -> RetentionTask:
    """Alerts that are over, with what was merged into them; one with an alarm that is still on stays."""
    return RetentionTask(
        "ended_alerts",
        "WITH RECURSIVE old AS (SELECT alert_id FROM alerting.alert AS a "  # noqa: S608
        f"WHERE merged_into IS NULL AND state IN {_ENDED} AND changed_at < now() - $1::interval "
        "AND NOT EXISTS (SELECT FROM alerting.alert_alarm AS e WHERE e.alert_id = a.alert_id "
        "AND e.cleared_at IS NULL AND NOT e.withdrawn) ORDER BY alert_id LIMIT $2 FOR UPDATE), "
        "family AS (SELECT alert_id FROM old UNION SELECT c.alert_id FROM alerting.alert AS c "
        "JOIN family AS f ON c.merged_into = f.alert_id), "
        f"{_evidence('alert_alarm', 'alarms')}, {_evidence('alert_report', 'reports')}, "
        f"signed AS (DELETE FROM alerting.signature WHERE alert_id = {_FAMILY}), "
        f"alerts AS (DELETE FROM alerting.alert WHERE alert_id = {_FAMILY} RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('alerting', {'alert': 'alerts', 'alarm': 'alarms'})}) "
        "SELECT FROM old",
        keep,
        limit=500,
    )


def forget_alarms(keep: timedelta) -> RetentionTask:
    """Alarms that led to no alert and are over."""
    return RetentionTask(
        "loose_alarms",
        "WITH alarms AS (DELETE FROM alerting.alert_alarm WHERE alarm_id = ANY(ARRAY("  # noqa: S608
        "SELECT alarm_id FROM alerting.alert_alarm WHERE alert_id IS NULL AND held IS NULL "
        "AND (cleared_at IS NOT NULL OR withdrawn) AND changed_at < now() - $1::interval "
        "ORDER BY alarm_id LIMIT $2 FOR UPDATE)) RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('alerting', {'alarm': 'alarms'})}) SELECT FROM alarms",
        keep,
    )


def forget_rest(keep: timedelta) -> list[RetentionTask]:
    """Reports that led to no alert, silences that ended and hide nothing, warnings."""
    conditions = {
        "alert_report": ("report_id", "alert_id IS NULL AND heard_at < now() - $1::interval"),
        "silence": (
            "silence_id",
            "ended_at < now() - $1::interval AND NOT EXISTS (SELECT FROM alerting.alert_alarm AS a "
            "WHERE a.silence_id = silence.silence_id AND a.held IS NOT NULL)",
        ),
        "warning": (
            "warning_id",
            "heard_at < now() - $1::interval AND (withdrawn OR ends_at < now() - $1::interval)",
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
