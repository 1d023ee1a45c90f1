"""The statements of the checks. $1 is the most rows wanted; all walk an index or a small table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.audit.core import snapshot as core
from services.audit.core.conservation import IN_ALERTS
from services.audit.core.snapshot import FindingKind
from services.audit.store.clocks import OPEN_COMMAND, OPEN_OR_MERGED
from shared.contracts.fields import Status
from shared.contracts.lifecycles import digest, ladder
from shared.contracts.topics import ALERTS, PAGES, TopicSpec
from shared.runtime.sql import names

_LIVE_LADDER = names(ladder.LIVE)

SERVICES = ("alerting", "command", "duty", "notify", "console", "audit")
"""Schemas with an outbox, timers and stored offsets."""


def _lease(row: Any) -> core.Lease:
    return core.Lease(row["page_id"], Status(row["status"]), row["lease_until"])


def _fanout(row: Any) -> core.Fanout:
    return core.Fanout(
        row["command_id"],
        Status(row["status"]),
        row["recipients"],
        row["assignments"],
        row["records"],
    )


def _stranded(row: Any) -> core.Stranded:
    return core.Stranded(row["alarm_id"], Status(row["status"]), row["disposition"])


TABLES: dict[str, tuple[FindingKind, str, Callable[[Any], Any]]] = {
    "leases": (
        FindingKind.LEASE_EXPIRED,
        "SELECT page_id, status, lease_until FROM notify.delivery "
        "WHERE state = 'sending' AND lease_until < now() ORDER BY lease_until, page_id LIMIT $1",
        _lease,
    ),
    "fanouts": (
        FindingKind.FANOUT,
        "SELECT * FROM (SELECT c.command_id, c.status, c.recipients + c.given_on AS recipients, "  # noqa: S608
        "(SELECT count(*) FROM command.assignment AS a WHERE a.command_id = c.command_id) "
        "AS assignments, coalesce(f.assignments, 0) AS records "
        "FROM command.command AS c LEFT JOIN audit.fanout AS f USING (command_id) "
        f"WHERE c.state IN {OPEN_COMMAND}) AS open "
        "WHERE recipients <> assignments OR recipients <> records ORDER BY command_id LIMIT $1",
        _fanout,
    ),
    # Holds end by a timer (clocks.py), these by what they wait for. Of inhibition it is asked only whether
    # any alarm of a rule it names is on, wherever that is.
    "stranded": (
        FindingKind.STRANDED,
        "SELECT alarm_id, status, disposition FROM alerting.alert_alarm AS a WHERE held IS NOT NULL "
        "AND CASE disposition WHEN 'held' THEN false WHEN 'silenced' THEN NOT EXISTS ("
        "SELECT FROM alerting.silence AS s WHERE s.silence_id = a.silence_id "
        "AND s.ended_at IS NULL) WHEN 'inhibited' THEN NOT EXISTS ("
        "SELECT FROM alerting.alert_alarm AS h WHERE h.status = a.status "
        "AND h.rule_id = ANY(a.inhibited_by) AND h.cleared_at IS NULL) ELSE true END "
        "ORDER BY alarm_id LIMIT $1",
        _stranded,
    ),
}
"""Name: kind of finding, statement, how a row becomes a part of the snapshot."""

LEAKS: dict[str, str] = {
    "topics": "SELECT record_id AS subject_id, status, subject_id AS other, "
    "subject_status AS other_status FROM audit.leak ORDER BY found_at, record_id LIMIT $1",
    "alarms": "SELECT r.alarm_id AS subject_id, r.status, a.alert_id AS other, "  # noqa: S608
    "a.status AS other_status FROM alerting.alert AS a JOIN alerting.alert_alarm AS r "
    f"USING (alert_id) WHERE a.state IN {OPEN_OR_MERGED} "
    "AND r.status <> a.status LIMIT $1",
    "reports": "SELECT r.report_id AS subject_id, r.status, a.alert_id AS other, "  # noqa: S608
    "a.status AS other_status FROM alerting.alert AS a JOIN alerting.alert_report AS r "
    f"USING (alert_id) WHERE a.state IN {OPEN_OR_MERGED} "
    "AND r.status <> a.status LIMIT $1",
    "commands": "SELECT c.command_id AS subject_id, c.status, a.alert_id AS other, "  # noqa: S608
    "a.status AS other_status FROM command.command AS c JOIN alerting.alert AS a "
    f"USING (alert_id) WHERE c.state IN {OPEN_COMMAND} AND c.status <> a.status LIMIT $1",
    "assignments": "SELECT a.assignment_id AS subject_id, a.status, c.command_id AS other, "  # noqa: S608
    "c.status AS other_status FROM command.command AS c JOIN command.assignment AS a "
    f"USING (command_id) WHERE c.state IN {OPEN_COMMAND} AND a.status <> c.status LIMIT $1",
    "ladders": "SELECT l.ladder_id AS subject_id, l.status, a.assignment_id AS other, "  # noqa: S608
    "a.status AS other_status FROM notify.ladder AS l JOIN command.assignment AS a "
    f"USING (assignment_id) WHERE l.state IN {_LIVE_LADDER} AND l.status <> a.status "
    "LIMIT $1",
    "ladders of alerts": "SELECT l.ladder_id AS subject_id, l.status, a.alert_id AS other, "  # noqa: S608
    "a.status AS other_status FROM notify.ladder AS l JOIN alerting.alert AS a "
    f"USING (alert_id) WHERE l.state IN {_LIVE_LADDER} AND l.status <> a.status LIMIT $1",
    "pages": "SELECT p.page_id AS subject_id, p.status, l.ladder_id AS other, "  # noqa: S608
    "l.status AS other_status FROM notify.ladder AS l JOIN notify.page AS p USING (ladder_id) "
    f"WHERE l.state IN {_LIVE_LADDER} AND p.status <> l.status LIMIT $1",
    "digests": "SELECT p.page_id AS subject_id, p.status, d.digest_id AS other, "  # noqa: S608
    "d.status AS other_status FROM notify.digest AS d JOIN notify.page AS p USING (digest_id) "
    f"WHERE d.state IN {names(digest.LIVE)} AND p.status <> d.status LIMIT $1",
}
"""Whatever hangs on something of another status. $1 is the most rows wanted."""


def _by_status(topic: TopicSpec, table: str) -> tuple[str, str, str]:
    schema, kind = table.split(".")
    counted = (
        "SELECT status, sum(n)::bigint AS n FROM ("  # noqa: S608
        f"SELECT status, count(*) AS n FROM {table} GROUP BY status UNION ALL "
        f"SELECT status, n FROM {schema}.deleted_count WHERE kind = '{kind}') AS all_ GROUP BY status"
    )
    return topic.name, schema, counted


COUNTS: dict[str, tuple[str, str, str]] = {
    "alerts": _by_status(ALERTS, "alerting.alert"),
    "pages": _by_status(PAGES, "notify.page"),
    "alerts on the console": _by_status(ALERTS, "console.alert"),
    "pages on the console": _by_status(PAGES, "console.page"),
}
"""Name: topic whose first versions are counted, service and statement that count the same in a table.

Alarms are counted by what became of them (EVIDENCE). Not of commands and assignments: retention deletes those that are over. The open ones are compared one by
one (`fanouts`, MIRRORS)."""

EVIDENCE = (
    "SELECT status, disposition, count(*) AS alarms, count(*) FILTER (WHERE alert_id IS NULL "  # noqa: S608
    f"AND disposition IN ({', '.join(repr(IN_ALERT) for IN_ALERT in sorted(IN_ALERTS))})) AS nowhere "
    "FROM alerting.alert_alarm GROUP BY status, disposition UNION ALL "
    "SELECT status, 'forgotten', n, 0 FROM alerting.deleted_count WHERE kind = 'alarm' "
    "ORDER BY status, disposition"
)
"""What became of the alarms: their first versions are counted on the topic."""

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
"""Kind of subject, table that holds its newest version and state; its key is `<kind>_id`."""


def mirror(kind: str, table: str) -> str:
    """Open subjects of which a table says other than the topic; $1 rows."""
    return (
        "SELECT l.subject_id, l.status, l.version, l.state, r.version AS stored_version, "  # noqa: S608
        f"r.state AS stored_state FROM audit.latest AS l LEFT JOIN {table} AS r "
        f"ON r.{kind}_id = l.subject_id WHERE l.kind = '{kind}' AND (r.version, r.state) "
        "IS DISTINCT FROM (l.version, l.state) ORDER BY l.subject_id LIMIT $1"
    )
