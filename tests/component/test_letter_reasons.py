"""Every reason of a dead letter: a record of each is refused by a service, beside a good record.

The letters are those of the product; only Kafka is absent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from services.scoring.fastpath.loop import process_run
from shared.contracts.dead_letter import DeadLetter, Reason
from shared.contracts.fields import Level, Tier
from shared.contracts.topics import COMMAND_REQUESTS, CONTACT_TESTS, DEAD_LETTER, READINGS, RULES
from shared.runtime.clock import SystemClock
from shared.runtime.database import Transaction
from shared.runtime.dead_letters import DeadLetters, letter_of
from shared.runtime.decoding import MAX_LETTER_BYTES, MAX_VALUE_BYTES, decode_value
from shared.runtime.inbound_messages import Apply, InboundMessage
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from shared.runtime.outbound_records import OutboundRecord, encode
from shared.runtime.publisher import Publisher
from tests.component.command.harness import DISTRICT, TOWN, VILLAGE, a_harness, a_request, below
from tests.component.test_refused_beside import GOLDEN, service
from tests.support.inbox import handle_all
from tests.support.postgres import fresh_database
from tests.support.scoring import SENT, T0, Feed, a_reading, a_rule, a_threshold_rule, as_record
from tests.unit.alerting.builders import a_rule as a_composite
from tests.unit.alerting.builders import all_of

RETIRED = {Reason.BAD_HEADER}
"""Reasons of earlier versions, whose letters are still read."""
ORDER: dict[str, Any] = {
    "selection": below(TOWN, Tier.VILLAGE),
    "event_type": "11A01",
    "level": Level.BLUE,
    "title": "值守检查",
}
RULE = a_rule(a_threshold_rule(("red", 216, 215)))


class LetterPublisher(Publisher):
    """Collects the letters in place of Kafka."""

    def __init__(self, metrics: RuntimeMetrics) -> None:
        super().__init__("127.0.0.1:1", metrics)
        self.sent: list[OutboundRecord] = []

    async def send(self, records: Iterable[OutboundRecord]) -> list[int]:
        new = list(records)
        self.sent += new
        return [0] * len(new)


class Reader:
    """The inbox of a service; `bug_in` is the number of a record that meets a bug."""

    def __init__(self, name: str, driver: Any, topic: str, bug_in: int | None = None) -> None:
        assert driver.platform.apply is not None
        self.topic, self.handled, self._bug_in = topic, set[int](), bug_in
        self._service_apply: Apply = driver.platform.apply
        metrics = RuntimeMetrics(CollectorRegistry())
        self._publisher = LetterPublisher(metrics)
        letters = DeadLetters(name, self._publisher, metrics, SystemClock())
        self._worker = InboxWorker(driver.database, "test", self._apply, letters, metrics)

    async def _apply(self, transaction: Transaction, batch: Sequence[InboundMessage]) -> None:
        if any(incoming.offset == self._bug_in for incoming in batch):
            raise KeyError("planted")
        await self._service_apply(transaction, batch)
        refused = {id(message) for message, _ in transaction.refused}
        self.handled |= {
            incoming.offset for incoming in batch if id(incoming.message) not in refused
        }

    async def read(self, *values: bytes, key: bytes = b"k") -> list[DeadLetter]:
        """Handle records with these values; return the letters, in the order of their offsets."""
        await self._worker.restore([TopicPartition(self.topic, 0)])
        batch: list[Any] = [
            ConsumerRecord(self.topic, 0, offset, 0, 0, key, value, None, 0, 0, headers=())
            for offset, value in enumerate(values)
        ]
        await handle_all(self._worker, batch)
        letters = [
            decode_value(DEAD_LETTER, record.value, MAX_LETTER_BYTES)
            for record in self._publisher.sent
        ]
        letters.sort(key=lambda letter: letter.offset)
        # Each record is handled, or is one letter with all its bytes.
        assert self.handled | {letter.offset for letter in letters} == set(range(len(values)))
        assert len(self.handled) + len(letters) == len(values)
        for letter in letters:
            value = values[letter.offset][:MAX_VALUE_BYTES]
            assert base64.b64decode(letter.value_b64 or "") == value
        return letters


@asynccontextmanager
async def command(dsn: str) -> AsyncIterator[Any]:
    async with a_harness(dsn) as harness:
        yield harness.driver


def reasons_of(letters: Sequence[DeadLetter]) -> list[Reason]:
    return [letter.reason for letter in letters]


async def command_letters() -> list[DeadLetter]:
    good = a_request("issue", "cmd-1", DISTRICT, **ORDER)
    stale = a_request("issue", "cmd-2", DISTRICT, **ORDER, seen_digest="0" * 64)
    unknown = a_request("close", "cmd-none", DISTRICT)
    bug = a_request("issue", "cmd-3", DISTRICT, **ORDER)
    values = [
        encode(good),
        b"flood 7",
        b"{}",
        b" " * (MAX_VALUE_BYTES + 1),
        encode(stale),
        encode(unknown),
        encode(good.model_copy(update={"title": "another"})),
        encode(bug),
    ]
    with fresh_database() as dsn:
        async with command(dsn) as driver:
            reader = Reader("command", driver, COMMAND_REQUESTS.name, bug_in=7)
            letters = await reader.read(*values)
    assert reasons_of(letters) == [
        Reason.NOT_JSON,
        Reason.SCHEMA,
        Reason.TOO_LARGE,
        Reason.STALE,
        Reason.UNKNOWN_SUBJECT,
        Reason.ID_CONFLICT,
        Reason.HANDLER_ERROR,
    ]
    return letters


async def notify_letters() -> list[DeadLetter]:
    test = json.loads((GOLDEN / "duty.contact_tests.v1@unit.json").read_bytes())
    test |= {"origin_unit": VILLAGE, "unit": TOWN}
    with fresh_database() as dsn:
        async with service("notify", dsn) as driver:
            reader = Reader("notify", driver, CONTACT_TESTS.name)
            letters = await reader.read(json.dumps(test).encode())
    assert reasons_of(letters) == [Reason.NOT_ALLOWED]
    return letters


async def alerting_letters() -> list[DeadLetter]:
    rules = a_composite("z", all_of("a", "z")), a_composite("z", all_of("x", "a"))
    with fresh_database() as dsn:
        async with service("alerting", dsn) as driver:
            reader = Reader("alerting", driver, RULES.name)
            letters = await reader.read(*map(encode, rules), key=b"z")
    assert reasons_of(letters) == [Reason.INVALID_RULE]
    return letters


async def scoring_letters() -> list[DeadLetter]:
    """Scoring has no inbox: its loop refuses records beside the good ones of a batch."""
    feed = Feed(RULE)
    batch = [
        as_record(offset, reading, T0 + 10_000)
        for offset, reading in enumerate(
            [
                a_reading(213, 4_000, event_id="good"),
                a_reading(213, 4_001, event_id="not-finite"),
                a_reading(213, 4_002, sensor_id="ghost"),
                a_reading(213, 4_003, unit="cm"),
                a_reading(213, 4_004, datum="黄海"),
                a_reading(213, 20_000),
                a_reading(213, 0),
                a_reading(213, 4_007),
                a_reading(213, 4_008),
            ]
        )
    ]
    batch[1].value = batch[1].value.replace(b'"value":213.0', b'"value":1e999')
    batch[7].key = b"another"
    refused: list[Any] = []
    process_run(feed.engine, batch[:8], SENT, refused)
    elsewhere = Feed(RULE)
    elsewhere.engine.number = READINGS.partitions  # a partition that no sensor's id leads to
    process_run(elsewhere.engine, batch[8:], SENT, refused)
    letters = [letter_of(record, reject, "scoring", SENT) for record, reject in refused]
    assert [(letter.offset, letter.reason) for letter in letters] == list(
        enumerate(
            (
                Reason.NOT_FINITE,
                Reason.UNKNOWN_SENSOR,
                Reason.UNIT_MISMATCH,
                Reason.DATUM_MISMATCH,
                Reason.FUTURE_TIME,
                Reason.TOO_LATE,
                Reason.KEY_MISMATCH,
                Reason.WRONG_PARTITION,
            ),
            1,
        )
    )
    return letters


@pytest.mark.timeout(120)
async def test_every_reason_has_a_record_that_is_refused_for_it() -> None:
    letters = [
        *await command_letters(),
        *await notify_letters(),
        *await alerting_letters(),
        *await scoring_letters(),
    ]
    assert all(letter.detail for letter in letters)
    assert {letter.reason for letter in letters} == set(Reason) - RETIRED
