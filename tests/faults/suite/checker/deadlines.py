"""I5: what is due happens once, never before its time, and never not at all."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.faults.suite.checker.evidence import Evidence, Json, timestamp
from tests.faults.suite.checker.violation import Invariant, Violation

_CLOCKS_APART_S = 0.1
"""Postgres' clock fires a timer, Kafka's clock dates its record: both are of one machine."""
_SLACK_S = 15.0
"""A timer that was due so long before the end has fired, or never will."""
_WAITING = ("queued", "sent", "delivered", "read")
_PASSED_ON = ("cannot", "hand_over", "need_help")
_DUE_KINDS = ("overdue", "reminded", "escalated")


def timers(evidence: Evidence) -> Iterator[Violation]:
    """Yield timers that fired early, have failed, or are armed past their time."""
    end = evidence.run["ended_at"]
    for row in evidence.rows("timer"):
        subject = f"{row['service']} {row['kind']}:{row['subject_id']}:{row['rung']}"
        due = timestamp(row["due_at"])
        if row["fired_at"] and timestamp(row["fired_at"]) < due:
            yield Violation(Invariant.DEADLINE, "timer_early", subject)
        if row["state"] == "failed":
            yield Violation(Invariant.DEADLINE, "timer_missed", subject, row.get("error") or "")
        if row["state"] == "armed" and due < end - _SLACK_S:
            detail = f"{end - due:.0f} s overdue at the end"
            yield Violation(Invariant.DEADLINE, "timer_missed", subject, detail)


def supervision(evidence: Evidence) -> Iterator[Violation]:
    """Yield supervision before its time, twice for one rung, or none for an overdue unit."""
    firings: Counter[tuple[str, str, str]] = Counter()
    for record in evidence.first_records("supervision.events.v1"):
        value = record["value"]
        if value["kind"] in _DUE_KINDS and record["at"] < timestamp(value["due_at"]) - (
            _CLOCKS_APART_S
        ):
            yield Violation(Invariant.DEADLINE, "supervision_early", value["id"])
        firings[value["subject_id"], value["clock"], value["kind"]] += 1
    for (subject, clock, kind), count in firings.items():
        if kind == "overdue" and count > 1 and not _attempts(evidence, subject) > 1:
            detail = f"{clock}: {count} times"
            yield Violation(Invariant.DEADLINE, "overdue_twice", subject, detail)
    end = evidence.run["ended_at"]
    for assignment_id, value in evidence.latest("command.assignments.v1", "assignment_id").items():
        unsigned = value["state"] == "delivered" and not value.get("signed_at")
        due = timestamp(value["sign_by"]) < end - _SLACK_S
        if unsigned and due and not firings[assignment_id, "sign", "overdue"]:
            yield Violation(Invariant.DEADLINE, "supervision_missed", assignment_id)


def _attempts(evidence: Evidence, assignment_id: str) -> int:
    value = evidence.latest("command.assignments.v1", "assignment_id").get(assignment_id, {})
    return int(value.get("attempt", 1))


def ladders(evidence: Evidence) -> Iterator[Violation]:
    """Yield calls to the next post before the answer was due, and calls that stay unanswered."""
    history: dict[str, list[Json]] = defaultdict(list)
    for record in evidence.first_records("duty.pages.v1"):
        history[record["value"]["page_id"]].append(record)
    escalations = {row["page_id"]: row["escalation_id"] for row in evidence.rows("page")}
    passed_on = {
        (escalations.get(value["page_id"]), *_place(history[value["page_id"]][0]["value"]))
        for value in (record["value"] for record in evidence.records("duty.answers.v1"))
        if value["verb"] in _PASSED_ON and value["page_id"] in history
    }
    calls: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for page_id, records in history.items():
        value = records[0]["value"]
        if value["version"] == 1 and page_id in escalations and value["subject_kind"] != "digest":
            calls[escalations[page_id], value["channel"]].append(records[0])
    for (escalation_id, _), group in calls.items():
        group.sort(key=lambda record: record["at"])
        for before, after in itertools.pairwise(group):
            if (escalation_id, *_place(before["value"])) not in passed_on:
                yield from _early(before, after, history)
    end = evidence.run["ended_at"]
    for page_id, records in history.items():
        value = records[-1]["value"]
        if value["state"] in _WAITING:
            overdue_s = end - timestamp(value["answer_by"])
            if overdue_s > _SLACK_S and value.get("digest_id") is None:
                yield Violation(
                    Invariant.DEADLINE, "call_missed", page_id, f"{overdue_s:.0f} s overdue"
                )


def silences(evidence: Evidence) -> Iterator[Violation]:
    """Yield sensors whose silence, when all fell silent together, nobody noticed."""
    last: dict[str, list[float]] = defaultdict(list)
    for record in evidence.records("sensing.readings.v1"):
        value = record["value"]
        if value.get("sensor_id") is not None:
            last[value["sensor_id"]].append(timestamp(value["occurred_at"]))
    notices: dict[str, list[float]] = defaultdict(list)
    for record in evidence.records("sensing.health.v1"):
        if record["value"]["state"] == "silent":
            notices[record["value"]["sensor_id"]].append(record["at"])
    for strike in evidence.nemeses:
        if strike.get("nemesis") != "silence":
            continue
        began, ended = strike["began_at"], strike["ended_at"]
        for sensor, times in last.items():
            alive = any(began - _SLACK_S < at < began for at in times)
            if alive and not any(began < at < ended + _SLACK_S for at in notices[sensor]):
                yield Violation(Invariant.DEADLINE, "silence_missed", sensor)


def _early(before: Json, after: Json, history: Mapping[str, list[Json]]) -> Iterator[Violation]:
    """Yield the call `after` when it climbed before the call `before` was due.

    A call that has ended otherwise has no time any more; a digest has a time of its own.
    """
    value, next_value = before["value"], after["value"]
    climbed = _place(next_value) > _place(value)
    page_id = value["page_id"]
    ended = any(
        record["value"]["state"] in ("failed", "answered", "withdrawn")
        and record["at"] <= after["at"]
        for record in history[page_id]
    )
    early_s = timestamp(value["answer_by"]) - after["at"]
    if climbed and not ended and early_s > _CLOCKS_APART_S and value.get("digest_id") is None:
        detail = f"{early_s:.2f} s before {page_id} was due"
        yield Violation(Invariant.DEADLINE, "call_early", next_value["page_id"], detail)


def _place(value: Json) -> tuple[int, int]:
    """Return rung and round of a call."""
    return value.get("rung", 0), value.get("round", 1)
