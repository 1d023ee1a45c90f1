"""Refusals of routes, noted for the audit trail (shared/domain/refusal_log.py)."""

from __future__ import annotations

from fastapi import Request

from services.console.core.access import Viewer
from services.console.web.deps import console_of
from services.console.web.problems import ApiProblem
from shared.contracts.refusals import UNKNOWN, RefusedFor
from shared.domain.refusal_log import RefusedAttempt

_MOST = 200


def note_refusal(request: Request, refused: ApiProblem) -> None:
    """Note a refusal with a reason for the trail; invalid requests have none."""
    if refused.trail is None:
        return
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    if viewer is None:
        note_attempt(request, refused.trail)
        return
    subject = next((v for k, v in request.path_params.items() if k.endswith("_id")), refused.place)
    note_attempt(
        request,
        refused.trail,
        viewer.officer_id,
        unit=viewer.unit,
        place=refused.place,
        subject_id=str(subject or "")[:_MOST],
        verb=refused.verb,
    )


def note_attempt(
    request: Request,
    reason: RefusedFor,
    actor: str = UNKNOWN,
    *,
    unit: str | None = None,
    place: str | None = None,
    subject_id: str = "",
    verb: str = "",
) -> None:
    """Note one attempt at the route of the request."""
    console = console_of(request)
    path = getattr(request.scope.get("route"), "path", "")
    action = " ".join(part for part in (request.method, path, verb) if part)[:_MOST]
    address = request.client.host[:64] if request.client is not None else ""
    attempt = RefusedAttempt(actor, action, reason, unit, place, subject_id, address)
    console.refusals.note(attempt, console.clock.now())
