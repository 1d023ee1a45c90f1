"""A backlog of thousands and one urgent record behind it, on a real Kafka and a real Postgres (ADR
16).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from services.alerting.app import MAX_RECORDS
from services.alerting.app import URGENT as URGENT_ALARMS
from services.alerting.app import build as build_alerting
from services.alerting.settings import Settings as AlertingSettings
from services.notify.app import URGENT_RECORDS as URGENT_ALERTS
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Contract, Level
from shared.contracts.topics import ALARMS, ALERTS, DEAD_LETTER, PAGES, REPORTS, TopicSpec
from shared.runtime.database import Transaction
from shared.runtime.errors import LostOwnership
from shared.runtime.inbound_messages import Apply, InboundMessage, PriorityRule
from shared.runtime.outbound_records import encode
from tests.e2e.test_inbox import Service, read, report, send
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.waiting import until
from tests.unit.alerting.builders import an_alarm
from tests.unit.notify.builders import TOWN, VILLAGE, an_alert
from tests.unit.notify.harness import driven_notify

pytestmark = [pytest.mark.e2e]

URGENT = PriorityRule((b"urgent",), lambda message: message.text == "urgent")
BACKLOG = 3_000


async def count(service: Service, query: str, *values: Any) -> int:
    number: int = await service.database.pool.fetchval(query, *values)
    return number


async def test_an_urgent_record_is_handled_before_the_bulk_and_each_key_keeps_its_order(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS)
    alone, after = f"{topic.name}-alone", f"{topic.name}-after"
    names = [(f"{topic.name}-{n}", f"key-{n % 60}", "") for n in range(BACKLOG)]
    names += [(alone, "key-alone", "urgent"), (after, "key-7", "urgent")]
    serials = {name: key for name, key, _ in names}
    records = [(key, report(0, id=name, text=text), None) for name, key, text in names]
    await produce(infrastructure.bootstrap, topic.name, records)
    service = Service(infrastructure, topic, URGENT, max_records=100)
    async with service.running():
        await until(lambda: len(service.applied) >= len(names), 60)
        stored = await count(
            service,
            "SELECT sum(next_offset)::bigint FROM alerting.consumer_offset WHERE topic = $1",
            topic.name,
        )
    assert stored == len(names)
    assert sorted(service.applied) == sorted(serials)
    assert max(map(service.applied.index, (alone, after))) < BACKLOG / 2
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in service.applied:
        by_key[serials[name]].append(name)
    sent: dict[str, list[str]] = defaultdict(list)
    for name, key in serials.items():
        sent[key].append(name)
    assert by_key == sent


@asynccontextmanager
async def processes(
    infrastructure: Infrastructure, topic: TopicSpec
) -> AsyncIterator[tuple[Service, Service, list[Any]]]:
    """One that dies, one that comes after it, and what lies in the topic: two of them urgent."""
    texts = ["", "urgent", "", "urgent"]
    lines = ["ordinary", "refuse me", "ordinary", "ordinary"]
    ids = [f"{topic.name}-{n}" for n in range(len(texts))]
    reports = [
        report(0, id=name, text=text, headline=line)
        for name, text, line in zip(ids, texts, lines, strict=True)
    ]
    await send(infrastructure, topic, [(report, []) for report in reports])
    records = await read(infrastructure, topic.name, len(reports))
    dies, comes = (Service(infrastructure, topic, URGENT) for _ in range(2))
    async with dies.connected(), comes.connected():
        await dies.worker.restore([TopicPartition(topic.name, 0)])
        yield dies, comes, records


async def test_a_crash_after_overtaking_loses_and_doubles_nothing(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    partition = TopicPartition(topic.name, 0)
    async with processes(infrastructure, topic) as (dies, comes, records):
        urgent = [record for record in records if dies.worker.is_urgent(record)]
        await dies.worker.handle_urgent(urgent)
        assert dies.applied == [f"{topic.name}-3"], "what is refused spoils nothing for the other"
        offsets = await comes.worker.restore([partition])
        assert offsets == {}, "the offset has not moved"
        await comes.worker.handle(records)
        assert comes.applied == [f"{topic.name}-0", f"{topic.name}-2"]
        assert (await comes.worker.restore([partition]))[partition].next_offset == 4
        with pytest.raises(LostOwnership):
            await dies.worker.handle_urgent(urgent)
        letters = await read(infrastructure, topic.dlq, 1)
    [letter] = [DEAD_LETTER.validate_json(letter.value) for letter in letters]
    assert (letter.offset, letter.reason) == (1, Reason.NOT_ALLOWED)


async def test_an_overtaking_record_is_recognised_in_its_turn_and_not_counted_as_a_repeat(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    async with processes(infrastructure, topic) as (service, _, records):
        await service.worker.handle_urgent([records[3]])
        await service.worker.handle(records)
        assert service.applied == [f"{topic.name}-{n}" for n in (3, 0, 2)]
        assert service.metrics.prioritised.labels(topic.name)._value.get() == 1
        assert service.metrics.duplicates.labels(topic.name)._value.get() == 0


async def outgoing(service: Service, spec: TopicSpec, after: int) -> list[Any]:
    """Return the records that a service has put into its outbox, in order."""
    rows = await service.database.pool.fetch(
        f"SELECT value FROM {service.database.schema}.outbox WHERE topic = $1 AND seq > $2 "
        "ORDER BY seq",
        spec.name,
        after,
    )
    return [spec.model.validate_json(row["value"]) for row in rows]


async def works_off(
    infrastructure: Infrastructure, service: Service, backlog: list[tuple[str, Contract]]
) -> int:
    """Publish the records and wait until all are handled; returns the outbox's last id before."""
    records = [(key, encode(contract), None) for key, contract in backlog]
    await produce(infrastructure.bootstrap, service.topic.name, records)
    async with service.running():
        table = f"{service.database.schema}.outbox"
        before = await count(service, f"SELECT coalesce(max(seq), 0) FROM {table}")
        await until(lambda: len(service.applied) >= len(backlog), 60)
    return before


def alerting_handler(infrastructure: Infrastructure) -> Apply:
    """Return the handlers of alerting for the records of a topic of another name."""
    values = {"kafka_bootstrap": infrastructure.bootstrap, "http_port": 1}
    settings = AlertingSettings.model_validate({**values, "database_url": infrastructure.dsn()})
    app: Any = build_alerting(settings)
    platform = app.platform

    async def handle(transaction: Transaction, batch: Sequence[InboundMessage]) -> None:
        assert platform.apply is not None
        alarms = [msgspec.structs.replace(incoming, topic=ALARMS.name) for incoming in batch]
        await platform.apply(transaction, alarms)

    return handle


async def test_a_red_alarm_is_an_alert_before_the_bulk_of_the_blue_alarms(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    backlog = [
        an_alarm(f"{topic.name}-{n}", level=Level.BLUE, event_type=f"12:blue_{n % 60}")
        for n in range(BACKLOG)
    ]
    backlog.append(an_alarm(f"{topic.name}-red", level=Level.RED, event_type="12:one_red"))
    service = Service(infrastructure, topic, URGENT_ALARMS, MAX_RECORDS)
    service.handler = alerting_handler(infrastructure)
    before = await works_off(
        infrastructure, service, [(alarm.alarm_id, alarm) for alarm in backlog]
    )
    async with service.connected():
        alerts = await outgoing(service, ALERTS, before)
    assert len(alerts) == BACKLOG + 1
    red = [alert.proposed_level for alert in alerts].index(Level.RED)
    assert red < BACKLOG / 2


async def test_a_red_alert_is_a_page_before_the_bulk_of_the_blue_alerts(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALERTS)
    service = Service(infrastructure, topic, URGENT_ALERTS, schema="notify")
    backlog = [
        an_alert(alert=f"{topic.name}-{n}", approver=TOWN, proposed=Level.BLUE)
        for n in range(BACKLOG)
    ]
    backlog.append(an_alert(alert=f"{topic.name}-red", approver=TOWN, proposed=Level.RED))
    async with driven_notify(infrastructure.dsn(), "standard") as notify:

        async def handle(transaction: Transaction, batch: Sequence[InboundMessage]) -> None:
            await notify.driver.handle(transaction, [(ALERTS, item.message) for item in batch])

        notify.fill_posts(VILLAGE, TOWN)
        service.handler = handle
        before = await works_off(
            infrastructure, service, [(alert.alert_id, alert) for alert in backlog]
        )
    async with service.connected():
        pages = await outgoing(service, PAGES, before)
    assert len(pages) > BACKLOG
    red = [page.level for page in pages].index(Level.RED)
    assert red < len(pages) / 2
