"""Routes that try rules: their cases, and a backtest over the stored readings."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.core.access import Viewer
from services.console.features.definitions import answers
from services.console.features.definitions.judgement import DefinitionText, Judgement
from services.console.features.definitions.responses import Backtest, CaseResults
from services.console.features.definitions.shelves import DefinitionKind, Shelf
from services.console.features.definitions.texts import (
    CasesText,
    PackText,
    current_shelf,
    demand_administrator,
    demand_usable,
    judged,
)
from services.console.features.definitions.trial_packs import needed_rules, needed_sensors
from services.console.features.definitions.trials import TrialBusy, TrialParts, TrialRefused
from services.console.web.actions import Body
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import ApiProblem
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.definitions.publication import name_of
from shared.definitions.yaml_files.items import PackFile

router = APIRouter(prefix="/api", tags=["definitions"])


class CasesBody(Body):
    """Rules with their cases."""

    text: PackText
    cases: Annotated[CasesText, Field(min_length=1)]


class BacktestBody(Body):
    """Rules, and how many hours of stored readings they judge."""

    text: PackText
    hours: Annotated[int, Field(ge=1, le=168)] = 24


@router.post("/definitions/test", responses=json_response(CaseResults))
async def try_rules(console: Deps, viewer: SignedInViewer, body: CasesBody) -> Response:
    """Play the cases of rules through the engine of scoring, as `fenghuo rules test` does."""
    written = DefinitionText(body.text, body.cases)
    shelf, result = await _usable(console, viewer, written)
    return as_json(await case_results(console, shelf, written, result))


@router.post("/definitions/backtest", responses=json_response(Backtest))
async def backtest_rules(console: Deps, viewer: SignedInViewer, body: BacktestBody) -> Response:
    """Judge the stored readings by these rules and by those in force; nobody is paged.

    One trial runs at a time, for at most two minutes.
    """
    await _usable(console, viewer, DefinitionText(body.text))
    since = console.clock.now() - timedelta(hours=body.hours)
    rules = PackFile("rules.yaml", body.text.encode())
    outcome = await _tried(console.part(TrialParts).trials.backtest(rules, since.isoformat()))
    return as_json(answers.backtest_view(outcome))


async def case_results(
    console: ConsoleDeps, shelf: Shelf, written: DefinitionText, result: Judgement
) -> Any:
    """Return the results of the cases of a usable text. Raises 409, 422."""
    beside = needed_rules(result.definitions, shelf.in_force)
    files = written.files(shelf.name)
    if beside:
        files.append(PackFile("in_force.yaml", answers.texts_of(beside).encode()))
    sensors = needed_sensors(written, [*result.definitions, *beside], console.names.sensor_entry)
    outcome = await _tried(console.part(TrialParts).trials.test(files, sensors))
    own = [name_of(shelf.kind, definition) for definition in result.definitions]
    return answers.cases_view(outcome, own)


async def _usable(
    console: ConsoleDeps, viewer: Viewer, written: DefinitionText
) -> tuple[Shelf, Judgement]:
    demand_administrator(console, viewer)
    shelf = current_shelf(console, DefinitionKind.RULE)
    result = await judged(console, shelf, written, viewer.unit)
    demand_usable(result)
    return shelf, result


async def _tried(trial: Any) -> Any:
    try:
        return await trial
    except TrialBusy:
        raise ApiProblem(
            409,
            "Another trial is under way",
            "One trial runs at a time: try again in a minute.",
            reason="trial_busy",
        ) from None
    except TrialRefused as why:
        raise ApiProblem(
            422, "The rules cannot be tried", str(why), reason="trial_refused"
        ) from None
