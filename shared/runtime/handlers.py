"""Functions that handle messages and timers, registered as FastStream registers subscribers.

A module of a service's `handlers/` makes a `Router` and decorates one function per topic;
`timers.py` decorates one function per kind of timer. `app.py` hands the routers and the service's
unit of work to `StatefulPlatform.include`. Batches, transactions, dead letters and rebalances stay
with the platform (docs/platform.md): a handler raises `Reject` for a message that can never be
handled, before it changes anything for this message, and anything that it changes through its unit
of work is stored in the transaction that also moves the offset.

    router: Router[UnitOfWork] = Router()

    def load(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        unit.needs_alarm(alarm.alarm_id)

    @router.subscriber(ALARMS, load=load)
    async def handle_alarm(alarm: AlarmEvent, unit: UnitOfWork) -> None:
        ...
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, Generic, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from shared.contracts.topics import TopicSpec
from shared.runtime.database import Transaction
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import InboundMessage, is_of_canary
from shared.runtime.timers import Timer, TimerKey


class UnitOfWork(Protocol):
    """The rows that one transaction of a service reads and changes.

    The load functions of the handlers name the rows; then `lock` or `load` is called once.
    """

    async def lock(self) -> None:
        """Lock the rows that the load functions have named, in the order of all locks."""
        ...

    async def load(self) -> None:
        """Lock and read the rows that the load functions have named."""
        ...

    async def save(self) -> None:
        """Write the changes and queue the records that follow from them."""
        ...


_LONGEST_TURN_S = 0.05
"""After so long without an await that waits, the event loop gets a turn between two messages."""
Unit = TypeVar("Unit", bound=UnitOfWork)
Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])
Load = Callable[..., None]
"""Names to the unit of work the rows that a message, or a timer, needs."""
Order = Callable[[Sequence[InboundMessage]], Sequence[InboundMessage]]
"""Returns the fresh messages of a transaction in the order in which they are to be handled."""


@dataclass(frozen=True, slots=True)
class Subscriber(Generic[Unit]):
    """The handler of a topic. `batch`: the function takes all messages of a transaction at once."""

    topic: TopicSpec
    function: Callable[..., Awaitable[None]]
    load: Load | None
    batch: bool
    takes_record: bool
    load_takes_record: bool


@dataclass(frozen=True, slots=True)
class TimerHandler(Generic[Unit]):
    """The handler of a kind of timer; the function takes all timers of the kind that are due."""

    kind: str
    function: Callable[[Sequence[Timer], Unit], Awaitable[None]]
    load: Load | None


class Router(Generic[Unit]):
    """The handlers of one module. It holds functions only: nothing is connected, nothing is run."""

    def __init__(self) -> None:
        self.subscribers: list[Subscriber[Unit]] = []
        self.timers: list[TimerHandler[Unit]] = []

    def subscriber(
        self, topic: TopicSpec, *, load: Load | None = None, batch: bool = False
    ) -> Callable[[Function], Function]:
        """Register the function as the handler of `topic`.

        The function takes a message and the unit of work, and as a third argument, if it has one,
        the `InboundMessage` around the message; so does `load`. With `batch` the function takes the
        sequence of all messages of the topic in the transaction, and refuses a message by
        `Transaction.refuse`. Raises TypeError when the annotation is not the topic's contract.
        """

        def register(function: Function) -> Function:
            parameters = _check_annotation(function, topic, batch)
            load_takes_record = load is not None and len(inspect.signature(load).parameters) == 3
            self.subscribers.append(
                Subscriber(topic, function, load, batch, parameters == 3, load_takes_record)
            )
            return function

        return register

    def timer(self, kind: str, *, load: Load | None = None) -> Callable[[Function], Function]:
        """Register the function as the handler of the timers of `kind`.

        The function takes the timers that are due and the unit of work; `load` takes a `TimerKey`.
        """

        def register(function: Function) -> Function:
            self.timers.append(TimerHandler(kind, function, load))
            return function

        return register


class Dispatcher(Generic[Unit]):
    """Calls the handlers of a service's routers inside one transaction.

    Handlers of single messages are called in the order of arrival (or of `order`); handlers of
    batches follow in the order of registration, and so do the handlers of timers. Without `canary`
    the messages of the canary count as handled and reach no handler.
    """

    def __init__(
        self,
        unit_of_work: Callable[[Transaction], Unit],
        routers: Iterable[Router[Unit]],
        *,
        order: Order | None = None,
        canary: bool = True,
    ) -> None:
        self.unit_of_work = unit_of_work
        self._order = order
        self._canary = canary
        self._subscribers: dict[str, Subscriber[Unit]] = {}
        self._timers: dict[str, TimerHandler[Unit]] = {}
        for router in routers:
            for subscriber in router.subscribers:
                if self._subscribers.setdefault(subscriber.topic.name, subscriber) != subscriber:
                    raise TypeError(f"{subscriber.topic.name} has two handlers")
            for timer in router.timers:
                if self._timers.setdefault(timer.kind, timer) != timer:
                    raise TypeError(f"timers of kind {timer.kind} have two handlers")

    @property
    def topics(self) -> list[TopicSpec]:
        """The topics that have a handler, in the order of registration."""
        return [subscriber.topic for subscriber in self._subscribers.values()]

    @property
    def timer_kinds(self) -> list[str]:
        """The kinds of timers that have a handler."""
        return list(self._timers)

    async def apply(self, transaction: Transaction, batch: Sequence[InboundMessage]) -> None:
        """Handle the new messages of a transaction.

        A message whose handler raises Reject is refused (`Transaction.refuse`); the others go on.
        """
        unit = self.unit_of_work(transaction)
        if not self._canary:
            batch = [inbound for inbound in batch if not is_of_canary(inbound.message)]
        ordered = batch if self._order is None else self._order(batch)
        for inbound in ordered:
            subscriber = self._subscribers[inbound.topic]
            if subscriber.load is None:
                continue
            if subscriber.load_takes_record:
                subscriber.load(inbound.message, unit, inbound)
            else:
                subscriber.load(inbound.message, unit)
        await unit.load()
        batches: defaultdict[str, list[InboundMessage]] = defaultdict(list)
        turned_at = time.monotonic()
        for inbound in ordered:
            subscriber = self._subscribers[inbound.topic]
            if subscriber.batch:
                batches[inbound.topic].append(inbound)
                continue
            arguments = (inbound,) if subscriber.takes_record else ()
            try:
                await subscriber.function(inbound.message, unit, *arguments)
            except Reject as reject:
                transaction.refuse(inbound.message, reject)
            if time.monotonic() - turned_at > _LONGEST_TURN_S:
                await asyncio.sleep(0)
                turned_at = time.monotonic()
        for topic, subscriber in self._subscribers.items():
            if records := batches.get(topic):
                messages = [inbound.message for inbound in records]
                if subscriber.takes_record:
                    await subscriber.function(messages, unit, records)
                else:
                    await subscriber.function(messages, unit)
        await unit.save()

    async def lock(self, transaction: Transaction, keys: Sequence[TimerKey]) -> None:
        """Lock the subjects of due timers, before the timers are claimed."""
        unit = self.unit_of_work(transaction)
        self._load_timers(keys, unit)
        await unit.lock()

    async def fire(self, transaction: Transaction, timers: Sequence[Timer]) -> None:
        """Handle claimed timers."""
        unit = self.unit_of_work(transaction)
        self._load_timers([timer.key for timer in timers], unit)
        await unit.load()
        by_kind: defaultdict[str, list[Timer]] = defaultdict(list)
        for timer in timers:
            by_kind[timer.kind].append(timer)
        for kind, handler in self._timers.items():
            if due := by_kind.get(kind):
                await handler.function(due, unit)
        await unit.save()

    def _load_timers(self, keys: Sequence[TimerKey], unit: Unit) -> None:
        for key in keys:
            handler = self._timers.get(key.kind)
            if handler is None:
                raise ValueError(f"no handler is registered for timers of kind {key.kind}")
            if handler.load is not None:
                handler.load(key, unit)


def _check_annotation(function: Callable[..., Any], topic: TopicSpec, batch: bool) -> int:
    """Return the number of parameters; raises TypeError unless the first is the contract."""
    names = list(inspect.signature(function).parameters)
    annotation = get_type_hints(function).get(names[0]) if names else None
    if batch:
        annotation = next(iter(get_args(annotation)), None)
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    if topic.contract not in (annotation, *members) or len(names) not in (2, 3):
        name = getattr(function, "__qualname__", repr(function))
        raise TypeError(f"{name} does not take the contract {topic.contract} of {topic.name}")
    return len(names)
