"""The loop over the records fetched from a partition: the fast path wherever possible.

A reading takes the fast path under four conditions: plainest form, a sensor with a state, the facts
of the catalogue, and a proof of no change (fastpath/fast_evaluation.py). Every other record is
decoded by the contract model and applied by `PartitionEngine.apply_reading`, in equal order and
with equal outcome.

In compiled form readings are scanned inside Kafka's batches (`_process_batches`), and only records
off the fast path become objects.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import cython
import structlog
from aiokafka import ConsumerRecord

from services.scoring.core.partition_engine import FUTURE_S, PartitionEngine, ReadingOutcome
from services.scoring.core.refusals import RefusedInput
from services.scoring.core.state.sensor_state import ScoringState
from services.scoring.fastpath import wire_reading
from services.scoring.fastpath.fast_evaluation import (
    APPLIED,
    NOT_APPLIED,
    RULES_REMAIN,
    try_fast_path,
)
from services.scoring.fastpath.reading_scanner import ReadingScanner, are_digits, equals
from services.scoring.readings_partition import readings_partition
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from shared.contracts.units import is_unit
from shared.fastpath.raw_batches import RawBatches, reader_of
from shared.runtime.decoding import decode
from shared.runtime.errors import ENVIRONMENT_ERRORS, Reject

log = structlog.get_logger("fenghuo.scoring")

Refusals = list[tuple[ConsumerRecord, Reject]]
_UNITS: set[str] = set()
"""Unit ids that are well formed; the set is bounded, since units are."""
_MOST_UNITS = 200_000


def process_run(
    engine: PartitionEngine, run: Any, now: datetime, refused: Refusals
) -> Counter[ReadingOutcome]:
    """Apply a run of records (shared.fastpath.raw_batches) in order; return counts of outcomes.

    RefusedInput records are appended to `refused`.
    """
    engine.refresh(now)
    outcomes: Counter[ReadingOutcome] = Counter()
    if cython.compiled and type(run) is RawBatches:
        _process_batches(engine, run, now, refused, outcomes)
        return outcomes
    records = run if isinstance(run, list) else run.records()
    for record in records:
        _process_record(engine, record, now, refused, outcomes)
    engine.next_offset = records[-1].offset + 1
    engine.last_value = records[-1].value
    return outcomes


def _process_batches(
    engine: PartitionEngine,
    span: RawBatches,
    now: datetime,
    refused: Refusals,
    outcomes: Counter[ReadingOutcome],
) -> None:
    """Process the bytes of a fetch; a reading makes objects of its key and id alone."""
    batches, scanner, raw = reader_of(span), ReadingScanner(), span.raw
    data = raw
    states, dirty, future_s = engine.states, engine.dirty, FUTURE_S
    not_applied, applied = NOT_APPLIED, APPLIED
    scored = 0
    while batches.step():
        state, result = None, not_applied
        if (
            batches.key_from
            and batches.value_from
            and scanner.read(raw, batches.value_from, batches.value_to)
        ):
            state = states.get(data[batches.key_from : batches.key_to])
        if (
            state is not None
            and batches.offset > state.applied
            and scanner.synthetic == state.synthetic
            and scanner.at <= batches.timestamp / 1000 + future_s
            and is_as_catalogued(scanner, raw, batches.key_from, batches.key_to, state)
        ):
            result = try_fast_path(
                state, scanner.at, scanner.value, raw, scanner.id_from, scanner.id_to
            )
        if state is None or result == not_applied:
            _process_record(engine, batches.record(), now, refused, outcomes)
            continue
        if result != applied:
            event_id = raw[scanner.id_from : scanner.id_to].decode("ascii")
            try:
                engine.complete_reading(
                    *(state, event_id, scanner.at, scanner.value),
                    *(result == RULES_REMAIN, now),
                )
            except Exception as bug:
                record = batches.record()
                refused.append((record, _handler_error(record, bug)))
                continue
        scored += 1
        if not state.dirty:
            state.dirty = True
            dirty.append(state)
    outcomes[ReadingOutcome.SCORED] += scored
    engine.next_offset = batches.offset + 1  # after the last record; an end mark may follow
    value = raw[batches.value_from : batches.value_to] if batches.value_from else None
    engine.last_value = value


def is_as_catalogued(
    scanner: ReadingScanner, raw: bytes, key_from: int, key_to: int, state: ScoringState
) -> bool:
    """Return whether a scanned reading is of the sensor of its key, with the catalogued facts.

    Its unit of origin must be a well-formed unit id.
    """
    rules = state.fast_rules
    size = scanner.sensor_to - scanner.sensor_from
    return (
        state.actual
        and size == key_to - key_from
        and equal_bytes(raw, scanner.sensor_from, key_from, size)
        and equals_part(raw, scanner.unit_from, scanner.unit_to, rules.unit)
        and equals_part(raw, scanner.metric_from, scanner.metric_to, rules.metric)
        and equals_part(raw, scanner.datum_from, scanner.datum_to, rules.datum)
        and (
            (
                scanner.origin_to - scanner.origin_from == 12
                and are_digits(raw, scanner.origin_from, 12)
            )
            or _is_unit(raw[scanner.origin_from : scanner.origin_to].decode("utf-8", "replace"))
        )
    )


def equals_part(raw: bytes, begin: int, end: int, part: bytes) -> bool:
    """Return whether the bytes from `begin` to before `end` are `part`."""
    return end - begin == len(part) and equals(raw, begin, part, len(part))


def equal_bytes(raw: bytes, first: int, second: int, size: int) -> bool:
    """Return whether the same bytes lie at two places."""
    for offset in range(size):  # noqa: SIM110 - for C
        if raw[first + offset] != raw[second + offset]:
            return False
    return True


def _process_record(
    engine: PartitionEngine,
    record: ConsumerRecord,
    now: datetime,
    refused: Refusals,
    outcomes: Counter[ReadingOutcome],
) -> None:
    """Process one record of any kind."""
    value, key = record.value, record.key
    try:
        small = value and len(value) <= wire_reading.MOST_BYTES
        reading = wire_reading.decode_reading(value) if small else None
    except ValueError:
        reading = None
    state = None if reading is None or key is None else engine.states.get(key)
    at = 0.0 if reading is None else reading.occurred_at.timestamp()
    if reading is not None and state is not None and _is_plain(reading, state, record, at):
        try:
            outcome = _apply_plain(engine, state, reading, at, now)
        except RefusedInput as refusal:
            refused.append((record, Reject(refusal.reason, refusal.detail)))
        except Exception as bug:
            refused.append((record, _handler_error(record, bug)))
        else:
            outcomes[outcome] += 1
        return
    try:
        contract_outcome = _apply_by_contract(engine, record, now, reading)
    except Reject as reject:
        refused.append((record, reject))
    else:
        if contract_outcome is not None:
            outcomes[contract_outcome] += 1


def _apply_plain(
    engine: PartitionEngine,
    state: ScoringState,
    reading: wire_reading.WireReading,
    at: float,
    now: datetime,
) -> ReadingOutcome:
    """Apply a reading with the catalogued facts. Raises RefusedInput."""
    event_id = reading.id
    result = NOT_APPLIED
    if reading.synthetic == state.synthetic:
        encoded_id = event_id.encode()
        result = try_fast_path(state, at, reading.value, encoded_id, 0, len(encoded_id))
    if result == NOT_APPLIED:
        facts = (event_id, at, reading.value, event_id, reading.synthetic, now)
        return engine.evaluate_reading(state, *facts)
    if result != APPLIED:
        rules_remain = result == RULES_REMAIN
        engine.complete_reading(state, event_id, at, reading.value, rules_remain, now)
    engine.mark_dirty(state)
    return ReadingOutcome.SCORED


def _is_plain(
    reading: wire_reading.WireReading, state: ScoringState, record: ConsumerRecord, at: float
) -> bool:
    """Return whether the reading has the catalogued facts of its sensor, and a possible time."""
    rules, unit = state.rule_set, reading.origin_unit
    return (
        reading.sensor_id == state.sensor.sensor_id
        and reading.unit == rules.unit
        and reading.metric == rules.metric
        and reading.datum == rules.datum
        and (unit in _UNITS or _is_unit(unit))
        and wire_reading.is_id(reading.id)
        and record.offset > state.applied
        and at <= record.timestamp / 1000 + FUTURE_S
    )


def _apply_by_contract(
    engine: PartitionEngine,
    record: ConsumerRecord,
    now: datetime,
    plain: wire_reading.WireReading | None,
) -> ReadingOutcome | None:
    """Apply a record by the contract model; return None for a tick. Raises Reject.

    The contract drops digits of a second beyond six, and the wire reader rounds. Where both read a
    time, the time of the wire reader holds: a record has a single meaning.
    """
    message = decode(READINGS, record)
    recorded_at = record.timestamp / 1000
    try:
        if isinstance(message, Reading):
            _check_key(engine, record, message.sensor_id)
            at = None if plain is None else plain.occurred_at.timestamp()
            return engine.apply_reading(record.offset, message, recorded_at, now, at)
        engine.apply_tick(record.offset, message, recorded_at, now)
    except RefusedInput as refusal:
        raise Reject(refusal.reason, refusal.detail) from None
    except Reject:
        raise
    except Exception as bug:
        raise _handler_error(record, bug) from bug
    return None


def _check_key(engine: PartitionEngine, record: ConsumerRecord, sensor_id: str) -> None:
    """Raises Reject for a reading with a wrong key, or in a partition excluded by the key."""
    if record.key != sensor_id.encode():
        raise Reject(Reason.KEY_MISMATCH, f"key {record.key!r} is not the sensor's id")
    if engine.number is not None and engine.number != readings_partition(sensor_id):
        raise Reject(
            Reason.WRONG_PARTITION,
            f"{sensor_id} belongs in partition {readings_partition(sensor_id)}, not "
            f"{engine.number}: the producer's partitioner must be murmur2, as in Kafka's "
            "Java client (librdkafka: partitioner=murmur2_random)",
        )


def _handler_error(record: ConsumerRecord, bug: Exception) -> Reject:
    """Log a bug and return a refusal: a single record must not stop all sensors for ever.

    An error of the environment is raised, and ends the process: the record is not at fault.
    """
    if isinstance(bug, ENVIRONMENT_ERRORS):
        raise bug
    log.error("handler_error", partition=record.partition, offset=record.offset, exc_info=bug)
    return Reject(Reason.HANDLER_ERROR, repr(bug))


def _is_unit(unit: str) -> bool:
    if unit in _UNITS:
        return True
    if not is_unit(unit):
        return False
    if len(_UNITS) < _MOST_UNITS:
        _UNITS.add(unit)
    return True
