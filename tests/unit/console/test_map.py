"""The points of the schematic map: units, sensors in cells, alarms where they are."""

from __future__ import annotations

from services.console.core.names import UnitNames
from services.console.features.overview.map_views import map_view, points_of
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Position
from tests.support.console_events import ZHUTUO
from tests.support.console_harness import GAUGE, with_catalogue

VILLAGE_1, VILLAGE_2 = f"{ZHUTUO[:9]}200", f"{ZHUTUO[:9]}201"


def sensor_at(name: str, place: str, lon: float, lat: float) -> SensorEntry:
    return GAUGE.model_copy(
        update={"sensor_id": name, "place": place, "position": Position(lon=lon, lat=lat)}
    )


def alarm_of(sensor_id: str | None, place: str) -> dict[str, str | None]:
    return {"alarm_id": "alm-1", "sensor_id": sensor_id, "place": place, "level": "orange"}


def test_a_unit_stands_amid_its_sensors_and_an_alarm_at_its_own() -> None:
    names: UnitNames = with_catalogue(UnitNames())
    sensors = [
        sensor_at("a", VILLAGE_1, 105.7, 29.0),
        sensor_at("b", VILLAGE_2, 105.9, 29.2),
        sensor_at("c", VILLAGE_2, 105.9, 29.2),
        GAUGE,  # without a position
    ]
    view = map_view(points_of(sensors), [], names)
    middles = {entry["unit"]: (entry["lon"], entry["lat"]) for entry in view["middles"]}
    assert set(middles) == {ZHUTUO, f"{ZHUTUO[:6]}000000"}
    assert [round(number, 4) for number in middles[ZHUTUO]] == [105.8333, 29.1333]
    assert sum(cell["sensors"] for cell in view["sensors"]) == 3
    (point,) = map_view(points_of(sensors), [alarm_of(GAUGE.sensor_id, ZHUTUO)], names)["alarms"]
    assert (point["lon"], point["name"], point["place_name"]) == (
        middles[ZHUTUO][0],
        "朱沱(三)",
        "朱沱镇",
    )
    (point,) = map_view(points_of(sensors), [alarm_of(None, VILLAGE_2)], names)["alarms"]
    assert (point["lon"], point["lat"]) == (105.9, 29.2)
    assert map_view(points_of([GAUGE]), [alarm_of(None, ZHUTUO)], names)["alarms"] == []
