"""Every wrong cell of a file is told with its row and column, and nothing is half-imported."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.catalog import Entry, UnitEntry
from shared.contracts.fields import Language
from shared.domain.catalog_files.limits import MOST_CELL, MOST_COLUMNS
from tests.unit.catalog_files.ledgers import (
    CITY,
    DISTRICT,
    LEDGER,
    TOWN,
    VILLAGE,
    plan_of,
    problems_of,
)

SENSOR_HEADINGS = (
    "传感器编号",
    "设备类型",
    "名称",
    "所在单位",
    "指标",
    "计量单位",
    "高程基准",
    "上报间隔秒",
    "纬度",
    "经度",
)
GOOD = {
    "传感器编号": "rain-1",
    "设备类型": "rain_gauge",
    "名称": "朱沱雨量站",
    "所在单位": TOWN,
    "指标": "rainfall",
    "计量单位": "mm",
    "高程基准": "",
    "上报间隔秒": "300",
    "纬度": "",
    "经度": "",
}
CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "no id": ({"传感器编号": ""}, "传感器编号", "missing_value"),
    "id with a space": ({"传感器编号": "a b"}, "传感器编号", "invalid_value"),
    "long id": ({"传感器编号": "a" * 65}, "传感器编号", "invalid_value"),
    "no name": ({"名称": "  "}, "名称", "missing_value"),
    "long name": ({"名称": "站" * 201}, "名称", "invalid_value"),
    "name of two lines": ({"名称": '"朱沱\n站"'}, "名称", "control_character"),
    "name with escape": ({"名称": "朱沱\x1b[31m"}, "名称", "control_character"),
    "no place": ({"所在单位": ""}, "所在单位", "missing_value"),
    "no unit of the tree": ({"所在单位": "朱沱镇"}, "所在单位", "invalid_value"),
    "unknown place": ({"所在单位": "500118999000"}, "所在单位", "unknown_unit"),
    "shortened code": ({"所在单位": "5.00118E+11"}, "所在单位", "shortened_number"),
    "kind in capitals": ({"设备类型": "Rain Gauge"}, "设备类型", "invalid_value"),
    "unit not of the metric": ({"计量单位": "m"}, "计量单位", "unit_not_of_metric"),
    "unknown metric": ({"指标": "pollen"}, "指标", "unknown_metric"),
    "datum of rain": ({"高程基准": "吴淞"}, "高程基准", "datum_not_of_metric"),
    "interval in words": ({"上报间隔秒": "5分钟"}, "上报间隔秒", "invalid_value"),
    "interval of nothing": ({"上报间隔秒": "0"}, "上报间隔秒", "invalid_value"),
    "infinite interval": ({"上报间隔秒": "1e999"}, "上报间隔秒", "invalid_value"),
    "interval that is no number": ({"上报间隔秒": "nan"}, "上报间隔秒", "invalid_value"),
    "latitude and longitude": ({"纬度": "105.8", "经度": "29"}, "纬度", "invalid_value"),
    "half a position": ({"纬度": "29"}, "经度", "missing_value"),
    "formula": ({"上报间隔秒": "=60*5"}, "上报间隔秒", "formula_cell"),
    "10 MB cell": ({"名称": "站" * 3_500_000}, "名称", "cell_too_long"),
    "10 MB of quotes": ({"名称": '"' + '""' * 5_000_000 + '"'}, "", "cell_too_long"),
    "cell over the limit": ({"名称": "a," * MOST_CELL}, "", "cell_count"),
}


def sensor_line(**cells: str) -> str:
    return ",".join((GOOD | cells)[heading] for heading in SENSOR_HEADINGS)


def sensor_file(*lines: str) -> str:
    return "\n".join([",".join(SENSOR_HEADINGS), *lines, ""])


@pytest.mark.parametrize("name", CASES)
def test_a_bad_cell_is_reported_with_row_and_column(name: str) -> None:
    cells, column, code = CASES[name]
    content = sensor_file(sensor_line(), sensor_line(传感器编号="rain-2", 名称="二"), "", "bad")
    content = content.replace(
        "bad", sensor_line(**({"传感器编号": "rain-3", "名称": "三"} | cells))
    )
    assert problems_of(content) == [(5, column, code)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([None, *CASES]), min_size=1, max_size=12))
def test_planted_bad_rows_are_all_reported(planted: list[str | None]) -> None:
    lines, expected, row = [], [], 2
    for number, name in enumerate(planted):
        cells, column, code = CASES[name] if name else ({}, "", "")
        line = sensor_line(**({"传感器编号": f"s-{number}", "名称": f"站{number}"} | cells))
        lines.append(line)
        expected += [(row, column, code)] if name else []
        row += line.count("\n") + 1
    plan = plan_of(sensor_file(*lines))
    reported = [
        (problem.place.row, problem.column, problem.code.value) for problem in plan.problems
    ]
    assert reported == expected
    errors = [code for _, _, code in expected if code != "unknown_metric"]
    assert len(plan.added) == (0 if errors else len(planted))
    assert len(plan.errors) == len(errors)


def test_a_row_with_several_errors_reports_each() -> None:
    line = sensor_line(传感器编号="!", 所在单位="", 计量单位="", 上报间隔秒="x")
    assert set(problems_of(sensor_file(line))) == {
        (2, "传感器编号", "invalid_value"),
        (2, "所在单位", "missing_value"),
        (2, "计量单位", "missing_value"),
        (2, "上报间隔秒", "invalid_value"),
    }


TREES: dict[str, tuple[list[str], list[tuple[int, str, str]]]] = {
    "cycle": (
        [f"{DISTRICT},district,永川区,{TOWN}", f"{TOWN},town,朱沱镇,{DISTRICT}"],
        [(2, "parent", "tree_cycle"), (3, "parent", "tree_cycle")],
    ),
    "own parent": ([f"{TOWN},town,朱沱镇,{TOWN}"], [(2, "parent", "tree_cycle")]),
    "cycle with the catalogue": (
        [f"{CITY},city,重庆市,{TOWN}"],
        [(2, "parent", "tree_cycle")],
    ),
    "two parents": (
        [f"{TOWN},town,朱沱镇,{DISTRICT}", f"{TOWN},town,朱沱镇,{CITY}"],
        [(3, "parent", "two_parents")],
    ),
    "same row twice": (
        [f"{TOWN},town,朱沱镇,{DISTRICT}"] * 2,
        [(3, "unit_id", "duplicate_key")],
    ),
    "missing parent": (
        ["500118999201,village,新村,500118999000"],
        [(2, "parent", "missing_parent")],
    ),
    "parent of a row that is refused": (
        ["500118999000,village,新镇,", "500118999201,village,新村,"],
        [(2, "tier", "wrong_tier")],
    ),
    "wrong parent": (
        [f"{VILLAGE},village,四明村,500118107000"],
        [(2, "parent", "wrong_parent")],
    ),
    "wrong tier": ([f"{TOWN},village,朱沱镇,"], [(2, "tier", "wrong_tier")]),
    "no tier": ([f"{TOWN},country,朱沱镇,"], [(2, "tier", "invalid_value")]),
}


@pytest.mark.parametrize("name", TREES)
def test_a_wrong_tree_is_reported_at_its_rows(name: str) -> None:
    lines, expected = TREES[name]
    content = "\n".join(["unit_id,tier,name,parent", *lines])
    assert problems_of(content) == expected


def test_a_cycle_is_reported_with_the_way_round() -> None:
    lines = [f"{DISTRICT},永川区,{TOWN}", f"{TOWN},朱沱镇,{DISTRICT}"]
    (first, second) = plan_of("\n".join(["unit_id,name,parent", *lines])).errors
    assert first.sentence(Language.ZH).endswith(f"{DISTRICT} → {TOWN} → {DISTRICT}")
    assert second.conflict == first.conflict


def test_a_parent_and_a_place_may_stand_below_in_the_file() -> None:
    towns = [f"unit,{VILLAGE},四明村,", f"unit,{TOWN},朱沱镇,", f"unit,{DISTRICT},永川区,"]
    plan = plan_of("\n".join(["kind,id,name,parent", *towns]), {})
    assert plan.problems == ()
    units = [entry.unit for entry in plan.added if isinstance(entry, UnitEntry)]
    assert units == [DISTRICT, TOWN, VILLAGE]


GROUPS = {
    "unknown member": (f"g,专班,{DISTRICT},{TOWN} 500118999000", [(2, "members", "unknown_unit")]),
    "unknown owner": (f"g,专班,500999000000,{TOWN}", [(2, "owner", "unknown_unit")]),
    "no member": (f"g,专班,{DISTRICT},", [(2, "members", "missing_value")]),
    "no unit": (f"g,专班,{DISTRICT},朱沱镇", [(2, "members", "invalid_value")]),
    "no owner": (f"g,专班,,{TOWN}", [(2, "owner", "missing_value")]),
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_wrong_group_is_reported(name: str) -> None:
    line, expected = GROUPS[name]
    assert problems_of(f"group_id,name,owner,members\n{line}\n") == expected


def test_one_datum_has_one_source() -> None:
    second = sensor_line(传感器编号="rain-2")
    assert problems_of(sensor_file(sensor_line(), second)) == [(3, "名称", "second_source")]
    gauge = sensor_line(
        传感器编号="gauge-2",
        设备类型="river_gauge",
        名称="朱沱水位站",
        指标="water_level",
        计量单位="m",
        高程基准="吴淞",
    )
    (problem,) = plan_of(sensor_file(gauge)).errors
    assert problem.code.value == "second_source"
    assert "sensor:gauge-1" in problem.sentence(Language.ZH)
    data = "类别,编号,名称,责任单位\n数据集,residents,常住人口,公安局\n"
    assert problems_of(data) == [(2, "名称", "second_source")]
    renamed = sensor_line(传感器编号="rain-2", 名称="朱沱镇政府雨量站")
    assert problems_of(sensor_file(sensor_line(), renamed)) == []


def test_a_datum_can_move_to_another_source_in_one_file() -> None:
    lines = [
        "类别,编号,名称,责任单位",
        "数据集,population,户籍人口,统计局",
        "数据集,new,常住人口,公安局",
    ]
    plan = plan_of("\n".join(lines))
    assert plan.problems == ()
    assert [change.key for change in plan.changed] == ["data:population"]
    assert len(plan.added) == 1


HEADINGS = {
    "unknown": ("传感器编号,名称,颜色", [(1, "颜色", "unknown_column")]),
    "twice": ("传感器编号,名称,name", [(1, "name", "duplicate_column")]),
    "no id": ("名称,指标", [(1, "编号", "missing_column"), (1, "类别", "missing_column")]),
    "no kind": ("编号,名称", [(1, "类别", "missing_column")]),
    "too many": ("编号,类别" + ",名称" * MOST_COLUMNS, [(1, "", "too_many_columns")]),
}


@pytest.mark.parametrize("name", HEADINGS)
def test_wrong_headings_are_reported_and_end_the_file(name: str) -> None:
    line, expected = HEADINGS[name]
    assert problems_of(f"{line}\na,b,c\n") == expected


def test_an_unknown_heading_is_reported_with_what_it_may_mean() -> None:
    (problem,) = plan_of("sensor_id,name,metrc\n").errors
    assert "指标（metric）" in problem.sentence(Language.ZH)


def test_a_line_with_too_few_or_too_many_cells_is_reported() -> None:
    content = "unit_id,name,parent\n" + f"{TOWN},朱沱镇\n" + f"{TOWN},朱沱镇,{DISTRICT},x\n"
    assert problems_of(content) == [(2, "", "cell_count"), (3, "", "cell_count")]
    assert problems_of(f"unit_id,name\n{TOWN},朱沱镇,,\n") == []


def test_a_value_in_a_column_of_another_kind_is_reported() -> None:
    content = f"kind,id,name,metric\nunit,{TOWN},朱沱镇,rainfall\n专家,x,y,\n,x,y,\n"
    assert problems_of(content) == [
        (2, "metric", "column_not_of_kind"),
        (3, "kind", "invalid_value"),
        (4, "kind", "missing_value"),
    ]


def test_an_open_quotation_mark_is_reported_at_the_row_where_it_opens() -> None:
    content = f'unit_id,name\n{TOWN},"朱沱镇"\n{VILLAGE},"四明村\n{DISTRICT},永川区\n'
    assert problems_of(content) == [(3, "", "quote_not_closed")]


@pytest.mark.parametrize("content", ["", "\n\n", "unit_id,name\n", "\ufeff"])
def test_a_file_without_rows_is_reported(content: str) -> None:
    assert problems_of(content) == [(0, "", "empty_file")]


def test_levels_without_a_known_datum_are_warnings_alone() -> None:
    cells = {"设备类型": "river_gauge", "指标": "water_level", "计量单位": "m"}
    lines = [
        sensor_line(传感器编号="g-2", 名称="二", **cells),
        sensor_line(传感器编号="g-3", 名称="三", 高程基准="大沽", **cells),
    ]
    plan = plan_of(sensor_file(*lines))
    assert [problem.code.value for problem in plan.warnings] == [
        "datum_not_stated",
        "unknown_datum",
    ]
    assert plan.errors == ()
    assert len(plan.added) == 2


def test_a_unit_that_is_in_use_is_not_retired() -> None:
    rows = [f"{unit},{entry.name}" for unit, entry in _units().items() if unit != TOWN]
    plan = plan_of("\n".join(["unit_id,name", *rows]), LEDGER, complete=("unit",))
    codes = [(problem.code.value, problem.value) for problem in plan.errors]
    assert ("in_use", TOWN) in codes
    assert ("missing_parent", TOWN) in codes


def _units() -> dict[str, Entry]:
    return {
        key.removeprefix("unit:"): entry for key, entry in LEDGER.items() if entry.kind == "unit"
    }
