"""Problems say place, value and what is allowed, in Chinese and in English."""

import pytest

from shared.contracts.fields import Language
from shared.domain.bilingual import Bilingual
from shared.domain.catalog_files.problems import (
    LONGEST_VALUE,
    WARNINGS,
    WORDS,
    ProblemCode,
    RowPlace,
    RowProblem,
    quoted_value,
)


@pytest.mark.parametrize("code", ProblemCode)
def test_every_code_has_words_in_both_languages(code: ProblemCode) -> None:
    words = WORDS[code]
    assert words.zh != words.en
    assert not words.zh.isascii()
    assert words.en.isascii()


def test_a_problem_is_one_sentence_with_place_value_and_what_is_allowed() -> None:
    problem = RowProblem(
        ProblemCode.UNIT_NOT_OF_METRIC,
        RowPlace(7, "传感器"),
        "计量单位",
        "ppm",
        Bilingual("m、cm", "m, cm"),
    )
    zh = "工作表 传感器，第 7 行，计量单位：“ppm”不是该指标的计量单位（允许：m、cm）"
    en = "sheet 传感器, row 7, 计量单位: “ppm” the metric is not measured in this unit"
    assert problem.sentence(Language.ZH) == zh
    assert problem.sentence(Language.EN) == f"{en} (allowed: m, cm)"
    assert not problem.is_warning


def test_a_problem_of_the_whole_file_has_no_place() -> None:
    problem = RowProblem(ProblemCode.EMPTY_FILE)
    assert problem.sentence(Language.ZH) == "没有任何数据行"


def test_a_problem_names_the_row_it_is_at_odds_with() -> None:
    conflict = Bilingual("第 3 行", "row 3")
    problem = RowProblem(ProblemCode.DUPLICATE_KEY, RowPlace(9), "id", "s-1", conflict=conflict)
    assert (
        problem.sentence(Language.EN) == "row 9, id: “s-1” the entry stands in a second row: row 3"
    )
    assert "{" not in problem.sentence(Language.ZH)


def test_warnings_are_about_what_the_tables_do_not_know() -> None:
    assert all(RowProblem(code).is_warning for code in WARNINGS)
    assert not RowProblem(ProblemCode.SECOND_SOURCE).is_warning


def test_a_quoted_value_is_one_short_printable_line() -> None:
    text = quoted_value("\x1b[31m朱沱\n" + "x" * 10_000_000)
    assert len(text) <= LONGEST_VALUE
    assert text.isprintable()
    assert text.startswith("?[31m朱沱?")
