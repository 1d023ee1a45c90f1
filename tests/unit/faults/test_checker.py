"""The checker of `make faults` can fail: every planted violation is found, a healthy run is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.suite.checker.evidence import Evidence, load
from tests.faults.suite.checker.judgement import figures, judge, kinds, table
from tests.faults.suite.checker.progress import STILL_S
from tests.faults.suite.checker.violation import Invariant
from tests.unit.faults.healthy_run import END, START, healthy, iso

Json = dict[str, Any]
Plant = Callable[[Evidence], object]


def records(files: Evidence, topic: str, **fields: Any) -> list[Json]:
    """Return the records of a topic whose values have these fields."""
    return [
        record
        for record in files.topics
        if record["topic"] == topic
        and all(record["value"].get(name) == value for name, value in fields.items())
    ]


def drop(topic: str, **fields: Any) -> Plant:
    """Remove records from a topic and what their readers know of them."""

    def plant(files: Evidence) -> None:
        for record in records(files, topic, **fields):
            files.topics.remove(record)

    return plant


def change(topic: str, fields: Json, at: float | None = None, **update: Any) -> Plant:
    """Change records of a topic."""

    def plant(files: Evidence) -> None:
        matches = records(files, topic, **fields)
        assert matches
        for record in matches:
            record["value"] |= update
            if at is not None:
                record["at"] = START + at

    return plant


def repeat(topic: str, fields: Json, **update: Any) -> Plant:
    """Add a changed copy of a record at the end of its topic."""

    def plant(files: Evidence) -> None:
        record = copy.deepcopy(records(files, topic, **fields)[-1])
        record["offset"] = 1 + max(item["offset"] for item in records(files, topic))
        record["value"] |= update
        files.topics.append(record)

    return plant


def change_row(name: str, index: int = 0, **update: Any) -> Plant:
    """Change a row of a table."""
    return lambda files: files.rows(name)[index].update(update)


def ask(kind: str, key: str, phase: str = "ok", **facts: Any) -> Plant:
    """Add a request to the history."""
    return lambda files: files.history.append(
        {"at": START, "kind": kind, "key": key, "phase": phase, **facts}
    )


def carry(page_id: str, *, resend: bool) -> Plant:
    """Let a page arrive at the carrier once more."""
    return lambda files: files.carrier.append(
        {"at": START + 99, "page_id": page_id, "resend": resend}
    )


def letter(reason: str, topic: str, offset: int) -> Plant:
    """Add a dead letter."""
    value = {
        "id": "dlq-1",
        "service": "scoring" if topic.startswith("sensing") else "alerting",
        "topic": topic,
        "partition": 0,
        "offset": offset,
        "reason": reason,
    }
    record = {"topic": f"{topic}.dlq", "partition": 0, "offset": 0, "at": START, "value": value}
    return lambda files: files.topics.append(record)


def stand_still(files: Evidence) -> None:
    """Let a reader have records to read for more than half a minute."""
    for sample in files.samples:
        sample["ends"]["alarm.events.v1:0"] += 5


def break_chain(files: Evidence) -> None:
    """Change an entry of the trail and leave its hash as it was."""
    row = files.rows("trail")[1]
    row["body"] = json.dumps(json.loads(row["body"]) | {"actor": "o-forger"})


ASSIGNMENT = "command.assignments.v1"
PLANTS: list[tuple[str, Plant, Invariant, str]] = [
    ("a reading", drop("sensing.readings.v1", id="local:flt-g0-5-s1"), Invariant.NO_LOSS,
     "reading_not_on_topic"),
    ("a report", drop("incident.reports.v1"), Invariant.NO_LOSS, "report_not_on_topic"),
    ("a signature", drop("command.acknowledgements.v1"), Invariant.NO_LOSS,
     "signature_not_on_topic"),
    ("an answer", drop("duty.answers.v1"), Invariant.NO_LOSS, "answer_not_on_topic"),
    ("a raised alarm", drop("alarm.events.v1", version=1), Invariant.NO_LOSS,
     "alarm_change_missing"),
    ("a record that a reader passed", lambda files: files.rows("inbox").pop(0), Invariant.NO_LOSS,
     "record_without_trace"),
    ("a decision's effect", drop("alert.lifecycle.v1", version=2), Invariant.NO_LOSS,
     "decision_without_effect"),
    ("a signature's effect", drop(ASSIGNMENT, version=2), Invariant.NO_LOSS,
     "signature_without_effect"),
    ("a command's effect", drop("command.lifecycle.v1"), Invariant.NO_LOSS,
     "command_without_effect"),
    ("a handover's effect", drop("duty.entries.v1"), Invariant.NO_LOSS, "handover_without_effect"),
    ("an assignment", drop(ASSIGNMENT, assignment_id="asg-2"), Invariant.NO_LOSS,
     "assignments_missing"),
    ("a page at the carrier", lambda files: files.carrier.pop(), Invariant.NO_LOSS,
     "page_never_arrived"),
    ("a page of the table", drop("duty.pages.v1", page_id="pag-1"), Invariant.NO_LOSS,
     "page_not_on_topic"),
    ("a row that never leaves", lambda files: files.tables.update(
        outbox=[{"service": "notify", "event_id": "evt-9", "created_at": iso(1)}]),
     Invariant.NO_LOSS, "outbox_row_stuck"),
    ("a delivery that waits for ever", change_row("delivery", state="queued"), Invariant.NO_LOSS,
     "delivery_stuck"),
    ("a valid record refused", letter("handler_error", "alarm.events.v1", 0), Invariant.NO_LOSS,
     "refused_as_handler_error"),
    ("an act on a subject that its owner does not have", letter(
        "unknown_subject", "alert.decisions.v1", 0), Invariant.NO_LOSS,
     "refused_as_unknown_subject"),
    ("a reading refused as late that was not", letter("too_late", "sensing.readings.v1", 2),
     Invariant.NO_LOSS, "refused_as_too_late"),
    ("a page twice without a mark", carry("pag-0", resend=False), Invariant.NO_DUPLICATE,
     "page_repeated_without_mark"),
    ("two pages for a call", repeat("duty.pages.v1", {"id": "evt-pag-0-1"}, id="evt-x-1",
     page_id="pag-x"), Invariant.NO_DUPLICATE, "two_pages_for_one_call"),
    ("two assignments of a unit", repeat(ASSIGNMENT, {"id": "evt-asg-1-1"}, id="evt-asg-3-1",
     assignment_id="asg-3"), Invariant.NO_DUPLICATE, "two_assignments_of_one_unit"),
    ("one id with two bodies", repeat("alarm.events.v1", {"version": 4}, rule_version=2),
     Invariant.NO_DUPLICATE, "two_bodies_of_one_id"),
    ("a line of the feed twice", lambda files: files.rows("feed").extend(
        files.rows("feed") * 4), Invariant.NO_DUPLICATE, "feed_line_repeated"),
    ("an act that nobody asked for", repeat("alert.decisions.v1", {}, id="dec-9",
     officer_id="o-other"), Invariant.NO_PHANTOM, "decision_without_request"),
    ("an act that was refused", repeat("command.acknowledgements.v1", {}, id="ack-9",
     officer_id="o-neighbour"), Invariant.NO_PHANTOM, "signature_was_refused"),
    ("an alarm without a reading", repeat("alarm.events.v1", {"version": 1}, id="alm-2-1",
     alarm_id="alm-2", sensor_id="s2"), Invariant.NO_PHANTOM, "alarm_without_reading"),
    ("an alarm that nothing calls for", repeat("alarm.events.v1", {"version": 1}, id="alm-3-1",
     alarm_id="alm-3", occurred_at=iso(9)), Invariant.NO_PHANTOM, "alarm_change_unexpected"),
    ("a page that was never published", carry("pag-9", resend=False), Invariant.NO_PHANTOM,
     "page_not_published"),
    ("signed by nobody", change(ASSIGNMENT, {"assignment_id": "asg-2"}, signed_at=iso(20)),
     Invariant.NO_PHANTOM, "signed_by_nobody"),
    ("a version left out", drop("alarm.events.v1", version=2), Invariant.ORDER,
     "version_out_of_order"),
    ("a version again under another id", repeat("alert.lifecycle.v1", {}, id="evt-z"),
     Invariant.ORDER, "version_out_of_order"),
    ("a timer fired early", change_row("timer", fired_at=iso(22.9)), Invariant.DEADLINE,
     "timer_early"),
    ("a timer that never fires", change_row("timer", state="armed", fired_at=None),
     Invariant.DEADLINE, "timer_missed"),
    ("a timer that failed", change_row("timer", state="failed", fired_at=None, error="KeyError"),
     Invariant.DEADLINE, "timer_missed"),
    ("supervision before its time", change("supervision.events.v1", {}, at=22.0),
     Invariant.DEADLINE, "supervision_early"),
    ("an overdue unit nobody chases", drop("supervision.events.v1"), Invariant.DEADLINE,
     "supervision_missed"),
    ("an overdue unit chased twice", repeat("supervision.events.v1", {}, id="sup-2"),
     Invariant.DEADLINE, "overdue_twice"),
    ("the next post called early", change("duty.pages.v1", {"id": "evt-pag-1-1"}, at=33.0),
     Invariant.DEADLINE, "call_early"),
    ("a call that nobody follows up", drop("duty.pages.v1", id="evt-pag-0-2", channel="webhook"),
     Invariant.DEADLINE, "call_missed"),
    ("a silence that nobody notices", drop("sensing.health.v1"), Invariant.DEADLINE,
     "silence_missed"),
    ("two first signatures", repeat(ASSIGNMENT, {"version": 2}, id="evt-asg-1-3", version=3,
     signed_at=iso(16)), Invariant.FIRST_ANSWER, "two_first_signatures"),
    ("a page answered twice", lambda files: [
        repeat("duty.pages.v1", {"page_id": "pag-1"}, id=f"evt-pag-1-{n}", version=n, state=state)(
            files) for n, state in ((3, "sent"), (4, "answered"))], Invariant.FIRST_ANSWER,
     "page_answered_twice"),
    ("a forgery accepted", ask("signature", "asg-2|sign|1|o-x", forged=True, id="ack-1",
     officer="o-x"), Invariant.AUTHORITY, "forgery_accepted"),
    ("a refusal that left no trace", drop("identity.refusals.v1"), Invariant.AUTHORITY,
     "refusal_not_in_trail"),
    ("a step of a neighbour", change("command.acknowledgements.v1", {},
     officer_unit="500118107201"), Invariant.AUTHORITY, "step_of_another_unit"),
    ("an assignment outside", change("command.lifecycle.v1", {}, issuer_unit="500118118000"),
     Invariant.AUTHORITY, "assignment_outside_subtree"),
    ("a reader that stands", stand_still, Invariant.PROGRESS, "reader_stands_still"),
    ("a reader behind at the end", change_row("consumer_offset", next_offset=1),
     Invariant.PROGRESS, "not_read_at_the_end"),
    ("a process that ended by itself", lambda files: files.run["crashes"].append(
        {"process": "duty", "at": START + 9, "log": "AssertionError"}), Invariant.PROGRESS,
     "process_ended_by_itself"),
    ("an answer of 500", ask("reading", "flt-g0-9-s1", "unknown", status=500), Invariant.PROGRESS,
     "http_5xx"),
    ("a system that never gets quiet", lambda files: files.run.update(unsettled="notify waits"),
     Invariant.PROGRESS, "never_quiet"),
    ("memory without end", lambda files: files.samples[3]["processes"].update(
        alerting=[2**31, 60, 7]), Invariant.BOUNDS, "memory"),
    ("open files without end", lambda files: files.samples[3]["processes"].update(
        alerting=[2**20, 6000, 7]), Invariant.BOUNDS, "files"),
    ("a drill in the real world", change(ASSIGNMENT, {"assignment_id": "asg-2"}, status="Exercise"),
     Invariant.DRILLS, "status_mixed"),
    ("a public notice of a drill", lambda files: files.topics.append(
        {"topic": "public.notices.v1", "partition": 0, "offset": 0, "at": START,
         "value": {"id": "n-1", "alert_id": "alt-9", "status": "Exercise"}}), Invariant.DRILLS,
     "public_notice_of_a_drill"),
    ("a changed entry of the trail", break_chain, Invariant.TRAIL, "chain_broken"),
    ("an entry of the trail cut off", lambda files: files.rows("trail").pop(), Invariant.TRAIL,
     "head_differs"),
    ("another entry published", change("audit.trail.v1", {"sequence": 2}, hash="f" * 64),
     Invariant.TRAIL, "published_entry_differs"),
]  # fmt: skip


def test_a_healthy_run_has_no_violation() -> None:
    assert judge(healthy()) == []


@pytest.mark.parametrize(
    ("plant", "invariant", "kind"), [row[1:] for row in PLANTS], ids=[row[0] for row in PLANTS]
)
def test_a_planted_violation_is_found(plant: Plant, invariant: Invariant, kind: str) -> None:
    files = healthy()
    plant(files)
    violations = judge(files)
    assert (invariant, kind) in {(item.invariant, item.kind) for item in violations}
    assert kind in table(violations)


def test_every_invariant_has_a_plant() -> None:
    assert {row[2] for row in PLANTS} == set(Invariant)


def test_a_marked_repeat_and_a_repeat_of_a_reading_are_no_violation() -> None:
    files = healthy()
    carry("pag-0", resend=True)(files)
    repeat("sensing.readings.v1", {"value": 60.0})(files)
    letter("too_late", "sensing.readings.v1", 6)(files)
    assert judge(files) == []


def test_an_unknown_outcome_may_have_happened_or_not() -> None:
    files = healthy()
    for key in ("flt-g0-4-s1", "flt-g0-9-s1"):
        ask("reading", key, "unknown", status=503)(files)
    assert judge(files) == []


def test_a_reader_may_stand_while_a_fault_holds_it() -> None:
    files = healthy()
    stand_still(files)
    files.nemeses.append({"services": ["*"], "began_at": START, "ended_at": END})
    assert [item.kind for item in judge(files)] == []


def test_time_without_samples_counts_from_the_end_of_a_fault() -> None:
    files = healthy()
    stand_still(files)
    first, *_, last = files.samples
    files.samples[:] = [first, last]
    first["at"], last["at"] = START, START + 60
    fault = {"services": ["*"], "began_at": START + 5, "ended_at": START + 10}
    files.nemeses.append(fault)
    assert judge(files) == []
    last["at"] = START + 10 + 2 * STILL_S + 1
    assert [item.kind for item in judge(files)] == ["reader_stands_still"]


def test_a_record_that_came_during_a_time_without_samples_makes_no_reader_stand() -> None:
    files = healthy()
    stand_still(files)
    first, *_, last = files.samples
    files.samples[:] = [first, last]
    first["at"], last["at"] = START, START + 2 * STILL_S
    assert [item.kind for item in judge(files)] == ["reader_stands_still"]
    first["ends"]["alarm.events.v1:0"] -= 5
    assert judge(files) == []


@pytest.mark.parametrize(
    "log",
    [
        "another process owns these partitions: alarm.events.v1:1 is no longer at 11",
        "the consumer group does not take this process back",
    ],
)
def test_a_process_may_end_itself_in_the_wake_of_a_fault_that_took_its_place(log: str) -> None:
    files = healthy()
    files.run["crashes"].append({"process": "alerting-1", "at": START + 20, "log": log})
    assert [item.kind for item in judge(files)] == ["process_ended_by_itself"]
    fault = {"services": ["alerting"], "began_at": START, "ended_at": START + 5}
    files.nemeses.append(fault)
    assert judge(files) == []


def test_figures_count_by_promise() -> None:
    files = healthy()
    drop("incident.reports.v1")(files)
    change_row("timer", fired_at=iso(22.9))(files)
    counted = figures(judge(files))
    assert (counted["lost"], counted["early"], counted["missed"]) == (1, 1, 0)


def test_each_kind_of_breach_is_one_line_with_its_count_and_first_example() -> None:
    files = healthy()
    drop("incident.reports.v1")(files)
    (line,) = kinds(judge(files))
    assert line.startswith("I1 report_not_on_topic x 1: ")


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "history.jsonl").write_text('{"kind": "reading"}\n{"kind": "rea')
    assert load(tmp_path).history == [{"kind": "reading"}]
