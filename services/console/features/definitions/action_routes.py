"""Routes that publish rules and plans: as candidates first, in force by a second act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.core.access import Viewer
from services.console.features.definitions import answers
from services.console.features.definitions.judgement import DefinitionText, Judgement
from services.console.features.definitions.responses import DefinitionVerb, PublishedVersions
from services.console.features.definitions.shelves import DefinitionKind, Shelf
from services.console.features.definitions.texts import (
    TextBody,
    current_shelf,
    demand_administrator,
    demand_scope,
    demand_usable,
    judged,
)
from services.console.features.definitions.trial_routes import case_results
from services.console.features.definitions.version_records import administrator, version_record
from services.console.recording.action_recorder import ActionConflict
from services.console.web.actions import Body, IdempotencyKey
from services.console.web.deps import ConsoleDeps, Deps
from services.console.web.problems import ApiProblem, unknown
from services.console.web.response_models import recorded
from services.console.web.responses import as_json
from services.console.web.viewers import SignedInViewer
from shared.contracts.fields import Count, Line, RuleId, Version
from shared.definitions.candidates import ended_form, live_form, without_changes
from shared.definitions.publication import name_of

router = APIRouter(prefix="/api", tags=["definitions"])

VERSION_TAKEN = "version_taken"
"""The version belongs to another officer."""


class PublicationBody(TextBody):
    """A checked text with the reason of the officer.

    `versions` are the versions of the officer's reading by id, 0 for none: with another newest
    version nothing is published.
    """

    reason: Line
    versions: Annotated[dict[RuleId, Count], Field(default_factory=dict, max_length=1_000)]


class DefinitionActBody(Body):
    """An act on a version of a rule or plan."""

    kind: DefinitionKind
    id: RuleId
    version: Version
    verb: DefinitionVerb
    reason: Line


@router.post("/definitions/publish", status_code=202, responses=recorded(PublishedVersions))
async def publish_definitions(
    console: Deps, viewer: SignedInViewer, body: PublicationBody, _key: IdempotencyKey = None
) -> Response:
    """Publish a text as candidates, which are counted, raise no alarm and give no order.

    A text with errors, or with a failing case, is refused. Unchanged definitions are left out.
    """
    demand_administrator(console, viewer, "publish")
    shelf = current_shelf(console, body.kind)
    result = await judged(console, shelf, body.written, viewer.unit)
    demand_usable(result)
    changes = [change.value for change in result.changes]
    unit = demand_scope(console, viewer, _touched(shelf, changes), "publish")
    _demand_versions(shelf, body.versions, result)
    if result.cases and (await case_results(console, shelf, body.written, result))["failed"]:
        raise ApiProblem(
            422,
            "A case of the rules fails",
            "Nothing was published; test the rules to see which case.",
            reason="cases_failed",
        )
    acting = administrator(viewer, unit)
    return as_json(await _record(console, shelf, acting, changes, body.reason), 202)


@router.post("/definitions/acts", status_code=202, responses=recorded(PublishedVersions))
async def act_on_definition(
    console: Deps, viewer: SignedInViewer, body: DefinitionActBody, _key: IdempotencyKey = None
) -> Response:
    """Put a candidate in force, or end a definition.

    A candidate is checked once more: units, sensors and other rules may have changed.
    """
    demand_administrator(console, viewer, body.verb)
    shelf = current_shelf(console, body.kind)
    definition = shelf.published.get(body.id)
    if definition is None:
        raise unknown("definition")
    if definition.version != body.version:
        raise _stale([body.id])
    if body.verb not in answers.offered(definition):
        raise ApiProblem(409, "Not now", "It is switched off already.", reason="not_now")
    versions = [ended_form(definition)]
    if body.verb == "put_in_force":
        live = live_form(shelf.kind, definition, shelf.published)
        if not without_changes(shelf.kind, live, shelf.published):
            written = DefinitionText(answers.text_of(live))
            demand_usable(await judged(console, shelf, written, viewer.unit))
            versions.insert(0, live)
    unit = demand_scope(console, viewer, _touched(shelf, versions), body.verb)
    acting = administrator(viewer, unit)
    return as_json(await _record(console, shelf, acting, versions, body.reason), 202)


def _touched(shelf: Shelf, versions: Sequence[Any]) -> list[Any]:
    """Return the versions with the definitions of the same ids and those in force."""
    names = {name_of(shelf.kind, version) for version in versions}
    names |= {version.shadow_of for version in versions if version.shadow_of is not None}
    return [*versions, *(shelf.published[name] for name in names if name in shelf.published)]


def _demand_versions(shelf: Shelf, read: dict[str, int], result: Judgement) -> None:
    """Refuse a text after a check against older versions."""
    changed = [
        name
        for change in result.changes
        if read.get(name := name_of(shelf.kind, change.value), change.published) != change.published
    ]
    if changed:
        raise _stale(changed)


def _stale(names: Sequence[str]) -> ApiProblem:
    return ApiProblem(
        409,
        "Another version has been published",
        f"Look at it once more: {', '.join(names[:20])}",
        reason="stale",
    )


async def _record(
    console: ConsoleDeps, shelf: Shelf, acting: Viewer, versions: Sequence[Any], reason: str
) -> dict[str, Any]:
    """Record versions in their order; the first that is not recorded ends the act."""
    results: list[dict[str, Any]] = []
    now = console.clock.now()
    for version in versions:
        act = version_record(shelf, version, acting, reason, now)
        result = {"id": act.key, "version": version.version, "reason": None, "repeated": False}
        try:
            result["repeated"] = not await console.recorder.record(act)
        except ActionConflict:
            result["reason"] = VERSION_TAKEN
        results.append(result)
        if result["reason"] is not None:
            break
    recorded_number = sum(result["reason"] is None for result in results)
    return {"recorded": recorded_number, "results": results}
