"""The national list of divisions is understood with the columns it has."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook

from shared.contracts.catalog import UnitEntry
from shared.contracts.units import parent_of, tier_of
from tests.unit.catalog_files.ledgers import CITY, DISTRICT, TOWN, VILLAGE, plan_of

ROWS = (
    (CITY, "", "重庆市"),
    ("500100000000", "", "市辖区"),
    (DISTRICT, "", "永川区"),
    (TOWN, "", "朱沱镇"),
    (VILLAGE, "220", "四明村村民委员会"),
    ("500118118001", "121", "朱沱社区居民委员会"),
)
HEADINGS = ("统计用区划代码", "城乡分类代码", "名称")


def as_csv(rows: tuple[tuple[str, str, str], ...], encoding: str = "utf-8") -> bytes:
    return "\n".join(",".join(row) for row in (HEADINGS, *rows)).encode(encoding)


def as_xlsx(rows: tuple[tuple[str, str, str], ...]) -> bytes:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "2023年"
    sheet.append(("2023年统计用区划代码和城乡划分代码",))
    sheet.append(HEADINGS)
    for code, urban_rural, name in rows:
        sheet.append((int(code), int(urban_rural) if urban_rural else None, name))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


FILES = {
    "list.csv": as_csv(ROWS),
    "gb.csv": as_csv(ROWS, "gb18030"),
    "list.xlsx": as_xlsx(ROWS),
}


@pytest.mark.parametrize("name", FILES)
def test_rows_become_units_with_tier_and_parent_of_their_code(name: str) -> None:
    plan = plan_of(FILES[name], {}, name)
    assert plan.errors == ()
    assert [(problem.code.value, problem.value) for problem in plan.warnings] == [
        ("head_of_section", "市辖区")
    ]
    units = [entry for entry in plan.added if isinstance(entry, UnitEntry)]
    assert [unit.unit for unit in units] == [code for code, _, name in ROWS if name != "市辖区"]
    assert [unit.tier for unit in units] == [tier_of(unit.unit) for unit in units]
    assert [unit.parent for unit in units] == [parent_of(unit.unit) for unit in units]


def test_names_of_a_list_keep_the_roles_that_the_office_has_given() -> None:
    town = UnitEntry(
        unit=TOWN, tier=tier_of(TOWN), name="朱沱", parent=DISTRICT, roles=("riverside",)
    )
    (change,) = plan_of(as_csv(ROWS), {f"unit:{TOWN}": town}).changed
    assert change.entry == town.model_copy(update={"name": "朱沱镇"})


def test_a_wrong_class_of_town_and_country_is_reported() -> None:
    plan = plan_of(as_csv((*ROWS, ("500118118202", "999", "新村"))), {})
    (problem,) = plan.errors
    assert (problem.place.row, problem.column, problem.value) == (8, "城乡分类代码", "999")
    assert "220" in problem.allowed.en


def test_two_districts_without_their_city_are_tops_with_a_warning() -> None:
    beside = (ROWS[2], ("500153000000", "", "荣昌区"))
    assert plan_of(as_csv((ROWS[2],)), {}).problems == ()
    plan = plan_of(as_csv(beside), {})
    assert [(problem.code.value, problem.value) for problem in plan.problems] == [
        ("one_of_several_tops", CITY)
    ] * 2
    assert [entry.parent for entry in plan.added if isinstance(entry, UnitEntry)] == [None, None]
    plan = plan_of(as_csv((ROWS[0], *beside)), {})
    assert plan.problems == ()
    assert [entry.parent for entry in plan.added if isinstance(entry, UnitEntry)] == [
        None,
        CITY,
        CITY,
    ]


def test_a_short_code_that_is_not_of_the_row_is_reported() -> None:
    content = f"code12,code,name,level,parent\n{DISTRICT},500118,永川区,district,50\n"
    city = f"{CITY},50,重庆市,city,\n"
    assert plan_of(content + city, {}).errors == ()
    (problem,) = plan_of(content.replace(",500118,", ",500119,") + city, {}).errors
    assert (problem.place.row, problem.column) == (2, "code")
