"""A request changes the ledger as a whole or is refused with the reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.catalog.core.changes import apply
from services.catalog.core.ledger import Ledger
from services.catalog.core.needs import Needs
from services.catalog.core.refusals import LedgerRefusal
from shared.contracts.catalog_requests import CatalogAct
from shared.contracts.dead_letter import Reason
from shared.contracts.fields import Tier
from tests.unit.catalog.builders import (
    CITY,
    DISTRICT,
    OTHER_DISTRICT,
    OTHER_TOWN,
    T0,
    TOWN,
    VILLAGE,
    a_data_set,
    a_group,
    a_ledger,
    a_request,
    a_sensor,
    a_source,
    a_unit,
    a_version,
    move,
    put,
    retire,
)

NOW = T0 + timedelta(minutes=1)
TOWN_GRID = f"{TOWN}/grid/001"
NEW_TOWN, NEW_VILLAGE = "500118200000", "500118200201"


def test_new_entries_have_version_1_and_the_time_of_the_transaction() -> None:
    ledger = a_ledger()
    request = a_request(put(a_unit(NEW_TOWN), a_unit(NEW_VILLAGE), a_sensor(place=NEW_VILLAGE)))
    versions = apply(ledger, request, NOW)
    assert [(version.key, version.version, version.retired) for version in versions] == [
        (f"unit:{NEW_TOWN}", 1, False),
        (f"unit:{NEW_VILLAGE}", 1, False),
        ("sensor:gauge-1", 1, False),
    ]
    sensor = versions[2]
    assert not sensor.by_set_up
    assert (sensor.record.sent_at, sensor.record.references) == (NOW, ("crq-1",))
    assert (sensor.record.origin_unit, sensor.record.areas) == (NEW_VILLAGE, (NEW_VILLAGE,))
    assert ledger.newest("sensor:gauge-1") == sensor
    assert len({version.record.id for version in versions}) == 3
    assert {version.record.version for version in versions} == {1}


def test_an_entry_that_is_so_already_gets_no_version() -> None:
    ledger = a_ledger(a_sensor())
    assert apply(ledger, a_request(put(a_sensor())), NOW) == []
    (changed,) = apply(ledger, a_request(put(a_sensor(name="新名"))), NOW)
    assert changed.version == 2
    assert apply(ledger, a_request(put(a_sensor(name="新名"), version=1)), NOW) == []


@pytest.mark.parametrize("version", [0, 2])
def test_a_new_entry_may_have_the_id_of_a_retired_one(version: int) -> None:
    ledger = a_ledger(a_sensor())
    apply(ledger, a_request(retire("sensor:gauge-1")), NOW)
    (returned,) = apply(ledger, a_request(put(a_sensor(), version=version)), NOW)
    assert (returned.version, returned.retired) == (3, False)


def test_a_retired_entry_returns_with_the_next_version() -> None:
    ledger = a_ledger(a_sensor())
    (retired,) = apply(ledger, a_request(retire("sensor:gauge-1")), NOW)
    assert (retired.version, retired.retired, retired.live) == (2, True, None)
    assert apply(ledger, a_request(retire("sensor:gauge-1")), NOW) == []
    (returned,) = apply(ledger, a_request(put(a_sensor())), NOW)
    assert (returned.version, returned.retired) == (3, False)
    assert returned.record.id != retired.record.id


def test_a_retired_entry_is_new_to_an_officer_who_does_not_see_it() -> None:
    ledger = a_ledger(a_sensor())
    apply(ledger, a_request(retire("sensor:gauge-1")), NOW)
    with pytest.raises(LedgerRefusal, match="version 2 now"):
        apply(ledger, a_request(put(a_sensor(), version=1)), NOW)
    (returned,) = apply(ledger, a_request(put(a_sensor(), version=0)), NOW)
    assert returned.version == returned.record.version == 3


def test_a_unit_is_retired_together_with_what_names_it() -> None:
    ledger = a_ledger(a_sensor(place=VILLAGE))
    keys = (f"unit:{TOWN}", f"unit:{VILLAGE}", "sensor:gauge-1")
    versions = apply(ledger, a_request(retire(*keys)), NOW)
    assert [version.key for version in versions] == list(keys)
    assert not ledger.has_unit(TOWN)


REFUSED: list[tuple[str, CatalogAct, str, Reason, str]] = [
    ("own unit", put(a_unit(DISTRICT, "新名")), DISTRICT, Reason.NOT_ALLOWED, "does not write"),
    ("elsewhere", put(a_sensor(place=OTHER_TOWN)), TOWN, Reason.NOT_ALLOWED, "does not write"),
    ("unit above", put(a_unit(CITY, "新名")), DISTRICT, Reason.NOT_ALLOWED, "does not write"),
    ("no unit", put(a_data_set()), DISTRICT, Reason.NOT_ALLOWED, "does not write data:rain-2026"),
    ("group of above", put(a_group(TOWN)), TOWN, Reason.NOT_ALLOWED, "does not write"),
    ("taken", put(a_sensor("taken", TOWN)), TOWN, Reason.NOT_ALLOWED, "does not write"),
    ("taken away", retire("sensor:taken"), TOWN, Reason.NOT_ALLOWED, "does not write"),
    ("place", put(a_sensor(place=NEW_TOWN)), DISTRICT, Reason.UNKNOWN_SUBJECT, NEW_TOWN),
    ("source of above", put(a_source(TOWN)), TOWN, Reason.NOT_ALLOWED, "does not write"),
    ("source elsewhere", put(a_source("*")), DISTRICT, Reason.NOT_ALLOWED, "does not write"),
    ("place", put(a_source(NEW_TOWN)), DISTRICT, Reason.UNKNOWN_SUBJECT, NEW_TOWN),
    ("member", put(a_group(NEW_TOWN)), DISTRICT, Reason.UNKNOWN_SUBJECT, NEW_TOWN),
    ("parent", put(a_unit(NEW_VILLAGE)), DISTRICT, Reason.UNKNOWN_SUBJECT, NEW_TOWN),
    ("tier", put(a_unit(TOWN, tier=Tier.VILLAGE)), DISTRICT, Reason.SCHEMA, "is a town"),
    ("branch", put(a_unit(VILLAGE, parent=OTHER_TOWN)), DISTRICT, Reason.SCHEMA, "not lie below"),
    ("itself", put(a_unit(TOWN, parent=TOWN)), DISTRICT, Reason.SCHEMA, "not lie below"),
    ("below", put(a_unit(TOWN, parent=VILLAGE)), DISTRICT, Reason.SCHEMA, "not lie below"),
    ("no parent", put(a_unit(TOWN, parent=None)), DISTRICT, Reason.SCHEMA, "needs a parent"),
    ("stale", put(a_sensor("taken", OTHER_TOWN, "新"), version=7), CITY, Reason.STALE, "version 1"),
    ("stale new", put(a_sensor("taken", OTHER_TOWN, "新"), version=0), CITY, Reason.STALE, "1 now"),
    (
        "owner",
        put(a_sensor().model_copy(update={"owner": NEW_TOWN})),
        DISTRICT,
        Reason.UNKNOWN_SUBJECT,
        NEW_TOWN,
    ),
    ("place of data", put(a_data_set(place=NEW_TOWN)), CITY, Reason.UNKNOWN_SUBJECT, NEW_TOWN),
    (
        "source of data",
        put(a_data_set(source="source:none")),
        CITY,
        Reason.UNKNOWN_SUBJECT,
        "source:none",
    ),
    ("own source", put(a_data_set(source="data:rain-2026")), CITY, Reason.SCHEMA, "its own"),
    ("owner in use", retire(f"unit:{VILLAGE}"), CITY, Reason.NOT_ALLOWED, "sensor:owned"),
    ("absent", retire("sensor:nobody"), CITY, Reason.UNKNOWN_SUBJECT, "no entry sensor:nobody"),
    ("in use", retire(f"unit:{TOWN}"), CITY, Reason.NOT_ALLOWED, f"unit:{VILLAGE}"),
    ("in use by sensor", retire(f"unit:{OTHER_TOWN}"), CITY, Reason.NOT_ALLOWED, "sensor:taken"),
]


@pytest.mark.parametrize(
    ("act", "unit", "reason", "detail"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_change_is_refused_with_the_reason(
    act: CatalogAct, unit: str, reason: Reason, detail: str
) -> None:
    owned = a_sensor("owned", CITY).model_copy(update={"owner": VILLAGE})
    ledger = a_ledger(a_sensor("taken", OTHER_TOWN), owned)
    with pytest.raises(LedgerRefusal) as refusal:
        apply(ledger, a_request(act, unit), NOW)
    assert refusal.value.reason is reason
    assert detail in refusal.value.detail
    assert len(refusal.value.detail) < 1_000


def state(ledger: Ledger) -> dict[str, Any]:
    keys = ("sensor:a", "sensor:gauge-1", f"unit:{TOWN}", f"unit:{VILLAGE}")
    naming = {unit: ledger.naming(unit) for unit in (CITY, DISTRICT, TOWN, OTHER_TOWN, VILLAGE)}
    return {key: ledger.newest(key) for key in keys} | naming


@pytest.mark.parametrize(
    "act",
    [
        put(a_sensor("a"), a_sensor(name="新名"), a_unit(TOWN, "新镇"), a_sensor("b", NEW_TOWN)),
        retire("sensor:gauge-1", f"unit:{TOWN}", f"unit:{DISTRICT}"),
        retire("sensor:gauge-1", "sensor:nobody"),
    ],
)
def test_a_refused_request_leaves_the_ledger_as_it_was(act: CatalogAct) -> None:
    ledger = a_ledger(a_sensor())
    before = state(ledger)
    with pytest.raises(LedgerRefusal):
        apply(ledger, a_request(act, CITY), NOW)
    assert state(ledger) == before


def test_the_root_of_an_empty_ledger_catalogues_itself_and_nothing_above() -> None:
    ledger = Ledger()
    (root,) = apply(ledger, a_request(put(a_unit(DISTRICT, parent=None)), DISTRICT), NOW)
    assert root.key == f"unit:{DISTRICT}"
    apply(ledger, a_request(put(a_data_set()), DISTRICT), NOW)
    for unit in (CITY, OTHER_DISTRICT):
        with pytest.raises(LedgerRefusal, match="does not write"):
            apply(ledger, a_request(put(a_unit(unit, parent=None)), DISTRICT), NOW)


def test_a_sensor_is_written_by_its_place_a_group_or_source_by_its_owner() -> None:
    ledger = a_ledger()
    assert apply(ledger, a_request(put(a_sensor(place=TOWN)), TOWN), NOW)
    assert apply(ledger, a_request(put(a_sensor("b", VILLAGE)), TOWN), NOW)
    assert apply(ledger, a_request(put(a_group(TOWN, OTHER_TOWN)), DISTRICT), NOW)
    assert apply(ledger, a_request(put(a_source(TOWN)), DISTRICT), NOW)
    assert apply(ledger, a_request(put(a_source("*")), CITY), NOW)
    assert apply(ledger, a_request(put(a_unit(VILLAGE, "新村")), TOWN), NOW)


def test_entries_move_to_another_place() -> None:
    ledger = a_ledger(
        a_sensor(place=VILLAGE),
        a_group(VILLAGE, owner=TOWN),
        a_source(TOWN, owner=TOWN),
        a_unit(TOWN_GRID),
    )
    keys = ("sensor:gauge-1", "group:flood_force", "source:gas-network")
    moved = apply(ledger, a_request(move(OTHER_TOWN, *keys)), NOW)
    assert [version.version for version in moved] == [2, 2, 2]
    assert ledger.naming(OTHER_TOWN) == set(keys)
    assert apply(ledger, a_request(move(OTHER_TOWN, "sensor:gauge-1")), NOW) == []
    unit = f"unit:{TOWN_GRID}"
    for key, to, reason in (
        (unit, OTHER_TOWN, Reason.SCHEMA),
        ("sensor:gauge-1", NEW_TOWN, Reason.UNKNOWN_SUBJECT),
        ("sensor:nobody", TOWN, Reason.UNKNOWN_SUBJECT),
        ("sensor:gauge-1", CITY, Reason.NOT_ALLOWED),
    ):
        with pytest.raises(LedgerRefusal) as refusal:
            apply(ledger, a_request(move(to, key)), NOW)
        assert refusal.value.reason is reason, (key, to)
    apply(ledger, a_request(retire("sensor:gauge-1")), NOW)
    with pytest.raises(LedgerRefusal, match="is retired"):
        apply(ledger, a_request(move(TOWN, "sensor:gauge-1")), NOW)


def test_a_request_names_what_its_checks_ask_for() -> None:
    needs = Needs()
    needs.add(a_request(put(a_unit(NEW_VILLAGE), a_sensor(), a_group(VILLAGE)), TOWN))
    assert needs.keys == {
        *(f"unit:{unit}" for unit in (DISTRICT, NEW_TOWN, NEW_VILLAGE, TOWN, VILLAGE)),
        "sensor:gauge-1",
        "group:flood_force",
    }
    needs = Needs()
    needs.add(a_request(retire(f"unit:{TOWN}", "sensor:gauge-1"), CITY))
    assert (needs.keys, needs.named) == ({f"unit:{TOWN}", "sensor:gauge-1"}, {TOWN})


def test_data_come_from_an_entry_in_use() -> None:
    ledger = a_ledger(a_source(TOWN))
    request = a_request(put(a_data_set(source="source:gas-network", place=TOWN)), CITY)
    (version,) = apply(ledger, request, NOW)
    assert version.key == "data:rain-2026"
    needs = Needs()
    needs.add(request)
    assert needs.keys == {"data:rain-2026", "source:gas-network", f"unit:{TOWN}"}


def test_the_newest_version_tells_who_decided() -> None:
    adopted = a_version(a_sensor())
    ledger = a_ledger(a_sensor())
    (version,) = apply(ledger, a_request(put(a_sensor(name="新名"))), NOW)
    assert (adopted.by_set_up, version.by_set_up) == (True, False)
