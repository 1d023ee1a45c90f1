"""Recordings: CSV and JSON lines, zipped or not, merged by time; hostile rows are counted, not
fatal.
"""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.commands.rules.sources import LONGEST_ROW, Recording
from shared.contracts.fields import Status
from shared.contracts.readings import Reading, Tick
from shared.runtime.errors import SetupError
from tests.unit.rules.packs import sensor

SENSORS = {"g": sensor(), "h": sensor("h")}
AT = 1_782_835_200
HEAD = "sensor_id,occurred_at,value\n"


def read(*files: Path, status: Status = Status.ACTUAL) -> tuple[list[Reading], Recording]:
    recording = Recording(files, SENSORS, status)
    return [
        record.message for record in recording if isinstance(record.message, Reading)
    ], recording


def test_rows_become_readings_with_the_fields_of_the_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD + "g,2026-07-01T00:00:00Z,180.5\nh,1782835260,3\n", encoding="utf-8")
    result, recording = read(file)
    assert [
        (reading.sensor_id, reading.value, reading.unit, reading.datum) for reading in result
    ] == [
        ("g", 180.5, "m", "吴淞"),
        ("h", 3.0, "m", "吴淞"),
    ] or [reading.sensor_id for reading in result] == ["h", "g"]
    assert Reading.model_validate_json(result[0].model_dump_json()) == result[0]
    assert recording.counts.readings == 2


def test_the_fields_of_a_row_take_precedence(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    rows = [
        {"sensor_id": "g", "occurred_at": "2026-07-01T00:00:00+08:00", "value": 1,
         "unit": "cm", "id": "x-1"},
        {"sensor_id": "g", "occurred_at": "2026-07-01T00:01:00+08:00", "value": 2,
         "status": "Exercise"},
        {"type": "tick", "id": "t", "occurred_at": "2026-07-01T00:01:00+08:00"},
    ]  # fmt: skip
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    result, recording = read(file)
    assert [(reading.id, reading.unit) for reading in result] == [("x-1", "cm")]
    assert recording.counts.other_status == 1


def test_files_are_merged_by_time_and_late_rows_stay_late(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(HEAD + f"g,{AT},1\ng,{AT + 600},2\ng,{AT + 300},3\n", encoding="utf-8")
    second.write_text(HEAD + f"h,{AT + 100},4\nh,{AT + 650},5\n", encoding="utf-8")
    records = list(Recording([first, second], SENSORS))
    readings = [record for record in records if isinstance(record.message, Reading)]
    assert [record.message.value for record in readings if isinstance(record.message, Reading)] == [
        1,
        4,
        2,
        3,
        5,
    ]
    assert [record.arrives - AT for record in readings] == [0, 100, 600, 600, 650]
    ticks = [record.arrives - AT for record in records if isinstance(record.message, Tick)]
    assert ticks == [0, 100, 600]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("g,2026-07-01T00:00:00,1", "has no zone"),
        ("g,soon,1", "'soon' is no time"),
        ("g,1782835200,", "could not convert"),
        ("g,1782835200,nan", "is no value"),
        ("g,1e300,1", ""),
        ("g,0,1", "not of the years"),
        ("g,9999-12-31T23:59:59-12:00,1", "not of the years"),
        ("g", "'None' is no time"),
        ("g," + "9" * LONGEST_ROW + ",1", "longer than"),
    ],
)
def test_rows_that_are_no_readings_are_counted(tmp_path: Path, row: str, says: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD + row + "\ng,1782835200,1\n", encoding="utf-8")
    result, recording = read(file)
    assert len(result) == recording.counts.bad == 1
    assert recording.counts.examples[0].startswith("a.csv:2: ")
    assert says in recording.counts.examples[0]


def test_an_unreadable_file_is_reported_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is no file of readings"):
        Recording([tmp_path / "x.csv"], SENSORS)
    for name, content, says in (
        ("a.csv", b"sensor,at\n", "lacks the columns occurred_at, sensor_id, value"),
        ("b.csv.gz", b"no gzip", "cannot be read to its end"),
        ("c.csv", HEAD.encode() + b"\xff\n", "cannot be read to its end"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SetupError, match=says):
            read(tmp_path / name)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.sampled_from(["a.csv", "a.jsonl"]))
def test_no_rows_crash_the_reader(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], name: str
) -> None:
    file = tmp_path_factory.mktemp("r") / name
    text = HEAD * (name == "a.csv") + "\n".join(rows)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(SetupError):
        read(file)
