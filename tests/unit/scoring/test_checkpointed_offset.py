"""A checkpoint names the last record, never the offset of an end mark (changelog.py reads it)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.scoring.fastpath.loop import Refusals, process_run
from shared.contracts.topics import READINGS
from shared.fastpath.fast_records import FastRecords
from shared.runtime.fetching.normal_batches import normalise
from tests.support.batches import batch_of, marker
from tests.support.scoring import Feed, a_rule, a_threshold_rule

PLACE = TopicPartition(READINGS.name, 3)


@pytest.mark.parametrize("most", [0, 100])
def test_the_end_mark_of_a_transaction_is_not_the_last_record(most: int) -> None:
    rows = [(n, b"k", b"garbage %d" % n, ()) for n in range(2)]
    raw = batch_of(rows, 5, producer=7, transactional=True) + marker(7, 7, commit=True)
    result, _ = FastRecords(
        PLACE, normalise(raw, None, True), 0, True, raw_batch_records=most
    ).read(100)
    engine = Feed(a_rule(a_threshold_rule(("red", 216, 215)))).engine
    refused: Refusals = []
    run: Any = result[0] if most else result
    process_run(engine, run, datetime.now(UTC), refused)
    assert [record.offset for record, _ in refused] == [5, 6]
    assert (engine.next_offset, engine.last_value) == (7, b"garbage 1")
