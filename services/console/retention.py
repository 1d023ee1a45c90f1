"""Retention of the read models: rows that are older than their time are deleted."""

from __future__ import annotations

from datetime import timedelta

from services.console.core.limits_drafts import LIVE
from services.console.settings import Settings
from services.console.store.conditions import OPEN_ALERT, OPEN_COMMAND, ends_warning
from shared.contracts.lifecycles import alert, mode_proposal, page, report_duty
from shared.runtime.retention import RetentionTask, delete_rows, insert_of_deleted_counts
from shared.runtime.sql import names

TABLES_OF_COMMANDS = ("assignment", "supervision", "photo")
"""Tables whose rows are deleted with their command (column `command_id`)."""
KEEP_REVIEWS = timedelta(days=3_660)
"""A review is worth reading for ten years, and there is at most one of each case."""
KEEP_LIMITS_DRAFTS = KEEP_REVIEWS
"""The history of limits has what was withdrawn, too."""
KEEP_HISTORY = timedelta(days=32)
"""The charts reach back for thirty days."""
KEEP_CALLS = timedelta(days=732)
"""Two years of data calls: a month is compared with that of the year before."""
_OLD = "sent_at < now() - $1::interval"

_DELETES = ", ".join(
    f"{table}_gone AS (DELETE FROM console.{table} "  # noqa: S608 - our own names
    "WHERE command_id IN (SELECT command_id FROM old))"
    for table in TABLES_OF_COMMANDS
)


def forget_commands(keep: timedelta) -> RetentionTask:
    """Return the task that deletes finished commands; an open command stays at any age."""
    return RetentionTask(
        "ended_commands",
        "WITH old AS (SELECT command_id FROM console.command "  # noqa: S608
        f"WHERE NOT ({OPEN_COMMAND}) AND sent_at < now() - $1::interval LIMIT $2), "
        "written_gone AS (DELETE FROM console.acknowledgement WHERE assignment_id IN ("
        "SELECT assignment_id FROM console.assignment WHERE command_id IN ("
        f"SELECT command_id FROM old))), {_DELETES} "
        "DELETE FROM console.command WHERE command_id IN (SELECT command_id FROM old) RETURNING 1",
        keep,
        # A command may have 75,000 recipients, which takes a second to delete.
        limit=5,
    )


def forget_case_facts(keep: timedelta) -> RetentionTask:
    """Return the task that deletes facts of cases; the facts of an open command stay."""
    return RetentionTask(
        "case_facts",
        "DELETE FROM console.case_fact WHERE ctid = ANY(ARRAY(SELECT e.ctid "  # noqa: S608
        "FROM console.case_fact e WHERE e.at < now() - $1::interval AND NOT EXISTS ("
        f"SELECT 1 FROM console.command WHERE command_id = e.thread AND {OPEN_COMMAND}) "
        "LIMIT $2)) RETURNING 1",
        keep,
    )


def forget_alerts(keep: timedelta) -> RetentionTask:
    """Return the task that deletes ended alerts; the alert of an open command stays."""
    return RetentionTask(
        "ended_alerts",
        "WITH old AS (SELECT alert_id FROM console.alert AS a "  # noqa: S608 - our own names
        f"WHERE state IN {names(alert.FINAL)} AND {_OLD} AND NOT EXISTS (SELECT "
        f"FROM console.command AS c WHERE c.alert_id = a.alert_id AND c.{OPEN_COMMAND}) LIMIT $2), "
        "alerts AS (DELETE FROM console.alert WHERE alert_id IN (SELECT alert_id FROM old) "
        "RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('console', {'alert': 'alerts'})}) "
        "SELECT FROM alerts",
        keep,
    )


def forget_pages(keep: timedelta) -> RetentionTask:
    """Return the task that deletes pages that wait for nothing, with their answers."""
    return RetentionTask(
        "ended_pages",
        "WITH old AS (SELECT page_id FROM console.page "  # noqa: S608 - our own names
        f"WHERE state NOT IN {names(page.WAITING)} AND {_OLD} LIMIT $2), "
        "answers AS (DELETE FROM console.answer WHERE page_id IN (SELECT page_id FROM old)), "
        "pages AS (DELETE FROM console.page WHERE page_id IN (SELECT page_id FROM old) "
        "RETURNING status), "
        f"counted AS ({insert_of_deleted_counts('console', {'page': 'pages'})}) "
        "SELECT FROM pages",
        keep,
    )


def forget_report_duties(keep: timedelta) -> RetentionTask:
    """Return the task that deletes duties to report that are over, with their firings."""
    return RetentionTask(
        "ended_report_duties",
        "WITH old AS (SELECT duty_id FROM console.report_duty "  # noqa: S608 - our own names
        f"WHERE state IN {names(report_duty.FINAL)} AND {_OLD} LIMIT $2), "
        "firings AS (DELETE FROM console.supervision "
        "WHERE command_id IS NULL AND subject_id IN (SELECT duty_id FROM old)) "
        "DELETE FROM console.report_duty WHERE duty_id IN (SELECT duty_id FROM old) RETURNING 1",
        keep,
    )


def forget_facts_of_alerts(keep: timedelta) -> list[RetentionTask]:
    """Return the tasks for alarms, warnings, silences, reports, proposals, entries that are over.

    An alarm of an open alert stays, and a report of its incident. A message that ends a warning of
    another agency goes after the warning, which would hold again without it; a warning that was
    ended long ago goes before its own end.
    """
    of_open_alerts = f"(SELECT unnest(alarm_ids) FROM console.alert WHERE {OPEN_ALERT})"  # noqa: S608
    conditions = {
        "alarm": f"{_OLD} AND (transition = 'cleared' OR withdrawn OR retrospective) "
        f"AND alarm_id NOT IN {of_open_alerts}",
        "agency_warning": f"{_OLD} AND (ends_at < now() - $1::interval OR EXISTS "  # noqa: S608
        "(SELECT FROM console.agency_warning AS f "
        f"WHERE f.{_OLD} AND {ends_warning('f', 'agency_warning')})) "
        "AND NOT EXISTS (SELECT FROM console.agency_warning AS w "
        "WHERE w.warning_id <> agency_warning.warning_id "
        f"AND {ends_warning('agency_warning', 'w')})",
        "silence": "ended_at < now() - $1::interval",
        "report": f"{_OLD} AND NOT EXISTS (SELECT FROM console.alert AS a "
        f"WHERE a.incident_id = report.incident_id AND a.{OPEN_ALERT})",
        "mode_proposal": f"{_OLD} AND state IN {names(mode_proposal.FINAL)}",
        "duty_entry": "over_at < now() - $1::interval",
    }
    return [
        delete_rows(f"old_{table}", f"console.{table}", condition, keep)
        for table, condition in conditions.items()
    ]


def forget_incident_photos(keep: timedelta) -> RetentionTask:
    """Return the task for photos of incidents; the photos of an open alert stay."""
    return delete_rows(
        "incident_photos",
        "console.photo",
        "incident_id IS NOT NULL AND received_at < now() - $1::interval AND NOT EXISTS (SELECT "
        f"FROM console.alert AS a WHERE a.incident_id = photo.incident_id AND a.{OPEN_ALERT})",
        keep,
    )


def forget_reviews() -> RetentionTask:
    """Return the task for reviews of cases after ten years."""
    return delete_rows("case_reviews", "console.case_review", _OLD, KEEP_REVIEWS)


def forget_limits_drafts() -> RetentionTask:
    """Return the task for drafts of limits that are published or withdrawn."""
    return delete_rows(
        "limits_drafts",
        "console.limits_draft",
        f"state NOT IN {names(LIVE)} AND changed_at < now() - $1::interval",
        KEEP_LIMITS_DRAFTS,
    )


def forget_sensor_history() -> RetentionTask:
    """Return the task for the history of sensors, also of a replay of past years."""
    return _by_age("sensor_history", "sensor_history", "written_at", KEEP_HISTORY)


def forget_load(keep: timedelta) -> list[RetentionTask]:
    """Return the tasks for the counts of readings, alarms, alerts and pages by day."""
    return [_by_age(f"old_{table}", table, "day", keep) for table in ("load_count", "page_count")]


def forget_data_calls() -> RetentionTask:
    """Return the task for data calls after two years."""
    return _by_age("old_data_call", "data_call", "day", KEEP_CALLS)


def forget_feed(keep: timedelta) -> RetentionTask:
    """Return the task for old events of the feed."""
    return _by_age("feed", "feed", "created_at", keep)


def forget_actions(keep: timedelta) -> RetentionTask:
    """Return the task that deletes acts of officers; a repeat of a deleted act is a new act."""
    return _by_age("actions", "action", "created_at", keep)


def forget_sign_ins() -> list[RetentionTask]:
    """Return the tasks that delete expired tickets, sessions and unfinished sign-ins."""
    tables = ("ticket", "session", "oidc_login")
    return [_by_age(f"expired_{table}", table, "expires_at", timedelta()) for table in tables]


def retention_tasks(settings: Settings) -> list[RetentionTask]:
    """Return all tasks of the console."""
    commands = timedelta(days=settings.keep_commands_days)
    return [
        forget_commands(commands),
        forget_case_facts(commands),
        forget_alerts(commands),
        forget_pages(commands),
        forget_report_duties(commands),
        *forget_facts_of_alerts(commands),
        forget_incident_photos(commands),
        forget_reviews(),
        forget_limits_drafts(),
        forget_sensor_history(),
        *forget_load(commands),
        forget_data_calls(),
        forget_feed(timedelta(hours=settings.keep_feed_hours)),
        forget_actions(timedelta(days=settings.keep_acts_days)),
        *forget_sign_ins(),
    ]


def _by_age(name: str, table: str, column: str, keep: timedelta) -> RetentionTask:
    return delete_rows(name, f"console.{table}", f"{column} < now() - $1::interval", keep)
