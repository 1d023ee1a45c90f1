"""A plan becomes requests: units first, at most 500 entries and half a record's bytes each."""

from __future__ import annotations

from shared.contracts.catalog import GroupEntry, catalog_key
from shared.contracts.catalog_requests import PutEntries, RetireEntries
from shared.contracts.topics import CATALOG_REQUESTS
from shared.domain.catalog_files.acts import acts_of, keys_of, put_acts
from shared.domain.catalog_files.plans import ChangedEntry, ImportPlan
from tests.unit.catalog.builders import a_record, a_request, a_sensor, a_unit
from tests.unit.catalog.builders import put as an_act
from tests.unit.catalog_files.ledgers import CITY, DISTRICT, TOWN, VILLAGE

SENSORS = tuple(a_sensor(f"s-{number:04}") for number in range(700))


def test_units_come_first_and_retirements_last() -> None:
    changed = ChangedEntry(f"unit:{TOWN}", a_unit(TOWN, "新名"), ())
    retired = tuple(f"sensor:old-{number}" for number in range(501))
    plan = ImportPlan((), (a_unit(DISTRICT), a_unit(VILLAGE), *SENSORS), (changed,), retired)
    acts = list(acts_of(plan, {}))
    keys = [key for act in acts for key in keys_of(act)]
    assert keys == [
        *(f"unit:{unit}" for unit in (DISTRICT, TOWN, VILLAGE)),
        *(f"sensor:{sensor.sensor_id}" for sensor in SENSORS),
        *retired,
    ]
    assert [len(keys_of(act)) for act in acts] == [500, 203, 500, 1]
    assert [type(act) for act in acts] == [PutEntries, PutEntries, RetireEntries, RetireEntries]


def test_a_put_names_the_version_that_the_plan_was_made_on() -> None:
    sensors = [a_sensor(name) for name in ("new", "decided", "set-up")]
    records = {
        "sensor:decided": a_record(sensors[1]).model_copy(update={"version": 4}),
        "sensor:set-up": a_record(sensors[2]),
    }
    (act,) = acts_of(ImportPlan(added=tuple(sensors)), records)
    assert isinstance(act, PutEntries)
    assert [put.version for put in act.puts] == [0, 4, None]


def test_a_request_of_large_entries_is_smaller_than_its_record_may_be() -> None:
    members = tuple(f"500118118201/grid/{number:03}/{number % 100:02}" for number in range(500))
    groups = [
        GroupEntry(group=f"g_{chr(97 + number % 26)}_{'x' * (number // 26)}", name="专" * 200,
                   owner=CITY, members=members)
        for number in range(200)
    ]  # fmt: skip
    acts = list(put_acts(an_act(*groups).puts))
    assert len(acts) > 1
    assert sum(len(act.puts) for act in acts) == len(groups)
    assert [catalog_key(put.entry) for act in acts for put in act.puts] == [
        catalog_key(group) for group in groups
    ]
    for act in acts:
        assert len(a_request(act).to_wire()) < CATALOG_REQUESTS.max_bytes


def test_an_empty_plan_asks_for_nothing() -> None:
    assert list(acts_of(ImportPlan(), {})) == []
