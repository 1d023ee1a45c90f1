"""Any crash point, any split into batches, any repeat: the same alarms and the same final state."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts.fields import Contract, Status
from shared.contracts.rules import AbsenceRule, WindowRule
from shared.runtime.errors import Transient
from tests.component.scoring.log import PARTITION, Died, Log, a_worker, as_records, live
from tests.support.scoring import T0, a_reading, a_rule, a_threshold_rule, a_tick, rungs

SENSORS = ("s-11", "s-26", "s-27")  # they belong in partition 0
RULES = (
    a_rule(
        a_threshold_rule(("yellow", 212, 211), ("red", 216, 215), for_s=90, count=2), rule_id="held"
    ),
    a_rule(a_threshold_rule(("orange", 214, 213)), rule_id="plain"),
    a_rule(
        WindowRule(aggregate="mean", window_s=600, rungs=rungs(("blue", 211, 210))), rule_id="mean"
    ),
    a_rule(AbsenceRule(factor=2), rule_id="silent"),
)
KINDS = ("reading", "reading", "reading", "tick", "late", "repeat", "conflict", "future", "garbage")

entries = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 2),
        st.sampled_from([205.0, 211.5, 213.0, 214.5, 217.0]),
        st.integers(0, 150),
        st.sampled_from([Status.ACTUAL, Status.ACTUAL, Status.EXERCISE]),
    ),
    min_size=5,
    max_size=40,
)


def as_log(drawn: list[tuple[Any, ...]]) -> list[Any]:
    """The readings topic: event time moves on, with everything that can go wrong in between."""
    messages: list[Contract | bytes] = []
    stamps: list[float] = []
    seconds = 0.0
    last_reading = dict.fromkeys(SENSORS, ("first", 200.0, 0.0))
    for number, (kind, which, value, wait, status) in enumerate(drawn):
        sensor = SENSORS[which]
        seconds += wait
        event_id, old_value, old_seconds = last_reading[sensor]
        message: Contract | bytes
        match kind:
            case "reading":
                event_id = f"e-{number}"
                message = a_reading(value, seconds, sensor, event_id, status)
                last_reading[sensor] = (event_id, value, seconds)
            case "tick":
                message = a_tick(seconds)
            case "late":
                message = a_reading(value, seconds - 300, sensor, f"e-{number}", status)
            case "repeat":
                message = a_reading(old_value, old_seconds, sensor, event_id, status)
            case "conflict":
                message = a_reading(old_value + 1, old_seconds, sensor, event_id, status)
            case "future":
                message = a_reading(value, seconds + 1000, sensor, f"e-{number}", status)
            case _:
                message = b'{"type": "reading", "value": NaN}'
        messages.append(message)
        stamps.append(T0 + seconds + 1)
    return as_records(messages, stamps)


def undisturbed(records: list[Any]) -> tuple[Log, dict[str, Any]]:
    log = Log()
    worker = a_worker(log, RULES, SENSORS, flush_states=1_000)
    return log, asyncio.run(live(worker, records, [len(records)]))


OLD_ON_ARRIVAL = [
    ("reading", 0, 205.0, 120, Status.ACTUAL),
    ("reading", 0, 205.0, 121, Status.ACTUAL),
    ("tick", 0, 205.0, 70, Status.ACTUAL),
    *[("reading", 0, 205.0, 0, Status.ACTUAL)] * 8,
    ("late", 1, 205.0, 0, Status.ACTUAL),
]
"""A sensor's first reading is overdue when it comes: only a tick after it may call it silent."""


@settings(max_examples=150, deadline=None)
@example(OLD_ON_ARRIVAL, [1], 2, list(range(8, 30)))
@given(
    entries,
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.integers(1, 6),
    st.lists(st.integers(0, 60), min_size=1, max_size=4),
)
def test_any_crash_and_any_split(
    drawn: list[tuple[Any, ...]], cuts: list[int], flush_states: int, crashes: list[int]
) -> None:
    records = as_log(drawn)
    calm, final = undisturbed(records)
    log = Log()
    for survives in crashes:
        log.capacity = survives
        try:
            asyncio.run(live(a_worker(log, RULES, SENSORS, flush_states), records, cuts))
        except Died:
            continue
    log.capacity = None
    states = asyncio.run(live(a_worker(log, RULES, SENSORS, flush_states), records, cuts))
    assert log.messages() == calm.messages()
    assert log.dead_letters() == calm.dead_letters()
    assert states == final


@settings(max_examples=80, deadline=None)
@given(
    entries,
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
    st.integers(1, 6),
    st.integers(0, 60),
)
def test_a_broker_that_does_not_confirm(
    drawn: list[tuple[Any, ...]], cuts: list[int], flush_states: int, capacity: int
) -> None:
    records = as_log(drawn)
    calm, final = undisturbed(records)
    log = Log()
    log.capacity, log.failure = capacity, Transient
    states = asyncio.run(live(a_worker(log, RULES, SENSORS, flush_states), records, cuts))
    assert log.messages() == calm.messages()
    assert log.dead_letters() == calm.dead_letters()
    assert states == final


@settings(max_examples=60, deadline=None)
@given(entries, st.integers(1, 6), st.integers(0, 60))
def test_a_zombie_that_writes_late_changes_nothing(
    drawn: list[tuple[Any, ...]], flush_states: int, pause: int
) -> None:
    """A process paused in the middle wakes up after its successor has finished, and writes on."""
    records = as_log(drawn)
    calm, final = undisturbed(records)
    log = Log()

    async def story() -> dict[str, Any]:
        zombie = a_worker(log, RULES, SENSORS, flush_states)
        await zombie.restore([PARTITION])
        for record in records[:pause]:
            await zombie.handle([record])
        await live(a_worker(log, RULES, SENSORS, flush_states), records, [3])
        await zombie.release([PARTITION])
        return await live(a_worker(log, RULES, SENSORS, flush_states), records, [3])

    states = asyncio.run(story())
    assert log.messages() == calm.messages()
    assert states == final


def test_a_flood_of_repeats_of_the_whole_log_is_harmless() -> None:
    drawn = [("reading", n % 3, 205.0 + n % 13, 30, Status.ACTUAL) for n in range(60)]
    records = as_log(drawn)
    calm, final = undisturbed(records)
    log = Log()

    async def story() -> dict[str, Any]:
        worker = a_worker(log, RULES, SENSORS, flush_states=5)
        await worker.restore([PARTITION])
        for _ in range(3):
            await worker.handle(records)
        return await live(a_worker(log, RULES, SENSORS, flush_states=5), records, [60])

    assert asyncio.run(story()) == final
    assert len(calm.messages()) > 5
    assert [len(line) for line in log.messages().values()] == [
        len(line) for line in calm.messages().values()
    ]
