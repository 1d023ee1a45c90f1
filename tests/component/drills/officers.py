"""Acts of officers in a random stream, each chosen among the results of the world so far.

The dice are thrown when the stream is drawn, so a world acts alike with and without the other.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from shared.contracts.alerts import AlertState, DecisionVerb
from shared.contracts.assignments import Step
from shared.contracts.fields import Level, Post, ResponseMode, Status, Tier
from shared.contracts.modes import ModeRequest, ModeVerb
from shared.contracts.pages import AnswerVerb, Page
from shared.contracts.reports import Means, ReporterRole, ReportKind
from shared.contracts.silences import Matcher, SilenceRequest
from shared.contracts.units import tier_of
from tests.component.command.harness import a_request, a_step, below
from tests.support.console_events import CITY, DISTRICT, SONGJI, VILLAGE, ZHUTUO
from tests.support.house import House
from tests.unit.alerting.builders import a_decision, a_report
from tests.unit.notify.builders import an_answer

KINDS = ("12:gas_leak", "11A01")
PLACES = (VILLAGE, VILLAGE, ZHUTUO, SONGJI)
LEVELS = (Level.BLUE, Level.YELLOW, Level.YELLOW, Level.ORANGE, Level.RED)
_NEXT = {
    "delivered": (Step.SIGN, Step.SIGN, Step.RETURN),
    "signed": (Step.ACCEPT, Step.REPORT),
    "accepted": (Step.REPORT,),
    "handling": (Step.REPORT,),
    "reported": (Step.CHECK, Step.SEND_BACK),
    "checked": (Step.CLOSE,),
}
_OF_THE_ISSUER = (Step.CHECK, Step.SEND_BACK, Step.CLOSE)


async def _pick(system: House, dice: float, query: str, status: Status) -> Any | None:
    """Return one row of a query over a world; rows of the other world have no influence."""
    rows = await system.rows("alerting", query, status)
    return rows[int(dice * len(rows))] if rows else None


def _head(system: House, unit: str, status: Status) -> dict[str, Any]:
    moment = system.clock.moment
    return {
        "status": status,
        "occurred_at": moment,
        "sent_at": moment,
        "origin_unit": unit,
        "tier": tier_of(unit),
    }


_ALERTS = "SELECT * FROM alerting.alert WHERE status = $1 ORDER BY alert_id"
_OPEN_ALERTS = (
    "SELECT * FROM alerting.alert WHERE status = $1 AND state IN "
    "('verifying', 'verified', 'pending_approval', 'issued') ORDER BY alert_id"
)
_MERGED = "SELECT * FROM alerting.alert WHERE status = $1 AND state = 'merged' ORDER BY alert_id"
_ASSIGNMENTS = (
    "SELECT a.*, c.issuer_unit FROM command.assignment AS a JOIN command.command AS c "
    "USING (command_id) WHERE a.status = $1 ORDER BY assignment_id"
)
_COMMANDS = "SELECT * FROM command.command WHERE status = $1 ORDER BY command_id"
_PAGES = "SELECT body FROM notify.page WHERE status = $1 ORDER BY page_id"
_PROPOSALS = "SELECT * FROM command.mode_proposal WHERE status = $1 ORDER BY proposal_id"
_SILENCES = "SELECT * FROM alerting.silence WHERE status = $1 ORDER BY silence_id"


async def _decision(
    system: House, alert: Any, verb: DecisionVerb, status: Status, name: str, officer: str = "one"
) -> None:
    level = alert["level"] if verb is DecisionVerb.RECALL else alert["proposed_level"]
    if verb is DecisionVerb.LIFT:
        level = None
    unit = alert["approver_unit"]
    await system.takes(
        a_decision(
            alert["alert_id"],
            verb,
            Level(level) if level else None,
            unit,
            f"officer-{officer}",
            id=f"dec-{name}-{verb}-{officer}",
            post=Post.A,
            **{k: v for k, v in _head(system, unit, status).items() if k != "origin_unit"},
        )
    )


async def _issue(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Bring an alert all the way to its issue."""
    alert = await _pick(system, dice[0], _OPEN_ALERTS, status)
    if alert is None:
        return
    for verb in (DecisionVerb.VERIFY, DecisionVerb.ASSESS):
        if alert["state"] != AlertState.ISSUED:
            await _decision(system, alert, verb, status, name)
    for officer in ("one", "two"):
        await _decision(system, alert, DecisionVerb.APPROVE, status, name, officer)


async def _decide(system: House, status: Status, name: str, dice: list[float]) -> None:
    alert = await _pick(system, dice[0], _ALERTS, status)
    if alert is not None:
        verbs = [DecisionVerb.DISMISS, DecisionVerb.VERIFY, DecisionVerb.REJECT]
        if alert["state"] == AlertState.ISSUED:
            verbs = [DecisionVerb.RECALL, DecisionVerb.LIFT, DecisionVerb.APPROVE]
        await _decision(system, alert, verbs[int(dice[1] * len(verbs))], status, name)


async def _regroup(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Merge two alerts, or take one out again."""
    merged = await _pick(system, dice[0], _MERGED, status)
    if merged is not None and dice[1] < 0.5:
        await _of_two(system, merged, DecisionVerb.UNMERGE, status, name)
        return
    row, second = [await _pick(system, die, _OPEN_ALERTS, status) for die in dice[2:4]]
    if row is not None and second is not None:
        await _of_two(system, row, DecisionVerb.MERGE, status, name, into=second["alert_id"])


async def _of_two(
    system: House, alert: Any, verb: DecisionVerb, status: Status, name: str, **more: Any
) -> None:
    head = {k: v for k, v in _head(system, DISTRICT, status).items() if k != "origin_unit"}
    await system.takes(
        a_decision(alert["alert_id"], verb, None, id=f"dec-{name}-{verb}", **head, **more)
    )


async def _emergency(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Issue below the gate, which creates a debt, or settle a debt."""
    alert = await _pick(system, dice[0], _OPEN_ALERTS, status)
    if alert is None:
        return
    owed = alert["pending_ratification"] is not None
    verb = DecisionVerb.AUTHORISE_EMERGENCY
    if owed:
        verb = (DecisionVerb.RATIFY, DecisionVerb.ANNUL)[int(dice[1] * 2)]
    unit = (
        json.loads(alert["pending_ratification"])["unit"]
        if owed
        else (ZHUTUO, DISTRICT)[int(dice[2] * 2)]
    )
    level = Level(alert["level"] if owed else alert["proposed_level"] or "blue")
    head = {k: v for k, v in _head(system, unit, status).items() if k != "origin_unit"}
    change = {"id": f"dec-{name}-{verb}", "post": Post.A, **head}
    await system.takes(a_decision(alert["alert_id"], verb, level, unit, "officer-e", **change))


async def _step(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Advance an assignment by a step of the unit or the issuer."""
    for number, die in enumerate(dice[:3]):
        row = await _pick(system, die, _ASSIGNMENTS, status)
        if row is None or row["state"] not in _NEXT:
            continue
        steps = _NEXT[row["state"]]
        step = steps[int(dice[3] * len(steps))]
        await system.takes(
            a_step(
                row["command_id"],
                row["unit"],
                step,
                attempt=row["attempt"],
                officer_unit=row["issuer_unit"] if step in _OF_THE_ISSUER else "",
                officer=f"officer-{name}-{number}",
                text="原因",
                status=status,
            )
        )


async def _command(system: House, status: Status, name: str, dice: list[float]) -> None:
    """A free command, or an end to one."""
    old = await _pick(system, dice[0], _COMMANDS, status)
    if old is not None and dice[1] < 0.5:
        verb = ("check", "close", "revoke")[int(dice[2] * 3)]
        issuer = old["issuer_unit"]
        change = {"id": f"req-{name}", **_head(system, issuer, status)}
        await system.takes(a_request(verb, old["command_id"], issuer, **change))
        return
    tiers = (Tier.TOWN, Tier.VILLAGE)[: 1 + int(dice[3] * 2)]
    change = {
        "selection": below(DISTRICT, *tiers),
        "event_type": KINDS[0],
        "level": LEVELS[int(dice[4] * 5)],
        "title": "巡查",
    }
    change |= {"id": f"req-{name}", **_head(system, DISTRICT, status)}
    await system.takes(a_request("issue", f"cmd-{name}", DISTRICT, **change))


async def _mode(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Propose, approve or end a response mode."""
    old = await _pick(system, dice[0], _PROPOSALS, status)
    unit = old["unit"] if old is not None else (ZHUTUO, DISTRICT)[int(dice[1] * 2)]
    if old is None or dice[2] < 0.3:
        mode = (ResponseMode.STANDBY, ResponseMode.EMERGENCY)[int(dice[3] * 2)]
        until = system.clock.moment + timedelta(minutes=30)
        await _ask(system, ModeVerb.PROPOSE, f"mod-{name}", unit, status, name, "b", mode, until)
        await _ask(system, ModeVerb.APPROVE, f"mod-{name}", unit, status, name, "a")
    else:
        verb = (ModeVerb.APPROVE, ModeVerb.END, ModeVerb.REJECT)[int(dice[4] * 3)]
        await _ask(system, verb, old["proposal_id"], unit, status, name, f"c{int(dice[5] * 2)}")


async def _ask(
    system: House,
    verb: ModeVerb,
    proposal: str,
    unit: str,
    status: Status,
    name: str,
    officer: str,
    mode: ResponseMode | None = None,
    until: Any = None,
) -> None:
    await system.takes(
        ModeRequest(
            id=f"mrq-{name}-{verb}",
            unit=unit,
            verb=verb,
            proposal_id=proposal,
            mode=mode,
            until=until,
            officer_id=f"officer-{officer}",
            post=Post.A,
            **_head(system, unit, status),
        )
    )


async def _answer(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Answer a page as an officer or a device."""
    row = await _pick(system, dice[0], _PAGES, status)
    if row is not None:
        verb = list(AnswerVerb)[int(dice[1] * len(AnswerVerb))]
        page = Page.model_validate_json(row["body"])
        await system.takes(an_answer(page, verb, id=f"ans-{name}", sent_at=system.clock.moment))


async def _silence(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Begin or end a silence."""
    old = await _pick(system, dice[0], _SILENCES, status)
    if old is not None and dice[1] < 0.5:
        await _hush(system, status, name, silence_id=old["silence_id"], verb="end")
        return
    now = system.clock.moment
    await _hush(
        system,
        status,
        name,
        silence_id=f"sil-{name}",
        verb="create",
        matcher=Matcher(place=PLACES[int(dice[2] * 4)], event_type=KINDS[int(dice[3] * 2)]),
        begin_at=now,
        end_at=now + timedelta(minutes=10),
    )


async def _hush(system: House, status: Status, name: str, **fields: Any) -> None:
    fields |= {"id": f"slr-{name}", "officer_id": "officer-s", "post": Post.A, "reason": "检修"}
    await system.takes(SilenceRequest(**fields, **_head(system, DISTRICT, status)))


async def _report_up(system: House, status: Status, name: str, dice: list[float]) -> None:
    """An upward report about an alert's incident."""
    alert = await _pick(system, dice[0], _ALERTS, status)
    if alert is None:
        return
    means = (Means.PHONE, Means.WRITTEN)[int(dice[1] * 2)]
    await system.takes(
        a_report(
            "officer-r",
            id=f"rep-up-{name}",
            incident_id=alert["incident_id"],
            kind=list(ReportKind)[int(dice[2] * 3)],
            reporter_role=ReporterRole.OFFICER,
            event_type=alert["event_type"],
            place=alert["place"],
            means=means,
            from_unit=ZHUTUO,
            to_unit=DISTRICT,
            **_head(system, ZHUTUO, status),
        )
    )


async def _trespass(system: House, status: Status, name: str, dice: list[float]) -> None:
    """Try an act of a drill on a real subject; the services must refuse the act."""
    real, before = Status.ACTUAL, len(system.refused)
    kind = int(dice[0] * 7)
    if kind == 0 and (alert := await _pick(system, dice[1], _OPEN_ALERTS, real)):
        await _decision(system, alert, DecisionVerb.DISMISS, status, name)
    elif kind == 1 and (row := await _pick(system, dice[1], _ASSIGNMENTS, real)):
        await system.takes(
            a_step(row["command_id"], row["unit"], officer=f"officer-{name}", status=status)
        )
    elif kind == 2 and (row := await _pick(system, dice[1], _PAGES, real)):
        page = Page.model_validate_json(row["body"])
        await system.takes(
            an_answer(page, id=f"ans-{name}", status=status, sent_at=system.clock.moment)
        )
    elif kind == 3 and (old := await _pick(system, dice[1], _COMMANDS, real)):
        change = {"id": f"req-{name}", **_head(system, CITY, status)}
        await system.takes(a_request("revoke", old["command_id"], CITY, **change))
    elif kind == 4 and (old := await _pick(system, dice[1], _PROPOSALS, real)):
        verb = ModeVerb.END if old["state"] == "decided" else ModeVerb.REJECT
        await _ask(system, verb, old["proposal_id"], old["unit"], status, name, "x")
    elif kind == 5 and (old := await _pick(system, dice[1], _SILENCES, real)):
        await _hush(system, status, name, silence_id=old["silence_id"], verb="end")
    elif (
        kind == 6
        and (proposals := await _pick(system, dice[1], _OPEN_ALERTS, status))
        and (alert := await _pick(system, dice[2], _OPEN_ALERTS, real))
    ):
        into = {"into": alert["alert_id"]}
        await _of_two(system, proposals, DecisionVerb.MERGE, status, name, **into)
    else:
        return
    assert len(system.refused) == before + 1, (
        f"an act of a drill on something real was taken: {name}"
    )


ACTS = (
    *(_issue, _issue, _decide, _step, _step, _command, _mode, _answer, _answer),
    *(_silence, _report_up, _regroup, _regroup, _emergency),
)
"""What is done in every world, the frequent acts more than once."""
TRESPASSES = (_trespass, _trespass, _trespass)
"""What only a drill tries."""
