"""Why a request was refused: a closed set, used by answers, metrics and tests alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The reason of a refused request; where several things are wrong, that of the first."""

    UNAUTHORISED = "unauthorised"
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
    UNAVAILABLE = "unavailable"
    NO_SUCH_DOOR = "no_such_door"
    METHOD = "method"
    UNEXPECTED = "unexpected"


HTTP_STATUS: dict[Refusal, int] = {
    Refusal.UNAUTHORISED: 401,
    Refusal.MEDIA_TYPE: 415,
    Refusal.TOO_LARGE: 413,
    Refusal.TOO_SLOW: 408,
    Refusal.NOT_JSON: 400,
    Refusal.NOT_XML: 400,
    Refusal.DOCUMENT_TYPE: 400,
    Refusal.DUPLICATE_KEY: 400,
    Refusal.TOO_DEEP: 400,
    Refusal.UNAVAILABLE: 503,
    Refusal.NO_SUCH_DOOR: 404,
    Refusal.METHOD: 405,
    Refusal.UNEXPECTED: 500,
}
"""Status of the answer; every reason not listed is 422: well-formed, but not acceptable."""

TITLES: dict[Refusal, str] = {
    Refusal.UNAUTHORISED: "No valid token of a known source",
    Refusal.MEDIA_TYPE: "The body is of another kind than is read here",
    Refusal.TOO_LARGE: "The body is too large",
    Refusal.TOO_SLOW: "The body did not arrive in time",
    Refusal.NOT_JSON: "The body is not JSON",
    Refusal.NOT_XML: "The body is not XML",
    Refusal.DOCUMENT_TYPE: "The body declares a document type",
    Refusal.NOT_CAP: "The body is no CAP alert that can be taken",
    Refusal.DUPLICATE_KEY: "The body repeats a key",
    Refusal.TOO_DEEP: "The body is nested too deeply",
    Refusal.UNAVAILABLE: "Not stored yet, send the same again",
    Refusal.NO_SUCH_DOOR: "There is no such door",
    Refusal.METHOD: "This door takes another method",
    Refusal.UNEXPECTED: "A fault of ours, not of the body",
}
"""What a person reads first; for every reason not listed: `NOT_ACCEPTED`."""
NOT_ACCEPTED = "The body was understood, but cannot be accepted"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where in the body, what, and what would be allowed."""

    reason: Refusal
    where: str
    what: str
    allowed: str | None = None


class Refused(Exception):
    """A request that is not accepted; nothing of it was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = tuple(problems)

    @property
    def reason(self) -> Refusal:
        """The first problem's reason."""
        return self.problems[0].reason


def refuse(reason: Refusal, where: str, what: str, allowed: str | None = None) -> Refused:
    """A refusal for one single problem."""
    return Refused([Problem(reason, where, what, allowed)])
