"""The statements of the checks. $1 is the maximal number of rows.

Each statement scans an index or a small table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.audit.core.conservation.balances import IN_ALERTS
from services.audit.core.findings.snapshot import (
    CommandFanout,
    FailingCarrier,
    FindingKind,
    LeasedDelivery,
    StrandedAlarm,
)
from services.audit.store.service_tables.timer_rules import OPEN_COMMAND, OPEN_OR_MERGED
from shared.contracts.fields import Status
from shared.contracts.lifecycles import digest, escalation
from shared.contracts.topics import ALERTS, PAGES, TopicSpec
from shared.runtime.sql import names

_LIVE_ESCALATION = names(escalation.LIVE)
_IN_ALERTS = ", ".join(repr(name) for name in sorted(IN_ALERTS))

_CANARY = f"'{Status.SYSTEM}'"
"""Records of the canary are neither counted nor on a screen."""
SERVICES = ("alerting", "command", "duty", "catalog", "notify", "console", "audit")
"""Schemas with an outbox, timers and stored offsets."""


def _delivery(row: Any) -> LeasedDelivery:
    return LeasedDelivery(row["page_id"], Status(row["status"]), row["lease_until"])


def _fanout(row: Any) -> CommandFanout:
    return CommandFanout(
        row["command_id"],
        Status(row["status"]),
        row["recipients"],
        row["assignments"],
        row["records"],
    )


def _stranded_alarm(row: Any) -> StrandedAlarm:
    return StrandedAlarm(row["alarm_id"], Status(row["status"]), row["disposition"])


def _carrier(row: Any) -> FailingCarrier:
    return FailingCarrier(row["channel"], row["pages"], row["error"])


TABLES: dict[str, tuple[FindingKind, str, Callable[[Any], Any]]] = {
    "deliveries": (
        FindingKind.LEASE_EXPIRED,
        "SELECT page_id, status, lease_until FROM notify.delivery "
        "WHERE state = 'sending' AND lease_until < now() ORDER BY lease_until, page_id LIMIT $1",
        _delivery,
    ),
    "fanouts": (
        FindingKind.FANOUT,
        "SELECT * FROM (SELECT c.command_id, c.status, "  # noqa: S608
        "c.recipients + c.derived_assignments AS recipients, "
        "(SELECT count(*) FROM command.assignment AS a WHERE a.command_id = c.command_id) "
        "AS assignments, coalesce(f.assignments, 0) AS records "
        "FROM command.command AS c LEFT JOIN audit.fanout AS f USING (command_id) "
        f"WHERE c.state IN {OPEN_COMMAND} AND c.status <> {_CANARY}) AS open "
        "WHERE recipients <> assignments OR recipients <> records ORDER BY command_id LIMIT $1",
        _fanout,
    ),
    # Pages refused for good are no backlog; the carrier works again when the others leave.
    "carriers": (
        FindingKind.CARRIER_FAILS,
        "SELECT channel, count(*) AS pages, left(max(last_error), 200) AS error "
        "FROM notify.delivery WHERE state = 'queued' AND attempts > 1 AND last_error IS NOT NULL "
        "GROUP BY channel HAVING count(*) >= 3 ORDER BY channel LIMIT $1",
        _carrier,
    ),
    # A hold ends by a timer (timer_rules.py), a silenced or inhibited alarm by the end of its
    # cause. An inhibited alarm is fine while any alarm of a rule that it names is on, at whatever
    # site.
    "stranded_alarms": (
        FindingKind.STRANDED,
        "SELECT alarm_id, status, disposition FROM alerting.alert_alarm AS a "
        "WHERE waiting_event IS NOT NULL "
        "AND CASE disposition WHEN 'held' THEN false WHEN 'silenced' THEN NOT EXISTS ("
        "SELECT FROM alerting.silence AS s WHERE s.silence_id = a.silence_id "
        "AND s.ended_at IS NULL) WHEN 'inhibited' THEN NOT EXISTS ("
        "SELECT FROM alerting.alert_alarm AS h WHERE h.status = a.status "
        "AND h.rule_id = ANY(a.inhibited_by) AND h.cleared_at IS NULL) ELSE true END "
        "ORDER BY alarm_id LIMIT $1",
        _stranded_alarm,
    ),
}
"""Name of the snapshot's field: kind of finding, statement, function that converts a row."""

LEAKS: dict[str, str] = {
    "topics": "SELECT record_id AS subject_id, status, subject_id AS parent_id, "
    "subject_status AS parent_status FROM audit.leak ORDER BY found_at, record_id LIMIT $1",
    "alarms": "SELECT r.alarm_id AS subject_id, r.status, a.alert_id AS parent_id, "  # noqa: S608
    "a.status AS parent_status FROM alerting.alert AS a JOIN alerting.alert_alarm AS r "
    f"USING (alert_id) WHERE a.state IN {OPEN_OR_MERGED} "
    "AND r.status <> a.status LIMIT $1",
    "reports": "SELECT r.report_id AS subject_id, r.status, a.alert_id AS parent_id, "  # noqa: S608
    "a.status AS parent_status FROM alerting.alert AS a JOIN alerting.alert_report AS r "
    f"USING (alert_id) WHERE a.state IN {OPEN_OR_MERGED} "
    "AND r.status <> a.status LIMIT $1",
    "commands": "SELECT c.command_id AS subject_id, c.status, "  # noqa: S608
    "a.alert_id AS parent_id, a.status AS parent_status "
    "FROM command.command AS c JOIN alerting.alert AS a "
    f"USING (alert_id) WHERE c.state IN {OPEN_COMMAND} AND c.status <> a.status LIMIT $1",
    "assignments": "SELECT a.assignment_id AS subject_id, a.status, "  # noqa: S608
    "c.command_id AS parent_id, c.status AS parent_status "
    "FROM command.command AS c JOIN command.assignment AS a "
    f"USING (command_id) WHERE c.state IN {OPEN_COMMAND} AND a.status <> c.status LIMIT $1",
    "ladders": "SELECT e.escalation_id AS subject_id, e.status, a.assignment_id AS parent_id, "  # noqa: S608
    "a.status AS parent_status FROM notify.escalation AS e JOIN command.assignment AS a "
    f"USING (assignment_id) WHERE e.state IN {_LIVE_ESCALATION} AND e.status <> a.status "
    "LIMIT $1",
    "ladders of alerts": "SELECT e.escalation_id AS subject_id, e.status, "  # noqa: S608
    "a.alert_id AS parent_id, a.status AS parent_status "
    "FROM notify.escalation AS e JOIN alerting.alert AS a "
    f"USING (alert_id) WHERE e.state IN {_LIVE_ESCALATION} AND e.status <> a.status LIMIT $1",
    "pages": "SELECT p.page_id AS subject_id, p.status, e.escalation_id AS parent_id, "  # noqa: S608
    "e.status AS parent_status FROM notify.escalation AS e JOIN notify.page AS p "
    f"USING (escalation_id) WHERE e.state IN {_LIVE_ESCALATION} AND p.status <> e.status "
    "LIMIT $1",
    "digests": "SELECT p.page_id AS subject_id, p.status, d.digest_id AS parent_id, "  # noqa: S608
    "d.status AS parent_status FROM notify.digest AS d JOIN notify.page AS p USING (digest_id) "
    f"WHERE d.state IN {names(digest.LIVE)} AND p.status <> d.status LIMIT $1",
}
"""Rows whose status differs from the status of their parent."""


def _by_status(topic: TopicSpec, table: str) -> tuple[str, str, str]:
    schema, kind = table.split(".")
    counted = (
        "SELECT status, sum(n)::bigint AS n FROM ("  # noqa: S608
        f"SELECT status, count(*) AS n FROM {table} GROUP BY status UNION ALL "
        f"SELECT status, n FROM {schema}.deleted_count WHERE kind = '{kind}') AS all_ "
        f"WHERE status <> {_CANARY} GROUP BY status"
    )
    return topic.name, schema, counted


COUNTS: dict[str, tuple[str, str, str]] = {
    "alerts": _by_status(ALERTS, "alerting.alert"),
    "pages": _by_status(PAGES, "notify.page"),
    "alerts on the console": _by_status(ALERTS, "console.alert"),
    "pages on the console": _by_status(PAGES, "console.page"),
}
"""Name: topic whose first versions are counted; service and statement that count them in a table.

Alarms are counted by disposition (DISPOSITIONS). Commands and assignments are not counted, because
retention deletes them when they end; open ones are compared row by row (`fanouts`, MIRRORS)."""

DISPOSITIONS = (
    "SELECT status, disposition, count(*) AS alarms, "  # noqa: S608
    "count(*) FILTER (WHERE alert_id IS NULL "
    f"AND disposition IN ({_IN_ALERTS})) AS without_alert "
    f"FROM alerting.alert_alarm WHERE status <> {_CANARY} GROUP BY status, disposition UNION ALL "
    "SELECT status, 'forgotten', n, 0 FROM alerting.deleted_count "
    f"WHERE kind = 'alarm' AND status <> {_CANARY} "
    "ORDER BY status, disposition"
)
"""The alarms by status and disposition; the topic is counted by first versions."""

MIRRORS: tuple[tuple[str, str], ...] = (
    ("alert", "alerting.alert"),
    ("command", "command.command"),
    ("assignment", "command.assignment"),
    ("page", "notify.page"),
    ("alert", "console.alert"),
    ("command", "console.command"),
    ("assignment", "console.assignment"),
    ("page", "console.page"),
)
"""Kind of subject, and a table with its newest version and state; the key is `<kind>_id`."""


def mirror(kind: str, table: str) -> str:
    """Return the query for open subjects whose row in a table differs from the topic; $1 rows."""
    return (
        "SELECT l.subject_id, l.status, l.version, l.state, "  # noqa: S608
        f"r.version AS stored_version, r.state AS stored_state "
        f"FROM audit.latest_version AS l LEFT JOIN {table} AS r "
        f"ON r.{kind}_id = l.subject_id WHERE l.kind = '{kind}' AND (r.version, r.state) "
        "IS DISTINCT FROM (l.version, l.state) ORDER BY l.subject_id LIMIT $1"
    )
