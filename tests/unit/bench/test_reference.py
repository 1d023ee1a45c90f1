"""The workload is the one whose figures are known, in the bytes of our contract."""

from __future__ import annotations

import pytest

from shared.contracts.topics import READINGS
from shared.runtime.outbound_records import encode
from tests.bench import crowd, payload, ruleset
from tests.bench.latency_source import reading as latency_reading
from tests.bench.reference import (
    KINDS,
    SHORT,
    SHORT_SENSORS,
    ReferenceScorer,
    State,
    Transition,
    generate,
    sensor_id,
    split,
    step,
)

SAMPLES = list(generate(SHORT, SHORT_SENSORS))


def test_the_reference_makes_the_same_transitions_as_ever() -> None:
    scorer = ReferenceScorer()
    for sample in SAMPLES:
        scorer.add(sample)
    assert split(scorer.transitions) == {
        "mean clear": 237,
        "mean raise": 237,
        "roc clear": 65,
        "roc raise": 65,
        "t1 clear": 223,
        "t1 raise": 223,
        "t2 clear": 63,
        "t2 raise": 63,
    }


def test_a_restored_state_continues_like_the_original() -> None:
    plain, stored = list[Transition](), list[Transition]()
    state = State.of(sensor_id(5))
    other_state = State.of(sensor_id(5))
    for sample in SAMPLES:
        if sample.sensor == 5:
            step(state, sample.value, sample.at_ms, plain)
            step(other_state, sample.value, sample.at_ms, stored)
            other_state = State.load(other_state.sid, other_state.dump())
    assert plain == stored


def test_the_template_writes_the_same_bytes_as_the_publisher() -> None:
    for sample in SAMPLES[:2_000]:
        kind = KINDS[sample.sensor % 4]
        model = payload.a_reading(
            sample.id,
            payload.moment(sample.at_ms),
            sensor_id(sample.sensor),
            sample.value,
            kind,
            payload.UNITS[kind],
        )
        assert payload.reading(sample) == encode(model)


@pytest.mark.parametrize(
    "at_ms", [946_684_800_000, 1_767_225_600_000, 1_767_225_600_007, 1_767_225_600_120]
)
def test_moments_are_written_as_pydantic_writes_them(at_ms: int) -> None:
    model = payload.a_reading("a", payload.moment(at_ms), "s", 1.0, "rainfall", "mm", "吴淞")
    assert payload.writer("rainfall", "mm", "吴淞")("a", payload.moment(at_ms), "s", 1.0) == encode(
        model
    )
    assert round(model.occurred_at.timestamp() * 1000) == at_ms


def test_every_source_writes_readings_that_the_contract_takes() -> None:
    written = [
        payload.tick(1_767_225_600_000),
        crowd.reading(3, 1, 1_767_225_600_000),
        latency_reading(4, 45, 1_767_225_600_000)[1],
        *(value for _, value in crowd.rain(range(2), range(2), 3_600_000)),
    ]
    for value in written:
        READINGS.model.validate_json(value)


def test_the_rules_are_four_per_kind_with_the_limits_of_the_reference() -> None:
    rules = ruleset.reference_rules()
    assert sorted(rule.rule_id for rule in rules) == sorted(
        f"{name}.{kind}" for kind in KINDS for name in ("t1", "t2", "mean", "roc")
    )
    assert len(ruleset.rain_rules()) == 5


def test_the_catalogue_by_template_is_the_catalogue_by_model() -> None:
    result = dict(ruleset.catalog(ruleset.numbered(8), 10.0))
    for number in range(8):
        name = sensor_id(number)
        entry = ruleset.entry(ruleset.sensor(name, KINDS[number % 4], 10.0))
        assert result[f"sensor:{name}".encode()] == encode(entry)
