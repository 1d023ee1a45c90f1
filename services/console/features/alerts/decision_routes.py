"""Decisions of officers about alerts.

The answer is 202 once Kafka has the record; the alerting service applies or refuses the decision.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from services.console.core import access
from services.console.core.names import UnitNames
from services.console.core.record import OutgoingRecord
from services.console.features.alerts import actions, queries
from services.console.features.alerts.actions import DecisionIntent
from services.console.features.alerts.views import facts
from services.console.features.alerts.wording_body import (
    WordingBody,
    own_words,
    stale_proposal,
)
from services.console.features.alerts.wording_views import words_to_sign
from services.console.store.connections import Connection, reading
from services.console.web.actions import Body, IdempotencyKey, accept_action
from services.console.web.deps import Deps
from services.console.web.problems import hidden, missing_field, unknown
from services.console.web.response_models import recorded
from services.console.web.viewers import SignedInViewer
from shared.contracts.alerts import Assessment, DecisionVerb
from shared.contracts.fields import (
    Identifier,
    IncidentGrade,
    Instant,
    Level,
    ResponseLevel,
    Text,
)
from shared.contracts.refusals import RefusedFor

router = APIRouter(prefix="/api", tags=["alerts"])

_ABOUT_THE_PROPOSAL = frozenset(
    {
        DecisionVerb.VERIFY,
        DecisionVerb.ASSESS,
        DecisionVerb.DISMISS,
        DecisionVerb.APPROVE,
        DecisionVerb.REJECT,
        DecisionVerb.AUTHORISE_EMERGENCY,
    }
)
_ABOUT_THE_LEVEL = frozenset({DecisionVerb.RECALL, DecisionVerb.RATIFY, DecisionVerb.ANNUL})
_SIGNING = frozenset({DecisionVerb.APPROVE, DecisionVerb.AUTHORISE_EMERGENCY})
_REASONED = frozenset(
    {
        DecisionVerb.ADJUST,
        DecisionVerb.LIFT,
        DecisionVerb.RECALL,
        DecisionVerb.AUTHORISE_EMERGENCY,
        DecisionVerb.ANNUL,
    }
)
"""Verbs that are refused without a reason."""


class AssessmentBody(Body):
    """The assessment of an alert by the unit of the officer.

    It names a level, a grade, a response level, or several of these.
    """

    level: Level | None = None
    incident_grade: IncidentGrade | None = None
    response_level: ResponseLevel | None = None


class DecisionBody(Body):
    """A decision on an alert in the version that the officer has read.

    `level` is the proposed level (null: to lift the alert); for recall, ratify and annul the level
    in force, for adjust the level that the officer asks for. `valid_until` belongs to approve,
    adjust and authorise_emergency, `assessment` to assess, `into` (the other alert) to merge,
    `evidence_ids` to split. `wording` belongs to word. `wording_digest` of approve and
    authorise_emergency names the words that the officer has read; by default they are the present
    ones.
    """

    verb: DecisionVerb
    level: Level | None = None
    reason: Text = ""
    version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)] | None = None
    valid_until: Instant | None = None
    assessment: AssessmentBody | None = None
    wording: WordingBody | None = None
    wording_digest: Annotated[str, Field(max_length=64)] | None = None
    into: Identifier | None = None
    evidence_ids: Annotated[tuple[Identifier, ...], Field(max_length=500)] = ()


@router.post("/alerts/{alert_id}/decisions", status_code=202, responses=recorded())
async def decide_alert(
    console: Deps,
    viewer: SignedInViewer,
    alert_id: Identifier,
    body: DecisionBody,
    _key: IdempotencyKey = None,
) -> Response:
    """Record a decision on an alert.

    The verbs verify, assess, word, sign, reject and dismiss a proposal, adjust, lift and recall a
    level, merge and split alerts, and settle an emergency authorisation. An approval puts the words
    of `GET /api/alerts/{alert_id}/wording` in force.
    """
    async with reading(console.database) as connection:
        alert = await queries.alert(connection, alert_id)
        if alert is None:
            raise unknown("alert")
        positions = body.verb is DecisionVerb.ASSESS and body.assessment is not None
        result = access.entitled(viewer, _check(alert, body, positions=positions))
        may_assess = positions and isinstance(result, access.Viewer)
        if not access.sees(viewer, alert["place"]) and not may_assess:
            denial = result if isinstance(result, RefusedFor) else RefusedFor.NO_SIGHT
            raise hidden("alert", alert["place"], denial, body.verb)
        if body.verb is DecisionVerb.MERGE:
            await _demand_merge_target(connection, viewer, body)
    acting = console.granted(result, alert["place"], body.verb)
    if body.verb in _REASONED and not body.reason.strip():
        raise missing_field("reason", "say why")
    if body.verb is DecisionVerb.SPLIT and not body.evidence_ids:
        raise missing_field("evidence_ids", "name the alarms and reports to take out")
    level = _level(alert, body)
    more = _more(body) | _words(alert, body, console.names)
    intent = DecisionIntent(body.verb, level, body.reason, more)
    version = body.version or alert["version"]
    return await accept_action(
        console, actions.decision(acting, alert, intent, version, console.clock.now())
    )


def _check(alert: OutgoingRecord, body: DecisionBody, *, positions: bool) -> access.Check:
    """Return the check of the right to state the unit's position, or to take the decision."""
    if positions:
        return lambda item: access.may_hold(item, alert["place"])
    powers = facts(alert).powers
    return lambda item: access.may_decide(item, powers, body.verb)


async def _demand_merge_target(
    connection: Connection, viewer: access.Viewer, body: DecisionBody
) -> None:
    """Raise RequestRefused unless the alert to merge into exists and is visible to the officer."""
    if body.into is None:
        raise missing_field("into", "name the alert to merge into")
    record = await queries.alert(connection, body.into)
    if record is None:
        raise unknown("alert")
    if not access.sees(viewer, record["place"]):
        raise hidden("alert", record["place"], verb=body.verb)


def _level(alert: OutgoingRecord, body: DecisionBody) -> Level | None:
    """Return the level of the decision; raise 409 when the officer saw a different level."""
    if body.verb is DecisionVerb.ADJUST:
        if body.level is None:
            raise missing_field("level", "name the level you ask for")
        return body.level
    if body.verb in _ABOUT_THE_PROPOSAL:
        now = alert["proposed_level"]
    elif body.verb in _ABOUT_THE_LEVEL:
        now = alert["level"]
    elif body.verb is DecisionVerb.WORD:
        return Level(alert["proposed_level"]) if alert["proposed_level"] else None
    else:
        return None
    level = body.level
    if "level" not in body.model_fields_set:
        if body.verb is DecisionVerb.APPROVE:
            raise missing_field("level", "name the level you sign, null to lift")
        level = Level(now) if now else None
    if level != now:
        raise stale_proposal(now or "lift")
    return level


def _words(alert: OutgoingRecord, body: DecisionBody, names: UnitNames) -> dict[str, Any]:
    """Return the words of a decision: the officer's own, or those under the signature."""
    if body.verb is DecisionVerb.WORD:
        return {"wording": own_words(alert, body.wording)}
    if body.verb not in _SIGNING:
        return {}
    present = words_to_sign(alert, names)
    if present is None:
        return {}
    wording, _ = present
    if body.wording_digest not in (None, wording.digest()):
        raise stale_proposal("other words")
    return {"wording": wording}


def _more(body: DecisionBody) -> dict[str, Any]:
    """Return the fields of the verb beside level and reason."""
    fields_by_verb: dict[DecisionVerb, tuple[str, ...]] = {
        DecisionVerb.APPROVE: ("valid_until",),
        DecisionVerb.ADJUST: ("valid_until",),
        DecisionVerb.AUTHORISE_EMERGENCY: ("valid_until",),
        DecisionVerb.ASSESS: ("assessment",),
        DecisionVerb.MERGE: ("into",),
        DecisionVerb.SPLIT: ("evidence_ids",),
    }
    results = {name: getattr(body, name) for name in fields_by_verb.get(body.verb, ())}
    if body.assessment is not None and "assessment" in results:
        results["assessment"] = _assessment(body.assessment)
    if "evidence_ids" in results:
        results["evidence_ids"] = tuple(sorted(set(body.evidence_ids)))
    return {name: value for name, value in results.items() if value is not None}


def _assessment(body: AssessmentBody) -> Assessment:
    if not body.model_dump(exclude_none=True):
        raise missing_field("assessment", "name a level, an incident grade or a response level")
    return Assessment(**dict(body))
