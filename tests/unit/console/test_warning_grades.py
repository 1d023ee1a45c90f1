"""The grade of an act because of a warning: that of the warning, else a refusal."""

from __future__ import annotations

import pytest

from services.console.features.agency_warnings.grading import grade_of
from services.console.web.problems import ApiProblem
from shared.contracts.fields import DataGrade


@pytest.mark.parametrize("grade", DataGrade)
def test_the_act_has_the_grade_of_its_warning(grade: DataGrade) -> None:
    row = {"data_grade": grade.value}
    assert grade_of(row, lambda warning: warning is row) is grade


@pytest.mark.parametrize(
    ("row", "is_allowed"),
    [
        (None, True),
        (None, False),
        ({"data_grade": "general"}, False),
        ({"data_grade": "core"}, False),
    ],
)
def test_a_warning_that_is_over_or_is_not_for_the_officer_is_refused_alike(
    row: dict[str, str] | None, *, is_allowed: bool
) -> None:
    with pytest.raises(ApiProblem) as refused:
        grade_of(row, lambda _: is_allowed)
    assert (refused.value.status, refused.value.reason) == (409, "warning_over")
