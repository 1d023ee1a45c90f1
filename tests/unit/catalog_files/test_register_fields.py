"""Owner, class, grade, place, interval and the one origin of data, as cells of a file."""

from __future__ import annotations

import pytest

from shared.contracts.catalog import PlainEntry, SensorEntry
from shared.contracts.fields import DataGrade
from tests.unit.catalog_files.ledgers import LEDGER, TOWN, WATER, plan_of, problems_of

SENSOR = "传感器编号,设备类型,名称,所在单位,指标,计量单位,上报间隔秒,责任单位,分类,分级\n"
DATA = "类别,编号,名称,责任单位,分类,数据分级,所在单位,上报间隔秒,数据来源\n"


def sensor_line(owner: str = WATER, grade: str = "重要") -> str:
    return f"{SENSOR}rain-1,rain_gauge,雨量站,{TOWN},rainfall,mm,300,{owner},水利/水文,{grade}\n"


def data_line(source: str, place: str = TOWN) -> str:
    return f"{DATA}数据集,rain-2026,雨量,水利局,水利/水文,一般,{place},3600,{source}\n"


def test_a_sensor_has_an_owner_a_class_and_a_grade() -> None:
    (sensor,) = plan_of(sensor_line()).added
    assert isinstance(sensor, SensorEntry)
    assert (sensor.owner, sensor.category, sensor.grade) == (
        WATER,
        "水利/水文",
        DataGrade.IMPORTANT,
    )


@pytest.mark.parametrize("source", ["topic:a.b.v1", "source:gas-network", ""])
def test_a_data_set_has_a_place_an_interval_and_one_origin(source: str) -> None:
    (data,) = plan_of(data_line(source)).added
    assert isinstance(data, PlainEntry)
    assert (data.place, data.interval_s, data.grade) == (TOWN, 3600, DataGrade.GENERAL)
    assert data.source == (source or None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (sensor_line(owner="500118999000"), (2, "责任单位", "unknown_unit")),
        (sensor_line(owner="水利局"), (2, "责任单位", "invalid_value")),
        (sensor_line(grade="绝密"), (2, "分级", "invalid_value")),
        (data_line("data:none"), (2, "数据来源", "unknown_source")),
        (data_line("gas network"), (2, "数据来源", "invalid_value")),
        (data_line("", place="500118999000"), (2, "所在单位", "unknown_unit")),
    ],
)
def test_a_wrong_field_is_reported_with_its_row(text: str, problem: tuple[int, str, str]) -> None:
    assert problems_of(text) == [problem]


def test_a_file_without_the_columns_leaves_the_fields_as_they_are() -> None:
    (sensor,) = plan_of(sensor_line()).added
    ledger = LEDGER | {"sensor:rain-1": sensor}
    heads, cells = (text.split(",")[:7] for text in sensor_line().splitlines())
    cells[2] = "新名"
    (change,) = plan_of(f"{','.join(heads)}\n{','.join(cells)}\n", ledger).changed
    assert change.entry == sensor.model_copy(update={"name": "新名"})
