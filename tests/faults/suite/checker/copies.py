"""I2, I4 and I6: no person sees anything twice, versions are complete, one answer is the first."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.suite.checker.evidence import Evidence, Json
from tests.faults.suite.checker.violation import Invariant, Violation

AGGREGATES = {
    "alarm.events.v1": "alarm_id",
    "alert.lifecycle.v1": "alert_id",
    "command.lifecycle.v1": "command_id",
    "command.assignments.v1": "assignment_id",
    "duty.pages.v1": "page_id",
}
"""Topics whose records are versions of an aggregate."""
_WRITERS_TIME = ("sent_at", "trace_id")
_FEED = {
    "alert": "alert.lifecycle.v1",
    "command": "command.lifecycle.v1",
    "supervision": "supervision.events.v1",
    "page": "duty.pages.v1",
}
"""Lines of the feed that stand for one record each."""


def versions(evidence: Evidence) -> Iterator[Violation]:
    """Yield gaps, repeats and reversals among the versions of each aggregate."""
    for topic, name in AGGREGATES.items():
        latest: dict[str, int] = defaultdict(int)
        for record in evidence.first_records(topic):
            value = record["value"]
            subject, version = value[name], value["version"]
            if version != latest[subject] + 1:
                detail = f"{topic}: {version} after {latest[subject]}"
                yield Violation(Invariant.ORDER, "version_out_of_order", subject, detail)
            latest[subject] = max(latest[subject], version)


def two_bodies(evidence: Evidence) -> Iterator[Violation]:
    """Yield records of one id with different contents."""
    for topic, records in evidence.by_topic.items():
        if topic.endswith(".dlq"):
            continue
        bodies: dict[str, str] = {}
        for record in records:
            identifier = record["value"].get("id")
            if identifier is None:
                continue
            body = _body(record["value"])
            if bodies.setdefault(identifier, body) != body:
                yield Violation(Invariant.NO_DUPLICATE, "two_bodies_of_one_id", identifier, topic)


def _body(value: Json) -> str:
    fields = {name: value[name] for name in value if name not in _WRITERS_TIME}
    return json.dumps(fields, sort_keys=True)


def repeated_calls(evidence: Evidence) -> Iterator[Violation]:
    """Yield pages that arrived again without the mark of a repeat, and calls with two pages."""
    arrivals, marked = Counter[str](), Counter[str]()
    end = evidence.run["ended_at"]
    for line in evidence.carrier:
        if line["at"] > end:
            continue
        arrivals[line["page_id"]] += 1
        marked[line["page_id"]] += bool(line["resend"])
    for page_id, count in arrivals.items():
        if count - marked[page_id] > 1:
            yield Violation(
                Invariant.NO_DUPLICATE, "page_repeated_without_mark", page_id, f"{count} times"
            )
    published = {record["value"]["page_id"] for record in evidence.records("duty.pages.v1")}
    # A page of the last moment is in the table and not yet on its topic.
    committed = {row["page_id"] for row in evidence.rows("page")}
    for page_id in arrivals.keys() - published - committed:
        yield Violation(Invariant.NO_PHANTOM, "page_not_published", page_id)
    calls: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for record in evidence.first_records("duty.pages.v1"):
        value = record["value"]
        if value["version"] == 1:
            cause = ",".join(value.get("references", ())[:1]) or value["subject_id"]
            place = [str(value.get(name, 1)) for name in ("officer_id", "channel", "rung", "round")]
            calls[cause, *place].add(value["page_id"])
    for (cause, *_), pages in calls.items():
        if len(pages) > 1:
            detail = " ".join(sorted(pages))
            yield Violation(Invariant.NO_DUPLICATE, "two_pages_for_one_call", cause, detail)


def repeated_assignments(evidence: Evidence) -> Iterator[Violation]:
    """Yield units with two assignments of one command."""
    units: dict[tuple[str, str], set[str]] = defaultdict(set)
    for value in evidence.latest("command.assignments.v1", "assignment_id").values():
        if value.get("part") is None and value.get("reassigned_from") is None:
            units[value["command_id"], value["unit"]].add(value["assignment_id"])
    for (command_id, unit), ids in units.items():
        if len(ids) > 1:
            yield Violation(Invariant.NO_DUPLICATE, "two_assignments_of_one_unit", command_id, unit)


def repeated_lines(evidence: Evidence) -> Iterator[Violation]:
    """Yield kinds of which the feed of the screens has more lines than records were read."""
    lines = Counter(row["kind"] for row in evidence.rows("feed"))
    records = Counter(row["topic"] for row in evidence.rows("inbox") if row["service"] == "console")
    for kind, topic in _FEED.items():
        if lines[kind] > records[topic]:
            detail = f"{lines[kind]} lines, {records[topic]} records"
            yield Violation(Invariant.NO_DUPLICATE, "feed_line_repeated", kind, detail)


def first_answers(evidence: Evidence) -> Iterator[Violation]:
    """I6: yield assignments with two first signatures, pages that were answered twice."""
    signed: dict[tuple[str, int], set[str]] = defaultdict(set)
    for record in evidence.first_records("command.assignments.v1"):
        value = record["value"]
        if value.get("signed_at"):
            signed[value["assignment_id"], value.get("attempt", 1)].add(value["signed_at"])
    for (assignment_id, attempt), times in signed.items():
        if len(times) > 1:
            detail = f"attempt {attempt}: {sorted(times)}"
            yield Violation(Invariant.FIRST_ANSWER, "two_first_signatures", assignment_id, detail)
    states: dict[str, list[str]] = defaultdict(list)
    for record in evidence.first_records("duty.pages.v1"):
        states[record["value"]["page_id"]].append(record["value"]["state"])
    for page_id, sequence in states.items():
        answers = sum(
            state == "answered" and before != "answered"
            for before, state in zip(["", *sequence], sequence, strict=False)
        )
        if answers > 1:
            yield Violation(Invariant.FIRST_ANSWER, "page_answered_twice", page_id)


def unsigned_signatures(evidence: Evidence) -> Iterator[Violation]:
    """I3: yield assignments that are signed though nobody signed."""
    steps = {
        (record["value"]["assignment_id"], record["value"].get("attempt", 1))
        for record in evidence.records("command.acknowledgements.v1")
    }
    for record in evidence.first_records("command.assignments.v1"):
        value = record["value"]
        if (
            value.get("signed_at")
            and (value["assignment_id"], value.get("attempt", 1)) not in steps
        ):
            yield Violation(Invariant.NO_PHANTOM, "signed_by_nobody", value["assignment_id"])
