"""The admission of requests: whose key it is, which door, how many records a minute.

What is refused of a source is noted for the source; a refused right enters the audit trail too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

from services.ingest.core.refusals import ProblemKind, RequestProblem, RequestRefused, refusal
from services.ingest.core.source_rates import SourceRates
from services.ingest.core.sources import Source, Sources
from shared.contracts.refusals import RefusedFor
from shared.contracts.sources import SourceDoor
from shared.domain.refusal_log import RefusalLog, RefusedAttempt

_IN_THE_TRAIL = {
    ProblemKind.UNAUTHORISED: RefusedFor.NOT_VALID,
    ProblemKind.ID_CONFLICT: RefusedFor.ID_CONFLICT,
    ProblemKind.DOOR_NOT_ALLOWED: RefusedFor.DOOR_NOT_ALLOWED,
    ProblemKind.SENSOR_NOT_ALLOWED: RefusedFor.SENSOR_NOT_ALLOWED,
    ProblemKind.PLACE_NOT_ALLOWED: RefusedFor.PLACE_NOT_ALLOWED,
    ProblemKind.GRADE_NOT_ALLOWED: RefusedFor.GRADE_NOT_ALLOWED,
    ProblemKind.RATE_EXCEEDED: RefusedFor.RATE_EXCEEDED,
}
_ABOUT_NO_RECORD = frozenset(
    {
        *(ProblemKind.UNAVAILABLE, ProblemKind.TOO_MANY, ProblemKind.VOLUME_FULL),
        *(ProblemKind.UNEXPECTED, ProblemKind.NO_SUCH_PATH, ProblemKind.METHOD),
    }
)
"""The same request is accepted another time, or elsewhere."""


class Admission:
    """Admits requests of sources within their limits; a change of an entry holds at once."""

    def __init__(self, refusals: RefusalLog) -> None:
        self.sources = Sources()
        self.refusals = refusals
        self._rates = SourceRates()

    def admit(self, authorization: bytes, door: SourceDoor, action: str, now: datetime) -> Source:
        """Return the source of a request that may send its body. Raises RequestRefused.

        `authorization` is the header of this name. The request counts as one record.
        """
        source = self.identify(authorization, action, now)
        try:
            source.check_door(door)
            self._rates.check(source, time.monotonic())
        except RequestRefused as refused:
            self.note(source, action, refused.problems, now)
            raise
        self.spend(source, 1)
        return source

    def identify(self, authorization: bytes, action: str, now: datetime) -> Source:
        """Return the source whose valid key the header has. Raises RequestRefused."""
        scheme, _, token = authorization.partition(b" ")
        holder = self.sources.holder_of(token.strip()) if scheme.lower() == b"bearer" else None
        if holder is None:
            raise _unauthorised("missing, or not the token of a known source")
        source, until = holder
        if source.entry.ended:
            refused = _unauthorised(f"the source {source.id} has ended")
        elif until is not None and now >= until:
            refused = _unauthorised(f"this key of {source.id} ended at {until.isoformat()}")
        else:
            return source
        self.note(source, action, refused.problems, now)
        raise refused

    def spend(self, source: Source, records: int) -> None:
        """Count records of a source against its rate."""
        self._rates.spend(source, records, time.monotonic())

    def note(
        self,
        source: Source,
        action: str,
        problems: Iterable[RequestProblem],
        now: datetime,
        subject_id: str = "",
    ) -> None:
        """Note what is refused of a record, or of a request; each kind of problem once."""
        firsts: dict[ProblemKind, RequestProblem] = {}
        for problem in problems:
            firsts.setdefault(problem.kind, problem)
        for kind, first in firsts.items():
            if kind in _ABOUT_NO_RECORD:
                continue
            right = _IN_THE_TRAIL.get(kind)
            attempt = RefusedAttempt(
                source.id,
                action,
                right or RefusedFor.NOT_ACCEPTABLE,
                source.entry.owner,
                subject_id=subject_id,
                problem="" if right else kind.value,
                detail=_in_words(first),
            )
            self.refusals.note(attempt, now)


def _in_words(problem: RequestProblem) -> str:
    allowed = f"; allowed: {problem.allowed}" if problem.allowed else ""
    return f"{problem.location}: {problem.message}{allowed}"


def _unauthorised(message: str) -> RequestRefused:
    return refusal(
        ProblemKind.UNAUTHORISED, "header Authorization", message, "Bearer and a valid token"
    )
