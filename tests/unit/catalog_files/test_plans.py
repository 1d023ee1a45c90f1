"""A plan says what is new, what changes in which field and what is retired."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.contracts.catalog import SensorEntry, UnitEntry, catalog_key
from shared.contracts.fields import Language, Tier
from shared.domain.catalog_files import columns, limits, plans, tables
from shared.domain.catalog_files.plans import FieldDifference
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from tests.unit.catalog_files.ledgers import (
    CITY,
    DISTRICT,
    LEDGER,
    TOWN,
    VILLAGE,
    plan_of,
    problems_of,
    unit_entry,
)


def test_a_plan_has_new_changed_and_unchanged_entries() -> None:
    lines = [f"{TOWN},朱沱古镇", f"{DISTRICT},永川区", "500118107000,松溉镇"]
    plan = plan_of("\n".join(["unit_id,name", *lines]))
    assert plan.problems == ()
    assert plan.added == (unit_entry("500118107000", "松溉镇"),)
    (change,) = plan.changed
    assert change.key == f"unit:{TOWN}"
    assert change.differences == (FieldDifference("name", "朱沱镇", "朱沱古镇"),)
    assert (plan.unchanged, plan.retired, plan.rows) == (1, (), 3)


def test_a_column_that_is_not_there_leaves_its_field_as_it_is() -> None:
    (change,) = plan_of("sensor_id,name\ngauge-1,朱沱站\n").changed
    before = LEDGER["sensor:gauge-1"]
    assert change.entry == before.model_copy(update={"name": "朱沱站"})
    (change,) = plan_of(
        '[{"kind": "sensor", "sensor_id": "gauge-1", "site": null}]', name="a.json"
    ).changed
    assert change.entry == before.model_copy(update={"site": None})


def test_an_empty_cell_clears_its_field() -> None:
    (change,) = plan_of("sensor_id,site,lat,lon\ngauge-1,,,\n").changed
    assert isinstance(change.entry, SensorEntry)
    assert (change.entry.site, change.entry.position) == (None, None)
    assert [difference.column for difference in change.differences] == ["site", "lat", "lon"]


def test_half_a_position_is_no_change() -> None:
    assert problems_of("sensor_id,lat\ngauge-1,\n") == [(2, "lat", "missing_value")]


def test_only_a_complete_file_retires_what_it_does_not_name() -> None:
    content = "类别,编号,名称,责任单位\n主题,a.b.v1,读数,平台\n"
    assert plan_of(content).retired == ()
    assert plan_of(content, complete=("data",)).retired == ("data:population",)


def test_a_refused_row_retires_nothing() -> None:
    plan = plan_of("类别,编号,名称,责任单位\n数据集,population,,统计局\n", complete=("data",))
    assert plan.retired == ()
    assert [problem.code.value for problem in plan.errors] == ["missing_value"]


def test_units_come_first_and_are_retired_last() -> None:
    first, *_ = LEDGER
    ledger = {key: entry for key, entry in LEDGER.items() if key == first}
    content = write_table(reversed(LEDGER.values()), FileFormat.CSV, Language.EN)
    kinds = [catalog_key(entry) for entry in plan_of(content, ledger).added]
    units = [key for key in LEDGER if key.startswith("unit:") and key != first]
    departments = [key for key in units if key.endswith("/water")]
    assert kinds[:3] == [f"unit:{DISTRICT}", *departments, f"unit:{TOWN}"]
    assert set(kinds[: len(units)]) == set(units)
    alone = write_table([LEDGER[first]], FileFormat.CSV, Language.EN)
    retired = plan_of(alone, LEDGER, complete=("unit", "group", "sensor")).retired
    assert set(retired[:2]) == {"group:flood", "sensor:gauge-1"}
    assert retired[-1] == f"unit:{DISTRICT}"


def test_an_import_can_be_repeated_after_an_interruption() -> None:
    content = "unit_id,name\n500118107000,松溉镇\n500118107201,新村\n"
    first = plan_of(content)
    half = {**LEDGER, f"unit:{first.added[0].unit}": first.added[0]}  # type: ignore[union-attr]
    second = plan_of(content, half)
    assert (second.added, second.unchanged) == (first.added[1:], 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ledger.txt", "unknown_format"),
        ("ledger", "unknown_format"),
        ("ledger.csv", "wrong_encoding"),
    ],
)
def test_a_file_of_another_format_is_refused(name: str, expected: str) -> None:
    plan = plan_of(b"\x89PNG\r\n\x1a\n\x00\xff", name=name)
    assert [problem.code.value for problem in plan.errors][:1] == [expected]


def test_an_old_or_encrypted_workbook_is_refused_with_a_word() -> None:
    plan = plan_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, name="台账.xls")
    (problem,) = plan.errors
    assert problem.sentence(Language.ZH).startswith("“台账.xls”是旧版或加密的工作簿")


def test_limits_of_bytes_rows_and_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"s-{number},一" for number in range(9)]
    content = "\n".join(["sensor_id,name", *lines])
    monkeypatch.setattr(plans, "MOST_PROBLEMS", 5)
    plan = plan_of(content)
    assert len(plan.errors) == 5
    (more,) = plan.warnings
    assert (more.code.value, more.value) == ("more_problems", str(9 * 5 - 5))
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    last = plan_of("\n".join(["unit_id,name", *([f"{TOWN},朱沱镇"] * 9)])).errors[-1]
    assert (last.place.row, last.code.value) == (5, "too_many_rows")
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    assert [problem.code.value for problem in plan_of(content).errors] == ["file_too_large"]


def test_every_kind_and_field_of_the_contract_has_a_column() -> None:
    assert set(columns.KINDS) == set(columns.MODELS)
    for kind in columns.KINDS:
        assert [column.name for column in columns.columns_of(kind)][:2] == ["kind", "id"]
        for column in columns.columns_of(kind):
            assert not column.zh.isascii()
            assert columns.words_of(kind, column.name).zh != ""


def test_limits_hold_a_city() -> None:
    assert limits.MOST_ROWS >= 400_000
    assert limits.MOST_BYTES >= 2**25


DIVISIONS = Path(__file__).parents[3] / "deploy/example/yongchuan_divisions.csv"


def test_the_shipped_list_of_divisions_is_understood_as_it_is() -> None:
    plan = plan_of(DIVISIONS.read_bytes(), {})
    assert plan.problems == ()
    units = {entry.unit: entry for entry in plan.added if isinstance(entry, UnitEntry)}
    assert len(units) == 292
    assert units[TOWN] == unit_entry(TOWN, "朱沱镇")
    assert units[CITY].parent is None
    assert sum(unit.tier is Tier.VILLAGE for unit in units.values()) == 267


def test_words_in_chinese_are_the_values_that_they_mean() -> None:
    heads = "类别,编号,设备类型,名称,所在单位,指标,计量单位,上报间隔秒,已安装"
    plan = plan_of(f"{heads}\n传感器,pm-1,air,站,{VILLAGE},风速,m/s,６００,否\n")
    (sensor,) = plan.added
    assert isinstance(sensor, SensorEntry)
    assert (sensor.metric, sensor.interval_s, sensor.installed) == ("wind_speed", 600.0, False)
    plan = plan_of(f"{heads}\n传感器,pm-1,air,站,{VILLAGE},温度,℃,600,是\n")
    (sensor,) = plan.added
    assert isinstance(sensor, SensorEntry)
    assert (sensor.metric, sensor.unit) == ("temperature", "Cel")


def test_a_word_of_two_metrics_means_neither() -> None:
    heads = "传感器编号,设备类型,名称,所在单位,指标,计量单位,上报间隔秒"
    line = f"o-1,gas,站,{VILLAGE},氧气,%,60"
    assert problems_of(f"{heads}\n{line}\n") == [(2, "指标", "invalid_value")]


def test_case_counts_in_units_of_measure() -> None:
    heads = "传感器编号,设备类型,名称,所在单位,指标,计量单位,上报间隔秒"
    line = f"p-1,pump,站,{VILLAGE},pressure,mPa,60"
    assert problems_of(f"{heads}\n{line}\n") == [(2, "计量单位", "unit_not_of_metric")]
