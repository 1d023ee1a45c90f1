"""The console's HTTP API for a script: an answer, a refusal, or no definite answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

from deploy.commands.console.errors import Refused, Unreachable
from shared.contracts.fields import Language
from shared.domain.bilingual import all_in_language

_NOT_NOW = frozenset({429, 502, 503, 504})
_SECONDS = 15.0
_SILENCE_S = 40.0
"""A live stream that has been silent for so long is dead: its heart beats every ten seconds."""


class Answer:
    """A body as received, and its text for a reader of one language."""

    def __init__(self, raw: bytes, language: Language) -> None:
        self.raw = raw
        self.body: dict[str, Any] = all_in_language(json.loads(raw), language)


class Api:
    """A signed-in client; close it after use."""

    def __init__(
        self, url: str, token: str, key: str | None = None, language: Language = Language.ZH
    ) -> None:
        self._language = language
        self.key = key or str(uuid.uuid4())
        """The idempotency key of this invocation: the same key again is the same act."""
        self._http = httpx2.Client(
            base_url=url,
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            timeout=_SECONDS,
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Answer:
        """Send a GET; query values of None or False are omitted. Raises Refused, Unreachable."""
        parameters = {
            name: _word(value) for name, value in query.items() if value not in (None, False)
        }
        return self._answer("GET", path, params=parameters)

    def file(self, path: str, **query: str) -> bytes:
        """Send a GET whose answer is a file. Raises Refused, Unreachable."""
        return self._content("GET", path, params=query)

    def look(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send a POST that changes nothing."""
        return self._answer("POST", path, json=body)

    def act(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send an act with this invocation's key. Raises Refused, Unreachable (outcome unknown)."""
        try:
            return self._answer("POST", path, json=body, headers={"idempotency-key": self.key})
        except Unreachable as error:
            raise Unreachable(
                f"{error}. It is not certain whether this was done; the same call with "
                f"--key {self.key} does it once"
            ) from None

    @contextmanager
    def events(self, after: int | None, **query: Any) -> Iterator[Iterator[str]]:
        """Yield the lines of the live stream behind `after`. Raises Refused, Unreachable."""
        headers = {"accept": "text/event-stream"}
        if after is not None:
            headers["last-event-id"] = str(after)
        parameters = {name: _word(value) for name, value in query.items() if value is not None}
        timeout = httpx2.Timeout(_SECONDS, read=_SILENCE_S)
        try:
            with self._http.stream(
                "GET", "/api/events", params=parameters, headers=headers, timeout=timeout
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    _demand(answer)
                yield answer.iter_lines()
        except httpx2.HTTPError as error:
            raise Unreachable(_why(error)) from None

    def _content(self, method: str, path: str, **more: Any) -> bytes:
        try:
            answer = self._http.request(method, path, **more)
        except httpx2.HTTPError as error:
            raise Unreachable(_why(error)) from None
        _demand(answer)
        return answer.content

    def _answer(self, method: str, path: str, **more: Any) -> Answer:
        content = self._content(method, path, **more)
        try:
            return Answer(content, self._language)
        except ValueError:
            raise Unreachable("this is no Fenghuo console: the answer is no JSON") from None


def _demand(answer: httpx2.Response) -> None:
    if answer.is_success:
        return
    try:
        document = answer.json()
    except ValueError:
        document = {}
    problem = document if isinstance(document, dict) else {}
    if answer.status_code in _NOT_NOW or answer.is_redirect:
        raise Unreachable(problem.get("title") or f"HTTP {answer.status_code}")
    raise Refused(answer.status_code, problem)


def _why(error: httpx2.HTTPError) -> str:
    return f"the console cannot be reached ({type(error).__name__})"


def _word(value: Any) -> str:
    return "true" if value is True else str(value)
