"""Other tables judge only what the group has confirmed; what is lost is neither sent nor stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import pytest

from shared.contracts.topics import ALARMS, SCORING_STATE
from shared.runtime.errors import LostOwnership, Transient
from shared.runtime.outbound_records import OutboundRecord
from tests.component.scoring.log import PARTITION, Log, RuleTable, a_worker_of, as_records
from tests.component.scoring.test_crash import SENSORS
from tests.support.scoring import T0, a_reading, a_rule, a_threshold_rule

BEFORE = a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain")
AFTER = a_rule(a_threshold_rule(("orange", 212.5, 212)), rule_id="plain", version=2)
READINGS_OF_ONE = as_records(
    [a_reading(value, 60.0 * n, SENSORS[0]) for n, value in enumerate([205.0, 213.0, 213.5])],
    [T0 + 60.0 * n + 1 for n in range(3)],
)


@pytest.mark.parametrize("answer", [LostOwnership("given away"), Transient("no answer")])
def test_no_reading_is_judged_by_new_tables_before_the_group_confirms(answer: Exception) -> None:
    log, table = Log(), RuleTable(SENSORS, [BEFORE, AFTER], applied=1)
    answers: list[Exception | None] = [None, answer, None]

    async def confirm() -> None:
        exception = answers.pop(0)
        checkpoints = [record for record in log.records if record.topic == SCORING_STATE.name]
        assert checkpoints, "what is confirmed is stored before"
        if exception is not None:
            raise exception

    async def story() -> None:
        worker = a_worker_of(log, table, flush_states=1)
        worker.confirm = confirm
        await worker.restore([PARTITION])
        await worker.handle(READINGS_OF_ONE[:1])
        assert len(answers) == 2, "the first checkpoint is confirmed"
        async with worker.at_boundary():
            table.apply_all()
        with pytest.raises(type(answer)):
            await worker.handle(READINGS_OF_ONE[1:])
        assert ALARMS.name not in {record.topic for record in log.records}
        if isinstance(answer, Transient):
            await worker.handle(READINGS_OF_ONE[1:])
            assert answers == []
            assert ALARMS.name in {record.topic for record in log.records}
        await worker.forget([PARTITION])
        record_count = len(log.records)
        await worker.handle([])
        await worker.release([PARTITION])
        assert len(log.records) == record_count

    asyncio.run(story())


class Refusing(Log):
    """Takes states and checkpoints, and no alarm."""

    async def send(self, records: Iterable[OutboundRecord]) -> None:
        outgoings = list(records)
        if any(outgoing.topic == ALARMS.name for outgoing in outgoings):
            raise Transient("not confirmed")
        await super().send(outgoings)


def test_what_is_lost_is_neither_sent_nor_stored() -> None:
    log, table = Refusing(), RuleTable(SENSORS, [AFTER])

    async def story() -> None:
        worker = a_worker_of(log, table, flush_states=1_000)
        await worker.restore([PARTITION])
        with suppress(Transient):
            await worker.handle(READINGS_OF_ONE)
        lane = worker._partitions[0]
        assert lane.unsent, "an alarm is on its way"
        await worker.forget([PARTITION])
        assert not lane.unsent
        record_count = len(log.records)
        with suppress(Transient):
            await worker.handle([])
        await worker.release([PARTITION])
        assert len(log.records) == record_count

    asyncio.run(story())
