"""One partition of the readings: its sensors, its clock, its deadlines. A function of the log alone.

Only ticks move the clock that decides silence. A reading moves just its own sensor's time: a device
whose clock is fast, or a drill that plays another hour, must not make its neighbours look silent.

Deadlines lie in a heap with at most one live entry per sensor. An entry that turns out early, since
the sensor was heard meanwhile, is put back at the right moment; so a tick costs what falls due.

A sensor that has never been heard since it was catalogued has no state and is not silent: thousands
are catalogued before they are installed, and their absence is a matter of commissioning.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush

from services.scoring.core.checks import Refused
from services.scoring.core.engine import elapse, next_due, take, withdraw
from services.scoring.core.events import Emitted
from services.scoring.core.rules import CompiledRule, RuleBook, SensorRules, compile_rule
from services.scoring.core.state import NEVER, NORMAL, SensorState
from shared.contracts.catalog import SensorEntry
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Reading, Tick

FUTURE_S = 120.0
"""How far event time may run ahead of Kafka's record time, in seconds."""


class Outcome(StrEnum):
    """What became of a reading that was not refused; a metric label."""

    SCORED = "scored"
    LATE = "late"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"


class Partition:
    """State of one partition; `out` collects what has to be sent, `dirty` what has to be stored.

    `next_offset` is the first offset not applied, `clock` the newest tick in seconds since 1970,
    `lateness_s` how much older than a sensor's newest reading one may be.
    """

    def __init__(self, book: RuleBook, lateness_s: float, clock: float = -NEVER) -> None:
        self.book = book
        self.lateness_s = lateness_s
        self.clock = clock
        self.next_offset = 0
        self.states: dict[str, SensorState] = {}
        self.dirty: set[str] = set()
        self.out: list[Emitted] = []
        self._deadlines: list[tuple[float, str]] = []
        self._revision = -1

    def reading(self, offset: int, reading: Reading, stamped: float, now: datetime) -> Outcome:
        """Apply a reading; `stamped` is Kafka's record time in seconds since 1970.

        Raises Refused; the state is then as before.
        """
        self.refresh(now)
        key = f"{reading.sensor_id}|{reading.status.value}"
        state = self.states.get(key)
        if state is not None and offset <= state.applied:
            return Outcome.REPLAYED
        sensor = self.book.sensor(reading.sensor_id)
        if sensor is None:
            raise Refused(Reason.UNKNOWN_SENSOR, f"{reading.sensor_id} is not catalogued")
        _match(sensor.entry, reading)
        at = reading.occurred_at.timestamp()
        if at > stamped + FUTURE_S:
            raise Refused(Reason.FUTURE_TIME, f"{at - stamped:.0f} s ahead of its arrival")
        if state is None:
            state = SensorState(reading.sensor_id, reading.status.value)
        for event_id, said_at, said in state.seen:
            if event_id == reading.id:
                if said_at == at and said == reading.value:
                    return Outcome.DUPLICATE
                raise Refused(Reason.ID_CONFLICT, f"id {reading.id} came before with another body")
        late = at < state.newest
        if late and state.newest - at > self.lateness_s:
            raise Refused(
                Reason.TOO_LATE,
                f"{state.newest - at:.0f} s older than the newest, at most {self.lateness_s:.0f}",
            )
        self.states[key] = state
        take(sensor, state, reading, at, now, self.out)
        self.dirty.add(key)
        self._note(sensor, state)
        return Outcome.LATE if late else Outcome.SCORED

    def tick(self, offset: int, tick: Tick, stamped: float, now: datetime) -> None:
        """Move the clock and decide what fell due; one that does not move it is harmless.

        Raises Refused for a tick from the future: it could never be taken back.
        """
        self.refresh(now)
        at = tick.occurred_at.timestamp()
        if at > stamped + FUTURE_S:
            raise Refused(Reason.FUTURE_TIME, f"a tick {at - stamped:.0f} s ahead of its arrival")
        if at <= self.clock:
            return
        self.clock = at
        ahead: list[tuple[float, str]] = []
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
            sensor = self.book.sensor(state.sensor_id)
            if sensor is None:
                continue
            before = len(self.out)
            elapse(sensor, state, at, now, self.out)
            if len(self.out) > before:
                self.dirty.add(key)
            self._note(sensor, state)
        for entry in ahead:
            heappush(self._deadlines, entry)

    def refresh(self, now: datetime) -> None:
        """After a change of rules or catalogue: withdraw alarms without a rule, find new deadlines."""
        if self._revision == self.book.revision:
            return
        self._revision = self.book.revision
        self._deadlines = []
        for key, state in self.states.items():
            state.due = NEVER
            sensor = self.book.sensor(state.sensor_id)
            if sensor is None:
                continue
            for retired in self._retired(sensor, state):
                withdraw(sensor, state, retired, max(state.newest, self.clock), now, self.out)
                self.dirty.add(key)
            due, _ = next_due(sensor, state)
            if due < NEVER:
                state.due = due
                self._deadlines.append((due, key))
        heapify(self._deadlines)

    def _retired(self, sensor: SensorRules, state: SensorState) -> list[CompiledRule]:
        found = []
        for rule_id, alarm in state.alarms.items():
            definition = self.book.definition(rule_id)
            if definition is None or sensor.find(rule_id) is not None:
                continue
            rule = compile_rule(definition, sensor.entry)
            if alarm.level != NORMAL or not rule.silent_s:
                found.append(rule)
        return found

    def _note(self, sensor: SensorRules, state: SensorState) -> None:
        if state.due < NEVER and not sensor.waiting:
            return  # a deadline of silence only ever moves later
        due, _ = next_due(sensor, state)
        if due < state.due:
            state.due = due
            heappush(self._deadlines, (due, state.key))


def _match(entry: SensorEntry, reading: Reading) -> None:
    if reading.unit != entry.unit:
        raise Refused(Reason.UNIT_MISMATCH, f"unit {reading.unit}, catalogued {entry.unit}")
    if reading.datum != entry.datum:
        raise Refused(Reason.DATUM_MISMATCH, f"datum {reading.datum}, catalogued {entry.datum}")
    if reading.metric != entry.metric:
        raise Refused(Reason.UNIT_MISMATCH, f"metric {reading.metric}, catalogued {entry.metric}")
