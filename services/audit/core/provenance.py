"""Where a record comes from, and what of that can be checked.

People's acts lie in the console's table byte for byte as they were first recorded. What passes through an
outbox leaves nothing there once it is published; but its id follows from its meaning, so another body
under the same id is an alteration. What others write (sensors, scoring, deploy) can be decoded only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.audit.core.conservation import Fact, Place
from shared.contracts.topics import TOPICS

_OUTBOXES = frozenset({"alerting", "command", "notify", "audit"})
_ACTS = "console"


class Origin(StrEnum):
    """What the writers of a topic keep of what they write."""

    ACTS = "acts"
    OUTBOX = "outbox"
    OTHERS = "others"


class Flaw(StrEnum):
    """What can be wrong with a record; a closed set."""

    UNDECODABLE = "undecodable"
    """Not of the contract, on a topic that only our services write."""
    FORGED = "forged"
    """The act of a person who did nothing: the console has not recorded it."""
    ALTERED = "altered"
    """Under its id, the console has recorded another act, or another body was on the topic before."""
    UNREFUSED = "unrefused"
    """Not of the contract, and nobody has dead-lettered it."""
    LOST = "lost"
    """A reader has passed it and left no trace of it."""


def origin(topic: str) -> Origin:
    """What can be known of a topic's records; the least that holds for all of its writers."""
    spec = TOPICS[topic]
    writers = {spec.owner, *spec.writers}
    if writers == {_ACTS}:
        return Origin.ACTS
    return Origin.OUTBOX if writers <= _OUTBOXES | {_ACTS} else Origin.OTHERS


def flaw(
    fact: Fact,
    whose: Origin,
    acts: Mapping[str, bytes],
    known: Mapping[str, bytes],
    since_ms: int,
) -> Flaw | None:
    """What is wrong with a record. `acts`: hash of the bytes by id; `known`: bodies seen before by id.

    Acts older than `since_ms` may have been forgotten rightly: they are only decoded.
    """
    if whose is Origin.OTHERS:
        return None
    if fact.event_id is None:
        return Flaw.UNDECODABLE
    if whose is Origin.OUTBOX:
        before = known.get(fact.event_id, fact.digest)
        return Flaw.ALTERED if fact.conflict or before != fact.digest else None
    kept = acts.get(fact.event_id)
    if kept == fact.wire or (kept is None and fact.accepted_ms < since_ms):
        return None
    return Flaw.FORGED if kept is None else Flaw.ALTERED


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record that is not as it should be. `service`: whose reading or writing is in question."""

    place: Place
    offset: int
    service: str
    flaw: Flaw
    event_id: str | None
    digest: bytes
    wire: bytes
    found_at: datetime


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many suspects of one flaw there are on a topic, where they are too many to name each."""

    topic: str
    service: str
    flaw: Flaw
    records: int


def explained(
    suspect: Suspect,
    refused_by: Collection[str],
    known: Mapping[str, bytes],
    acts: Mapping[str, bytes],
) -> bool:
    """Whether a suspect has been put right: it has its trace, its letter or its act now.

    `refused_by`: services whose dead letters name the record; `known`: the reader's inbox of its topic;
    `acts`: hash of the bytes by id.
    """
    match suspect.flaw:
        case Flaw.UNDECODABLE:
            return False
        case Flaw.UNREFUSED:
            return bool(refused_by)
        case Flaw.LOST:
            body = known.get(suspect.event_id or "")
            return suspect.service in refused_by or body == suspect.digest
        case Flaw.FORGED | Flaw.ALTERED:
            return acts.get(suspect.event_id or "") == suspect.wire
