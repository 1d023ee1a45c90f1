"""Handlers: registration, the order of calls in a transaction, refusals, timers by kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.contracts.alarms import AlarmEvent
from shared.contracts.alerts import AlertEvent
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status
from shared.contracts.reports import Report
from shared.contracts.topics import ALARMS, ALERTS, REPORTS
from shared.runtime import handlers
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.handlers import Dispatcher, Router
from shared.runtime.inbound_messages import InboundMessage
from shared.runtime.timers import Timer, TimerKey

TRANSACTION = cast("Transaction", object())
DUE_AT = datetime(2026, 6, 18, tzinfo=UTC)


class UnitOfWork:
    """A unit of work that notes each call."""

    instances: list[UnitOfWork]

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.calls: list[str] = []
        UnitOfWork.instances.append(self)

    async def lock(self) -> None:
        self.calls.append("lock")

    async def load(self) -> None:
        self.calls.append("load")

    async def save(self) -> None:
        self.calls.append("save")


@pytest.fixture(autouse=True)
def _no_instances() -> None:
    UnitOfWork.instances = []


def inbound(topic: Any, message: Any, offset: int = 0) -> InboundMessage:
    """Return a message as the inbox passes it on; the dispatcher does not look into it."""
    return InboundMessage(message, topic.name, 0, offset, 0)


def need(kind: str) -> Any:
    """Return a load function that notes its call."""

    def load(item: Any, unit: UnitOfWork) -> None:
        unit.calls.append(f"need {kind} {item.subject_id if kind == 'timer' else item}")

    return load


def router_of_messages() -> Router[UnitOfWork]:
    router: Router[UnitOfWork] = Router()

    @router.subscriber(REPORTS, load=need("report"), batch=True)
    async def handle_reports(reports: Sequence[Report], unit: UnitOfWork) -> None:
        unit.calls.append(f"reports {reports}")

    @router.subscriber(ALARMS, load=need("alarm"))
    async def handle_alarm(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        if cast("Any", alarm) == "refused":
            raise Reject(Reason.NOT_ALLOWED, "of the test")
        unit.calls.append(f"alarm {alarm}")

    @router.subscriber(ALERTS)
    async def handle_alert(alert: AlertEvent, unit: UnitOfWork, record: InboundMessage) -> None:
        unit.calls.append(f"alert {alert} at {record.offset}")

    return router


def router_of_timers() -> Router[UnitOfWork]:
    router: Router[UnitOfWork] = Router()

    @router.timer("reminder", load=need("timer"))
    async def send_reminders(timers: Sequence[Timer], unit: UnitOfWork) -> None:
        unit.calls.append(f"reminders {[timer.subject_id for timer in timers]}")

    @router.timer("deadline")
    async def end_deadlines(timers: Sequence[Timer], unit: UnitOfWork) -> None:
        unit.calls.append(f"deadlines {[timer.subject_id for timer in timers]}")

    return router


def dispatcher(**options: Any) -> Dispatcher[UnitOfWork]:
    return Dispatcher(UnitOfWork, [router_of_messages(), router_of_timers()], **options)


def timer(kind: str, subject_id: str) -> Timer:
    return Timer(subject_id, kind, 0, DUE_AT)


def test_topics_and_kinds_are_those_registered_in_their_order() -> None:
    assert dispatcher().topics == [REPORTS, ALARMS, ALERTS]
    assert dispatcher().timer_kinds == ["reminder", "deadline"]


async def test_everything_is_named_then_loaded_then_handled_then_saved() -> None:
    batch = [inbound(ALARMS, "a"), inbound(ALERTS, "b", 7), inbound(ALARMS, "c")]
    await dispatcher().apply(TRANSACTION, batch)
    [unit] = UnitOfWork.instances
    assert unit.transaction is TRANSACTION
    assert unit.calls == [
        *("need alarm a", "need alarm c", "load"),
        *("alarm a", "alert b at 7", "alarm c", "save"),
    ]


async def test_single_messages_keep_their_order_and_batches_follow() -> None:
    batch = [inbound(REPORTS, "r1"), inbound(ALARMS, "a"), inbound(REPORTS, "r2")]
    await dispatcher().apply(TRANSACTION, batch)
    [unit] = UnitOfWork.instances
    assert unit.calls == [
        *("need report r1", "need alarm a", "need report r2", "load"),
        *("alarm a", "reports ['r1', 'r2']", "save"),
    ]


async def test_an_order_applies_to_loading_and_handling() -> None:
    def by_message(batch: Sequence[InboundMessage]) -> Sequence[InboundMessage]:
        return sorted(batch, key=lambda record: str(record.message))

    batch = [inbound(ALARMS, "b"), inbound(ALARMS, "a")]
    await dispatcher(order=by_message).apply(TRANSACTION, batch)
    [unit] = UnitOfWork.instances
    assert unit.calls == ["need alarm a", "need alarm b", "load", "alarm a", "alarm b", "save"]


async def test_a_message_is_refused_beside_the_others() -> None:
    batch = [inbound(ALARMS, "a"), inbound(ALARMS, "refused"), inbound(ALARMS, "b")]
    transaction = Transaction(cast("Any", None), "alerting", DUE_AT)
    await dispatcher().apply(transaction, batch)
    [unit] = UnitOfWork.instances
    assert unit.calls[-3:] == ["alarm a", "alarm b", "save"]
    [(message, reject)] = transaction.refused
    assert message == "refused"
    assert reject.detail == "of the test"


async def test_due_timers_are_locked_and_nothing_else() -> None:
    keys = [TimerKey("s1", "reminder", 0), TimerKey("s2", "deadline", 0)]
    await dispatcher().lock(TRANSACTION, keys)
    [unit] = UnitOfWork.instances
    assert unit.calls == ["need timer s1", "lock"]


async def test_timers_of_a_kind_are_handled_together_in_the_order_of_registration() -> None:
    timers = [timer("deadline", "s1"), timer("reminder", "s2"), timer("deadline", "s3")]
    await dispatcher().fire(TRANSACTION, timers)
    [unit] = UnitOfWork.instances
    assert unit.calls == [
        *("need timer s2", "load"),
        *("reminders ['s2']", "deadlines ['s1', 's3']", "save"),
    ]


async def test_a_kind_without_a_handler_is_an_error() -> None:
    for call in (
        dispatcher().lock(TRANSACTION, [TimerKey("s", "unknown", 0)]),
        dispatcher().fire(TRANSACTION, [timer("unknown", "s")]),
    ):
        with pytest.raises(ValueError, match="kind unknown"):
            await call
    assert all("save" not in unit.calls for unit in UnitOfWork.instances)


def test_an_annotation_that_is_not_the_contract_is_refused() -> None:
    router: Router[UnitOfWork] = Router()
    with pytest.raises(TypeError, match="AlarmEvent"):

        @router.subscriber(ALARMS)
        async def handle_alert(alert: AlertEvent, unit: UnitOfWork) -> None: ...

    with pytest.raises(TypeError, match="handle_one"):

        @router.subscriber(ALARMS, batch=True)
        async def handle_one(alarm: AlarmEvent, unit: UnitOfWork) -> None: ...

    with pytest.raises(TypeError, match="handle_nothing"):

        @router.subscriber(ALARMS)
        async def handle_nothing(alarm: AlarmEvent) -> None: ...

    assert router.subscribers == []


def test_a_union_that_contains_the_contract_is_taken() -> None:
    router: Router[UnitOfWork] = Router()

    @router.subscriber(ALARMS)
    async def handle(message: AlarmEvent | AlertEvent, unit: UnitOfWork) -> None: ...

    assert [subscriber.topic for subscriber in router.subscribers] == [ALARMS]


async def test_a_load_function_may_take_the_record_too() -> None:
    router: Router[UnitOfWork] = Router()

    def load(alarm: Any, unit: UnitOfWork, record: InboundMessage) -> None:
        unit.calls.append(f"need {alarm} at {record.offset}")

    @router.subscriber(ALARMS, load=load)
    async def handle(alarm: AlarmEvent, unit: UnitOfWork) -> None: ...

    await Dispatcher(UnitOfWork, [router]).apply(TRANSACTION, [inbound(ALARMS, "a", 5)])
    assert UnitOfWork.instances[0].calls == ["need a at 5", "load", "save"]


def test_a_topic_or_a_kind_has_one_handler() -> None:
    with pytest.raises(TypeError, match=f"{REPORTS.name} has two handlers"):
        Dispatcher(UnitOfWork, [router_of_messages(), router_of_messages()])
    with pytest.raises(TypeError, match="kind reminder have two handlers"):
        Dispatcher(UnitOfWork, [router_of_timers(), router_of_timers()])


async def test_the_loop_turns_between_messages_that_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without it, a batch of such messages would end the process by the watch over the loop."""
    monkeypatch.setattr(handlers, "_LONGEST_TURN_S", 0.0)
    router: Router[UnitOfWork] = Router()
    turns: list[str] = []

    def load(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        """Nothing is needed."""

    @router.subscriber(ALARMS, load=load)
    async def handle(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        turns.append("message")
        asyncio.get_running_loop().call_soon(turns.append, "loop")

    batch = [inbound(ALARMS, "a", number) for number in range(3)]
    await Dispatcher(UnitOfWork, [router]).apply(TRANSACTION, batch)
    assert turns == ["message", "loop"] * 3


async def test_a_service_may_leave_out_the_records_of_the_canary() -> None:
    router: Router[UnitOfWork] = Router()

    @router.subscriber(ALARMS, load=lambda alarm, unit: unit.calls.append("named"))
    async def handle(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        unit.calls.append(str(alarm.status))

    batch = [
        inbound(ALARMS, SimpleNamespace(status=status), offset)
        for offset, status in enumerate(Status)
    ]
    for canary, expected in ((True, list(Status)), (False, list(Status)[:3])):
        await Dispatcher(UnitOfWork, [router], canary=canary).apply(TRANSACTION, batch)
        calls = UnitOfWork.instances[-1].calls
        assert calls == [*["named"] * len(expected), "load", *expected, "save"]
