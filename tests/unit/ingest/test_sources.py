"""A source may send nothing that its entry does not name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.core.refusals import ProblemKind, RequestRefused
from services.ingest.core.source_rates import SourceRates
from services.ingest.core.sources import Source, Sources
from shared.contracts.catalog import SensorEntry, catalog_key
from shared.contracts.fields import DataGrade
from shared.contracts.sources import KeyHash, SourceDoor, SourceEntry
from tests.support.sources import a_key, a_source, a_source_entry

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
CITY, DISTRICT = "500000000000", "500118000000"
TOWN, VILLAGE, NEIGHBOUR = "500118118000", "500118118201", "500118119000"


def a_sensor(sensor_id: str = "gas-1", place: str = TOWN) -> SensorEntry:
    return SensorEntry(
        sensor_id=sensor_id,
        sensor_kind="gas_detector",
        name=sensor_id,
        place=place,
        metric="gas_lel",
        unit="%LEL",
        interval_s=10,
    )


def kinds(source: Source, sensor: SensorEntry) -> list[ProblemKind]:
    return [problem.kind for problem in source.sensor_problems(sensor)]


def test_an_entry_of_a_bare_name_allows_nothing() -> None:
    source = Source(SourceEntry(source="new", name="new", owner=DISTRICT))
    for door in SourceDoor:
        with pytest.raises(RequestRefused) as refused:
            source.check_door(door)
        assert refused.value.kind is ProblemKind.DOOR_NOT_ALLOWED
        assert refused.value.problems[0].allowed == "none"
    assert kinds(source, a_sensor()) == [ProblemKind.SENSOR_NOT_ALLOWED]
    assert source.place_problems("place", [TOWN])
    assert Sources().holder_of(b"") is None


@pytest.mark.parametrize(
    ("sensors", "allowed"),
    [
        (("*",), True),
        (("gas-1",), True),
        (("gas-*",), True),
        (("rain-*", "gas-1"), True),
        ((), False),
        (("gas",), False),
        (("gas-10",), False),
        (("Gas-*",), False),
    ],
)
def test_sensors_by_id_or_by_beginning(sensors: tuple[str, ...], allowed: bool) -> None:
    source = a_source(sensors=sensors)
    expected = [] if allowed else [ProblemKind.SENSOR_NOT_ALLOWED]
    assert kinds(source, a_sensor()) == expected
    assert (source.sensor_id_problem("gas-1") is None) is allowed


@pytest.mark.parametrize(
    ("places", "place", "allowed"),
    [
        (("*",), TOWN, True),
        ((TOWN,), TOWN, True),
        ((TOWN,), VILLAGE, True),
        ((TOWN,), f"{VILLAGE}/grid/001", True),
        ((DISTRICT,), TOWN, True),
        ((NEIGHBOUR, TOWN), VILLAGE, True),
        ((), TOWN, False),
        ((TOWN,), NEIGHBOUR, False),
        ((TOWN,), DISTRICT, False),
        ((f"{DISTRICT}/water",), TOWN, False),
    ],
)
def test_places_with_all_below(places: tuple[str, ...], place: str, allowed: bool) -> None:
    source = a_source(places=places)
    assert (source.place_problems("place", [place]) == []) is allowed
    expected = [] if allowed else [ProblemKind.PLACE_NOT_ALLOWED]
    assert kinds(source, a_sensor(place=place)) == expected


def test_a_moved_sensor_is_judged_by_its_new_place() -> None:
    source = a_source(places=(TOWN,))
    assert kinds(source, a_sensor()) == []
    assert kinds(source, a_sensor(place=NEIGHBOUR)) == [ProblemKind.PLACE_NOT_ALLOWED]
    assert kinds(source, a_sensor()) == []


@pytest.mark.parametrize(
    ("sets_grade", "named", "result"),
    [
        (False, None, DataGrade.IMPORTANT),
        (False, DataGrade.IMPORTANT, DataGrade.IMPORTANT),
        (False, DataGrade.GENERAL, None),
        (False, DataGrade.CORE, None),
        (True, DataGrade.GENERAL, DataGrade.GENERAL),
        (True, DataGrade.CORE, DataGrade.CORE),
        (True, None, DataGrade.IMPORTANT),
    ],
)
def test_a_record_has_the_grade_of_its_source_unless_that_may_set_it(
    sets_grade: bool, named: DataGrade | None, result: DataGrade | None
) -> None:
    source = a_source(grade=DataGrade.IMPORTANT, sets_grade=sets_grade)
    problem = source.grade_problem(named)
    if result is None:
        assert problem is not None
        assert (problem.kind, problem.allowed) == (ProblemKind.GRADE_NOT_ALLOWED, "important")
    else:
        assert problem is None
        assert source.grade_of(named) is result


def test_a_long_list_is_cut_in_the_answer() -> None:
    source = a_source(sensors=tuple(f"rain-{number}" for number in range(30)))
    problem = source.sensor_id_problem("gas-1")
    assert problem is not None
    assert (problem.allowed or "").endswith("rain-9 and 20 more")


def test_both_keys_of_a_rotation_belong_to_the_source_with_their_ends() -> None:
    sources, end = Sources(), NOW + timedelta(hours=1)
    sources.put(a_source_entry("s", key_hashes=(a_key("old", end), a_key("new"))))
    holder = {token: sources.holder_of(token) for token in (b"old", b"new", b"other", b"")}
    assert [entry and (entry[0].id, entry[1]) for entry in holder.values()] == [
        *(("s", end), ("s", None), None, None)
    ]


def test_a_newer_entry_replaces_the_keys_and_a_deleted_one_has_none() -> None:
    sources = Sources()
    sources.put(a_source_entry("s", "first"))
    sources.put(a_source_entry("s", "second"))
    assert sources.holder_of(b"first") is None
    assert sources.holder_of(b"second") is not None
    assert not sources.remove("nobody")
    assert sources.remove("s")
    assert sources.holder_of(b"second") is None
    assert (len(sources), sources._holders) == (0, {})


def test_a_key_of_two_sources_belongs_to_neither() -> None:
    sources = Sources()
    sources.put(a_source_entry("a", "shared"))
    sources.put(a_source_entry("b", "shared", "own"))
    assert sources.holder_of(b"shared") is None
    assert sources.holder_of(b"own") is not None
    sources.remove("a")
    holder = sources.holder_of(b"shared")
    assert holder is not None
    assert holder[0].id == "b"


def test_the_key_of_the_record_names_the_source() -> None:
    assert catalog_key(a_source_entry("gas-network")) == "source:gas-network"


@pytest.mark.parametrize(
    "change",
    [
        {"source": "with:colon"},
        {"source": "x" * 32},
        {"sensors": ("gas-*-1",)},
        {"sensors": ("",)},
        {"places": ("town",)},
        {"per_minute": 0},
        {"key_hashes": (KeyHash.model_construct(sha256="secret"),) * 5},
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_source_entry(**change)


def test_a_key_is_no_token() -> None:
    with pytest.raises(ValidationError):
        KeyHash(sha256="a-token-in-the-clear")


def test_a_source_may_use_up_a_minute_and_then_waits() -> None:
    rates, source = SourceRates(), a_source(per_minute=60)
    rates.check(source, 0.0)
    rates.spend(source, 59, 0.0)
    rates.check(source, 0.0)
    rates.spend(source, 11, 0.0)
    with pytest.raises(RequestRefused) as refused:
        rates.check(source, 0.0)
    assert (refused.value.kind, refused.value.retry_s) == (ProblemKind.RATE_EXCEEDED, 11)
    rates.check(source, 11.0)


def test_a_batch_larger_than_a_minute_is_taken_and_paid_later() -> None:
    rates, source = SourceRates(), a_source(per_minute=100)
    rates.check(source, 0.0)
    rates.spend(source, 1_000, 0.0)
    with pytest.raises(RequestRefused) as refused:
        rates.check(source, 60.0)
    assert refused.value.retry_s == 481
    rates.check(source, 541.0)


def test_without_a_rate_nothing_is_counted() -> None:
    rates, source = SourceRates(), a_source()
    rates.spend(source, 10**9, 0.0)
    rates.check(source, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 200)), max_size=40),
    st.integers(1, 300),
)
def test_never_more_than_the_rate_and_one_minute_and_one_batch(
    steps: list[tuple[float, int]], per_minute: int
) -> None:
    rates, source = SourceRates(), a_source(per_minute=per_minute)
    now_s, accepted, largest = 0.0, 0, 0
    for pause_s, records in steps:
        now_s += pause_s
        largest = max(largest, records)
        try:
            rates.check(source, now_s)
        except RequestRefused:
            continue
        rates.spend(source, records, now_s)
        accepted += records
    assert accepted <= per_minute * (1 + now_s / 60) + largest + 1e-6
