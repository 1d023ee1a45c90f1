"""Refusals count against the process only when Kafka has their letters and the checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from services.scoring.core.partition_engine import PartitionEngine
from shared.contracts.fields import Contract
from shared.contracts.ids import dead_letter_id
from shared.contracts.topics import READINGS
from tests.component.scoring.log import PARTITION, Log, a_worker, as_records
from tests.component.scoring.test_crash import RULES, SENSORS
from tests.support.scoring import T0, a_reading


async def accounted(log: Log, messages: Sequence[Contract | bytes]) -> list[tuple[int, int]]:
    """Return the accounts after each batch of 100; Kafka must have the letters by then."""
    records: list[Any] = as_records(messages, [T0 + 1e6] * len(messages))
    worker = a_worker(log, RULES, SENSORS, flush_states=1_000)
    await worker.restore([PARTITION])
    results = []

    def account(*counts: int) -> None:
        results.append((counts[0], counts[1]))
        if counts[1]:
            expected = {
                dead_letter_id("scoring", READINGS.name, 0, offset)
                for offset in range(len(results) * 100)
            }
            assert {number for number, _ in log.dead_letters()} == expected
            assert worker._partitions[0].stored_offset == len(results) * 100

    worker._platform.dead_letters.account = account  # type: ignore[method-assign]
    for first in range(0, len(records), 100):
        await worker.handle(records[first : first + 100])
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
    assert asyncio.run(accounted(log, messages)) == [(100, 0)] * 4
    assert len(log.dead_letters()) == 400


def test_bugs_count_when_letters_and_checkpoint_are_with_kafka(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PartitionEngine, "apply_reading", broken)
    messages = [a_reading(1, number, SENSORS[0]) for number in range(300)]
    assert asyncio.run(accounted(Log(), messages)) == [(100, 100)] * 3
