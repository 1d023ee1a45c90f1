"""Refusals for the audit trail: with a reason, without secrets, without a flood."""

from __future__ import annotations

import json
from typing import Any

from services.console.core.action_record import ActionRecord
from services.console.features.identity.throttle import PER_NAME
from services.console.recording.refusal_writer import RefusalWriter
from shared.contracts.fields import Level
from shared.contracts.refusals import UNKNOWN, Refusal
from shared.contracts.topics import REFUSALS
from shared.domain.refusal_log import INTERVAL
from shared.runtime.errors import Transient
from tests.component.console.test_doors import signed_in
from tests.component.console.test_modes import a_proposal
from tests.component.console.test_passwords import set_password, sign_in
from tests.support.console_events import DISTRICT, SONGJI, ZHUTUO, an_alert
from tests.support.console_harness import ConsoleHarness


async def only(console: ConsoleHarness) -> Refusal:
    [refusal] = console.refused()
    return refusal


async def test_role_scope_second_person_and_grant(console: ConsoleHarness) -> None:
    await console.project([an_alert("a", ZHUTUO, level=Level.YELLOW), a_proposal()])
    alert = an_alert("a", ZHUTUO).alert_id
    door = "POST /api/alerts/{alert_id}/decisions"
    async with console.client("o-town-b") as town, console.client("o-songji-b") as songji:
        body: dict[str, Any] = {"verb": "recall", "reason": "r"}
        assert (await town.post(f"/api/alerts/{alert}/decisions", json=body)).status_code == 403
        refusal = await only(console)
        assert (refusal.actor, refusal.action, refusal.reason) == (
            "o-town-b",
            f"{door} recall",
            "not_approver",
        )
        assert (refusal.place, refusal.subject_id, refusal.origin_unit) == (ZHUTUO, alert, ZHUTUO)
        assert (await songji.get(f"/api/alerts/{alert}")).status_code == 404
        refusal = await only(console)
        assert (refusal.reason, refusal.place, refusal.origin_unit) == (
            "outside_subtree",
            ZHUTUO,
            SONGJI,
        )
        assert (await songji.get("/api/alerts/alt-nowhere")).status_code == 404
        assert console.refused() == [], "what is not there is refused to nobody"
        body = {"version": 1}
        path = "/api/modes/proposals/mod-1/approve"
        assert (await town.post(path, json=body)).json()["reason"] == "signed_already"
        refusal = await only(console)
        assert (refusal.action, refusal.reason) == (
            "POST /api/modes/proposals/{proposal_id}/{verb} approve",
            "signed_already",
        )
        assert (await songji.get(f"/api/alerts?place={DISTRICT}")).status_code == 403
        refusal = await only(console)
        assert (refusal.action, refusal.reason, refusal.place) == (
            "GET /api/alerts",
            "outside_subtree",
            DISTRICT,
        )


async def test_another_site_an_ended_session_and_no_credential(console: ConsoleHarness) -> None:
    client = await signed_in(console)
    evil = {"x-fenghuo": "1", "origin": "http://evil.test"}
    assert (await client.post("/api/logout", headers=evil)).status_code == 403
    refusal = await only(console)
    assert (refusal.actor, refusal.action, refusal.reason) == (
        "o-town-b",
        "POST /api/logout",
        "cross_site",
    )
    async with console.deps.database.transaction() as work:
        await work.connection.execute("UPDATE console.session SET expires_at = now()")
    console.deps.sessions.forget_officer("o-town-b")
    assert (await client.get("/api/me")).status_code == 401
    refusal = await only(console)
    assert (refusal.actor, refusal.reason, refusal.address) == (
        "o-town-b",
        "not_valid",
        "127.0.0.1",
    )
    client.cookies.clear()
    client.cookies.set("fenghuo_session", "x" * 43)
    assert (await client.get("/api/me")).status_code == 401
    assert (await only(console)).actor == UNKNOWN
    async with console.client(None) as stranger:
        assert (await stranger.get("/api/me")).status_code == 401
    assert (await only(console)).reason == "signed_out"
    await client.aclose()


async def test_failed_sign_ins_leave_no_secret_and_no_flood(console: ConsoleHarness) -> None:
    await set_password(console)
    secrets = ("hunter2 hunter2 x", "my-password-in-the-name-field", "T" * 43)
    async with console.client(None, "10.0.0.9") as client:
        for number in range(tries := PER_NAME.free + 5):
            await sign_in(client, "o-town-b", secrets[0] + str(number))
            await sign_in(client, f"{secrets[1]}{number}", secrets[0])
            assert (await client.get(f"/login?ticket={secrets[2]}")).status_code == 410
    records = [*console.refused(), *console.refused(INTERVAL)]
    counts = {(record.actor, str(record.reason)): record.count for record in records}
    assert counts[("o-town-b", "wrong_password")] >= PER_NAME.free
    assert counts[(UNKNOWN, "link_void")] == tries
    assert sum(counts.values()) == 3 * tries
    assert set(counts) == {
        ("o-town-b", "wrong_password"),
        *((UNKNOWN, name) for name in ("wrong_password", "throttled", "link_void")),
    }
    assert len(records) == len(counts), "one record each, whatever is tried"
    wire = b"".join(record.to_wire() for record in records).decode()
    assert not [secret for secret in secrets if secret in wire]


async def test_a_door_that_is_closed_refuses_nobody(console: ConsoleHarness) -> None:
    settings = console.deps.settings
    assert settings.carrier_key is None
    async with console.client(None) as client:
        assert (await client.post("/carriers/replies", json={})).status_code == 404
    assert console.refused() == [], "a closed door is none"


class Keeper:
    """Stands where acts are kept and sent: fails as long as it is down."""

    def __init__(self) -> None:
        self.down = False
        self.stored: list[ActionRecord] = []

    async def record(self, act: ActionRecord, _bound: Any) -> bool:
        if self.down:
            raise Transient("Kafka is down")
        self.stored.append(act)
        return True


async def test_what_cannot_be_written_is_written_later_and_once(console: ConsoleHarness) -> None:
    keeper = Keeper()
    writer = RefusalWriter(console.deps.refusals, keeper.record, console.deps.clock.now)
    async with console.client(None) as client:
        await client.get("/api/me")
    keeper.down = True
    await writer.write()
    await writer.write()
    keeper.down = False
    await writer.write()
    await writer.write()
    [act] = keeper.stored
    assert (act.spec, act.key, act.officer_id) == (REFUSALS, UNKNOWN, UNKNOWN)


async def test_refusals_are_kept_beside_the_acts_as_the_auditor_wants_them(
    console: ConsoleHarness,
) -> None:
    async with console.client("o-songji-b") as client:
        await client.get(f"/api/alerts?place={DISTRICT}")
    recorder = console.deps.recorder
    await RefusalWriter(console.deps.refusals, recorder.record, console.deps.clock.now).write()
    [sent] = console.kafka.refused
    async with console.deps.database.transaction() as work:
        rows = await work.connection.fetch(
            "SELECT value, officer_id FROM console.action WHERE topic = $1", REFUSALS.name
        )
    assert [(row["value"], row["officer_id"]) for row in rows] == [(sent.value, "o-songji-b")]
    assert json.loads(sent.value or b"")["reason"] == "outside_subtree"
