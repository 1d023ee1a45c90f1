"""Requests of the generators: sent again with equal ids until the outcome is certain."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2

from tests.faults.suite.history import History

Json = dict[str, Any]
_UNCERTAIN = (500, 502, 503, 504)
"""Answers after which the record may be on the topic all the same."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0
_UNHEARD = 404
_A_PART = 207
"""A batch with a refused reading: the generators send good ones only."""


class Door:
    """A service with several processes: a request that fails at one is sent to the next."""

    def __init__(self, urls: Sequence[str], history: History, seed: int) -> None:
        self._urls = urls
        self.history = history
        self._chance = random.Random(seed)
        self._client = httpx2.AsyncClient(timeout=8.0, trust_env=False)
        self.stopped = asyncio.Event()

    async def post(
        self,
        kind: str,
        keys: Sequence[str],
        path: str,
        body: Json,
        headers: Mapping[str, str],
        *,
        patience_s: float,
        unheard_s: float = 0.0,
        method: str = "POST",
        **facts: Any,
    ) -> Json | None:
        """Send a request until the answer is certain or `patience_s` seconds are over.

        Returns the answer of success. `keys`: the records in the request. For `unheard_s` seconds
        404 means that the console has not read the subject.
        """
        for key in keys:
            self.history.note("invoked", kind, key, **facts)
        loop = asyncio.get_running_loop()
        began, pause_s, status, sent = loop.time(), _FIRST_PAUSE_S, 0, False
        while True:
            answer = await self._once(method, path, headers, body)
            waited_s = loop.time() - began
            status = answer.status_code if answer is not None else 0
            if answer is not None and answer.is_success and status != _A_PART:
                document: Json = answer.json()
                identifier = {"id": document["id"]} if "id" in document else {}
                for key in keys:
                    self.history.note("ok", kind, key, status=status, **identifier, **facts)
                return document
            sent = sent or status in (0, _A_PART, *_UNCERTAIN)
            unheard = status == _UNHEARD and waited_s < unheard_s
            if status and status not in _UNCERTAIN and not unheard and status != 429:
                text = "" if answer is None else answer.text[:200]
                for key in keys:
                    phase = "unknown" if sent else "failed"
                    self.history.note(phase, kind, key, status=status, text=text, **facts)  # type: ignore[arg-type]
                return None
            if waited_s > patience_s or self.stopped.is_set():
                for key in keys:
                    self.history.note("unknown", kind, key, status=status, **facts)
                return None
            await asyncio.sleep(pause_s * self._chance.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def get(self, path: str, headers: Mapping[str, str], **query: str | int) -> Any:
        """Return the JSON at a path; None without an answer."""
        answer = await self._once("GET", path, headers, None, query)
        return answer.json() if answer is not None and answer.is_success else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _once(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Json | None,
        query: Mapping[str, str | int] | None = None,
    ) -> httpx2.Response | None:
        url = self._chance.choice(self._urls)
        try:
            return await self._client.request(
                method, url + path, headers=dict(headers), json=body, params=query or None
            )
        except httpx2.HTTPError:
            return None
