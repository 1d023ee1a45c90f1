"""Hostile input over HTTP: requests to ingest and the console, and bytes that are no HTTP."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random

from deploy.example.officers import officer_id
from deploy.example.units import CITY, DISTRICT
from deploy.local.seed import logins
from shared.contracts.fields import Post
from shared.contracts.topics import READINGS, REPORTS, WARNINGS
from tests.faults.hostile import files, framing, requests
from tests.faults.hostile.conservation import RecordTraces, UnaccountedInput
from tests.faults.hostile.console_requests import console_requests, with_real_ids
from tests.faults.hostile.figures import HostileFigures
from tests.faults.hostile.http_client import HttpAnswer, encoded, exchange
from tests.faults.hostile.requests import HostileRequest
from tests.faults.suite import system
from tests.faults.suite.system import FaultStack

_AT_ONCE = 24
_FRAMES_AT_ONCE = 200
"""A head without an end is closed after ten seconds, a body after a minute."""
_TOPICS = {
    "/v1/readings": READINGS.name,
    "/v1/readings/batch": READINGS.name,
    "/v1/reports": REPORTS.name,
    "/v1/warnings": WARNINGS.name,
}


class Doors:
    """The doors of a running stack, and what was accepted there."""

    def __init__(self, stack: FaultStack, figures: HostileFigures, seed: int) -> None:
        self._stack, self._figures, self._seed = stack, figures, seed
        self._accepted: dict[str, list[str]] = {}

    async def ask_ingest(self, count: int, sensors: Sequence[str]) -> None:
        """Send so many requests to ingest."""
        chance, village = Random(f"{self._seed} ingest"), system.villages()[0]
        bases = (
            request
            for number in itertools.count()
            for request in requests.ingest_requests(number, sensors, village)
        )
        hostile = itertools.chain(requests.xml_requests(chance), _mutated("ingest", bases, chance))
        tokens = itertools.repeat(self._stack.source_token())
        url = self._stack.url("ingest")
        await self._ask(url, tokens, itertools.islice(hostile, count), self._accept)

    async def ask_console(self, count: int, real_ids: Mapping[str, Sequence[str]]) -> None:
        """Send so many requests to the console, as officers of several units in turn."""
        chance = Random(f"{self._seed} console")
        bases = (
            with_real_ids(request, real_ids, chance)
            for request in itertools.cycle(console_requests())
        )
        uploads = (with_real_ids(request, real_ids, chance) for request in files.file_requests())
        hostile = itertools.chain(uploads, _mutated("console", bases, chance))
        tokens = itertools.cycle(self._tokens_of_officers())
        await self._ask(
            self._stack.url("console"), tokens, itertools.islice(hostile, count), lambda *_: None
        )

    async def send_frames(self, count: int) -> None:
        """Send so many frames, and the slow ones, to three services in turn."""
        urls = itertools.cycle(self._stack.url(name) for name in ("ingest", "console", "alerting"))
        chance = Random(f"{self._seed} frames")
        plain = ((name, [data]) for name, data in framing.frames(chance, count))
        remaining = itertools.chain(framing.slow_frames(), plain)

        async def send() -> None:
            for input_class, pieces in remaining:
                answer = await exchange(next(urls), pieces)
                self._figures.add(input_class, "frame", answer)
                if answer.status < 0:
                    detail = "the connection stayed open without an answer"
                    self._figures.miss(input_class, repr(pieces[0][:60]), detail)

        async with asyncio.TaskGroup() as group:
            for _ in range(_FRAMES_AT_ONCE):
                group.create_task(send())

    def unaccounted(self, traces: RecordTraces) -> Iterator[UnaccountedInput]:
        """Yield accepted records that are not in the log."""
        for path, identifiers in self._accepted.items():
            ids = set(traces.ids.get(_TOPICS[path], []))
            for identifier, number in Counter(identifiers).items():
                if identifier not in ids:
                    yield UnaccountedInput(
                        path, identifier, f"answered 202 {number} times, and not in the log"
                    )

    def _tokens_of_officers(self) -> list[str]:
        """Return tokens; the city's officer, who may do most, has every second turn."""
        accounts = {login.officer_id: login for login in logins(self._stack.paths)}
        city = officer_id(CITY, Post.B)
        village, neighbour = system.villages()[0], system.villages()[-1]
        officers = [
            officer_id(DISTRICT, Post.COMMANDER),
            officer_id(system.TOWNS[0], Post.A),
            officer_id(village, Post.B),
            officer_id(neighbour, "grid"),
        ]
        return [accounts[name].token for officer in officers for name in (city, officer)]

    async def _ask(
        self,
        url: str,
        tokens: Iterator[str],
        hostile: Iterable[HostileRequest],
        accept: Callable[[HostileRequest, HttpAnswer], None],
    ) -> None:
        remaining = iter(hostile)

        async def ask() -> None:
            for request in remaining:
                answer = await exchange(url, [encoded(request, f"Bearer {next(tokens)}")])
                subject = f"{request.method} {request.path[:100]}"
                self._figures.add(request.input_class, subject, answer)
                if answer.status <= 0:
                    self._figures.miss(request.input_class, request.path[:200], "no answer")
                if answer.status in (202, 207):
                    accept(request, answer)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(ask())

    def _accept(self, request: HostileRequest, answer: HttpAnswer) -> None:
        """Remember the ids that an accepted request has in the log."""
        document = answer.document() or {}
        path = request.path.partition("?")[0].rstrip("/")
        ids = [str(document.get("id", ""))]
        if prefix := document.get("id_prefix"):
            readings = json.loads(request.body, parse_int=str)["readings"]
            ids = [
                f"{prefix}{item['id']}"
                for item in document.get("items", readings)
                if item.get("accepted", True)
            ]
        self._accepted.setdefault(path, []).extend(ids)


def _mutated(
    door: str, bases: Iterator[HostileRequest], chance: Random
) -> Iterator[HostileRequest]:
    """Yield hostile forms of the good requests, every class in turn."""
    names = [name.partition(":")[2] for name in requests.classes(door)]
    while True:
        chance.shuffle(names)
        for name in names:
            yield requests.hostile(door, name, chance, next(bases))
