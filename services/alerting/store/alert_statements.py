"""The statements of the alert repository."""

from __future__ import annotations

from services.alerting.core.alerts.states import FINAL
from services.alerting.store.alert_rows import ALERT, SIGNATURE
from services.alerting.store.evidence_rows import ALARM, REPORT
from shared.runtime.sql import names

NOT_FINAL = f"state NOT IN {names(FINAL)}"
"""The predicate of the index alert_open, word for word: Postgres infers the index from it."""


def _insert(table: str, columns: tuple[str, ...], on_conflict: str = "") -> str:
    values = ", ".join(f"${position}" for position in range(1, len(columns) + 1))
    names = ", ".join(columns)
    return f"INSERT INTO alerting.{table} ({names}) VALUES ({values}) {on_conflict}"  # noqa: S608


INSERT_ALERT = _insert(
    "alert",
    ALERT,
    f"ON CONFLICT (status, event_type, scope) WHERE {NOT_FINAL} DO NOTHING RETURNING alert_id",
)
UPDATE_ALERT = (
    "UPDATE alerting.alert SET "  # noqa: S608 - only the column names of ALERT
    + ", ".join(f"{name} = ${position}" for position, name in enumerate(ALERT, 1) if position > 1)
    + " WHERE alert_id = $1"
)
TOUCH_ALERTS = "UPDATE alerting.alert SET version = version WHERE alert_id = ANY($1::text[])"
TRANSACTION_ID = "SELECT pg_current_xact_id()::xid"
SAVE_ALARM = _insert(
    "alert_alarm",
    ALARM,
    "ON CONFLICT (alarm_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in ALARM[1:]),
)
INSERT_REPORT = _insert("alert_report", REPORT)
INSERT_SIGNATURE = _insert("signature", SIGNATURE, "ON CONFLICT DO NOTHING")
LOCK_ALERTS = (
    "WITH RECURSIVE family AS (SELECT alert_id, merged_into FROM alerting.alert "  # noqa: S608
    f"WHERE alert_id = ANY($1::text[]) OR ({NOT_FINAL} AND (status, event_type, scope) IN "
    "(SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))) "
    "UNION SELECT a.alert_id, a.merged_into FROM alerting.alert AS a JOIN family AS f "
    "ON a.alert_id = f.merged_into OR a.merged_into = f.alert_id) "
    "SELECT *, xmin AS written_by FROM alerting.alert "
    "WHERE alert_id IN (SELECT alert_id FROM family) ORDER BY alert_id FOR UPDATE"
)
ALARMS_BY_ID = "SELECT * FROM alerting.alert_alarm WHERE alarm_id = ANY($1::text[])"
WAITING_ALARMS = (
    "SELECT * FROM alerting.alert_alarm WHERE waiting_event IS NOT NULL AND cleared_at IS NULL "
    "AND status = $1 AND place >= $2 AND place < $3 AND inhibited_by && $4::text[]"
)
SILENCED_ALARMS = (
    "SELECT alarm_id FROM alerting.alert_alarm WHERE silence_id = ANY($1::text[]) "
    "AND waiting_event IS NOT NULL AND cleared_at IS NULL AND disposition = 'silenced'"
)
RAISES = (
    "SELECT a.status, a.rule_id, a.source_key, a.began_at FROM "
    "unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) "
    "AS w (status, rule, source, since) "
    "JOIN alerting.alert_alarm AS a ON a.status = w.status AND a.rule_id = w.rule "
    "AND a.source_key = w.source AND a.began_at > w.since WHERE NOT a.withdrawn"
)
SIGNATURES = (
    "SELECT * FROM alerting.signature WHERE alert_id = ANY($1::text[]) "
    "ORDER BY signed_at, officer_id"
)
MOVE_EVIDENCE = (
    "UPDATE alerting.{table} AS e SET alert_id = $1, origin_alert_id = n.origin FROM "
    "unnest($2::text[], $3::text[]) AS n (id, origin) WHERE e.{key} = n.id"
)
PLACES_OF_ALERTS = (
    "SELECT DISTINCT status, place FROM alerting.alert "
    "WHERE alert_id = ANY($1::text[]) OR alert_id IN "
    "(SELECT merged_into FROM alerting.alert WHERE alert_id = ANY($1::text[]))"
)
