"""A topic that was created anew: only what Kafka lost may be missing, for whom it was unread."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.suite.checker.evidence import Evidence, load
from tests.faults.suite.checker.judgement import judge
from tests.unit.faults.healthy_run import END, START, healthy

TOPIC = "incident.reports.v1"


def deleted(unread: int, *, has_trace: bool) -> Evidence:
    """Return the healthy run after its topic of reports was deleted at the end.

    alerting had handled `unread` records of the one that was there.
    """
    files = healthy()
    [record] = [record for record in files.topics if record["topic"] == TOPIC]
    record["offset"] = -1
    [row] = [row for row in files.rows("consumer_offset") if row["topic"] == TOPIC]
    row["next_offset"] = 0
    for sample in files.samples:
        sample["ends"][f"{TOPIC}:0"] = sample["stored"][f"alerting|{TOPIC}:0"] = 0
    if not has_trace:
        files.tables["inbox"] = [row for row in files.rows("inbox") if row["topic"] != TOPIC]
    files.recreations.append(
        {"at": START + 500, "topic": TOPIC, "ends": {"0": 1}, "unread": {"alerting|0": unread}}
    )
    return files


def kinds(files: Evidence) -> list[str]:
    return [violation.kind for violation in judge(files)]


def test_a_record_that_was_handled_before_needs_its_trace() -> None:
    assert kinds(deleted(1, has_trace=True)) == []
    assert kinds(deleted(1, has_trace=False)) == ["record_without_trace"]


def test_a_record_that_was_unread_may_be_missing_for_its_reader_alone() -> None:
    assert kinds(deleted(0, has_trace=False)) == []
    files = deleted(0, has_trace=False)
    files.recreations[0]["unread"] = {"notify|0": 0}
    assert kinds(files) == ["record_without_trace"]


def test_a_process_that_reads_a_table_anew_ends_only_where_its_topic_is_new() -> None:
    files = healthy()
    log = f"{TOPIC}:0 ends before what its table has read: it is read anew"
    files.run["crashes"].append({"process": "notify", "at": START + 20, "log": log})
    files.nemeses.append({"services": ["*"], "began_at": START, "ended_at": END})
    assert kinds(files) == ["process_ended_by_itself"]
    files.recreations.append({"at": START, "topic": TOPIC, "ends": {}, "unread": {}})
    assert kinds(files) == []


def test_the_logs_of_a_topic_have_one_sequence_of_offsets(tmp_path: Path) -> None:
    def write(name: str, *lines: object) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / name).write_text(text)

    def line(at: float, offset: int) -> object:
        return {"topic": TOPIC, "partition": 0, "offset": offset, "at": at, "value": {}}

    def letter(at: float, refused_offset: int) -> object:
        place = {"service": "alerting", "topic": TOPIC, "partition": 0, "offset": refused_offset}
        dlq = f"{TOPIC}.dlq"
        return {"topic": dlq, "partition": 0, "offset": int(at), "at": at, "value": place}

    (tmp_path / "run.json").write_text("{}")
    write("deleted.jsonl", line(1, 0), line(2, 1), line(11, 0))
    write("topics.jsonl", line(21, 0), letter(3, 1), letter(22, 0))
    write(
        "recreations.jsonl",
        {"at": 10, "topic": TOPIC, "ends": {"0": 2}, "unread": {"alerting|0": 1}},
        {"at": 20, "topic": TOPIC, "ends": {"0": 1}, "unread": {"console|0": 0}},
    )
    files = load(tmp_path)
    assert [record["offset"] for record in files.records(TOPIC)] == [-3, -2, -1, 0]
    assert files.refused_places == {("alerting", TOPIC, 0, -2), ("alerting", TOPIC, 0, 0)}
    assert files.lost_places == {("alerting", TOPIC, 0, -2), ("console", TOPIC, 0, -1)}
