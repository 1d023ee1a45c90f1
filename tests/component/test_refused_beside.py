"""Refused acts are refused beside the good ones: none of them costs a transaction of its own.

Each owner of acts is driven through its inbox on a real Postgres. Transactions and statements are
counted, not seconds.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from services.alerting.app import build as build_alerting
from services.alerting.settings import Settings as AlertingSettings
from services.catalog.app import build as build_catalog
from services.catalog.settings import Settings as CatalogSettings
from services.duty.app import build as build_duty
from services.duty.settings import Settings as DutySettings
from shared.contracts.dead_letter import Reason
from shared.contracts.topics import TOPICS
from shared.domain.selection.tree import UnitTree
from shared.runtime.database import Database, Transaction
from shared.runtime.inbox import InboxWorker
from shared.runtime.metrics import RuntimeMetrics
from tests.component.command.harness import driven_command, some_times
from tests.support.inbox import NotingDeadLetters
from tests.support.postgres import fresh_database
from tests.support.service_driver import ServiceDriver, driven
from tests.unit.notify.harness import driven_notify

GOLDEN = Path(__file__).parents[1] / "contract" / "golden"
FEW, MANY = 20, 500
ALL = 1 + FEW + MANY
ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "alert.decisions.v1@approve": ("alerting", {}),
    "alert.silences.v1@create": ("alerting", {"verb": "end"}),
    "command.acknowledgements.v1@return": ("command", {}),
    "command.requests.v1@issue": ("command", {}),
    "response.requests.v1@propose": ("command", {}),
    "incident.reports.v1@upward": ("command", {"from_unit": "500119000000"}),
    "duty.requests.v1@rotation": ("duty", {}),
    "catalog.requests.v1@put": ("catalog", {}),
    "duty.answers.v1@coming": ("notify", {}),
    "duty.contact_tests.v1@unit": ("notify", {}),
}
"""A golden act of each kind, its owner, and what makes it an act that an empty service refuses."""


@asynccontextmanager
async def _notify(dsn: str) -> AsyncIterator[ServiceDriver]:
    async with driven_notify(dsn, "demo") as harness:
        yield harness.driver


@asynccontextmanager
async def _command(dsn: str) -> AsyncIterator[ServiceDriver]:
    async with driven_command(dsn, some_times(), UnitTree()) as harness:
        yield harness.driver


def service(name: str, dsn: str) -> AbstractAsyncContextManager[ServiceDriver]:
    match name:
        case "alerting":
            return driven(build_alerting, AlertingSettings, dsn)
        case "catalog":
            return driven(build_catalog, CatalogSettings, dsn)
        case "duty":
            return driven(build_duty, DutySettings, dsn)
        case "command":
            return _command(dsn)
        case _:
            return _notify(dsn)


def acts(case: str, begin: int, numbers: range) -> list[Any]:
    """Return records of one kind of act, with ids by number, from the offset `begin` on."""
    topic = case.split("@", maxsplit=1)[0]
    act = json.loads((GOLDEN / f"{case}.json").read_bytes()) | ACTS[case][1]
    values = [json.dumps({**act, "id": f"act-{number}"}).encode() for number in numbers]
    return [
        ConsumerRecord(topic, 0, offset, 0, 0, b"k", value, None, 0, 0, headers=())
        for offset, value in enumerate(values, begin)
    ]


@dataclass
class Work:
    """The transactions of a time, with the statements of each."""

    transactions: list[list[str]] = field(default_factory=list)

    @property
    def statements(self) -> int:
        return sum(map(len, self.transactions))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    transaction = Database.transaction

    @asynccontextmanager
    async def counting(database: Database) -> AsyncIterator[Transaction]:
        async with transaction(database) as opened:
            statements: list[str] = []
            work.transactions.append(statements)
            with opened.connection.query_logger(lambda query: statements.append(query.query)):
                yield opened

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", counting)
        yield work


class Inbox:
    """The inbox of a service, whose letters are noted."""

    def __init__(self, driver: ServiceDriver) -> None:
        metrics = RuntimeMetrics(CollectorRegistry())
        self.letters = NotingDeadLetters(metrics)
        assert driver.platform.apply is not None
        self.worker = InboxWorker(
            driver.database,
            "test",
            driver.platform.apply,
            self.letters,
            metrics,
            max_records=ALL,
            first_records=ALL,
        )


@pytest.mark.parametrize("case", ACTS)
async def test_many_refused_acts_cost_no_more_transactions_than_few(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_database() as dsn:
        async with service(ACTS[case][0], dsn) as driver:
            inbox = Inbox(driver)
            await inbox.worker.restore([TopicPartition(case.split("@", maxsplit=1)[0], 0)])
            await inbox.worker.handle(acts(case, 0, range(1)))  # what is made once is made now
            with counted(monkeypatch) as few:
                await inbox.worker.handle(acts(case, 1, range(1, 1 + FEW)))
            with counted(monkeypatch) as many:
                await inbox.worker.handle(acts(case, 1 + FEW, range(1 + FEW, ALL)))
            assert len(few.transactions) == len(many.transactions) == 1
            assert many.statements <= few.statements + 2
            assert len(inbox.letters.refused) == ALL
            # Each of them once more: one look at the inbox, and a letter for each copy.
            with counted(monkeypatch) as repeats:
                await inbox.worker.handle(acts(case, ALL, range(MANY)))
            assert len(repeats.transactions) == 1
            assert repeats.statements <= 5
            assert len(inbox.letters.refused) == ALL + MANY
            assert Reason.HANDLER_ERROR not in dict(inbox.letters.refused).values()


async def test_an_alarm_behind_500_refused_decisions_is_handled_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alarm = json.loads((GOLDEN / "alarm.events.v1@upgraded.json").read_bytes())
    alarm |= {"transition": "raised", "version": 1}
    alarm.pop("previous_level")
    value = json.dumps(alarm).encode()
    topic = "alarm.events.v1"
    record = ConsumerRecord(topic, 0, 0, 0, 0, b"k", value, None, 0, 0, headers=())
    TOPICS[topic].model.validate_json(value)
    with fresh_database() as dsn:
        async with service("alerting", dsn) as driver:
            inbox = Inbox(driver)
            await inbox.worker.restore(
                [TopicPartition("alert.decisions.v1", 0), TopicPartition(topic, 0)]
            )
            with counted(monkeypatch) as work:
                await inbox.worker.handle(
                    [*acts("alert.decisions.v1@approve", 0, range(MANY)), record]
                )
            assert len(work.transactions) == 1
            assert len(inbox.letters.refused) == MANY
            assert await driver.value("SELECT count(*) FROM alerting.alert") == 1
