"""I1 behind the topics: every record reached its readers, every accepted act had its effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence, timestamp
from tests.faults.suite.checker.violation import Invariant, Violation

_NEVER = frozenset(
    [
        "handler_error",
        "schema",
        "not_json",
        "id_conflict",
        "unknown_sensor",
        "unknown_subject",
        "wrong_partition",
        "key_mismatch",
        "bad_header",
        "not_finite",
        "invalid_rule",
        "unit_mismatch",
        "datum_mismatch",
        "future_time",
        "too_large",
    ]
)
"""Reasons with which no valid record may be refused; the generators send valid records only."""
_OVER = ("recalled", "waived", "reassigned", "suspended")
_SLACK_S = 30.0


def unread(evidence: Evidence) -> Iterator[Violation]:
    """Yield each record that a reader has passed without a trace, or has not reached."""
    inboxes: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in evidence.rows("inbox"):
        inboxes[row["service"]].add((row["topic"], row["event_id"]))
    offsets = {
        (row["service"], row["topic"], row["part"]): row["next_offset"]
        for row in evidence.rows("consumer_offset")
    }
    excused = evidence.refused_places | evidence.lost_places
    for (service, topic, part), next_offset in offsets.items():
        for record in evidence.records(topic):
            if record["partition"] != part:
                continue
            place = (service, topic, part, record["offset"])
            identifier = record["value"].get("id")
            if record["offset"] >= next_offset:
                yield Violation(
                    Invariant.PROGRESS, "not_read_at_the_end", "/".join(map(str, place))
                )
            elif (topic, identifier) not in inboxes[service] and (place not in excused):
                yield Violation(
                    Invariant.NO_LOSS, "record_without_trace", f"{service} {identifier}", topic
                )


def refused(evidence: Evidence) -> Iterator[Violation]:
    """Yield each valid record that lies in the dead letters."""
    for letter in evidence.letters:
        if letter["reason"] in _NEVER:
            place = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
            yield Violation(
                Invariant.NO_LOSS,
                f"refused_as_{letter['reason']}",
                f"{letter['service']} {place}",
                letter.get("detail", ""),
            )
    yield from _late_readings(evidence)


def _late_readings(evidence: Evidence) -> Iterator[Violation]:
    """Yield readings refused as late that had no earlier copy and were not late when sent."""
    records = {
        (record["partition"], record["offset"]): record
        for record in evidence.records("sensing.readings.v1")
    }
    firsts: dict[str, int] = {}
    for (_, offset), record in records.items():
        identifier = record["value"].get("id")
        firsts[identifier] = min(firsts.get(identifier, offset), offset)
    for letter in evidence.letters:
        if letter["reason"] != "too_late" or letter["topic"] != "sensing.readings.v1":
            continue
        letter_record = records.get((letter["partition"], letter["offset"]))
        if letter_record is None:
            continue
        value = letter_record["value"]
        age_s = letter_record["at"] - timestamp(value["occurred_at"])
        if firsts[value["id"]] == letter["offset"] and age_s < evidence.run["lateness_s"]:
            yield Violation(
                Invariant.NO_LOSS, "refused_as_too_late", value["id"], f"{age_s:.1f} s old"
            )


def without_effect(evidence: Evidence) -> Iterator[Violation]:
    """Yield each accepted act that changed nothing, though nothing refused it."""
    letters = {
        (letter["topic"], letter["partition"], letter["offset"]) for letter in evidence.letters
    }
    refused_ids = {
        record["value"].get("id")
        for record in evidence.topics
        if (record["topic"], record["partition"], record["offset"]) in letters
    }
    of_alerting = refused_ids | evidence.lost_ids("alerting")
    of_command = refused_ids | evidence.lost_ids("command")
    late = {row["acknowledgement_id"] for row in evidence.rows("late_acknowledgement")}
    assignments = evidence.latest("command.assignments.v1", "assignment_id")
    causes = _causes(evidence)
    for line in evidence.accepted("signature"):
        assignment_id, step, *_ = line["key"].split("|")
        value = assignments.get(assignment_id, {})
        signed = value.get("signed_at") or value.get("attempt", 1) > 1
        open_ = step == "sign" and not signed and value.get("state") not in _OVER
        if open_ and line["id"] not in late | of_command:
            yield Violation(Invariant.NO_LOSS, "signature_without_effect", line["key"])
    for line in evidence.accepted("decision"):
        if line["id"] not in causes | of_alerting:
            yield Violation(Invariant.NO_LOSS, "decision_without_effect", line["key"])
    titles = {
        value["title"]: value
        for value in evidence.latest("command.lifecycle.v1", "command_id").values()
    }
    for line in evidence.accepted("command"):
        absent = "|" not in line["key"] and line["title"] not in titles
        if absent and line["id"] not in of_command:
            yield Violation(Invariant.NO_LOSS, "command_without_effect", line["key"])
    of_duty = refused_ids | evidence.lost_ids("duty")
    entries = {record["value"]["entry_id"] for record in evidence.records("duty.entries.v1")}
    for line in evidence.accepted("handover"):
        if line["key"] not in entries and line["id"] not in of_duty:
            yield Violation(Invariant.NO_LOSS, "handover_without_effect", line["key"])


def _causes(evidence: Evidence) -> set[str]:
    """Return the ids of the records that alerts name as the cause of a change."""
    return {
        reference
        for record in evidence.records("alert.lifecycle.v1")
        for reference in record["value"].get("references", ())
    }


def incomplete(evidence: Evidence) -> Iterator[Violation]:
    """Yield commands without all assignments, rows that never left, pages that never arrived."""
    units: dict[str, set[str]] = defaultdict(set)
    for value in evidence.latest("command.assignments.v1", "assignment_id").values():
        units[value["command_id"]].add(value["assignment_id"])
    for command_id, value in evidence.latest("command.lifecycle.v1", "command_id").items():
        wanted_count = value["recipients"] + value.get("given_on", 0)
        if len(units[command_id]) != wanted_count:
            yield Violation(
                Invariant.NO_LOSS,
                "assignments_missing",
                command_id,
                f"{len(units[command_id])} of {wanted_count}",
            )
    end = evidence.run["ended_at"]
    for row in evidence.rows("outbox"):
        if timestamp(row["created_at"]) < end - _SLACK_S:
            yield Violation(
                Invariant.NO_LOSS, "outbox_row_stuck", f"{row['service']} {row['event_id']}"
            )
    arrived = {line["page_id"] for line in evidence.carrier}
    for row in evidence.rows("delivery"):
        if row["channel"] != "webhook":
            continue
        if row["state"] == "sent" and row["page_id"] not in arrived:
            yield Violation(Invariant.NO_LOSS, "page_never_arrived", row["page_id"])
        waiting = row["state"] in ("queued", "sending")
        if waiting and timestamp(row["next_at"]) < end - _SLACK_S:
            yield Violation(Invariant.NO_LOSS, "delivery_stuck", row["page_id"])
    published = {record["value"]["page_id"] for record in evidence.records("duty.pages.v1")}
    for row in evidence.rows("page"):
        old = timestamp(row["created_at"]) < end - _SLACK_S
        if old and row["page_id"] not in published:
            yield Violation(Invariant.NO_LOSS, "page_not_on_topic", row["page_id"])
