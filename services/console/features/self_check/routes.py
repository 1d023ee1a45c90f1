"""The route of the check before going live."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.console.core.access import span_of
from services.console.core.definitions import Definitions
from services.console.features.self_check import queries
from services.console.features.self_check.responses import SelfCheck
from services.console.store.connections import reading
from services.console.web.deps import Deps
from services.console.web.response_models import json_response
from services.console.web.responses import as_json
from services.console.web.viewers import PlaceViewer
from shared.definitions.self_check import Installation, missing_items

router = APIRouter(prefix="/api", tags=["self_check"])


@router.get("/self-check", responses=json_response(SelfCheck))
async def check_installation(console: Deps, viewer: PlaceViewer) -> Response:
    """Say what the unit looked at and its subtree still lack before they can go live.

    Units, people on their posts, channels that have proved themselves, sensors, readings, rules,
    plans, and a drill that went the whole way. Nothing missing: `ready`.
    """
    root, span = viewer.root, span_of(viewer.root)
    definitions = console.part(Definitions)
    slots = [slot for slot in console.directory.slots() if span.holds(slot.unit)]
    officers = {slot.officer.officer_id for slot in slots if slot.officer is not None}
    async with reading(console.database) as connection:
        proven = await queries.proven_officers(connection, officers)
        has_readings = await queries.has_readings(connection, root)
        is_tested = await queries.has_signed_drill(connection, span)
    items = missing_items(
        Installation(
            root=root,
            tree=console.names.tree,
            slots=slots,
            sensors=console.names.sensors(span.holds),
            rules=list(definitions.rules.values()),
            plans=list(definitions.plans.values()),
            proven=proven,
            has_readings=has_readings,
            is_tested=is_tested,
        )
    )
    return as_json(
        {
            "unit": root,
            "unit_name": console.names.unit(root),
            "at": console.clock.now(),
            "ready": not items,
            "missing": [
                {
                    "kind": item.kind,
                    "zh": item.text.zh,
                    "en": item.text.en,
                    "count": item.count,
                    "ids": item.ids,
                }
                for item in items
            ],
        }
    )
