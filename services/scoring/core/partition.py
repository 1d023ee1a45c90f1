"""One partition of the readings: its sensors, its clock, its deadlines. A function of the log alone.

Only ticks move the clock that decides silence. A reading moves just its own sensor's time: a device
whose clock is fast, or a drill that plays another hour, must not make its neighbours look silent.

Deadlines lie in a heap with at most one live entry per sensor. An entry that turns out early, since
the sensor was heard meanwhile, is put back at the right moment; so a tick costs what falls due.

A sensor that has never been heard since it was catalogued has no state and is not silent: thousands
are catalogued before they are installed, and their absence is a matter of commissioning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush

from services.scoring.core import reload
from services.scoring.core.book import RuleBook
from services.scoring.core.checks import Refused
from services.scoring.core.engine import elapse, finish, next_due, take
from services.scoring.core.events import Cause, Emitted, instant
from services.scoring.core.history import holds
from services.scoring.core.marks import mark_of
from services.scoring.core.quiet import bands
from services.scoring.core.rules import Plan
from services.scoring.core.state import NEVER, SensorState, StoredState, key_of
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import highest_grade
from shared.contracts.readings import Reading, Tick

FUTURE_S = 120.0
"""How far event time may run ahead of Kafka's record time, in seconds."""
TICK_AHEAD_S = 2.0
"""The same for a tick, which moves the clock of all sensors and can never be taken back."""
RETROSPECTIVE_S = 900.0
"""A reading so far behind the log's clock belongs to a backlog."""


class Outcome(StrEnum):
    """What became of a reading that was not refused; a metric label."""

    SCORED = "scored"
    LATE = "late"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"


class Partition:
    """State of one partition; `out` collects what has to be sent, `dirty` what has to be stored.

    `next_offset` is the first offset not applied, `last_value` the record before it as far as it was applied
    here, `clock` the newest tick in seconds since 1970,
    `gone` the keys of sensors that are no longer catalogued. `states` holds the sensors by key.
    `number` is the partition's in the topic; None = all sensors belong here, as on a bench.
    """

    def __init__(self, book: RuleBook, clock: float = -NEVER, number: int | None = None) -> None:
        self.book = book
        self.number = number
        self.clock = clock
        self.next_offset = 0
        self.last_value: bytes | None = None
        self.states: dict[bytes, SensorState] = {}
        self.dirty: list[SensorState] = []
        self.gone: list[bytes] = []
        self.out: list[Emitted] = []
        self._deadlines: list[tuple[float, bytes]] = []
        self._strangers: set[bytes] = set()
        self._revision = -1

    @property
    def refreshed(self) -> bool:
        """Whether all states are of the book as it is."""
        return self._revision == self.book.revision

    def come_under(self, book: RuleBook) -> None:
        """From the next record on another book judges."""
        if book is not self.book:
            self.book = book
            self._revision = -1

    def restore(
        self, stored: Iterable[StoredState], belongs: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Take over what the changelog holds; what is of sensors not catalogued stays there.

        `belongs` says whether a sensor is of this partition; the state of another ends at the next
        refresh, with its alarms.
        """
        for stored_state in stored:
            sensor = self.book.sensor(stored_state.sensor_id)
            if sensor is not None:
                state = stored_state.connect(sensor, self.book.plan(sensor, stored_state.status))
                key = state.key.encode()
                self.states[key] = state
                if not belongs(stored_state.sensor_id):
                    self._strangers.add(key)

    def reading(
        self,
        offset: int,
        reading: Reading,
        stamped: float,
        now: datetime,
        at: float | None = None,
    ) -> Outcome:
        """Apply a reading; `stamped` is Kafka's record time in seconds since 1970, `at` its event
        time where the caller has read it already.

        Raises Refused; the state is then as before.
        """
        self.refresh(now)
        status = str(reading.status)
        key = key_of(reading.sensor_id, status).encode()
        state = self.states.get(key)
        if state is not None and offset <= state.applied:
            return Outcome.REPLAYED
        if state is None:
            sensor = self.book.sensor(reading.sensor_id)
            if sensor is None:
                raise Refused(Reason.UNKNOWN_SENSOR, f"{reading.sensor_id} is not catalogued")
            state = SensorState(sensor, self.book.plan(sensor, status), status)
        _match(state.plan, reading)
        at = reading.occurred_at.timestamp() if at is None else at
        if at > stamped + FUTURE_S:
            raise Refused(Reason.FUTURE_TIME, f"{at - stamped:.0f} s ahead of its arrival")
        trace = reading.trace_id or reading.id
        before, grade = state.grade, highest_grade(state.grade, reading.data_grade)
        if grade is before:
            return self.weigh(state, reading.id, at, reading.value, trace, reading.synthetic, now)
        state.trouble().grade = grade  # first: what this reading raises has it
        try:
            return self.weigh(state, reading.id, at, reading.value, trace, reading.synthetic, now)
        except Refused:
            state.trouble().grade = before
            raise

    def weigh(
        self,
        state: SensorState,
        event_id: str,
        at: float,
        value: float,
        trace_id: str,
        synthetic: bool,
        now: datetime,
    ) -> Outcome:
        """Apply a reading that is as catalogued and not from the future.

        Raises Refused; the state is then as before.
        """
        instant(at)
        if (outcome := _is_repeat(state, event_id, at, value)) is not None:
            return outcome
        if state.newest - at > state.plan.lateness_s:
            raise Refused(
                Reason.TOO_LATE,
                f"{state.newest - at:.0f} s older than the newest, "
                f"at most {state.plan.lateness_s:.0f}",
            )
        late = at <= state.newest
        seen = self._cause(at, value, event_id, trace_id)
        if state.newest == -NEVER:
            self.states[state.key.encode()] = state
        take(state, seen, synthetic, self.clock, now, self.out)
        self.mark(state)
        self._note(state)
        return Outcome.LATE if late else Outcome.SCORED

    def finish(
        self,
        state: SensorState,
        event_id: str,
        at: float,
        value: float,
        done: int,
        now: datetime,
    ) -> None:
        """Do what `engine.glide` has left to be done of a reading that it took in."""
        finish(state, self._cause(at, value, event_id, event_id), done, self.clock, now, self.out)
        self.mark(state)
        self._note(state)

    def _cause(self, at: float, value: float, event_id: str, trace_id: str) -> Cause:
        """A reading as the cause of what follows from it."""
        return Cause(at, value, event_id, trace_id, self.clock - at > RETROSPECTIVE_S)

    def tick(self, offset: int, tick: Tick, stamped: float, now: datetime) -> None:
        """Move the clock and decide what fell due; one that does not move it is harmless.

        Raises Refused for a tick that runs ahead of Kafka's time of it.
        """
        self.refresh(now)
        at = tick.occurred_at.timestamp()
        if at > stamped + TICK_AHEAD_S:
            raise Refused(Reason.FUTURE_TIME, f"a tick {at - stamped:.0f} s ahead of its arrival")
        if at <= self.clock:
            return
        self.clock = at
        ahead: list[tuple[float, bytes]] = []
        while self._deadlines and self._deadlines[0][0] < at:
            due, key = heappop(self._deadlines)
            state = self.states.get(key)
            if state is None or state.due != due:
                continue
            if offset <= state.applied:
                # Replayed: this state has seen the tick. What is overdue in it came later, from a
                # reading that was old when it arrived, and waits for the next tick as it did then.
                ahead.append((due, key))
                continue
            state.due = NEVER
            before = len(self.out)
            elapse(state, at, now, self.out)
            if len(self.out) > before:
                self.mark(state)
            self._note(state)
        for entry in ahead:
            heappush(self._deadlines, entry)

    def mark(self, state: SensorState) -> None:
        """A state has changed and is to be stored."""
        if not state.dirty:
            state.dirty = True
            self.dirty.append(state)

    def refresh(self, now: datetime) -> None:
        """After a change of rules or catalogue: give every state its plan, find new deadlines."""
        if self._revision == self.book.revision:
            return
        self._revision = self.book.revision
        self._deadlines = []
        for key, state in list(self.states.items()):
            state.due = NEVER
            sensor = self.book.sensor(state.sensor.sensor_id)
            if key in self._strangers:
                sensor = None
            changed = reload.take_over(state, self.book, sensor, self.clock, now, self.out)
            if sensor is None:
                del self.states[key]
                self.gone.append(key)
                continue
            bands(state)
            if changed:
                self.mark(state)
            due, _ = next_due(state)
            if due < NEVER:
                state.due = due
                self._deadlines.append((due, key))
        self._strangers.clear()
        heapify(self._deadlines)

    def _note(self, state: SensorState) -> None:
        if state.due < NEVER and not state.plan.waiting and state.rare is None:
            return  # a deadline of silence only ever moves later
        due, _ = next_due(state)
        if due < state.due:
            state.due = due
            heappush(self._deadlines, (due, state.key.encode()))


def _is_repeat(state: SensorState, event_id: str, at: float, value: float) -> Outcome | None:
    """DUPLICATE when it has been taken already; raises Refused for the same id with another body."""
    known = holds(state, at, value)
    raw = event_id.encode()
    if not known and state.has_taken(mark_of(raw, 0, len(raw))):
        if state.rare is not None and [event_id, at, value] in state.rare.unmeasured:
            return Outcome.DUPLICATE
        raise Refused(Reason.ID_CONFLICT, f"id {event_id} came before with another body")
    return Outcome.DUPLICATE if known else None


def _match(plan: Plan, reading: Reading) -> None:
    if reading.unit != plan.unit:
        raise Refused(Reason.UNIT_MISMATCH, f"unit {reading.unit}, catalogued {plan.unit}")
    if reading.datum != plan.datum:
        raise Refused(Reason.DATUM_MISMATCH, f"datum {reading.datum}, catalogued {plan.datum}")
    if reading.metric != plan.metric:
        raise Refused(Reason.UNIT_MISMATCH, f"metric {reading.metric}, catalogued {plan.metric}")
