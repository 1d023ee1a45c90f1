"""Officers under faults: they decide, command, sign, answer, hand over, and some try too much.

They act through the console's HTTP interface. Every request is in the history under the key by
which its record is recognised on the topics.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.example.officers import officer_id
from deploy.example.units import CITY, DISTRICT
from deploy.local.seed import Login
from shared.contracts.fields import Post
from tests.faults.suite.requests import Door, Json

PATIENCE_S = 60.0
_POLL_S = 1.0
_UNHEARD_S = 30.0
_ANSWERED, _SIGNED = 0.6, 0.85
"""Shares of calls that are answered and of assignments that are signed; the others are overdue."""
_EXERCISES = 0.2
_AT_ONCE = 12
_AGAIN_S = 15.0
"""A decision that changed nothing is taken once more after this time."""


class Officers:
    """All officers, as tasks of one group."""

    def __init__(
        self, door: Door, logins: Mapping[str, Login], towns: Sequence[str], seed: int
    ) -> None:
        self._door, self._logins, self._towns = door, logins, towns
        self._chance = random.Random(seed)
        self._requests = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._decided: dict[str, float] = {}
        self._assignments: set[tuple[str, int]] = set()
        self._pages: set[str] = set()
        self.commands_every_s = 8.0

    async def work(self) -> None:
        """Act until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for loop in (self._decide, self._command, self._sign, self._finish, self._plan):
                    group.create_task(loop())
        finally:
            for task in self._tasks:
                task.cancel()

    def ring(self, page: Json) -> None:
        """Answer a page after some seconds, or not at all."""
        known_officer = page["officer_id"] in self._logins
        if page["page_id"] in self._pages or not known_officer:
            return
        self._pages.add(page["page_id"])
        if self._chance.random() < _ANSWERED:
            self._spawn(self._answer(page))

    async def _act(
        self, kind: str, key: str, officer: str, path: str, body: Json, **facts: Any
    ) -> Json | None:
        request_key = f"{key}|{body.get('version', 0)}".replace("|", ".")
        headers = {**self._headers(officer), "idempotency-key": request_key}
        async with self._requests:
            return await self._door.post(
                kind,
                [key],
                path,
                body,
                headers,
                patience_s=PATIENCE_S,
                unheard_s=0.0 if facts.get("forged") else _UNHEARD_S,
                officer=officer,
                **facts,
            )

    def _headers(self, officer: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._logins[officer].token}"}

    async def _get(self, officer: str, path: str, **query: str | int) -> Any:
        async with self._requests:
            return await self._door.get(path, self._headers(officer), **query)

    async def _decide(self) -> None:
        """Verify, assess and approve whatever alerts wait for; try it without the right as well."""
        watch = officer_id(CITY, Post.B)
        while True:
            result = await self._get(watch, "/api/alerts", status="Actual", open=1)
            for alert in (result or {}).get("alerts", ()):
                if alert["next"] is not None:
                    self._spawn(self._decide_on(alert))
            await asyncio.sleep(_POLL_S)

    async def _decide_on(self, alert: Json) -> None:
        verb, unit = alert["next"]["verb"], alert["next"]["unit"]
        post = list(Post)[alert["next"]["signed"]] if verb == "approve" else Post.B
        officer = officer_id(unit, post)
        key = f"{alert['alert_id']}|{verb}|{officer}"
        now = asyncio.get_running_loop().time()
        if now < self._decided.get(key, 0.0) + _AGAIN_S or officer not in self._logins:
            return
        self._decided[key] = now
        await asyncio.sleep(self._chance.uniform(0.2, 2.0))
        body = {"verb": verb, "level": alert["proposed_level"], "version": alert["version"]}
        path = f"/api/alerts/{alert['alert_id']}/decisions"
        if verb == "approve" and self._chance.random() < 0.3:
            intruder = officer_id(self._towns[0], Post.B)
            forged_key = f"{alert['alert_id']}|{verb}|{intruder}"
            await self._act("decision", forged_key, intruder, path, body, forged=True)
        await self._act("decision", key, officer, path, {**body, "reason": "故障演练"})

    async def _command(self) -> None:
        """Give commands to the villages of a town; some are exercises."""
        number = 0
        while True:
            number += 1
            key = f"flt-command-{number}"
            town = self._chance.choice(self._towns)
            drill = self._chance.random() < _EXERCISES
            title = f"转移群众 {key}"
            body = {
                "selection": {
                    "include": [{"kind": "subtree", "of": town, "tiers": ["town", "village"]}]
                },
                "event_type": "12:gas_leak",
                "level": "yellow",
                "title": title,
                "instruction": "立即转移。",
                "status": "Exercise" if drill else "Actual",
            }
            officer = officer_id(DISTRICT, Post.B)
            await self._act("command", key, officer, "/api/commands", body, title=title)
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self.commands_every_s)

    async def _sign(self) -> None:
        """Sign and report most assignments; a neighbour tries to sign, too."""
        watch = officer_id(CITY, Post.B)
        while True:
            query: dict[str, str | int] = {"state": "delivered", "limit": 500, "subtree": 1}
            for status in ("Actual", "Exercise"):
                answer = await self._get(
                    watch, "/api/assignments", unit=CITY, status=status, **query
                )
                for assignment in (answer or {}).get("assignments", ()):
                    place = (assignment["assignment_id"], assignment["attempt"])
                    if place not in self._assignments:
                        self._assignments.add(place)
                        if self._chance.random() < _SIGNED:
                            self._spawn(self._sign_one(assignment))
            await asyncio.sleep(_POLL_S)

    async def _sign_one(self, assignment: Json) -> None:
        officer = officer_id(assignment["unit"], Post.B)
        if officer not in self._logins or "/" in assignment["unit"]:
            return
        await asyncio.sleep(self._chance.uniform(0.2, 14.0))
        if self._chance.random() < 0.1:
            intruder = officer_id(self._chance.choice(self._towns), Post.B)
            if self._logins[intruder].unit != assignment["unit"]:
                await self._step(assignment, "sign", intruder, forged=True)
        if await self._step(assignment, "sign", officer):
            await asyncio.sleep(self._chance.uniform(1.0, 10.0))
            await self._step(assignment, "report", officer)

    async def _step(self, assignment: Json, step: str, officer: str, **facts: Any) -> bool:
        assignment_id, attempt = assignment["assignment_id"], assignment["attempt"]
        key = f"{assignment_id}|{step}|{attempt}|{officer}"
        path = f"/api/assignments/{assignment_id}/acknowledgements"
        body = {"step": step, "attempt": attempt, "text": "已完成"}
        return await self._act("signature", key, officer, path, body, **facts) is not None

    async def _finish(self) -> None:
        """Check and close the commands that all units have reported on."""
        watch = officer_id(CITY, Post.B)
        while True:
            answer = await self._get(watch, "/api/commands", status="Actual", open=1, limit=100)
            for command in (answer or {}).get("commands", ()):
                if command["state"] != "awaiting_check":
                    continue
                for verb in ("check", "close"):
                    key = f"{command['command_id']}|{verb}"
                    path = f"/api/commands/{command['command_id']}/{verb}"
                    if key not in self._decided:
                        self._decided[key] = 1.0
                        await self._act("command", key, watch, path, {}, title="")
            await asyncio.sleep(3 * _POLL_S)

    async def _plan(self) -> None:
        """Hand over posts: one officer stands in for another from now on."""
        number = 0
        while True:
            number += 1
            # Each town has a member before anybody stands in for another there.
            towns = self._towns
            in_turn = number <= 2 * len(towns)
            town = towns[number % len(towns)] if in_turn else self._chance.choice(towns)
            key = f"flt-handover-{number}"
            now = datetime.now(UTC)
            officer = officer_id(town, Post.B)
            rule = {
                "kind": "member",
                "officer": {"officer_id": officer_id(town, Post.A), "name": f"接班 {number}"},
                "channels": ["console", "webhook"],
            }
            if not in_turn:
                rule = {
                    "kind": "override",
                    "post": "commander",
                    "officer_id": officer_id(town, Post.A),
                    "begin": now.isoformat(),
                    "end": (now + timedelta(minutes=2)).isoformat(),
                }
            path = f"/api/duty/entries/{key}?unit={town}"
            await self._put("handover", key, officer, path, {"rule": rule, "version": 0})
            await asyncio.sleep(self._chance.uniform(2.0, 6.0))

    async def _put(self, kind: str, key: str, officer: str, path: str, body: Json) -> None:
        headers = {**self._headers(officer), "idempotency-key": key}
        async with self._requests:
            await self._door.post(
                kind,
                [key],
                path,
                body,
                headers,
                method="PUT",
                patience_s=PATIENCE_S,
                officer=officer,
            )

    async def _answer(self, page: Json) -> None:
        await asyncio.sleep(self._chance.uniform(0.3, 5.0))
        verb = "cannot" if self._chance.random() < 0.1 else "coming"
        officer, page_id = page["officer_id"], page["page_id"]
        await self._act(
            "answer",
            f"{page_id}|{verb}|{officer}",
            officer,
            f"/api/pages/{page_id}/answers",
            {"verb": verb, "text": "已到岗"},
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._door.stopped.is_set():
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
