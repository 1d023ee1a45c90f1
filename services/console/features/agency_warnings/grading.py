"""The grade that a warning of another agency gives to an act because of it."""

from __future__ import annotations

from collections.abc import Callable

from services.console.core.record import OutgoingRecord
from services.console.features.agency_warnings import queries
from services.console.store.connections import reading
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import ApiProblem
from shared.contracts.fields import DataGrade, Status


async def grade_of_warning(
    console: ConsoleDeps,
    warning_id: str | None,
    status: Status,
    is_allowed: Callable[[OutgoingRecord], bool],
) -> DataGrade:
    """Return the grade that the warning behind an act gives to it; general without a warning.

    Raises 409 as `grade_of` does.
    """
    if warning_id is None:
        return DataGrade.GENERAL
    async with reading(console.database) as connection:
        row = await queries.warning(connection, warning_id, status)
    return grade_of(row, is_allowed)


def grade_of(row: OutgoingRecord | None, is_allowed: Callable[[OutgoingRecord], bool]) -> DataGrade:
    """Return the grade of a warning that holds or will hold.

    Raises 409 for a warning that is over (None), and for one that is not for the officer: who may
    not act because of a warning does not learn whether it holds.
    """
    if row is None or not is_allowed(row):
        raise ApiProblem(
            409,
            "The warning is over",
            "Its agency has taken it back or replaced it, or its time has passed.",
            reason="warning_over",
        )
    return DataGrade(row["data_grade"])
