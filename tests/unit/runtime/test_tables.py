"""A table over a scripted consumer: records after the end are applied once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.contracts.dead_letter import Reason
from shared.contracts.topics import RULES
from shared.runtime import tables
from shared.runtime.clock import record_time
from shared.runtime.errors import Reject
from shared.runtime.fetching.partition_records import Record
from tests.support.scoring import a_rule, a_threshold_rule
from tests.support.waiting import until


class ScriptedConsumer:
    """One partition that grows as each record is fetched."""

    def __init__(self, present: int, most: int) -> None:
        self.end, self._most, self._position = present, most, 0
        self._subscription: Any = type("None", (), {"subscription": None})

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, _partitions: Any) -> None: ...

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> Any:
        return dict.fromkeys(partitions, self.end)

    async def seek_to_beginning(self, *_partitions: TopicPartition) -> None:
        self._position = 0

    async def position(self, _tp: TopicPartition) -> int:
        return self._position

    def seek(self, _tp: TopicPartition, offset: int) -> None:
        self._position = offset

    async def getmany(self, *_partitions: TopicPartition, **_settings: Any) -> Any:
        await asyncio.sleep(0)
        self.end = max(self.end, self._most)  # written while the table loads
        begin, self._position = self._position, self.end
        return {TopicPartition(RULES.name, 0): [record(n) for n in range(begin, self.end)]}


def record(offset: int) -> Record:
    rule = a_rule(a_threshold_rule(("red", 216, 215)), version=offset + 1)
    return Record(RULES.name, 0, offset, 0, rule.rule_id.encode(), rule.to_wire(), ())


@pytest.mark.parametrize("until_version", [None, 1])
async def test_a_record_written_while_a_table_loads_is_applied(
    monkeypatch: pytest.MonkeyPatch, until_version: int | None
) -> None:
    monkeypatch.setattr(
        tables, "make_reader", lambda *_arguments, **_settings: ScriptedConsumer(2, 5)
    )
    versions: list[int] = []
    table = tables.CompactedTable(
        "", RULES, lambda rule: versions.append(rule.version), lambda _key: None
    )
    place = f"{RULES.name}:0"
    await table.load(None if until_version is None else {place: until_version})
    loaded = 2 if until_version is None else until_version
    assert (versions, table.positions) == (list(range(1, loaded + 1)), {place: loaded})
    following = asyncio.create_task(table.follow())
    await until(lambda: len(versions) >= 5)
    following.cancel()
    assert (versions, table.positions) == ([1, 2, 3, 4, 5], {place: 5})


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1_767_225_600_123, "2026-01-01T00:00:00.123000+00:00"),
        (-(10**17), "1970-01-01T00:00:00+00:00"),
        (-1, "1970-01-01T00:00:00+00:00"),
        (253_402_300_800_000, "2200-01-01T00:00:00+00:00"),
        ((1 << 63) - 1, "2200-01-01T00:00:00+00:00"),
    ],
)
def test_any_time_of_a_record_is_a_moment(ms: int, text: str) -> None:
    assert record_time(ms).isoformat() == text


async def test_a_record_with_which_a_handler_has_a_bug_costs_the_table_this_record_only() -> None:
    refused: list[tuple[Any, Reject]] = []
    applied: list[int] = []
    deleted: list[str] = []

    def apply(rule: Any) -> None:
        if rule.version == 2:
            raise KeyError("planted")
        applied.append(rule.version)

    async def note(rejects: list[tuple[Any, Reject]]) -> None:
        refused.extend(rejects)

    table = tables.CompactedTable("", RULES, apply, deleted.append, note)
    key = record(0).key
    records = [record(number) for number in range(3)]
    records += [
        Record(RULES.name, 0, 3, 0, key, b"", ()),
        Record(RULES.name, 0, 4, 0, key, None, ()),
    ]
    await table._apply_fetched({TopicPartition(RULES.name, 0): records})
    assert applied == [1, 3]
    assert key is not None
    assert deleted == [key.decode()]
    reasons = [(rejected.offset, reject.reason) for rejected, reject in refused]
    assert reasons == [(1, Reason.HANDLER_ERROR), (3, Reason.NOT_JSON)]
    assert table.positions == {f"{RULES.name}:0": 5}
