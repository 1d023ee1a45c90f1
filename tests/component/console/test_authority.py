"""The authority matrix over HTTP, on the live stream, and in services for a forged record."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.console.accounts import Account, Grant, import_accounts
from services.console.core.access import Right
from shared.contracts.alerts import AlertState, Debt
from shared.contracts.fields import Level, Post, ResponseMode
from shared.contracts.ids import transition_id
from shared.contracts.modes import ModeProposal, ModeSignature, ProposalState
from shared.contracts.refusals import RefusedFor
from shared.contracts.units import tier_of
from shared.domain.refusal_log import INTERVAL
from tests.support.authority import (
    APPROVER,
    AUTHORITY,
    DEBTOR,
    IDS,
    ISSUER,
    PLACES,
    Role,
    cells,
    may,
    roles,
    sees,
)
from tests.support.console_events import NOW, a_command, an_alert, an_assignment
from tests.support.console_harness import ConsoleHarness, console_harness, hours_ahead, token_of
from tests.support.postgres import fresh_database
from tests.unit.notify.builders import a_slot

AT_ONCE = 40
TOMORROW = "2026-11-26T00:00:00Z"
"""Sent with acts that reach to a time; the console leaves it to the owner whether it lies ahead."""


def account(role: Role) -> Account:
    unit = IDS[role.unit]
    return Account(
        officer_id=role.officer_id,
        name="测试",
        unit=unit,
        post=Post(role.post),
        token_sha256=hashlib.sha256(token_of(role.officer_id).encode()).hexdigest(),
        grants=tuple(Grant(right=Right(right), unit=unit) for right in role.rights),
    )


@pytest_asyncio.fixture
async def console() -> AsyncIterator[ConsoleHarness]:
    """Return a console with the officers of the matrix and a record of each kind in every place."""
    with fresh_database() as dsn:
        await import_accounts(dsn, [account(role) for role in roles()])
        result = console_harness(dsn)
        async with result.app.router.lifespan_context(result.app):
            await result.project([message for place in PLACES for message in objects(place)])
            for place in PLACES:
                result.deps.directory.apply(a_slot(IDS[place], Post.B, f"o-{place}"))
            yield result


def objects(place: str) -> list[Any]:
    unit = IDS[place]
    alert = an_alert(
        place,
        unit,
        state=AlertState.ISSUED,
        level=Level.YELLOW,
        approver=IDS[APPROVER],
        authority_unit=IDS[AUTHORITY],
        debt=Debt(
            unit=IDS[DEBTOR],
            approvals=1,
            by_officer="o-1",
            by_unit=IDS[AUTHORITY],
            due_at=NOW + timedelta(hours=1),
            next_at=NOW + timedelta(hours=1),
        ),
    )
    command = a_command(place, unit, issuer=IDS[ISSUER])
    mode = ModeProposal(
        id=transition_id(f"mod-{place}", 1),
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=unit,
        tier=tier_of(unit),
        proposal_id=f"mod-{place}",
        version=1,
        state=ProposalState.HALF_APPROVED,
        unit=unit,
        mode=ResponseMode.EMERGENCY,
        title="急时",
        until=NOW + timedelta(days=1),
        decide_by=NOW + timedelta(hours=2),
        proposed_by="o-nobody",
        signatures=(ModeSignature(officer_id="o-nobody", unit=unit, post=Post.B, signed_at=NOW),),
        next_posts=(Post.A, Post.COMMANDER),
    )
    return [alert, command, an_assignment(command, unit), mode]


def request_of(act: str, place: str) -> tuple[str, str, Any]:
    """Return method, path and body of an act on the record of a place."""
    unit = IDS[place]
    alert, command, assignment, _ = objects(place)
    kind, _, verb = act.partition(" ")
    match kind:
        case "decide":
            return "POST", f"/api/alerts/{alert.alert_id}/decisions", _decision(verb, alert)
        case "step":
            path = f"/api/assignments/{assignment.assignment_id}/acknowledgements"
            return "POST", path, {"step": verb, "text": "原因", "until": TOMORROW}
        case "command":
            return "POST", f"/api/commands/{command.command_id}/{verb}", {}
        case "issue":
            selection = {"include": [{"kind": "units", "units": [unit]}]}
            body = {"selection": selection, "event_type": "11A01", "level": "blue", "title": "查"}
            return "POST", "/api/commands", body
        case "silence":
            window = {"begin_at": hours_ahead(0), "end_at": hours_ahead(6)}
            return "POST", "/api/silences", {**window, "place": unit, "reason": "检修"}
        case "report":
            body = {"incident_id": f"inc-{place}", "kind": "initial", "means": "written"}
            more = {"from_unit": unit, "place": unit, "event_type": "11A01", "headline": "险情"}
            return "POST", "/api/reports", {**body, **more}
    return _second(act, unit, place, alert.alert_id, assignment.assignment_id)


def _second(
    act: str, unit: str, place: str, alert_id: str, assignment_id: str
) -> tuple[str, str, Any]:
    leave = {"kind": "leave", "officer_id": "o-1", "begin": TOMORROW, "end": "2026-11-27T00:00:00Z"}
    proposed = {"unit": unit, "mode": "standby", "until": hours_ahead(24)}
    return {
        "mode propose": ("POST", "/api/modes/proposals", proposed),
        "mode reject": ("POST", f"/api/modes/proposals/mod-{place}/reject", {"version": 1}),
        "duty put": ("PUT", f"/api/duty/entries/e-1?unit={unit}", {"rule": leave}),
        "duty export": ("GET", f"/api/duty/export?unit={unit}", None),
        "duty test": ("POST", "/api/duty/tests", {"unit": unit}),
        "read reachability": ("GET", f"/api/duty/reachability?unit={unit}", None),
        "read alert": ("GET", f"/api/alerts/{alert_id}", None),
        "read assignment": ("GET", f"/api/assignments/{assignment_id}", None),
        "read duty": ("GET", f"/api/duty?unit={unit}", None),
        "read mode": ("GET", f"/api/modes?unit={unit}", None),
        "read list": ("GET", f"/api/alerts?place={unit}", None),
    }[act]


def _decision(verb: str, alert: Any) -> dict[str, Any]:
    if verb == "position":
        return {"verb": "assess", "assessment": {"incident_grade": "grade_3"}}
    more: dict[str, dict[str, Any]] = {
        "approve": {"level": "orange"},
        "adjust": {"level": "red"},
        "split": {"evidence_ids": ["alm-1"]},
        "merge": {"into": alert.alert_id},
    }
    return {"verb": verb, "reason": "原因", **more.get(verb, {})}


async def call(
    console: ConsoleHarness, role: Role, method: str, path: str, body: Any
) -> tuple[int, bytes]:
    """Send a request directly to the application; a client would cost more time than ten thousand
    calls."""
    where, _, query = path.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"console.test"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {token_of(role.officer_id)}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("console.test", 80),
    }
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await console.app(scope, receive, send)
    return sent[0]["status"], b"".join(row.get("body", b"") for row in sent[1:])


@pytest.mark.timeout(900)
async def test_every_cell_through_http(console: ConsoleHarness) -> None:
    """At least ten thousand cells: a refusal is 403 or 404 and counted, an allowed act is done."""
    todo = list(cells())
    assert len(todo) >= 10_000
    requests = {
        (act, place): request_of(act, place)
        for act in {act for _, act, _ in todo}
        for place in PLACES
    }
    wrong: list[str] = []
    statuses: Counter[int] = Counter()
    refused: Counter[str] = Counter()
    turns = asyncio.Semaphore(AT_ONCE)

    async def judge(role: Role, act: str, place: str) -> None:
        async with turns:
            status, answer = await call(console, role, *requests[act, place])
        statuses[status] += 1
        refused[role.officer_id] += status in (403, 404)
        allowed = may(role, act, place)
        # A unit's command to itself alone reaches nobody: 422, whoever asks for it.
        answers = (403, 404, 422) if act == "issue" else (403, 404)
        if status not in ((200, 202) if allowed else answers):
            wrong.append(f"{role.officer_id} {act} {place}: {status} {answer[:160]!r}")

    await asyncio.gather(*(judge(*cell) for cell in todo))
    assert not wrong, (len(wrong), statuses, wrong[:20])
    counted = sum(
        sample.value
        for metric in console.deps.metrics.refusals.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
    assert counted == statuses[403], "every refusal with a reason is counted"
    _each_refusal_is_in_the_trail(console, refused)
    _only_what_was_allowed_is_written(console, todo)


def _each_refusal_is_in_the_trail(console: ConsoleHarness, refused: Counter[str]) -> None:
    """Each refusal is counted once under its officer, with at most a record per kind of refusal."""
    records = [*console.refused(), *console.refused(INTERVAL)]
    results: Counter[str] = Counter()
    for record in records:
        results[record.actor] += record.count
        assert record.place in IDS.values() or record.action == "other" or record.reason in (
            RefusedFor.NO_SIGHT, RefusedFor.OUTSIDE_SUBTREE, RefusedFor.NO_COMMAND,
            RefusedFor.NOTHING_BELOW,
        ), record  # fmt: skip
        assert IDS[record.actor.split("-")[1]] == record.origin_unit
    assert results == +refused
    assert len({(record.actor, record.action, record.reason) for record in records}) == len(records)


async def test_a_refusal_leaves_one_record_that_says_who_what_where_and_why(
    console: ConsoleHarness,
) -> None:
    """A sample of the refused cells, each officer and act once."""
    sample = {(role.officer_id, act): (role, act, place) for role, act, place in cells()
              if not may(role, act, place) and act != "issue"}  # fmt: skip
    todo = list(sample.values())[::29]
    assert len(todo) >= 50
    for role, act, place in todo:
        method, path, body = request_of(act, place)
        status, _ = await call(console, role, method, path, body)
        assert status in (403, 404)
        [refusal] = console.refused()
        assert (refusal.actor, refusal.origin_unit, refusal.count) == (
            role.officer_id,
            IDS[role.unit],
            1,
        )
        assert refusal.action.startswith(f"{method} /api/")
        nowhere = {None} if refusal.reason == RefusedFor.NO_SIGHT else set()
        assert refusal.place in {IDS[place], IDS[ISSUER]} | nowhere, (act, refusal)
        verb = act.partition(" ")[2]
        if act.startswith(("decide", "step", "command", "mode reject")) and verb != "position":
            assert refusal.action.endswith(f" {verb}")


def _only_what_was_allowed_is_written(
    console: ConsoleHarness, todo: Iterable[tuple[Role, str, str]]
) -> None:
    """No record is of an officer without rights; each record has the officer's own unit."""
    written = [json.loads(outgoing.body) for outgoing in console.kafka.sent]
    units = {role.officer_id: IDS[role.unit] for role, _, _ in todo}
    acting = {role.officer_id for role, act, place in todo if may(role, act, place)}
    assert {entry["officer_id"] for entry in written if "officer_id" in entry} <= acting
    assert all(
        item["origin_unit"] == units[item["officer_id"]] for item in written if "officer_id" in item
    )


async def test_every_line_of_the_stream_reaches_whom_it_may(console: ConsoleHarness) -> None:
    """The resumed stream of each role holds exactly the places of the role."""
    names = {unit: name for name, unit in IDS.items()}
    for role in roles():
        status, answer = await call(console, role, "GET", "/api/feed?limit=500", None)
        if "see" not in role.rights:
            assert status == 403
            continue
        lines = [
            load for load in json.loads(answer)["lines"] if load["kind"] in ("alert", "command")
        ]
        shown_places = {names[line["unit"]] for line in lines}
        assert shown_places == {place for place in PLACES if sees(role, place)}, role
