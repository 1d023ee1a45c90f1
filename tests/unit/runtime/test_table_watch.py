"""The watch over tables: a table that reads on during the question has not lost its log."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from shared.contracts.topics import WARNINGS
from shared.runtime import table_watch
from shared.runtime.errors import Transient
from shared.runtime.log_client import LogRange
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.table_watch import TableWatch
from shared.runtime.tables import TableProgress

TP = TopicPartition(WARNINGS.name, 0)


class Table:
    """A table of one partition, and the client that it is compared with."""

    name, spec, partitions = "warnings", WARNINGS, (TP,)

    def __init__(self, applied: int, end: int, applied_after: int) -> None:
        self.applied, self.end, self.applied_after = applied, end, applied_after
        self.last_records: dict[Any, Any] = {}
        self.trouble: Transient | str = ""

    def progress(self, partition: TopicPartition) -> TableProgress:
        return TableProgress(self.applied, self.applied, 1, False, False)

    async def ranges(self, partitions: Iterable[TopicPartition]) -> dict[Any, LogRange]:
        assert list(partitions) == [TP]
        if isinstance(self.trouble, Transient):
            raise self.trouble
        if self.trouble == "no leader":
            return {}
        self.applied = self.applied_after
        return {TP: LogRange(0, self.end)}

    async def first_records(self, offsets: dict[Any, int]) -> dict[Any, Any]:
        assert offsets == {}
        return {}


@pytest.mark.parametrize(
    ("table", "count"), [(Table(10, 10, 12), 0), (Table(10, 9, 12), 1), (Table(10, 12, 10), 0)]
)
async def test_only_a_log_that_ends_before_what_was_read_ends_the_process(
    table: Table, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons: list[str] = []
    monkeypatch.setattr(table_watch, "exit_process", reasons.append)
    metrics = RuntimeMetrics(CollectorRegistry())
    await TableWatch(cast("Any", table), cast("Any", [table]), metrics).check()
    assert len(reasons) == count


@pytest.mark.parametrize("trouble", [Transient("Kafka is away"), "no leader"])
async def test_a_table_has_time_to_read_after_kafka_was_away(
    trouble: Transient | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons: list[str] = []
    now = [0.0]
    monkeypatch.setattr(table_watch, "exit_process", reasons.append)
    monkeypatch.setattr("shared.runtime.table_watch.time.monotonic", lambda: now[0])
    table = Table(10, 12, 10)
    watch = TableWatch(
        cast("Any", table), cast("Any", [table]), RuntimeMetrics(CollectorRegistry())
    )
    await watch.check()
    table.trouble, now[0] = trouble, 100.0
    with contextlib.suppress(Transient):
        await watch.check()
    table.trouble = ""
    for seconds in (101.0, 130.0):
        now[0] = seconds
        await watch.check()
    assert reasons == []
    now[0] = 132.0
    await watch.check()
    assert reasons == [f"the table no longer follows {TP.topic}:0"]
