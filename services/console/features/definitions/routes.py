"""Routes that read rules and plans, and check a text: nothing is changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.console.core.access import span_of
from services.console.features.definitions import answers
from services.console.features.definitions.responses import (
    DefinitionCheck,
    DefinitionDocument,
    DefinitionList,
)
from services.console.features.definitions.shelves import DefinitionKind
from services.console.features.definitions.texts import (
    TextBody,
    current_shelf,
    demand_administrator,
    judged,
)
from services.console.web.deps import Deps
from services.console.web.problems import unknown
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer, SignedInViewer
from shared.contracts.fields import RuleId

router = APIRouter(prefix="/api", tags=["definitions"])


@router.get("/definitions", responses=json_response(DefinitionList))
async def list_definitions(
    console: Deps, viewer: PlaceViewer, kind: Annotated[DefinitionKind, Query()]
) -> Response:
    """List the newest versions of the rules or plans for a place: in force, on trial, off.

    A rule is for a place when it judges one of its sensors, or several sources.
    """
    demand_administrator(console, viewer)
    place = viewer.root
    sensors = console.names.sensors(span_of(place).holds)
    shelf = current_shelf(console, kind)
    rows = answers.definitions(shelf, sensors, console.names.unit, place == console.names.top.unit)
    return as_json({"place": place, "place_name": console.names.unit(place), "definitions": rows})


@router.get("/definitions/{kind}/{definition_id}", responses=json_response(DefinitionDocument))
async def read_definition(
    console: Deps,
    viewer: SignedInViewer,
    kind: DefinitionKind,
    definition_id: Annotated[RuleId, Path()],
) -> Response:
    """Return the newest version of a rule or plan as the text of a file."""
    demand_administrator(console, viewer)
    definition = current_shelf(console, kind).published.get(definition_id)
    if definition is None:
        raise unknown("definition")
    return as_json(
        {
            "kind": kind,
            "id": definition_id,
            "version": definition.version,
            "text": answers.text_of(definition),
        }
    )


@router.post("/definitions/check", responses=json_response(DefinitionCheck))
async def check_definitions(console: Deps, viewer: PlaceViewer, body: TextBody) -> Response:
    """Check a text as `fenghuo rules check` and `fenghuo plans check` do, against what is in force.

    Nothing is published.
    """
    demand_administrator(console, viewer)
    shelf = current_shelf(console, body.kind)
    result = await judged(console, shelf, body.written, viewer.unit)
    return as_json(answers.judgement(shelf, result, console.names.tree, viewer.root))
