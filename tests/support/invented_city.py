"""The ledger of an invented city 临江市, as the files of its office: 4 districts, 60 towns, 900
villages, 30,000 sensors.

No division has a code that begins with 99; names are made of numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

CITY = "990100000000"
DISTRICTS, TOWNS, VILLAGES = 4, 60, 900
SENSORS = 30_000
_TOWNS_OF_DISTRICT = TOWNS // DISTRICTS
_VILLAGES_OF_TOWN = VILLAGES // TOWNS
_SENSORS_OF_VILLAGE, _SENSORS_OF_TOWN = 33, 5
_DIGITS = "一二三四五六七八九"
_GAUGES = (
    ("rain", "rain_gauge", "雨量站", "降雨量", "mm", ""),
    ("level", "river_gauge", "水位站", "水位", "m", "黄海"),
)
Cells = Mapping[str, str]


def unit_rows() -> Iterator[Cells]:
    """Yield the units as cells by heading: each village has one grid with two micro-grids."""
    yield _unit(CITY, "临江市")
    for town, town_name in _towns():
        if town[6:9] == "001":
            yield _unit(f"{town[:6]}000000", f"{town_name[:2]}区")
        yield _unit(town, town_name)
        for village in _villages(town):
            name = f"{town_name}{_number(int(village[9:12]) - 200)}村"
            grid = f"{village}/grid/001"
            yield _unit(village, name)
            yield _unit(grid, f"{name}一网格")
            yield _unit(f"{grid}/01", f"{name}一网格一微网格")
            yield _unit(f"{grid}/02", f"{name}一网格二微网格")


def sensor_rows() -> Iterator[Cells]:
    """Yield the sensors as cells by heading: rain gauges and water gauges in turn."""
    places = [
        (place, count)
        for town, _ in _towns()
        for place, count in (
            (town, _SENSORS_OF_TOWN),
            *((village, _SENSORS_OF_VILLAGE) for village in _villages(town)),
        )
    ]
    for place, count in places:
        for number in range(1, count + 1):
            prefix, kind, name, metric, unit, datum = _GAUGES[number % 2]
            yield {
                "传感器编号": f"{prefix}-{place}-{number:02}",
                "设备类型": kind,
                "名称": f"{name}{number}号",
                "所在单位": place,
                "指标": metric,
                "计量单位": unit,
                "高程基准": datum,
                "上报间隔秒": "300",
                "纬度": f"29.{place[4:9]}",
                "经度": f"105.{place[9:12]}{number:02}",
            }


def csv_file(rows: Iterable[Cells]) -> bytes:
    """Return rows of one kind as a file that a spreadsheet opens."""
    cells = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(cells[0]))
    writer.writeheader()
    writer.writerows(cells)
    return text.getvalue().encode("utf-8-sig")


def _towns() -> Iterator[tuple[str, str]]:
    for district in range(1, DISTRICTS + 1):
        for town in range(1, _TOWNS_OF_DISTRICT + 1):
            code = f"{CITY[:4]}{district + 1:02}{town:03}000"
            yield code, f"江{_DIGITS[district - 1]}{_number(town)}镇"


def _villages(town: str) -> Iterator[str]:
    for number in range(1, _VILLAGES_OF_TOWN + 1):
        yield f"{town[:9]}{200 + number}"


def _number(number: int) -> str:
    tens, units = divmod(number, 10)
    return ("十" if tens else "") + (_DIGITS[units - 1] if units else "")


def _unit(code: str, name: str) -> Cells:
    return {"单位编号": code, "名称": name}
