"""A breach of an invariant, and the names of the invariants (I1 to I11)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Invariant(StrEnum):
    """The promises of the system."""

    NO_LOSS = "I1"
    NO_DUPLICATE = "I2"
    NO_PHANTOM = "I3"
    ORDER = "I4"
    DEADLINE = "I5"
    FIRST_ANSWER = "I6"
    AUTHORITY = "I7"
    PROGRESS = "I8"
    BOUNDS = "I9"
    DRILLS = "I10"
    TRAIL = "I11"


TITLES = {
    Invariant.NO_LOSS: "what was accepted is there, or refused with a reason",
    Invariant.NO_DUPLICATE: "nobody sees anything twice",
    Invariant.NO_PHANTOM: "nothing that nobody asked for, nothing that was refused",
    Invariant.ORDER: "versions of a subject follow each other by one",
    Invariant.DEADLINE: "a timer fires once, not early, not never",
    Invariant.FIRST_ANSWER: "one first signature and one first answer",
    Invariant.AUTHORITY: "only who may, and refusals in the trail",
    Invariant.PROGRESS: "whoever has records to read moves on",
    Invariant.BOUNDS: "memory and files are bounded",
    Invariant.DRILLS: "drill and reality do not mix",
    Invariant.TRAIL: "the audit chain is intact",
}


@dataclass(frozen=True, order=True)
class Violation:
    """One breach: `kind` is the sort of breach, `subject` the record or aggregate."""

    invariant: Invariant
    kind: str
    subject: str
    detail: str = ""
