"""The parts of a console process for all routes, carried by the state of the application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from services.console.core.access import (
    Check,
    Viewer,
    administered_place,
    administrator,
    entitled,
    looking,
    sees,
)
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.console.metrics import ConsoleMetrics
from services.console.recording.action_recorder import ActionRecorder
from services.console.settings import Settings
from services.console.web.problems import ApiProblem
from services.console.web.sessions import Sessions
from shared.contracts.refusals import RefusedFor
from shared.domain.refusal_log import RefusalLog
from shared.runtime.clock import Clock
from shared.runtime.database import Database

Part = TypeVar("Part")


@dataclass(frozen=True)
class ConsoleDeps:
    """The parts of one process.

    `projection_lag` returns how far the read models are behind the log. `parts` holds, by type,
    what one feature or the stream alone works with.
    """

    settings: Settings
    database: Database
    names: UnitNames
    directory: Directory
    sessions: Sessions
    refusals: RefusalLog
    metrics: ConsoleMetrics
    clock: Clock
    recorder: ActionRecorder
    projection_lag: Callable[[], dict[str, Any]]
    parts: Mapping[type, object]

    def part(self, kind: type[Part]) -> Part:
        """Return the part of this type. Raises KeyError when the process has none."""
        part = self.parts[kind]
        assert isinstance(part, kind), "parts are stored by their type"
        return part

    @property
    def broker(self) -> dict[str, Any]:
        """The name of the broker, and whether it only stands in for Apache Kafka."""
        name = self.settings.broker_name
        return {"name": name, "stand_in": "stand-in" in name}

    def demand(self, denial: RefusedFor | None, place: str | None = None, verb: str = "") -> None:
        """Refuse with 403 and the reason, unless `denial` is None.

        `place` is the unit of the object; `verb` is the verb of the route.
        """
        if denial is not None:
            self.metrics.refusals.labels(denial).inc()
            raise ApiProblem(
                403,
                "Not allowed",
                _SENTENCES[denial],
                reason=denial,
                trail=RefusedFor(denial),
                place=place,
                verb=verb,
            )

    def acting(
        self, viewer: Viewer, check: Check, place: str | None = None, verb: str = ""
    ) -> Viewer:
        """Return the officer as of the unit whose authority allows the act. Raises 403."""
        return self.granted(entitled(viewer, check), place, verb)

    def administrator(self, viewer: Viewer, check: Check, place: str | None = None) -> Viewer:
        """Return the officer as of the unit whose right to administer allows it. Raises 403."""
        return self.granted(administrator(viewer, check), place)

    def administered_place(self, viewer: Viewer, place: str | None) -> str:
        """Return the unit that a screen of administrators shows. Raises 403."""
        root = administered_place(viewer, place)
        if isinstance(root, RefusedFor):
            self.demand(root, place)
        return root

    def looking(self, viewer: Viewer, place: str | None) -> Viewer:
        """Return the viewer of the subtree of `place`. Raises 403."""
        return self.granted(looking(viewer, place), place)

    def in_sight(self, viewer: Viewer, unit: str | None) -> str:
        """Return `unit`, or the unit that is shown. Raises 403 when it may not be seen."""
        root = unit or viewer.root
        self.demand(None if sees(viewer, root) else RefusedFor.OUTSIDE_SUBTREE, root)
        return root

    def granted(
        self, viewer: Viewer | RefusedFor, place: str | None = None, verb: str = ""
    ) -> Viewer:
        """Return the viewer. Raises 403 for a denial."""
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
    RefusedFor.NOT_OPERATOR: "This is for those who operate the system.",
    RefusedFor.NOT_ADMINISTRATOR: "You do not administer this unit.",
    RefusedFor.NOT_PAGEABLE: "This officer is not granted to be paged for the unit.",
}


def console_of(request: Request) -> ConsoleDeps:
    """Return the parts of the application that serves this request."""
    result = request.app.state.console
    assert isinstance(result, ConsoleDeps)
    return result


async def _console(request: Request) -> ConsoleDeps:
    return console_of(request)


# FastAPI would run a plain function in a thread for every request.
Deps = Annotated[ConsoleDeps, Depends(_console)]
