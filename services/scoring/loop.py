"""The loop over a batch of one partition: the quick way for what is plain, the contract's for the rest.

Everything here runs for every reading, so it is one function and repeats no call. A reading goes the
quick way when it is of the plainest form (core/wire.py), its sensor has a state, its facts are those
catalogued, and it provably changes nothing (core/engine.glide). All else is decided by the contract
model and `Partition.reading`, in the same order and with the same outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import cython
import structlog
from aiokafka import ConsumerRecord

from services.scoring.core import wire
from services.scoring.core.checks import Refused
from services.scoring.core.engine import NOT_TAKEN, TAKEN, glide
from services.scoring.core.partition import FUTURE_S, Outcome, Partition
from services.scoring.core.scan import Scan, digits, same
from services.scoring.core.state import ACTUAL, SensorState
from shared.contracts.dead_letter import Reason
from shared.contracts.readings import Reading
from shared.contracts.topics import READINGS
from shared.contracts.units import is_unit
from shared.runtime.decoding import decode
from shared.runtime.errors import Reject
from shared.runtime.unpack import NativeRecord

log = structlog.get_logger("fenghuo.scoring")

Refusals = list[tuple[ConsumerRecord, Reject]]
_UNITS: set[str] = set()
"""Unit ids known to be well formed; bounded, since units are."""
_MOST_UNITS = 200_000


def work_through(
    partition: Partition, records: Sequence[ConsumerRecord], now: datetime, refused: Refusals
) -> Counter[Outcome]:
    """Apply records in order; what is refused is added to `refused`. Returns what became of them."""
    partition.refresh(now)
    states, mark, read, units = partition.states, partition.mark, wire.read, _UNITS
    longest, is_id, scan = wire.MOST_BYTES, wire.is_id, Scan()
    nothing, all_of_it = NOT_TAKEN, TAKEN
    scored = 0
    others: Counter[Outcome] = Counter()
    for record in records:
        if type(record) is NativeRecord:
            native = record
            value, key, offset = native.value, native.key, native.offset
            stamped_ms = native.timestamp
        else:
            value, key, offset = record.value, record.key, record.offset
            stamped_ms = record.timestamp
        plain = False
        reading = None
        state = None
        if cython.compiled and value is not None and key is not None and scan.read(value):
            state = states.get(key)
            if state is not None and fits(scan, value, key, state):
                plain = True
                at = scan.at
                number = scan.value
                synthetic = scan.synthetic
                event_id = value[scan.id_from : scan.id_to].decode("ascii")
                unit_size = scan.unit_of_to - scan.unit_of_from
                if not (unit_size == 12 and digits(value, scan.unit_of_from, 12)):
                    unit = value[scan.unit_of_from : scan.unit_of_to].decode("utf-8", "replace")
                    plain = unit in units or _is_unit(unit)
        if not plain:
            try:
                reading = read(value) if value and len(value) <= longest else None
            except ValueError:
                reading = None
            if reading is not None:
                state = None if key is None else states.get(key)
                if state is not None:
                    plan = state.plan
                    at = reading.occurred_at.timestamp()
                    number = reading.value
                    synthetic = reading.synthetic
                    event_id = reading.id
                    plain = (
                        reading.sensor_id == state.sensor.sensor_id
                        and reading.unit == plan.unit
                        and reading.metric == plan.metric
                        and reading.datum == plan.datum
                        and (reading.origin_unit in units or _is_unit(reading.origin_unit))
                        and is_id(event_id)
                    )
        if (
            plain
            and state is not None
            and offset > state.applied
            and at <= stamped_ms / 1000 + FUTURE_S
        ):
            done = nothing
            if synthetic == state.synthetic:
                done = glide(state, at, number, event_id)
            if done == nothing:
                try:
                    others[
                        partition.weigh(*(state, event_id, at, number, event_id), *(synthetic, now))
                    ] += 1
                except Refused as why:
                    refused.append((record, Reject(why.reason, why.detail)))
                except Exception as bug:
                    refused.append((record, _bug(record, bug)))
                continue
            if done != all_of_it:
                try:
                    partition.finish(state, event_id, at, number, done, now)
                except Exception as bug:
                    refused.append((record, _bug(record, bug)))
                    continue
            scored += 1
            if not state.dirty:
                mark(state)
            continue
        try:
            outcome = _by_contract(partition, record, now, reading)
        except Reject as why:
            refused.append((record, why))
        else:
            if outcome is not None:
                others[outcome] += 1
    others[Outcome.SCORED] += scored
    return others


def fits(scan: Scan, value: bytes, key: bytes, state: SensorState) -> bool:
    """Whether a scanned reading is of this sensor, and says of it what the catalogue does."""
    gist = state.plan.gist
    return (
        state.status == ACTUAL
        and is_part(value, scan.sensor_from, scan.sensor_to, key)
        and is_part(value, scan.unit_from, scan.unit_to, gist.unit)
        and is_part(value, scan.metric_from, scan.metric_to, gist.metric)
        and is_part(value, scan.datum_from, scan.datum_to, gist.datum)
    )


def is_part(value: bytes, begin: int, end: int, part: bytes) -> bool:
    """Whether these bytes of a value are `part`."""
    return end - begin == len(part) and same(value, begin, part, len(part))


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
    if not is_unit(unit):
        return False
    if len(_UNITS) < _MOST_UNITS:
        _UNITS.add(unit)
    return True
