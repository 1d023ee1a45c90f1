"""Simulated officers: they verify, assess, approve, answer, sign, report, check and close.

They act through the console's HTTP interface alone, as people do. Chance decides how long each
takes.
"""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from deploy.demo.actors import (
    QUIET_TOWN,
    QUIET_VILLAGE,
    RETURNING_VILLAGE,
    ZHUTUO,
    Actors,
)
from deploy.demo.city_watch import CityWatch, Json
from deploy.demo.console_client import ConsoleClient, RequestQueue
from deploy.example.officers import officer_id
from deploy.example.units import CITY, DISTRICT
from shared.contracts.fields import Post, Status, Tier
from shared.contracts.pages import SubjectKind
from shared.contracts.units import ancestor_at, tier_of

WATCH = officer_id(CITY, Post.B)
_POLL_S = 0.4
_INBOX_S = 1.2
_AGAIN_S = 5.0
"""A decision that changed nothing visible is taken again after this time."""
_UNHEARD_S = 600.0
"""So long may a page be on the telephone before the console, catching up after an outage, knows it.
"""
_ORDER_S = 600.0
"""The play itself waits for an order to be given."""
_HEARSAY_S = 120.0
"""So long is looked for on the screen what the telephone is about."""
_LIVE = (Status.ACTUAL, Status.EXERCISE)


class People:
    """All simulated officers, as tasks of one group."""

    def __init__(self, client: ConsoleClient, watch: CityWatch, actors: Actors, seed: int) -> None:
        self._client = client
        self._watch = watch
        self._actors = actors
        self._chance = random.Random(seed)  # noqa: S311 - delays, no secret
        self._decided: dict[tuple[str, int, str], float] = {}
        self._handled: set[tuple[str, int]] = set()
        self._answered: set[str] = set()
        """Pages that are being answered or have been: one on the telephone is on the screen too."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone_home = False

    async def work(self) -> None:
        """Watch and act until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._decide())
                group.create_task(self._issuer())
                group.create_task(self._units())
        finally:
            self._gone_home = True
            for task in self._tasks:
                task.cancel()

    def ring(self, page: Json) -> None:
        """Ring an officer's telephone: the officer answers through the console, or not at all."""
        if not self._watch.released.is_set():
            self._watch.changes += (
                1  # until the quiet town wakes up, each call is a step of the scenario
            )
        if not self._gone_home:
            self._spawn(self._answer(page))

    async def order(self, body: Json, key: str) -> str | None:
        """Give a command as the district's officer; returns its id, or None after a refusal."""
        officer = officer_id(DISTRICT, Post.B)
        answer = await self._client.act(officer, "/api/commands", body, key, timeout_s=_ORDER_S)
        return str(answer["command_id"]) if answer else None

    async def _decide(self) -> None:
        while True:
            for status in _LIVE:
                result = await self._client.get(WATCH, "/api/alerts", status=status, open=1)
                if result is None:
                    continue
                self._watch.apply_alerts(status, result["alerts"])
                for alert in result["alerts"]:
                    self._next(alert)
            await asyncio.sleep(_POLL_S)

    def _next(self, alert: Json) -> None:
        coming = alert["next"]
        if coming is None:
            return
        verb, unit = coming["verb"], coming["unit"]
        if verb == "approve":
            officer = officer_id(unit, list(Post)[coming["signed"]])
        else:
            officer = officer_id(CITY if unit == QUIET_TOWN else unit, Post.B)
        key = (alert["alert_id"], alert["version"], officer)
        now = asyncio.get_running_loop().time()
        if now - self._decided.get(key, -_AGAIN_S) < _AGAIN_S or not self._client.has(officer):
            return
        self._decided[key] = now
        self._spawn(self._decide_one(alert, verb, officer))

    async def _decide_one(self, alert: Json, verb: str, officer: str) -> None:
        await asyncio.sleep(self._chance.uniform(0.1, 0.4))
        await self._client.act(
            officer,
            f"/api/alerts/{alert['alert_id']}/decisions",
            {
                "verb": verb,
                "level": alert["proposed_level"],
                "version": alert["version"],
                "reason": "演示",
            },
            f"{alert['alert_id']}-{alert['version']}-{verb}-{officer}",
        )

    async def _issuer(self) -> None:
        """Send returned assignments back, check and close reported assignments."""
        while True:
            for status in _LIVE:
                result = await self._client.get(
                    WATCH, "/api/commands", status=status, open=1, limit=100
                )
                if result is None:
                    continue
                self._watch.apply_commands(status, result["commands"])
                for command in result["commands"]:
                    if command["state"] == "awaiting_check":
                        await self._finish(command)
            await asyncio.sleep(_INBOX_S)

    async def _finish(self, command: Json) -> None:
        command_id = command["command_id"]
        returned = await self._assignments(command_id, "returned")
        if returned is None:
            return
        for row in returned:
            await self._client.act(
                WATCH,
                f"/api/assignments/{row['assignment_id']}/acknowledgements",
                {"step": "send_back", "attempt": row["attempt"], "text": "请重新办理"},
                f"{row['assignment_id']}-send_back-{row['attempt']}",
            )
        if returned:
            return
        version = command["version"]
        for verb in ("check", "close"):
            await self._client.act(
                WATCH,
                f"/api/commands/{command_id}/{verb}",
                {},
                f"{command_id}-{verb}-{version}",
            )

    async def _units(self) -> None:
        """Poll the inbox of every unit and handle new assignments."""
        while True:
            for command in list(self._watch.commands.values()):
                totals = command["totals"]
                if command.get("gone") or totals["signed"] == totals["total"]:
                    continue
                for assignment in await self._assignments(command["command_id"], "delivered") or ():
                    key = (assignment["assignment_id"], assignment["attempt"])
                    if key not in self._handled:
                        self._handled.add(key)
                        self._spawn(self._deal_with(assignment))
            await asyncio.sleep(_INBOX_S)

    async def _assignments(self, command_id: str, state: str) -> list[Json] | None:
        """Return all assignments of a command in this state; None without an answer."""
        jsons: list[Json] = []
        query: dict[str, str | int] = {"command": command_id, "state": state, "limit": 500}
        while True:
            page = await self._client.get(WATCH, "/api/assignments", unit=CITY, subtree=1, **query)
            if page is None:
                return None
            jsons += page["assignments"]
            if not page["next"]:
                return jsons
            query["after"] = page["next"]

    async def _deal_with(self, json: Json) -> None:
        unit, tier, wait = json["unit"], json["unit_tier"], self._chance.uniform
        officer = self._actor(unit)
        if unit in (QUIET_TOWN, QUIET_VILLAGE) and json["status"] == Status.ACTUAL:
            await self._watch.released.wait()
            await asyncio.sleep(wait(0.2, 1.0))
        elif tier in (Tier.GRID, Tier.MICROGRID):
            await asyncio.sleep(wait(1.0, 16.0))
        else:
            await asyncio.sleep(wait(1.0, 2.5))
            if tier == Tier.VILLAGE:
                # Beside it: after an outage hundreds of calls queue, and the more of them the
                # longer a signature waits for its turn among the answers.
                self._spawn(self._answer_all(officer))
            await asyncio.sleep(wait(0.5, 5.0))
        if unit == RETURNING_VILLAGE and json["attempt"] == 1 and json["status"] == Status.ACTUAL:
            await self._step(json, officer, "return", "道路中断，请重新明确范围")
            return
        if json["command_id"] in self._watch.stays_open and unit == ZHUTUO:
            return
        if await self._step(json, officer, "sign", ""):
            # The field reports when all have signed: the first minute belongs to the signatures.
            in_field = tier in (Tier.GRID, Tier.MICROGRID)
            await asyncio.sleep(wait(14.0, 26.0) if in_field else wait(3.0, 12.0))
            await self._step(json, officer, "report", "已完成")

    def _actor(self, unit: str) -> str:
        if tier_of(unit) in (Tier.GRID, Tier.MICROGRID):
            village = ancestor_at(unit, Tier.VILLAGE)
            assert village is not None
            return officer_id(village, "grid")
        return officer_id(unit, Post.A if unit == QUIET_TOWN else Post.B)

    async def _step(self, json: Json, officer: str, step: str, text: str) -> bool:
        assignment, attempt = json["assignment_id"], json["attempt"]
        answer = await self._client.act(
            officer,
            f"/api/assignments/{assignment}/acknowledgements",
            {"step": step, "attempt": attempt, "text": text},
            f"{assignment}-{step}-{attempt}-{officer}",
            queue=RequestQueue.BULK
            if json["unit_tier"] in (Tier.GRID, Tier.MICROGRID)
            else RequestQueue.URGENT,
        )
        return answer is not None

    async def _answer_all(self, officer: str) -> None:
        result = await self._client.get(officer, "/api/pages", open=1)
        for page in result["pages"] if result else ():
            await self._say_coming(officer, page)

    async def _open_list(self, officer: str) -> None:
        """Read in the list each page that a digest names."""
        result = (
            await self._client.get(officer, "/api/pages", open=1)
            if self._client.has(officer)
            else None
        )
        for page in result["pages"] if result else ():
            if not SubjectKind(page["subject_kind"]).is_digest and not self._gone_home:
                self._spawn(self._answer({**page, "officer_id": officer}))

    async def _answer(self, page: Json) -> None:
        if SubjectKind(page["subject_kind"]).is_digest:
            await self._open_list(page["officer_id"])
            return
        await self._look_up(page)
        officer, rung = page["officer_id"], page["rung"]
        about_quiet = self._watch.is_quiet(page.get("alert_id"), page.get("command_id"))
        if about_quiet and page["unit"] == CITY and rung > 0:
            self._watch.page_at_city |= page["subject_kind"] != "supervision"
            self._watch.supervision_at_city |= page["subject_kind"] == "supervision"
            self._watch.release_when_both()
        if not self._watch.released.is_set() and page["status"] == Status.ACTUAL:
            below_city = page["unit"] != CITY and rung > 0 and about_quiet
            if officer in self._actors.never_answers or below_city:
                return
        await asyncio.sleep(self._chance.uniform(0.4, 1.5))
        await self._say_coming(officer, page)

    async def _look_up(self, page: Json) -> None:
        """Wait until the subject of a page is on the screen: the answer depends on the subject."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _HEARSAY_S
        while loop.time() < deadline:
            if self._watch.has_seen(page.get("alert_id"), page.get("command_id")):
                return
            await asyncio.sleep(_POLL_S)

    async def _say_coming(self, officer: str, page: Json) -> None:
        page_id: str = page["page_id"]
        if not self._client.has(officer) or page_id in self._answered:
            return
        self._answered.add(page_id)
        answer = await self._client.act(
            officer,
            f"/api/pages/{page_id}/answers",
            {"verb": "coming", "text": "已到岗"},
            f"{page_id}-coming",
            queue=RequestQueue.ANSWERS,
            not_yet_s=_UNHEARD_S,
            # On a slow machine thousands of calls wait for an answer when their command is closed.
            moot=lambda: self._watch.is_past(page.get("alert_id"), page.get("command_id")),
        )
        if answer is None:
            self._answered.discard(page_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
