"""The loop over what was fetched from one partition: the quick way for what is plain, the contract's for the rest.

A reading goes the quick way when it is of the plainest form, its sensor has a state, its facts are those
catalogued, and it provably changes nothing (core/engine.glide). All else is decided by the contract
model and `Partition.reading`, in the same order and with the same outcome.

Compiled, readings are looked at where they lie in Kafka's batches (`_walk`), and become objects only when
they go the long way.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import cython
import structlog
from aiokafka import ConsumerRecord

from services.scoring.core import wire
from services.scoring.core.checks import Refused
from services.scoring.core.engine import NOT_TAKEN, TAKEN, glide
from services.scoring.core.partition import FUTURE_S, Outcome, Partition
from services.scoring.core.scan import Scan, digits, same
from services.scoring.core.state import SensorState
from services.scoring.home import home
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from shared.contracts.units import is_unit
from shared.fastpath.raw_batches import RawBatches, reader_of
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject

log = structlog.get_logger("fenghuo.scoring")

Refusals = list[tuple[ConsumerRecord, Reject]]
_UNITS: set[str] = set()
"""Unit ids known to be well formed; bounded, since units are."""
_MOST_UNITS = 200_000


def work_through(
    partition: Partition, run: Any, now: datetime, refused: Refusals
) -> Counter[Outcome]:
    """Apply a run of records (shared.fastpath.raw_batches) in order; what is refused is added to `refused`.

    Returns what became of them.
    """
    partition.refresh(now)
    outcomes: Counter[Outcome] = Counter()
    if cython.compiled and type(run) is RawBatches:
        _walk(partition, run, now, refused, outcomes)
        return outcomes
    records = run if isinstance(run, list) else run.records()
    for record in records:
        _apply(partition, record, now, refused, outcomes)
    partition.next_offset = records[-1].offset + 1
    partition.last_value = records[-1].value
    return outcomes


def _walk(
    partition: Partition,
    span: RawBatches,
    now: datetime,
    refused: Refusals,
    outcomes: Counter[Outcome],
) -> None:
    """Everything here runs for every reading: it makes an object of the key and of the id, and of nothing else."""
    walk, scan, raw = reader_of(span), Scan(), span.raw
    data = raw
    states, dirty, future_s = partition.states, partition.dirty, FUTURE_S
    nothing, all_of_it = NOT_TAKEN, TAKEN
    scored = 0
    while walk.step():
        state, done = None, nothing
        if walk.key_from and walk.value_from and scan.read(raw, walk.value_from, walk.value_to):
            state = states.get(data[walk.key_from : walk.key_to])
        if (
            state is not None
            and walk.offset > state.applied
            and scan.synthetic == state.synthetic
            and scan.at <= walk.timestamp / 1000 + future_s
            and fits(scan, raw, walk.key_from, walk.key_to, state)
        ):
            done = glide(state, scan.at, scan.value, raw, scan.id_from, scan.id_to)
        if state is None or done == nothing:
            _apply(partition, walk.record(), now, refused, outcomes)
            continue
        if done != all_of_it:
            event_id = raw[scan.id_from : scan.id_to].decode("ascii")
            try:
                partition.finish(state, event_id, scan.at, scan.value, done, now)
            except Exception as bug:
                record = walk.record()
                refused.append((record, _bug(record, bug)))
                continue
        scored += 1
        if not state.dirty:
            state.dirty = True
            dirty.append(state)
    outcomes[Outcome.SCORED] += scored
    partition.next_offset = walk.offset + 1  # behind the last record; an end mark may follow it
    partition.last_value = raw[walk.value_from : walk.value_to] if walk.value_from else None


def fits(scan: Scan, raw: bytes, key_from: int, key_to: int, state: SensorState) -> bool:
    """Whether a scanned reading is of the sensor of this key, says of it what the catalogue does, and
    names a unit for its origin.
    """
    gist = state.gist
    size = scan.sensor_to - scan.sensor_from
    return (
        state.actual
        and size == key_to - key_from
        and alike(raw, scan.sensor_from, key_from, size)
        and is_part(raw, scan.unit_from, scan.unit_to, gist.unit)
        and is_part(raw, scan.metric_from, scan.metric_to, gist.metric)
        and is_part(raw, scan.datum_from, scan.datum_to, gist.datum)
        and (
            (scan.unit_of_to - scan.unit_of_from == 12 and digits(raw, scan.unit_of_from, 12))
            or _is_unit(raw[scan.unit_of_from : scan.unit_of_to].decode("utf-8", "replace"))
        )
    )


def is_part(raw: bytes, begin: int, end: int, part: bytes) -> bool:
    """Whether these bytes are `part`."""
    return end - begin == len(part) and same(raw, begin, part, len(part))


def alike(raw: bytes, one: int, other: int, size: int) -> bool:
    """Whether the same bytes lie at two places."""
    for offset in range(size):  # noqa: SIM110 - for C
        if raw[one + offset] != raw[other + offset]:
            return False
    return True


def _apply(
    partition: Partition,
    record: ConsumerRecord,
    now: datetime,
    refused: Refusals,
    outcomes: Counter[Outcome],
) -> None:
    """One record, whatever it is."""
    value, key = record.value, record.key
    try:
        reading = wire.read(value) if value and len(value) <= wire.MOST_BYTES else None
    except ValueError:
        reading = None
    state = None if reading is None or key is None else partition.states.get(key)
    at = 0.0 if reading is None else reading.occurred_at.timestamp()
    if reading is not None and state is not None and _says(reading, state, record, at):
        event_id = reading.id
        done = NOT_TAKEN
        if reading.synthetic == state.synthetic:
            raw_id = event_id.encode()
            done = glide(state, at, reading.value, raw_id, 0, len(raw_id))
        try:
            if done == NOT_TAKEN:
                outcome = partition.weigh(
                    *(state, event_id, at, reading.value, event_id), *(reading.synthetic, now)
                )
                outcomes[outcome] += 1
                return
            if done != TAKEN:
                partition.finish(state, event_id, at, reading.value, done, now)
        except Refused as why:
            refused.append((record, Reject(why.reason, why.detail)))
            return
        except Exception as bug:
            refused.append((record, _bug(record, bug)))
            return
        outcomes[Outcome.SCORED] += 1
        partition.mark(state)
        return
    try:
        found = _by_contract(partition, record, now, reading)
    except Reject as why:
        refused.append((record, why))
    else:
        if found is not None:
            outcomes[found] += 1


def _says(reading: wire.WireReading, state: SensorState, record: ConsumerRecord, at: float) -> bool:
    """Whether it says of its sensor what the catalogue does; only what changes is still to be decided."""
    plan, unit = state.gist.plan, reading.origin_unit
    return (
        reading.sensor_id == state.sensor.sensor_id
        and reading.unit == plan.unit
        and reading.metric == plan.metric
        and reading.datum == plan.datum
        and (unit in _UNITS or _is_unit(unit))
        and wire.is_id(reading.id)
        and record.offset > state.applied
        and at <= record.timestamp / 1000 + FUTURE_S
    )


def _by_contract(
    partition: Partition, record: ConsumerRecord, now: datetime, quick: wire.WireReading | None
) -> Outcome | None:
    """The outcome of a reading, None for a tick. Raises Reject.

    Of more than six decimals of a second the contract drops the rest and the quick reader rounds it;
    where both can read a time, the quick one's holds, so that a record says the same every time.
    """
    message = decode(READINGS.model, record)
    stamped = record.timestamp / 1000
    try:
        if isinstance(message, Reading):
            if record.key != message.sensor_id.encode():
                raise Reject(Reason.KEY_MISMATCH, f"key {record.key!r} is not the sensor's id")
            if partition.number is not None and partition.number != home(message.sensor_id):
                raise Reject(
                    Reason.WRONG_PARTITION,
                    f"{message.sensor_id} belongs in partition {home(message.sensor_id)}, not "
                    f"{partition.number}: the producer's partitioner must be murmur2, as in Kafka's "
                    "Java client (librdkafka: partitioner=murmur2_random)",
                )
            at = None if quick is None else quick.occurred_at.timestamp()
            return partition.reading(record.offset, message, stamped, now, at)
        partition.tick(record.offset, message, stamped, now)
    except Refused as why:
        raise Reject(why.reason, why.detail) from None
    except Reject:
        raise
    except Exception as bug:
        raise _bug(record, bug) from bug
    return None


def _bug(record: ConsumerRecord, bug: Exception) -> Reject:
    """One record that trips over a bug must not stop the other sensors for good."""
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
