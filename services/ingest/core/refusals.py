"""The problems of refused requests: a closed set, used by answers, metrics and tests alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class ProblemKind(StrEnum):
    """The kind of a problem. A refused request has the kind of its first problem."""

    UNAUTHORISED = "unauthorised"
    DOOR_NOT_ALLOWED = "door_not_allowed"
    SENSOR_NOT_ALLOWED = "sensor_not_allowed"
    PLACE_NOT_ALLOWED = "place_not_allowed"
    GRADE_NOT_ALLOWED = "grade_not_allowed"
    RATE_EXCEEDED = "rate_exceeded"
    MEDIA_TYPE = "media_type"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NOT_JSON = "not_json"
    NOT_XML = "not_xml"
    DOCUMENT_TYPE = "document_type"
    NOT_CAP = "not_cap"
    DUPLICATE_KEY = "duplicate_key"
    TOO_DEEP = "too_deep"
    SCHEMA = "schema"
    NOT_FINITE = "not_finite"
    UNKNOWN_SENSOR = "unknown_sensor"
    METRIC_MISMATCH = "metric_mismatch"
    UNIT_MISMATCH = "unit_mismatch"
    DATUM_MISMATCH = "datum_mismatch"
    FUTURE_TIME = "future_time"
    PAST_TIME = "past_time"
    DUPLICATE_ID = "duplicate_id"
    ID_CONFLICT = "id_conflict"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too_many"
    VOLUME_FULL = "volume_full"
    NO_SUCH_PATH = "no_such_door"
    METHOD = "method"
    UNEXPECTED = "unexpected"


HTTP_STATUS: dict[ProblemKind, int] = {
    ProblemKind.UNAUTHORISED: 401,
    ProblemKind.DOOR_NOT_ALLOWED: 403,
    ProblemKind.SENSOR_NOT_ALLOWED: 403,
    ProblemKind.PLACE_NOT_ALLOWED: 403,
    ProblemKind.GRADE_NOT_ALLOWED: 403,
    ProblemKind.RATE_EXCEEDED: 429,
    ProblemKind.MEDIA_TYPE: 415,
    ProblemKind.TOO_LARGE: 413,
    ProblemKind.TOO_SLOW: 408,
    ProblemKind.NOT_JSON: 400,
    ProblemKind.NOT_XML: 400,
    ProblemKind.DOCUMENT_TYPE: 400,
    ProblemKind.DUPLICATE_KEY: 400,
    ProblemKind.TOO_DEEP: 400,
    ProblemKind.ID_CONFLICT: 409,
    ProblemKind.UNAVAILABLE: 503,
    ProblemKind.TOO_MANY: 429,
    ProblemKind.VOLUME_FULL: 507,
    ProblemKind.NO_SUCH_PATH: 404,
    ProblemKind.METHOD: 405,
    ProblemKind.UNEXPECTED: 500,
}
"""The status of the answer; each kind that is not listed is 422: well-formed, not acceptable."""

TITLES: dict[ProblemKind, str] = {
    ProblemKind.UNAUTHORISED: "No valid token of a known source",
    ProblemKind.DOOR_NOT_ALLOWED: "This source may not use this door",
    ProblemKind.SENSOR_NOT_ALLOWED: "This source may not send for this sensor",
    ProblemKind.PLACE_NOT_ALLOWED: "This source may not send for this place",
    ProblemKind.GRADE_NOT_ALLOWED: "This source may not set this data grade",
    ProblemKind.RATE_EXCEEDED: "This source sends more than it may",
    ProblemKind.MEDIA_TYPE: "The body is of another kind than is read here",
    ProblemKind.TOO_LARGE: "The body is too large",
    ProblemKind.TOO_SLOW: "The body did not arrive in time",
    ProblemKind.NOT_JSON: "The body is not JSON",
    ProblemKind.NOT_XML: "The body is not XML",
    ProblemKind.DOCUMENT_TYPE: "The body declares a document type",
    ProblemKind.NOT_CAP: "The body is no CAP alert that can be taken",
    ProblemKind.DUPLICATE_KEY: "The body repeats a key",
    ProblemKind.TOO_DEEP: "The body is nested too deeply",
    ProblemKind.ID_CONFLICT: "Another body has this id",
    ProblemKind.UNAVAILABLE: "Not stored yet, send the same again",
    ProblemKind.TOO_MANY: "Too many requests of this source wait for their answer",
    ProblemKind.VOLUME_FULL: "There is no room for readings, send the same again later",
    ProblemKind.NO_SUCH_PATH: "There is no such door",
    ProblemKind.METHOD: "This door takes another method",
    ProblemKind.UNEXPECTED: "A fault of ours, not of the body",
}
"""The title of the problem document; for each kind that is not listed: `NOT_ACCEPTED`."""
NOT_ACCEPTED = "The body was understood, but cannot be accepted"


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """A problem of a request: its location in the body, a message, and the allowed values."""

    kind: ProblemKind
    location: str
    message: str
    allowed: str | None = None

    def inside(self, parent: str) -> RequestProblem:
        """Return the problem with its location in the body that holds `parent`."""
        if self.location in ("", "body"):
            return replace(self, location=parent)
        return replace(self, location=f"{parent}.{self.location}")


class RequestRefused(Exception):
    """The request is refused; no part of it was accepted.

    `subject_id` is the record that it would have been, `retry_s` the seconds after which it may be
    accepted, where these are known.
    """

    def __init__(
        self,
        problems: Sequence[RequestProblem],
        *,
        subject_id: str = "",
        retry_s: int | None = None,
    ) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)
        self.subject_id = subject_id
        self.retry_s = retry_s

    @property
    def kind(self) -> ProblemKind:
        """The kind of the first problem."""
        return self.problems[0].kind


def refusal(
    kind: ProblemKind, location: str, message: str, allowed: str | None = None
) -> RequestRefused:
    """Return the exception for a request with a single problem."""
    return RequestRefused([RequestProblem(kind, location, message, allowed)])
