"""A library that repeats itself does not fill the disk, and every new message is written."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from shared.runtime.logs import RepeatFilter


class ManualSeconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_record(template: str, *values: object, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, template, values, None)


def test_a_flood_is_a_dozen_lines_that_count_the_rest() -> None:
    clock, written, suppressed = ManualSeconds(), 0, 0
    repeats = RepeatFilter(clock)
    seconds = 240
    for tenth in range(10 * seconds):
        clock.now = tenth / 10
        record = a_record("Unable connect to node with id %s: %s", tenth % 3, OSError(tenth))
        if repeats.filter(record):
            written += 1
            suppressed += getattr(record, "suppressed", 0)
    assert written <= 10
    assert suppressed + written > 10 * (seconds - 61)


def test_the_first_message_of_a_kind_is_written() -> None:
    repeats = RepeatFilter(ManualSeconds())
    assert repeats.filter(a_record("one %s", 1))
    assert not repeats.filter(a_record("one %s", 2))
    assert repeats.filter(a_record("two %s", 2))
    assert repeats.filter(a_record("one %s", 1, name="faststream"))


def test_after_a_pause_the_next_message_is_written_at_once() -> None:
    clock = ManualSeconds()
    repeats = RepeatFilter(clock)
    for clock.now in (0.0, 0.1, 1.5, 1.6):
        repeats.filter(a_record("away"))
    clock.now = 62
    record = a_record("away")
    assert repeats.filter(record)
    assert not hasattr(record, "suppressed")


def test_the_number_of_remembered_messages_is_bounded() -> None:
    repeats = RepeatFilter(ManualSeconds())
    for number in range(5_000):
        assert repeats.filter(a_record(f"always another {number}"))
    assert len(repeats._repeats) == 1_000


_FLOOD = """
import logging, time
from shared.runtime import logs
logs.configure("test")
for number in range(300):
    logging.getLogger("aiokafka").error("Unable connect to node with id %s", number)
    time.sleep(0.005)
"""


def test_the_lines_of_a_service_say_how_many_were_left_out() -> None:
    process = subprocess.run(
        [sys.executable, "-c", _FLOOD], check=True, capture_output=True, text=True
    )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    assert lines[0]["event"] == "Unable connect to node with id 0"
    assert "suppressed" not in lines[0]
    assert 1 < len(lines) < 10
    assert all(line["suppressed"] > 0 for line in lines[1:])


@pytest.mark.parametrize("level", ["WARNING", "ERROR"])
def test_levels_are_apart(level: str) -> None:
    repeats = RepeatFilter(ManualSeconds())
    assert repeats.filter(a_record("away"))
    record = a_record("away")
    record.levelno = logging.getLevelName(level)
    assert repeats.filter(record) is (level == "WARNING")
