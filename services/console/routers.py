"""The routers of all features, of the stream, and of the assets."""

from __future__ import annotations

from services.console.features.agency_warnings import routes as agency_warnings
from services.console.features.alerts import decision_routes, preview_routes, wording_routes
from services.console.features.alerts import routes as alerts
from services.console.features.cases import exports, list_routes, review_routes
from services.console.features.cases import photo_routes as case_photo_routes
from services.console.features.cases import routes as cases
from services.console.features.commands import (
    action_routes,
    assignment_routes,
    bulk_routes,
    draft_routes,
    drilldown_routes,
    page_preview_routes,
    photo_routes,
)
from services.console.features.commands import routes as commands
from services.console.features.definitions import action_routes as definition_action_routes
from services.console.features.definitions import routes as definitions
from services.console.features.definitions import trial_routes as definition_trial_routes
from services.console.features.drills import drill_readings
from services.console.features.drills import routes as drills
from services.console.features.duty import routes as duty
from services.console.features.identity import account_routes, administration, oidc_routes
from services.console.features.identity import routes as identity
from services.console.features.incidents import routes as incidents
from services.console.features.ledger import act_routes as ledger_acts
from services.console.features.ledger import routes as ledger
from services.console.features.letters import routes as letters
from services.console.features.limits import preview_routes as limits_preview_routes
from services.console.features.limits import routes as limits
from services.console.features.load import routes as load
from services.console.features.load import week_routes
from services.console.features.modes import routes as modes
from services.console.features.overview import routes as overview
from services.console.features.pages import carrier_routes
from services.console.features.pages import routes as pages
from services.console.features.photos import routes as photos
from services.console.features.push import routes as push
from services.console.features.reachability import routes as reachability
from services.console.features.reports import routes as reports
from services.console.features.screens import routes as screens
from services.console.features.self_check import routes as self_check
from services.console.features.sensors import routes as sensors
from services.console.features.silences import routes as silences
from services.console.features.sources import routes as sources
from services.console.features.supervision import routes as supervision
from services.console.stream import routes as stream
from services.console.web import assets, installing

ROUTERS = tuple(
    module.router
    for module in (
        drilldown_routes,
        *(identity, account_routes, administration, oidc_routes),
        *(
            overview,
            alerts,
            wording_routes,
            preview_routes,
            decision_routes,
            silences,
            agency_warnings,
            sensors,
            pages,
            carrier_routes,
            push,
        ),
        *(
            commands,
            draft_routes,
            page_preview_routes,
            bulk_routes,
            assignment_routes,
            photo_routes,
            action_routes,
            supervision,
        ),
        *(modes, duty, reachability, drills, drill_readings, incidents, reports, letters, load),
        *(week_routes, self_check, sources, ledger, ledger_acts, limits, limits_preview_routes),
        *(definitions, definition_trial_routes, definition_action_routes),
        *(list_routes, cases, review_routes, case_photo_routes, photos, exports),
        *(stream, screens, assets, installing),
    )
)
"""All routers, in the order in which their paths are matched."""
