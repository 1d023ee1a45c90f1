"""What the routes work with, put together in app.py and carried by the application's state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic_core import to_json

from services.console.core.access import Check, Viewer, entitled, looking, sees
from services.console.core.acts import Act
from services.console.core.charts import Rules
from services.console.core.directory import Directory
from services.console.core.names import Names
from services.console.core.refusals import Refusals
from services.console.core.throttle import Tries
from services.console.feed import Hub
from services.console.metrics import ConsoleMetrics
from services.console.passwords import Passwords
from services.console.pictures import Pictures
from services.console.provider import Provider
from services.console.readings import Source
from services.console.settings import Settings
from services.console.store.acts import Bound, Written
from services.console.web.problems import Refused
from services.console.web.pulse import Pulse
from services.console.web.sessions import Sessions
from services.console.web.sharing import Sharing
from shared.contracts.refusals import RefusedFor
from shared.runtime.clock import Clock
from shared.runtime.database import Database


@dataclass(frozen=True)
class Console:
    """Parts of one process. `behind` tells how far the read models are behind the log; who
    holds `printing` prints."""

    settings: Settings
    database: Database
    names: Names
    directory: Directory
    hub: Hub
    pulse: Pulse
    sessions: Sessions
    passwords: Passwords
    tries: Tries
    refusals: Refusals
    provider: Provider | None
    metrics: ConsoleMetrics
    clock: Clock
    record: Callable[[Act, Bound | None], Awaitable[bool]]
    repeat: Callable[[Written], Awaitable[bool]]
    behind: Callable[[], dict[str, Any]]
    rules: Rules
    readings: Source
    overviews: Sharing
    pictures: Pictures = field(default_factory=Pictures)
    printing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @property
    def broker(self) -> dict[str, Any]:
        """The broker's name, and whether it only stands in for Apache Kafka."""
        name = self.settings.broker_name
        return {"name": name, "stand_in": "stand-in" in name}

    def demand(self, denial: RefusedFor | None, place: str | None = None, verb: str = "") -> None:
        """Refuse with 403 and the reason, unless there is none.

        `place`: the unit it was tried on; `verb`: which of the door's verbs.
        """
        if denial is not None:
            self.metrics.refusals.labels(denial).inc()
            raise Refused(
                403,
                "Not allowed",
                _SENTENCES[denial],
                reason=denial,
                trail=RefusedFor(denial),
                place=place,
                verb=verb,
            )

    def acting(self, me: Viewer, check: Check, place: str | None = None, verb: str = "") -> Viewer:
        """The officer as of the unit whose authority allows the act; refuses with 403 if none does."""
        return self.granted(entitled(me, check), place, verb)

    def looking(self, me: Viewer, place: str | None) -> Viewer:
        """The officer before the subtree of `place`; refuses with 403 what may not be seen."""
        return self.granted(looking(me, place), place)

    def in_sight(self, me: Viewer, unit: str | None) -> str:
        """The unit asked for, or the one looked at; refuses with 403 what may not be seen."""
        root = unit or me.root
        self.demand(None if sees(me, root) else RefusedFor.OUTSIDE_SUBTREE, root)
        return root

    def granted(
        self, viewer: Viewer | RefusedFor, place: str | None = None, verb: str = ""
    ) -> Viewer:
        """What was found; refuses with 403 when it is a denial."""
        if isinstance(viewer, RefusedFor):
            self.demand(viewer, place, verb)
        assert isinstance(viewer, Viewer), "a denial was raised"
        return viewer


_SENTENCES = {
    RefusedFor.OUTSIDE_SUBTREE: "The unit does not lie below yours.",
    RefusedFor.NOT_ABOVE_PLACE: "Only units responsible for the place decide this.",
    RefusedFor.NOT_APPROVER: "Only the unit with authority for this level signs.",
    RefusedFor.NOT_RECIPIENT: "Only officers of the unit itself take this step.",
    RefusedFor.NOT_ISSUER: "Only the issuer or a unit above it takes this step.",
    RefusedFor.NOT_YOUR_PAGE: "Only the officer who was paged answers.",
    RefusedFor.NOT_REPORTER: "A report is its unit's own; who takes a call may write it down.",
    RefusedFor.NOT_UPWARD: "A report goes to a unit above the one that reports.",
    RefusedFor.NOTHING_BELOW: "Your unit has no units below it to command.",
    RefusedFor.NOT_DECIDER: "The mode of a unit is decided there or above.",
    RefusedFor.WRONG_POST: "This takes an A post or a commander.",
    RefusedFor.SIGNED_ALREADY: "You have signed; another person decides.",
    RefusedFor.NO_SIGHT: "No place is granted to you to look at.",
    RefusedFor.NO_COMMAND: "No place is granted to you to act for.",
    RefusedFor.NOT_PAGEABLE: "This officer is not granted to be paged for the unit.",
}


def console_of(request: Request) -> Console:
    """The parts of the application that serves this request."""
    result = request.app.state.console
    assert isinstance(result, Console)
    return result


async def _console(request: Request) -> Console:
    return console_of(request)


# A plain function would be sent through a thread for every request.
Parts = Annotated[Console, Depends(_console)]


def as_json(body: object, status: int = 200) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(to_json(body), status, media_type="application/json")
