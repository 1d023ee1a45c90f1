"""The admission of requests: whose key it is, which door, how many records a minute.

A refused right of a source enters the audit trail; a wrong body does not.
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
        scheme, _, token = authorization.partition(b" ")
        holder = self.sources.holder_of(token.strip()) if scheme.lower() == b"bearer" else None
        if holder is None:
            raise _unauthorised("missing, or not the token of a known source")
        source, until = holder
        try:
            if source.entry.ended:
                raise _unauthorised(f"the source {source.id} has ended")
            if until is not None and now >= until:
                raise _unauthorised(f"this key of {source.id} ended at {until.isoformat()}")
            source.check_door(door)
            self._rates.check(source, time.monotonic())
        except RequestRefused as refused:
            self.note(source, action, refused.problems, now)
            raise
        self.spend(source, 1)
        return source

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
        """Note the refused rights of a record, or of a request, for the trail; each right once."""
        for kind in dict.fromkeys(problem.kind for problem in problems):
            reason = _IN_THE_TRAIL.get(kind)
            if reason is not None:
                attempt = RefusedAttempt(
                    source.id, action, reason, source.entry.owner, subject_id=subject_id
                )
                self.refusals.note(attempt, now)


def _unauthorised(message: str) -> RequestRefused:
    return refusal(
        ProblemKind.UNAUTHORISED, "header Authorization", message, "Bearer and a valid token"
    )
