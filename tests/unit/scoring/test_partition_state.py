"""A checkpoint identifies the last record: a restart compares it with the log."""

from __future__ import annotations

from typing import Any

import pytest

from services.scoring.fastpath.loop import process_run
from services.scoring.unit_of_work.partition_state import PartitionState
from shared.runtime.stored_offsets import fingerprint
from tests.support.scoring import (
    SENT,
    T0,
    Feed,
    a_reading,
    a_rule,
    a_threshold_rule,
    as_record,
    as_span,
)


@pytest.mark.parametrize("unopened", [True, False])
def test_a_checkpoint_names_the_record_before_it_also_one_without_a_value(unopened: bool) -> None:
    """Otherwise a restart would regard the topic as re-created, and refuse for ever."""
    feed = Feed(a_rule(a_threshold_rule(("yellow", 212, 211))))
    lane = PartitionState(0, feed.engine)
    assert lane.checkpoint(0.0, final=False).last_hash == ""
    records: list[Any] = [
        as_record(n, a_reading(205 + n / 10, 60.0 * n), T0 + 1e8) for n in range(3)
    ]
    for last in (b"no reading", None, records[1].value):
        records[-1].value = last
        feed.engine.next_offset = 0
        process_run(feed.engine, as_span(records) if unopened else records, SENT, lane.refused)
        result = lane.checkpoint(0.0, final=False)
        assert (result.next_offset, result.last_hash) == (3, fingerprint(last))
        assert lane.checkpoint(0.0, final=False) == result
        lane.confirm_checkpoint(result)
        assert lane.checkpoint(0.0, final=False) == result
        lane.stored_offset = 0
