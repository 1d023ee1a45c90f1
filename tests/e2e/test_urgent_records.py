"""A backlog of thousands and urgent records after it, on a real Kafka and Postgres (ADR 16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.alerting.app import BATCH
from services.alerting.app import FIRST as ALARMS_FIRST
from services.alerting.consumer import Alerting
from services.alerting.metrics import AlertingMetrics
from services.notify.app import FIRST as ALERTS_FIRST
from services.notify.consumer import NotifyConsumer
from services.notify.core.budgets import BUDGETS
from services.notify.core.profiles import PROFILES
from services.notify.metrics import NotifyMetrics
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Contract, Level, Post
from shared.contracts.pages import Channel
from shared.contracts.topics import ALARMS, ALERTS, DEAD_LETTER, PAGES, REPORTS, TopicSpec
from shared.runtime.errors import LostOwnership
from shared.runtime.inbound_messages import PriorityRule
from shared.runtime.outbound_records import encode
from tests.e2e.test_inbox import Service, read, report, send
from tests.support.infrastructure import Infrastructure
from tests.support.kafka import produce
from tests.support.waiting import until
from tests.unit.alerting.builders import an_alarm
from tests.unit.notify.builders import TOWN, VILLAGE, a_slot, an_alert, name_of

pytestmark = [pytest.mark.e2e]

URGENT = PriorityRule((b"urgent",), lambda message: message.text == "urgent")
BACKLOG = 3_000


async def count(service: Service, query: str, *values: Any) -> int:
    number: int = await service.database.pool.fetchval(query, *values)
    return number


async def test_urgent_records_go_first_and_every_key_keeps_its_order(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS)
    alone, last = f"{topic.name}-alone", f"{topic.name}-last"
    names = [(f"{topic.name}-{n}", f"key-{n % 60}", "") for n in range(BACKLOG)]
    names += [(alone, "key-alone", "urgent"), (last, "key-7", "urgent")]
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
    assert max(map(service.applied.index, (alone, last))) < BACKLOG / 2
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
    """Yield a service to kill, its successor, and the records of the topic, of which two are
    urgent."""
    texts = ["", "urgent", "", "urgent"]
    lines = ["ordinary", "refuse me", "ordinary", "ordinary"]
    ids = [f"{topic.name}-{n}" for n in range(len(texts))]
    reports = [
        report(0, id=name, text=text, headline=line)
        for name, text, line in zip(ids, texts, lines, strict=True)
    ]
    await send(infrastructure, topic, [(report, []) for report in reports])
    records = await read(infrastructure, topic.name, len(reports))
    killed, successor = (Service(infrastructure, topic, URGENT) for _ in range(2))
    async with killed.connected(), successor.connected():
        await killed.worker.restore([TopicPartition(topic.name, 0)])
        yield killed, successor, records


async def test_a_crash_after_urgent_records_loses_and_doubles_nothing(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(REPORTS, partitions=1)
    partition = TopicPartition(topic.name, 0)
    async with processes(infrastructure, topic) as (killed, successor, records):
        urgent = [record for record in records if killed.worker.is_urgent(record)]
        await killed.worker.handle_urgent(urgent)
        assert killed.applied == [f"{topic.name}-3"], "a refused record costs the others nothing"
        offsets = await successor.worker.restore([partition])
        assert offsets == {}, "the offset has not moved"
        await successor.worker.handle(records)
        assert successor.applied == [f"{topic.name}-0", f"{topic.name}-2"]
        assert await successor.worker.restore([partition]) == {partition: 4}
        with pytest.raises(LostOwnership):
            await killed.worker.handle_urgent(urgent)
        letters = await read(infrastructure, topic.dlq, 1)
    [letter] = [DEAD_LETTER.validate_json(letter.value) for letter in letters]
    assert (letter.offset, letter.reason) == (1, Reason.NOT_ALLOWED)


async def test_in_its_turn_it_is_not_counted_as_a_repeat(
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
    """Return the records of a topic in the outbox after a sequence number, decoded."""
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
    """Send all records, let the service handle them, and return the last outbox number before."""
    records = [(key, encode(contract), None) for key, contract in backlog]
    await produce(infrastructure.bootstrap, service.topic.name, records)
    async with service.running():
        table = f"{service.database.schema}.outbox"
        before = await count(service, f"SELECT coalesce(max(seq), 0) FROM {table}")
        await until(lambda: len(service.applied) >= len(backlog), 60)
    return before


async def test_a_red_alarm_is_an_alert_before_the_bulk_of_the_blue_ones(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALARMS)
    backlog = [
        an_alarm(f"{topic.name}-{n}", level=Level.BLUE, event_type=f"12:blue_{n % 60}")
        for n in range(BACKLOG)
    ]
    backlog.append(an_alarm(f"{topic.name}-red", level=Level.RED, event_type="12:one_red"))
    service = Service(infrastructure, topic, ALARMS_FIRST, BATCH)
    service.handler = Alerting(AlertingMetrics(service.metrics.registry)).apply
    before = await works_off(
        infrastructure, service, [(alarm.alarm_id, alarm) for alarm in backlog]
    )
    async with service.connected():
        published = await outgoing(service, ALERTS, before)
    assert len(published) == BACKLOG + 1
    red = [record.proposed_level for record in published].index(Level.RED)
    assert red < BACKLOG / 2


async def test_a_red_alert_is_a_page_before_the_bulk_of_the_blue_ones(
    infrastructure: Infrastructure,
) -> None:
    topic = infrastructure.own_topic(ALERTS)
    service = Service(infrastructure, topic, ALERTS_FIRST, schema="notify")
    channels = frozenset({Channel.CONSOLE})
    metrics = NotifyMetrics(service.metrics.registry)
    notify = NotifyConsumer(PROFILES["standard"], BUDGETS["standard"], channels, metrics)
    for unit in VILLAGE, TOWN:
        for post in Post:
            notify.roster.put(a_slot(unit, post, name_of(unit, post)))
    service.handler = notify.apply
    backlog = [
        an_alert(alert=f"{topic.name}-{n}", approver=TOWN, proposed=Level.BLUE)
        for n in range(BACKLOG)
    ]
    backlog.append(an_alert(alert=f"{topic.name}-red", approver=TOWN, proposed=Level.RED))
    before = await works_off(
        infrastructure, service, [(alert.alert_id, alert) for alert in backlog]
    )
    async with service.connected():
        pages = await outgoing(service, PAGES, before)
    assert len(pages) > BACKLOG
    red = [page.level for page in pages].index(Level.RED)
    assert red < len(pages) / 2
