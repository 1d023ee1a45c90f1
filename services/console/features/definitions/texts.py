"""Common parts of the routes of texts: bodies, judgement, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from services.console.core.access import Viewer, may_administer
from services.console.core.definitions import Definitions
from services.console.features.definitions import answers
from services.console.features.definitions.judgement import (
    DefinitionText,
    Judgement,
    Office,
    judge,
)
from services.console.features.definitions.shelves import DefinitionKind, Shelf, shelf_of
from services.console.features.definitions.version_records import scope_of
from services.console.web.actions import Body
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import ApiProblem
from shared.contracts.fields import Clean
from shared.contracts.refusals import RefusedFor

PackText = Annotated[str, Field(min_length=1, max_length=500_000), Clean]
CasesText = Annotated[str, Field(max_length=200_000), Clean]


class TextBody(Body):
    """A text with rules or plans, as YAML or JSON; `cases` are tests of its rules."""

    kind: DefinitionKind
    text: PackText
    cases: CasesText = ""

    @property
    def written(self) -> DefinitionText:
        """Return the texts as those of an officer."""
        return DefinitionText(self.text, self.cases)


def demand_administrator(console: ConsoleDeps, viewer: Viewer, verb: str = "") -> None:
    """Refuse an officer who administers nothing."""
    granted = None if viewer.administering else RefusedFor.NOT_ADMINISTRATOR
    console.demand(granted, viewer.unit, verb)


def demand_scope(
    console: ConsoleDeps, viewer: Viewer, definitions: Sequence[Any], verb: str
) -> str:
    """Return the unit that all of the definitions concern. Raises 403."""
    places = {
        sensor_id: entry.place
        for definition in definitions
        for sensor_id in getattr(definition, "sensor_ids", ())
        if (entry := console.names.sensor_entry(sensor_id)) is not None
    }
    top = console.names.top.unit
    units = {scope_of(definition, places, top) for definition in definitions}
    for unit in sorted(units):
        console.demand(may_administer(viewer, unit), unit, verb)
    return units.pop() if len(units) == 1 else top


def current_shelf(console: ConsoleDeps, kind: DefinitionKind) -> Shelf:
    """Return the newest versions of a kind."""
    return shelf_of(console.part(Definitions), kind)


async def judged(
    console: ConsoleDeps, shelf: Shelf, written: DefinitionText, issuer: str
) -> Judgement:
    """Return the judgement of a text; many sensors take a second, which no screen waits for."""
    now = console.clock.now()
    office = Office(console.names.sensors_by_id(), console.names.tree)
    if shelf.name is DefinitionKind.PLAN:
        return judge(shelf, written, office, now, issuer)
    return await asyncio.to_thread(judge, shelf, written, office, now, issuer)


def demand_usable(result: Judgement) -> None:
    """Refuse a text with errors, each at its line."""
    if result.errors:
        raise ApiProblem(
            422,
            "The rules or plans are not usable",
            "Nothing was published; each error is named with its line.",
            reason="definition_invalid",
            errors=answers.problem_lines(result.findings),
        )
