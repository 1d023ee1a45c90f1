"""Exports are imported as they were, in every format and language."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.catalog import Entry, UnitEntry
from shared.contracts.fields import Language, Tier
from shared.domain.catalog_files.tables import FileFormat
from shared.domain.catalog_files.writing import write_table
from tests.unit.catalog_files.ledgers import DISTRICT, LEDGER, by_key, ledgers, plan_of

FORMATS = st.sampled_from(list(FileFormat))
LANGUAGES = st.sampled_from(list(Language))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers(), FORMATS, LANGUAGES)
def test_an_export_is_imported_as_the_entries_it_was_made_of(
    ledger: dict[str, Entry], file_format: FileFormat, language: Language
) -> None:
    content = write_table(ledger.values(), file_format, language)
    plan = plan_of(content, {}, f"ledger.{file_format}")
    assert plan.errors == ()
    assert by_key(plan.added) == ledger


@pytest.mark.parametrize("file_format", FileFormat)
def test_an_export_changes_nothing_where_it_comes_from(file_format: FileFormat) -> None:
    content = write_table(LEDGER.values(), file_format, Language.ZH)
    plan = plan_of(content, LEDGER, f"ledger.{file_format}", complete=("unit", "sensor", "data"))
    assert plan.problems == ()
    assert (plan.unchanged, plan.rows) == (len(LEDGER), len(LEDGER))
    assert (plan.added, plan.changed, plan.retired) == ((), (), ())


@pytest.mark.parametrize("file_format", FileFormat)
def test_no_entries_are_a_file_without_rows(file_format: FileFormat) -> None:
    content = write_table([], file_format, Language.EN)
    plan = plan_of(content, LEDGER, f"ledger.{file_format}")
    assert [problem.code.value for problem in plan.errors] == ["empty_file"]


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_district_can_be_the_top_of_a_ledger(file_format: FileFormat) -> None:
    district = UnitEntry(unit=DISTRICT, tier=Tier.DISTRICT, name="永川区", parent=None)
    content = write_table([district], file_format, Language.ZH)
    assert plan_of(content, {}, f"ledger.{file_format}").added == (district,)


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    hostile = [
        entry.model_copy(update={"name": text})
        for entry in LEDGER.values()
        if isinstance(entry, UnitEntry)
        for text in ("=1+1", "@a", "+1", "-1", "'=1")
    ][:5]
    content = write_table(hostile, FileFormat.CSV, Language.EN).decode("utf-8-sig")
    cells = [cell for line in content.splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
