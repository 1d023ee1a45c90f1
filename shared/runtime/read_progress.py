"""The moment up to which a service has handled everything that Kafka has accepted.

An act counts from the moment at which Kafka accepted it (`InboundMessage.acted_at`). A timer may
fire only when every act from before its moment is handled; otherwise an outage of ours would make
those late who acted in time. When a timer is due, Kafka is asked for the ends of all partitions of
the service. As soon as every partition is handled up to these ends, whichever process owns it,
everything from before the question is handled. Stored offsets show what other processes have
handled.

The wait is bounded. A partition that stands, where nothing was handled for `STANDING_S`, holds up
no timer until it moves again; the same is true of a partition without a leader, and of Kafka while
it answers no question for so long. Time in which this process itself was frozen does not count.
Both are told by /readyz, by the log and by `fenghuo_timers_not_waiting_for`. An act that is read
later still counts from its own moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import structlog
from aiokafka import TopicPartition

from shared.runtime import inbox_store
from shared.runtime.database import Transaction
from shared.runtime.errors import Transient
from shared.runtime.metrics import RuntimeMetrics

log = structlog.get_logger("fenghuo.timers")

STANDING_S = 45.0
"""Longer than another process needs to take over from one that is frozen in a transaction."""
_ANSWER_S = 0.5
"""A sweep waits so long for the answer; a later sweep finds it."""
_ASK_EVERY_S = 1.0
"""While a question is open, the next one is asked after this time."""
_MOST_QUESTIONS = 60
_LONGEST_STEP_S = 2.0
"""More than two sweeps of a waiting timer are apart, unless the process was frozen."""
_SHOWN_S = 10.0
"""/readyz tells so long of a partition for which a timer has not waited."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Offsets = Mapping[TopicPartition, int]


class Ends(Protocol):
    """A source of the ends of partitions."""

    async def ask(self) -> Offsets:
        """Return the end of each partition. Raises Transient while Kafka does not answer."""
        ...


class Question(NamedTuple):
    """The ends of all partitions, asked after `asked_at` by the database's clock."""

    asked_at: datetime
    ends: Offsets


class WaitingTime:
    """The seconds in which timers have waited, by a clock that stands while the process does."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._looked_s = float("-inf")

    def look(self, monotonic_s: float) -> float:
        """Go on to a monotonic time, by at most `_LONGEST_STEP_S`; return the seconds."""
        self.seconds += min(monotonic_s - self._looked_s, _LONGEST_STEP_S)
        self._looked_s = monotonic_s
        return self.seconds

    def stands(self, monotonic_s: float) -> bool:
        """Return whether no timer has waited for `_SHOWN_S`."""
        return monotonic_s - self._looked_s > _SHOWN_S


class ReadMoment:
    """Derives the moment from questions and handled offsets; `now_s` is a `WaitingTime`."""

    def __init__(self) -> None:
        self.moment = _NEVER
        self._questions: list[Question] = []
        self._asked_s = 0.0
        self._silent_since: float | None = None
        self._behind: dict[TopicPartition, tuple[int, float]] = {}

    def may_ask(self, now_s: float) -> bool:
        """Return whether another question would help: none is open, or the last one is old."""
        if not self._questions:
            return True
        return now_s - self._asked_s >= _ASK_EVERY_S and len(self._questions) < _MOST_QUESTIONS

    def add(self, question: Question, now_s: float) -> None:
        """Add an answered question."""
        self._questions.append(question)
        self._asked_s = now_s
        self._silent_since = None

    def note_silence(self, asked_at: datetime, now_s: float) -> None:
        """Note a question without an answer; after `STANDING_S` nothing waits for Kafka."""
        if self._silent_since is None:
            self._silent_since = now_s
        if self.is_silent(now_s):
            self._questions.clear()
            self.moment = max(self.moment, asked_at)

    def is_silent(self, now_s: float) -> bool:
        """Return whether Kafka has answered no question for `STANDING_S`."""
        return self._silent_since is not None and now_s - self._silent_since >= STANDING_S

    def update(self, handled: Offsets, now_s: float) -> None:
        """Move the moment to the last question whose ends are handled.

        A question that was asked while a partition had no leader is over with a later one.
        """
        if not self._questions:
            return
        for partition, end in self._questions[-1].ends.items():
            offset = handled.get(partition, 0)
            if offset >= end:
                self._behind.pop(partition, None)
            elif self._behind.get(partition, (-1, 0.0))[0] != offset:
                self._behind[partition] = offset, now_s
        standing = self.standing(now_s)
        for number in reversed(range(len(self._questions))):
            question = self._questions[number]
            if all(
                handled.get(partition, 0) >= end or partition in standing
                for partition, end in question.ends.items()
            ):
                self.moment = max(self.moment, question.asked_at)
                del self._questions[: number + 1]
                return

    def standing(self, now_s: float) -> frozenset[TopicPartition]:
        """Return the partitions with more to read where nothing was handled for `STANDING_S`."""
        return frozenset(
            partition
            for partition, (_, since) in self._behind.items()
            if now_s - since >= STANDING_S
        )


class ReadProgress:
    """Tells the timer sweeper up to which moment timers may fire."""

    def __init__(
        self,
        group: str,
        ends: Ends,
        own_offsets: Callable[[], Offsets],
        metrics: RuntimeMetrics,
    ) -> None:
        """`own_offsets`: what this process has handled, empty offsets after it included."""
        self._group = group
        self._ends = ends
        self._own_offsets = own_offsets
        metrics.not_waiting_for.set_function(lambda: len(self._not_waited_for()))
        self._state = ReadMoment()
        self._waiting = WaitingTime()
        self._asking: asyncio.Task[None] | None = None
        self._standing: frozenset[TopicPartition] = frozenset()

    async def moment(self, transaction: Transaction, latest: datetime) -> datetime:
        """Return up to which moment everything is handled; `latest`: the last moment of interest.

        Kafka is asked only when everything up to `latest` is not known to be handled.
        """
        if self._state.moment >= latest:
            return self._state.moment
        self._waiting.look(time.monotonic())
        await self._update(transaction)
        unknown = self._state.moment < latest and self._asking is None
        if unknown and self._state.may_ask(self._waiting.seconds):
            self._asking = asyncio.create_task(self._ask(transaction.now))
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=_ANSWER_S)
            if self._asking.done():
                self._asking.result()
                self._asking = None
                await self._update(transaction)
        return self._state.moment

    def ready(self) -> str | None:
        """Return None, or the partitions for which timers do not wait."""
        names = ", ".join(f"{tp.topic}:{tp.partition}" for tp in sorted(self._not_waited_for()))
        if names:
            return f"timers do not wait for what is unread in {names}: nothing is handled there"
        if self._state.is_silent(self._waiting.seconds) and self._is_current():
            return "timers do not wait for Kafka: it does not tell the ends of partitions"
        return None

    async def stop(self) -> None:
        """Give up a question under way."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking

    async def _ask(self, asked_at: datetime) -> None:
        try:
            ends = await self._ends.ask()
        except Transient as error:
            log.warning("ends_unknown", error=str(error))
            self._state.note_silence(asked_at, self._waiting.seconds)
        else:
            self._state.add(Question(asked_at, ends), self._waiting.seconds)

    async def _update(self, transaction: Transaction) -> None:
        rows = await inbox_store.load_offsets(transaction, self._group)
        stored = {partition: offset.next_offset for partition, offset in rows.items()}
        own = self._own_offsets()
        handled = {tp: max(stored.get(tp, 0), own.get(tp, 0)) for tp in stored.keys() | own.keys()}
        self._state.update(handled, self._waiting.seconds)
        standing = self._state.standing(self._waiting.seconds)
        if standing - self._standing:
            names = [f"{tp.topic}:{tp.partition}" for tp in sorted(standing - self._standing)]
            log.error("timers_not_waiting", partitions=names)
        self._standing = standing

    def _not_waited_for(self) -> frozenset[TopicPartition]:
        return self._standing if self._is_current() else frozenset()

    def _is_current(self) -> bool:
        """Return whether a timer has waited lately; without one, nothing more is known."""
        return not self._waiting.stands(time.monotonic())
