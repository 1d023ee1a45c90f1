"""The read models: bulk upserts in which only a newer version wins, whatever the order of arrival."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.runtime.database import Transaction

Row = Mapping[str, Any]

_SCHEMA = "console"


@dataclass(frozen=True)
class Projection:
    """One table: its columns with their SQL types, its key, and when an arriving row wins.

    `newer` compares `excluded` with `old`; None = the first row stays.
    """

    table: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    newer: str | None = "excluded.version > old.version"

    @cached_property
    def statement(self) -> str:
        """One INSERT for any number of rows: each parameter is an array, one per column.

        Arrays of text travel as JSON, since an array of arrays has to be rectangular.
        """
        names = ", ".join(self.columns)
        arrays = ", ".join(
            f"${n}::{'jsonb' if kind.endswith('[]') else kind}[]"
            for n, kind in enumerate(self.columns.values(), start=1)
        )
        values = ", ".join(
            f"ARRAY(SELECT jsonb_array_elements_text(given.{name}))"
            if kind.endswith("[]")
            else f"given.{name}"
            for name, kind in self.columns.items()
        )
        conflict = "DO NOTHING"
        if self.newer:
            changes = ", ".join(
                f"{name} = excluded.{name}" for name in self.columns if name not in self.key
            )
            conflict = f"DO UPDATE SET {changes} WHERE {self.newer}"
        return (
            f"INSERT INTO {_SCHEMA}.{self.table} AS old ({names}) SELECT {values} "  # noqa: S608
            f"FROM unnest({arrays}) AS given({names}) ON CONFLICT ({', '.join(self.key)}) {conflict}"
        )


_HEAD = {"status": "text", "version": "int"}
_SENT = {"sent_at": "timestamptz"}

ALARM = Projection(
    "alarm",
    {
        "alarm_id": "text",
        **_HEAD,
        **dict.fromkeys(("place", "sensor_id", "rule_id", "kind", "transition", "level"), "text"),
        "score": "int",
        "parts": "jsonb",
        "headline": "text",
        "evidence": "jsonb",
        **dict.fromkeys(("retrospective", "withdrawn"), "boolean"),
        **dict.fromkeys(("started_at", "occurred_at"), "timestamptz"),
        "data_grade": "text",
        **_SENT,
    },
    ("alarm_id",),
)
ALERT = Projection(
    "alert",
    {
        "alert_id": "text",
        **_HEAD,
        **dict.fromkeys(("state", "event_type", "place"), "text"),
        "areas": "text[]",
        **dict.fromkeys(("level", "proposed_level", "approver_unit"), "text"),
        "approvals_needed": "int",
        "authority_unit": "text",
        **dict.fromkeys(("proposed_until", "expires_at"), "timestamptz"),
        "debt": "jsonb",
        **dict.fromkeys(("incident_grade", "response_level"), "text"),
        "positions": "jsonb",
        "flapping": "boolean",
        "merged_into": "text",
        "merged_ids": "text[]",
        "incident_id": "text",
        "alarm_ids": "text[]",
        "report_ids": "text[]",
        "distinct_sources": "int",
        "score": "int",
        "signatures": "jsonb",
        **dict.fromkeys(("headline", "body", "transition", "data_grade"), "text"),
        "occurred_at": "timestamptz",
        "trace_id": "text",
        **_SENT,
    },
    ("alert_id",),
)
SILENCE = Projection(
    "silence",
    {
        "silence_id": "text",
        **_HEAD,
        **dict.fromkeys(("kind", "place", "event_type", "rule_id", "sensor_id"), "text"),
        **dict.fromkeys(("unit", "owner", "reason"), "text"),
        **dict.fromkeys(("begin_at", "end_at", "ended_at"), "timestamptz"),
        **dict.fromkeys(("silenced", "still_firing"), "int"),
        "trace_id": "text",
        **_SENT,
    },
    ("silence_id",),
)
COMMAND = Projection(
    "command",
    {
        "command_id": "text",
        **_HEAD,
        **dict.fromkeys(("state", "alert_id", "event_type", "level", "root"), "text"),
        **dict.fromkeys(("issuer_unit", "title", "instruction"), "text"),
        "recipients": "int",
        **dict.fromkeys(("sign_by", "finish_by", "occurred_at"), "timestamptz"),
        **dict.fromkeys(("data_grade", "trace_id"), "text"),
        **_SENT,
    },
    ("command_id",),
)
ASSIGNMENT = Projection(
    "assignment",
    {
        **dict.fromkeys(("assignment_id", "command_id", "alert_id"), "text"),
        **_HEAD,
        **dict.fromkeys(("unit", "unit_tier", "role", "state", "level", "event_type"), "text"),
        **dict.fromkeys(("title", "instruction", "issuer_unit"), "text"),
        **dict.fromkeys(("sign_by", "finish_by"), "timestamptz"),
        "attempt": "int",
        **dict.fromkeys(("signed_at", "reported_at", "done_at"), "timestamptz"),
        **dict.fromkeys(("late", "synthetic"), "boolean"),
        **dict.fromkeys(("reason", "parent_assignment_id", "release_unit"), "text"),
        **dict.fromkeys(("reassigned_from", "asked_step", "asked_text"), "text"),
        "mandatory": "boolean",
        **dict.fromkeys(("asked_until", "suspended_until"), "timestamptz"),
        "extensions": "int",
        "original_finish_by": "timestamptz",
        "children": "jsonb",
        **dict.fromkeys(("data_grade", "trace_id"), "text"),
        **_SENT,
    },
    ("assignment_id",),
)
ACKNOWLEDGEMENT = Projection(
    "acknowledgement",
    {
        **dict.fromkeys(("id", "assignment_id", "status", "step"), "text"),
        "attempt": "int",
        **dict.fromkeys(("officer_id", "officer_unit", "post", "body"), "text"),
        **_SENT,
    },
    ("id",),
    None,
)
SUPERVISION = Projection(
    "supervision",
    {
        **dict.fromkeys(("subject_id", "clock", "status", "kind"), "text"),
        "gravity": "int",
        **dict.fromkeys(("command_id", "unit"), "text"),
        "rung": "int",
        **dict.fromkeys(("target_unit", "target_post"), "text"),
        "due_at": "timestamptz",
        "late_by_s": "double precision",
        **dict.fromkeys(("level", "title", "data_grade"), "text"),
        **_SENT,
    },
    ("subject_id", "clock"),
    "(excluded.due_at, excluded.gravity) > (old.due_at, old.gravity)",
)
PAGE = Projection(
    "page",
    {
        "page_id": "text",
        **_HEAD,
        **dict.fromkeys(("officer_id", "unit", "post", "channel"), "text"),
        **dict.fromkeys(("round", "rung"), "int"),
        **dict.fromkeys(("state", "level", "headline", "body", "subject_kind"), "text"),
        **dict.fromkeys(("subject_id", "alert_id", "command_id", "assignment_id"), "text"),
        "answer_by": "timestamptz",
        "resend": "boolean",
        **dict.fromkeys(("reason", "data_grade"), "text"),
        "occurred_at": "timestamptz",
        "trace_id": "text",
        **_SENT,
    },
    ("page_id",),
)
ANSWER = Projection(
    "answer",
    {**dict.fromkeys(("page_id", "status", "officer_id", "verb", "body"), "text"), **_SENT},
    ("page_id", "status"),
    # A person may come after having said no; which answer counts is notify's matter, we show the last.
    "excluded.sent_at > old.sent_at",
)
MODE = Projection(
    "mode",
    {
        **dict.fromkeys(("status", "unit"), "text"),
        "version": "int",
        "mode": "text",
        "decided_by": "text[]",
        "proposal_id": "text",
        "until": "timestamptz",
        "reason": "text",
        **_SENT,
    },
    ("status", "unit"),
)
MODE_PROPOSAL = Projection(
    "mode_proposal",
    {
        "proposal_id": "text",
        **_HEAD,
        **dict.fromkeys(("state", "unit", "mode"), "text"),
        **dict.fromkeys(("until", "decide_by"), "timestamptz"),
        "proposed_by": "text",
        "signatures": "jsonb",
        "next_posts": "text[]",
        **dict.fromkeys(("alert_id", "reason", "trace_id"), "text"),
        **_SENT,
    },
    ("proposal_id",),
)
SENSOR = Projection(
    "sensor",
    {
        "sensor_id": "text",
        **_HEAD,
        **dict.fromkeys(("state", "unit"), "text"),
        "last_seen_at": "timestamptz",
        "detail": "text",
        **_SENT,
    },
    ("status", "sensor_id"),
)
DUTY_ENTRY = Projection(
    "duty_entry",
    {
        **dict.fromkeys(("unit", "entry_id"), "text"),
        "version": "int",
        "place": "bigint",
        "cancelled": "boolean",
        "over_at": "timestamptz",
        **dict.fromkeys(("rule", "actor"), "text"),
        **_SENT,
    },
    ("unit", "entry_id"),
)
DUTY_COVERAGE = Projection(
    "duty_coverage",
    {
        **dict.fromkeys(("unit", "post", "gaps"), "text"),
        "gap_count": "int",
        "headline": "text",
        **dict.fromkeys(("begins_at", "ends_at"), "timestamptz"),
        **_SENT,
    },
    ("unit", "post"),
    "excluded.sent_at > old.sent_at",
)
REACHABILITY = Projection(
    "reachability",
    {"officer_id": "text", "version": "int", "channels": "text", **_SENT},
    ("officer_id",),
)


REPORT = Projection(
    "report",
    {
        **dict.fromkeys(("id", "incident_id", "status", "kind"), "text"),
        "number": "int",
        **dict.fromkeys(("means", "from_unit", "to_unit", "origin_unit", "place"), "text"),
        **dict.fromkeys(("event_type", "reporter_role", "headline", "body"), "text"),
        "restricted": "boolean",
        "follows": "text",
        "facts": "jsonb",
        "occurred_at": "timestamptz",
        **_SENT,
    },
    ("id",),
    None,
)
REPORT_DUTY = Projection(
    "report_duty",
    {
        "duty_id": "text",
        **_HEAD,
        **dict.fromkeys(("alert_id", "incident_id", "event_type", "place"), "text"),
        **dict.fromkeys(("unit", "to_unit"), "text"),
        "skip_level": "boolean",
        **dict.fromkeys(("level", "title", "state"), "text"),
        **dict.fromkeys(("started_at", "phone_due", "phone_at"), "timestamptz"),
        **dict.fromkeys(("written_due", "written_at", "follow_up_due"), "timestamptz"),
        **dict.fromkeys(("follow_ups", "follow_ups_late"), "int"),
        **dict.fromkeys(("final_due", "final_at"), "timestamptz"),
        "reason": "text",
        "counted": "jsonb",
        **_SENT,
    },
    ("duty_id",),
)

CASE_REVIEW = Projection(
    "case_review",
    {
        **dict.fromkeys(("case_id", "review_id", "status", "officer_id"), "text"),
        **dict.fromkeys(("officer_unit", "post", "body"), "text"),
        "findings": "jsonb",
        "trace_id": "text",
        **_SENT,
    },
    ("case_id",),
    # A review is written once.
    None,
)
CASE_EVENT = Projection(
    "case_event",
    {
        "thread": "text",
        "at": "timestamptz",
        **dict.fromkeys(("event_id", "status", "kind", "what", "part", "subject_id"), "text"),
        "version": "int",
        **dict.fromkeys(("unit", "tier", "actor"), "text"),
        "late": "boolean",
        "told": "jsonb",
    },
    ("thread", "at", "event_id"),
    None,
)


async def hold_assignments(work: Transaction, ids: Collection[str]) -> None:
    """Lock these assignments in one order, before any of them or of their firings is written.

    Whoever writes a firing locks its assignment (deploy/migrations/sql): after the assignments of the same
    batch that would be a second round, and two transactions could wait for each other.
    """
    await work.connection.execute(
        "SELECT 1 FROM console.assignment WHERE assignment_id = ANY($1::text[]) "
        "ORDER BY assignment_id FOR NO KEY UPDATE",
        list(ids),
    )


async def upsert(work: Transaction, projection: Projection, rows: Sequence[Row]) -> None:
    """Write `rows`, at most one per key, in one statement."""
    if rows:
        columns = [
            [json.dumps(row[name]) if kind.endswith("[]") else row[name] for row in rows]
            for name, kind in projection.columns.items()
        ]
        await work.connection.execute(projection.statement, *columns)
