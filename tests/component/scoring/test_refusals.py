"""Only letters of bugs count, when Kafka has them and the checkpoint, and block a partition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from services.scoring.core.partition_engine import PartitionEngine
from shared.contracts.fields import Contract
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import READINGS
from shared.runtime.dead_letters import MOST_BUG_LETTERS
from shared.runtime.errors import BlockedPartition
from tests.component.scoring.log import PARTITION, Log, a_worker, as_records
from tests.component.scoring.test_crash import RULES, SENSORS
from tests.support.scoring import T0, a_reading


async def noted_bugs(log: Log, messages: Sequence[Contract | bytes]) -> list[int]:
    """Return the bugs noted after each batch of 10; Kafka must have the letters by then."""
    records: list[Any] = as_records(messages, [T0 + 1e6] * len(messages))
    worker = a_worker(log, RULES, SENSORS, flush_states=1_000)
    await worker.restore([PARTITION])
    results: list[int] = []

    def note_bugs(bugs: int, /) -> bool:
        results.append(bugs)
        expected = {
            dead_letter_id("scoring", READINGS.name, 0, offset)
            for offset in range(len(results) * 10)
        }
        assert {number for number, _ in log.dead_letters()} == expected
        assert worker._partitions[0].stored_offset == len(results) * 10
        return False

    worker._platform.dead_letters.note_bugs = note_bugs  # type: ignore[method-assign]
    for first in range(0, len(records), 10):
        await worker.handle(records[first : first + 10])
    await worker.release([PARTITION])
    return results


def test_what_a_sender_can_bring_about_does_not_count() -> None:
    log = Log()
    messages: list[Contract | bytes] = []
    for number in range(100):
        messages += [
            b"flood",
            a_reading(1, number, "no-such-sensor"),
            a_reading(1, number, SENSORS[0], unit="cm"),
            a_reading(1, 1e7, SENSORS[0], event_id=f"ahead-{number}"),
        ]
    assert asyncio.run(noted_bugs(log, messages)) == []
    assert len(log.dead_letters()) == 400


def broken(bug: type[Exception]) -> Callable[..., None]:
    def apply_reading(*_: Any) -> None:
        raise bug

    return apply_reading


def test_bugs_count_when_letters_and_checkpoint_are_with_kafka(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PartitionEngine, "apply_reading", broken(ZeroDivisionError))
    messages = [a_reading(1, number, SENSORS[0]) for number in range(30)]
    assert asyncio.run(noted_bugs(Log(), messages)) == [10] * 3


def test_too_many_letters_of_bugs_block_their_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PartitionEngine, "apply_reading", broken(ZeroDivisionError))
    count = MOST_BUG_LETTERS + 1
    log = Log()

    async def handled() -> None:
        messages = [a_reading(1, number, SENSORS[0]) for number in range(count)]
        worker = a_worker(log, RULES, SENSORS, flush_states=1_000)
        await worker.restore([PARTITION])
        await worker.handle(as_records(messages, [T0 + 1e6] * count))

    with pytest.raises(BlockedPartition, match=f"stands at offset {count}") as blocked:
        asyncio.run(handled())
    assert (blocked.value.partition, blocked.value.offset) == (PARTITION, count)
    assert len(log.dead_letters()) == count


@pytest.mark.parametrize("error", [MemoryError, OSError])
def test_a_fault_of_the_environment_is_no_letter(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(PartitionEngine, "apply_reading", broken(error))
    log = Log()
    with pytest.raises(error):
        asyncio.run(noted_bugs(log, [a_reading(1, 0, SENSORS[0])]))
    assert not log.dead_letters()
