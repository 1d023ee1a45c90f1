"""A partition of the readings: sensors, clock and deadlines, as a function of the log alone.

Only ticks move the clock that decides about silence. A reading moves the time of a single sensor: a
device with a fast clock, or a drill at another hour, must not make other sensors look silent.

Deadlines lie in a heap with at most one valid entry per sensor. When the sensor has sent a reading
meanwhile, the entry comes up too early and is pushed again with the right moment. The cost of a
tick therefore depends on the number of due entries.

An installed sensor with a rule of silence has a state before its first reading: from the first
tick after its entry on, its readings are expected. That moment is stored, so that neither a restart
nor another owner begins to wait anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush
from itertools import islice

from services.scoring.core.alarms.alarm_events import ChangeCause, instant
from services.scoring.core.alarms.alarm_state import NEVER
from services.scoring.core.alarms.emitter import Emitted, Emitter
from services.scoring.core.evaluation.evaluation import (
    advance_time,
    complete,
    evaluate,
    next_deadline,
)
from services.scoring.core.evaluation.rule_change import apply_rules
from services.scoring.core.readings.history import contains
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.rules.rule_registry import RuleRegistry
from services.scoring.core.rules.rule_set import RuleSet
from services.scoring.core.state.id_hash import id_hash
from services.scoring.core.state.sensor_state import ScoringState, key_of
from services.scoring.core.state.stored_state import StoredState
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Status, highest_grade
from shared.contracts.readings import Reading, Tick

FUTURE_S = 120.0
"""The event time of a reading may be this much later than Kafka's record time, in seconds."""
TICK_AHEAD_S = 2.0
"""The same for a tick: a tick moves the clock of all sensors and cannot be taken back."""
_PROOFS = 1_000
"""States that prove a time before the first tick; all states would be a million."""
RETROSPECTIVE_S = 900.0
"""A reading this much older than the log's clock belongs to a backlog, in seconds."""


class ReadingOutcome(StrEnum):
    """The outcome of a reading that was not refused; a metric label."""

    SCORED = "scored"
    LATE = "late"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"


class PartitionEngine:
    """The state of a partition.

    `messages` collects the records to publish, `dirty` the states to store, and `removed_keys` the
    keys of sensors outside the catalogue. `next_offset` is the first offset not applied,
    `last_value` the value of the record just before, if this process applied the record. `clock` is
    the newest tick in seconds since 1970. `states` holds the sensors by key. `number` is the number
    of the partition in the topic; None = all sensors belong here (tests).
    """

    def __init__(
        self, registry: RuleRegistry, clock: float = -NEVER, number: int | None = None
    ) -> None:
        self.registry = registry
        self.number = number
        self.clock = clock
        self.next_offset = 0
        self.last_value: bytes | None = None
        self.states: dict[bytes, ScoringState] = {}
        self.dirty: list[ScoringState] = []
        self.removed_keys: list[bytes] = []
        self.messages: list[Emitted] = []
        self._emitter = Emitter(self.messages)
        self._deadlines: list[tuple[float, bytes]] = []
        self._foreign_keys: set[bytes] = set()
        self._expected = 0
        self._revision = -1

    @property
    def is_current(self) -> bool:
        """Return whether all states are under the registry's present rules."""
        return self._revision == self.registry.revision

    @property
    def proven_clock(self) -> float:
        """Return the clock; before the first tick, a time that readings prove to be over."""
        if self.clock != -NEVER:
            return self.clock
        some = islice(self.states.values(), _PROOFS)
        return max((state.newest for state in some), default=-NEVER) - FUTURE_S

    def use_registry(self, registry: RuleRegistry) -> None:
        """Evaluate by another registry from the next record on."""
        if registry is not self.registry:
            self.registry = registry
            self._revision = -1

    def restore(
        self, stored: Iterable[StoredState], belongs: Callable[[str], bool] = lambda _: True
    ) -> None:
        """Load the states of the changelog; states of sensors not catalogued stay there unread.

        `belongs` returns whether a sensor is of this partition; the state of a foreign sensor ends
        at the next refresh, with its alarms.
        """
        for stored_state in stored:
            sensor = self.registry.sensor(stored_state.sensor_id)
            if sensor is not None:
                rule_set = self.registry.rule_set(sensor, stored_state.status)
                state = stored_state.connect(sensor, rule_set)
                key = state.key.encode()
                self.states[key] = state
                if not belongs(stored_state.sensor_id):
                    self._foreign_keys.add(key)

    def apply_reading(
        self,
        offset: int,
        reading: Reading,
        recorded_at: float,
        now: datetime,
        at: float | None = None,
    ) -> ReadingOutcome:
        """Apply a reading; `recorded_at` is Kafka's record time in seconds since 1970.

        `at` is the event time where the caller has read it already. Raises RefusedInput; the state
        is then unchanged.
        """
        self.refresh(now)
        status = str(reading.status)
        key = key_of(reading.sensor_id, status).encode()
        state = self.states.get(key)
        if state is not None and offset <= state.applied:
            return ReadingOutcome.REPLAYED
        if state is None:
            sensor = self.registry.sensor(reading.sensor_id)
            if sensor is None:
                raise RefusedInput(Reason.UNKNOWN_SENSOR, f"{reading.sensor_id} is not catalogued")
            state = ScoringState(sensor, self.registry.rule_set(sensor, status), status)
        _check_facts(state.rule_set, reading)
        at = reading.occurred_at.timestamp() if at is None else at
        if at > recorded_at + FUTURE_S:
            raise RefusedInput(Reason.FUTURE_TIME, f"{at - recorded_at:.0f} s ahead of its arrival")
        trace_id = reading.trace_id or reading.id
        facts = (reading.id, at, reading.value, trace_id, reading.synthetic, now)
        previous, grade = state.grade, highest_grade(state.grade, reading.data_grade)
        if grade is previous:
            return self.evaluate_reading(state, *facts)
        state.rare_state().grade = grade  # first: an alarm of this reading has the grade
        try:
            return self.evaluate_reading(state, *facts)
        except RefusedInput:
            state.rare_state().grade = previous
            raise

    def evaluate_reading(
        self,
        state: ScoringState,
        event_id: str,
        at: float,
        value: float,
        trace_id: str,
        synthetic: bool,
        now: datetime,
    ) -> ReadingOutcome:
        """Apply a reading whose facts are those of the catalogue and whose time is not ahead.

        Raises RefusedInput; the state is then unchanged.
        """
        instant(at)
        if _is_repeat(state, event_id, at, value):
            return ReadingOutcome.DUPLICATE
        lateness_s = state.rule_set.lateness_s
        if state.newest - at > lateness_s:
            raise RefusedInput(
                Reason.TOO_LATE,
                f"{state.newest - at:.0f} s older than the newest, at most {lateness_s:.0f}",
            )
        late = at <= state.newest
        cause = self._cause(at, value, event_id, trace_id)
        if state.newest == -NEVER:
            self.states[state.key.encode()] = state
        self._emitter.now = now
        evaluate(state, cause, synthetic, self.clock, self._emitter)
        self.mark_dirty(state)
        self._schedule(state)
        return ReadingOutcome.LATE if late else ReadingOutcome.SCORED

    def complete_reading(
        self,
        state: ScoringState,
        event_id: str,
        at: float,
        value: float,
        rules_remain: bool,
        now: datetime,
    ) -> None:
        """Complete a reading that the fast path has added to its state."""
        self._emitter.now = now
        cause = self._cause(at, value, event_id, event_id)
        complete(state, cause, rules_remain, self.clock, self._emitter)
        self.mark_dirty(state)
        self._schedule(state)

    def apply_tick(self, offset: int, tick: Tick, recorded_at: float, now: datetime) -> None:
        """Move the clock and decide about due entries; a tick behind the clock has no effect.

        Raises RefusedInput for a tick ahead of Kafka's record time.
        """
        self.refresh(now)
        at = tick.occurred_at.timestamp()
        if at > recorded_at + TICK_AHEAD_S:
            detail = f"a tick {at - recorded_at:.0f} s ahead of its arrival"
            raise RefusedInput(Reason.FUTURE_TIME, detail)
        if at <= self.clock:
            return
        self.clock = at
        replayed: list[tuple[float, bytes]] = []
        while self._deadlines and self._deadlines[0][0] < at:
            due, key = heappop(self._deadlines)
            state = self.states.get(key)
            if state is None or state.deadline != due:
                continue
            if offset <= state.applied:
                # This state has seen the tick. A deadline in its past comes from a later reading
                # that was old on arrival, and waits for the next tick as it did the first time.
                replayed.append((due, key))
                continue
            state.deadline = NEVER
            emitted = len(self.messages)
            advance_time(state, at, self._emitter)
            if len(self.messages) > emitted:
                self.mark_dirty(state)
            self._schedule(state)
        for entry in replayed:
            heappush(self._deadlines, entry)
        self._expect_sensors()

    def mark_dirty(self, state: ScoringState) -> None:
        """Add a changed state to those that are to be stored."""
        if not state.dirty:
            state.dirty = True
            self.dirty.append(state)

    def refresh(self, now: datetime) -> None:
        """Give every state its rules and deadline anew if rules or catalogue have changed."""
        self._emitter.now = now
        if self._revision == self.registry.revision:
            return
        self._revision = self.registry.revision
        self._expected = 0
        self._deadlines = []
        for key, state in list(self.states.items()):
            state.deadline = NEVER
            sensor = self.registry.sensor(state.sensor.sensor_id)
            is_unheard = state.newest == -NEVER
            if key in self._foreign_keys or (is_unheard and sensor and not sensor.awaited):
                sensor = None
            changed = apply_rules(state, self.registry, sensor, self.clock, self._emitter)
            if sensor is None or (is_unheard and not state.rule_set.absences):
                del self.states[key]
                self.removed_keys.append(key)
                continue
            state.forget_bounds()
            if changed:
                self.mark_dirty(state)
            due, _ = next_deadline(state)
            if due < NEVER:
                state.deadline = due
                self._deadlines.append((due, key))
        self._foreign_keys.clear()
        heapify(self._deadlines)

    def _expect_sensors(self) -> None:
        """Expect readings of new sensors from this tick on."""
        sensor_ids = self.registry.expected_sensors(self.number or 0)
        for sensor_id in sensor_ids[self._expected :]:
            sensor = self.registry.sensor(sensor_id)
            key = key_of(sensor_id, Status.ACTUAL).encode()
            if sensor is None or not sensor.awaited or key in self.states:
                continue
            rule_set = self.registry.rule_set(sensor)
            if not rule_set.absences:
                continue
            state = self.states[key] = ScoringState(sensor, rule_set, Status.ACTUAL)
            state.expect(self.clock)
            self.mark_dirty(state)
            self._schedule(state)
        self._expected = len(sensor_ids)

    def _cause(self, at: float, value: float, event_id: str, trace_id: str) -> ChangeCause:
        """Return a reading as the cause of what follows from it."""
        return ChangeCause(at, value, event_id, trace_id, self.clock - at > RETROSPECTIVE_S)

    def _schedule(self, state: ScoringState) -> None:
        if state.deadline < NEVER and not state.rule_set.timed and state.rare is None:
            return  # a deadline of silence only moves later
        due, _ = next_deadline(state)
        if due < state.deadline:
            state.deadline = due
            heappush(self._deadlines, (due, state.key.encode()))


def _is_repeat(state: ScoringState, event_id: str, at: float, value: float) -> bool:
    """Return whether the reading was applied already.

    Raises RefusedInput for the same id with another body.
    """
    if contains(state, at, value):
        return True
    encoded = event_id.encode()
    if state.has_id(id_hash(encoded, 0, len(encoded))):
        if state.rare is not None and [event_id, at, value] in state.rare.unmeasured:
            return True
        raise RefusedInput(Reason.ID_CONFLICT, f"id {event_id} came before with another body")
    return False


def _check_facts(rules: RuleSet, reading: Reading) -> None:
    """Raises RefusedInput for a reading whose facts are not those of the catalogue."""
    if reading.unit != rules.unit:
        raise RefusedInput(Reason.UNIT_MISMATCH, f"unit {reading.unit}, catalogued {rules.unit}")
    if reading.datum != rules.datum:
        raise RefusedInput(
            Reason.DATUM_MISMATCH, f"datum {reading.datum}, catalogued {rules.datum}"
        )
    if reading.metric != rules.metric:
        raise RefusedInput(
            Reason.UNIT_MISMATCH, f"metric {reading.metric}, catalogued {rules.metric}"
        )
