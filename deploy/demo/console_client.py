"""The console for officers: HTTP with a bearer token per officer, and nothing else."""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import httpx2

from deploy.demo.accepted_log import Ledger
from deploy.local.seed import Login

Json = dict[str, Any]
_RETRY = (502, 503, 504)


class RequestQueue(StrEnum):
    """A queue of requests: a decision on an alert never waits behind seven hundred micro-grids."""

    URGENT = "urgent"
    ANSWERS = "answers"
    BULK = "bulk"


_AT_ONCE = {RequestQueue.URGENT: 6, RequestQueue.ANSWERS: 3, RequestQueue.BULK: 8}
"""Requests under way at a time: the console shares two cores with everything else."""
_ACT_TIMEOUT_S = 600.0
"""Longer than the scenario waits for an act: no officer ends with an open page in the inbox."""


class ConsoleClient:
    """A client for any officer's queries and acts.

    An act is repeated, with the same key, until it is decided.
    """

    def __init__(self, url: str, logins: Mapping[str, Login], ledger: Ledger) -> None:
        self._logins = logins
        self._ledger = ledger
        self._queues = {queue: asyncio.Semaphore(count) for queue, count in _AT_ONCE.items()}
        self._client = httpx2.AsyncClient(
            base_url=url,
            timeout=15.0,
            trust_env=False,
            limits=httpx2.Limits(max_connections=sum(_AT_ONCE.values())),
        )
        self.accepted = 0
        self.refused: list[str] = []
        self.retries = 0
        self.errors: list[str] = []
        """Requests answered with 500: a bug, even where nothing came of it."""
        self._tried: dict[str, str] = {}

    def tried(self, subject: str) -> str | None:
        """Return the last act on an alert, a command, an assignment or a page, with the answer."""
        return self._tried.get(subject)

    def has(self, officer: str) -> bool:
        """Return whether this officer has an account."""
        return officer in self._logins

    async def get(self, officer: str, path: str, **query: str | int) -> Any:
        """Return the JSON at `path` for `officer`; None when the console is unavailable."""
        headers = {"authorization": f"Bearer {self._logins[officer].token}"}
        try:
            async with self._queues[RequestQueue.URGENT]:
                answer = await self._client.get(path, params=query, headers=headers)
        except httpx2.HTTPError:
            return None
        self._look_at(answer, f"{officer} GET {path}")
        return answer.json() if answer.status_code == httpx2.codes.OK else None

    async def act(
        self,
        officer: str,
        path: str,
        body: Json,
        key: str,
        *,
        queue: RequestQueue = RequestQueue.URGENT,
        not_yet_s: float = 0.0,
        timeout_s: float = _ACT_TIMEOUT_S,
        moot: Callable[[], bool] = lambda: False,
    ) -> Json | None:
        """Post an act; returns the answer of an accepted act, None for a final refusal.

        An act without an answer after `timeout_s` seconds counts as refused. For `not_yet_s`
        seconds 404 means that the console has not read the subject yet. An act that is `moot` at
        its turn is not sent: the result is None, but not a refusal.
        """
        login = self._logins[officer]
        headers = {"authorization": f"Bearer {login.token}", "idempotency-key": key}
        loop = asyncio.get_running_loop()
        began, delay = loop.time(), 0.2
        deadline = began + timeout_s
        subject, verb = path.split("/")[-2], body.get("step") or body.get("verb") or key
        while loop.time() < deadline:
            try:
                async with self._queues[queue]:
                    if moot():
                        return None
                    answer = await self._client.post(path, json=body, headers=headers)
            except httpx2.HTTPError as error:
                self._tried[subject] = f"{officer} {verb}: {type(error).__name__}"
            else:
                self._look_at(answer, f"{officer} {path}")
                self._tried[subject] = f"{officer} {verb}: {answer.status_code}"
                if answer.is_success:
                    self.accepted += 1
                    document: Json = answer.json()
                    self._ledger.note(
                        "act", id=document["id"], officer=officer, path=path, body=body
                    )
                    return document
                unheard = answer.status_code == httpx2.codes.NOT_FOUND
                waits = unheard and loop.time() - began < not_yet_s
                if answer.status_code not in _RETRY and not waits:
                    self.refused.append(
                        f"{officer} {path}: {answer.status_code} {answer.text[:200]}"
                    )
                    return None
            self.retries += 1
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)
        self.refused.append(f"{officer} {path}: no answer")
        return None

    def _look_at(self, answer: httpx2.Response, verb: str) -> None:
        if answer.status_code == httpx2.codes.INTERNAL_SERVER_ERROR:
            self.errors.append(f"{verb}: {answer.text[:200]}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
