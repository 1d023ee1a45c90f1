"""Conservation per hop: what became of each record that a reader has passed.

A hop is a topic and a service that reads it. Behind the reader's stored offset every record has left a
trace: its id and body in the reader's inbox (applied, or known as a repeat), or a dead letter that names
its place. in = applied + repeated + refused + unchecked + in flight; what is left over is a difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.contracts.fields import Status

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is remembered of a record. `event_id` None: it is not of its topic's contract.

    `digest` is the body as inboxes remember it, `wire` the hash of the bytes. `repeat`: the same id lay in
    the partition not long before, `conflict`: with another body.
    """

    offset: int
    accepted_ms: int
    event_id: str | None
    digest: bytes
    wire: bytes
    repeat: bool = False
    conflict: bool = False


class Fate(StrEnum):
    """What became of a record at a reader; a closed set, also a metric's label."""

    APPLIED = "applied"
    REPEATED = "repeated"
    REFUSED = "refused"
    UNCHECKED = "unchecked"
    LOST = "lost"


class Trace(StrEnum):
    """Where a reader leaves its traces."""

    INBOX = "inbox"
    LETTERS = "letters"
    """Only refusals leave one: its state lies in a changelog that has no record ids."""


IN_ALERTS = frozenset({"opened", "joined"})
"""Dispositions of alarms that went on into an alert; of all others alerting says why not."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Alarms of one status and disposition at alerting. `nowhere`: went on, it says, but into no alert."""

    status: Status
    disposition: str
    alarms: int
    nowhere: int = 0

    @property
    def accounted(self) -> int:
        """Alarms of which it is known what became of them."""
        return self.alarms - self.nowhere


@dataclass(frozen=True, slots=True)
class Passage:
    """One reader in one partition: audited from `first_offset` up to `next_offset`, by fate.

    `compacted` are offsets that hold no record: compacted away, or left behind by a transaction. `stored` is where the reader stands, `end` is
    where the partition ends.
    """

    service: str
    topic: str
    part: int
    first_offset: int
    next_offset: int
    stored: int
    end: int
    applied: int = 0
    repeated: int = 0
    refused: int = 0
    unchecked: int = 0
    lost: int = 0
    compacted: int = 0

    @property
    def place(self) -> Place:
        """Its topic and partition."""
        return self.topic, self.part


def fate(
    fact: Fact, trace: Trace, memory: Mapping[str, bytes], refused: bool, since_ms: int
) -> Fate:
    """The fate of one record. `memory`: body by id in the reader's inbox.

    Records older than `since_ms` may have been forgotten rightly: they are only counted.
    """
    if refused:
        return Fate.REFUSED
    if fact.event_id is not None:
        known = trace is Trace.LETTERS or memory.get(fact.event_id) == fact.digest
        if known:
            return Fate.REPEATED if fact.repeat else Fate.APPLIED
    return Fate.UNCHECKED if fact.accepted_ms < since_ms else Fate.LOST


@dataclass(frozen=True, slots=True)
class Settled:
    """A passage after its newest records were judged, and those of them that left no trace."""

    passage: Passage
    lost: list[Fact]


def settle(
    passage: Passage,
    facts: Sequence[Fact],
    upto: int,
    trace: Trace,
    memory: Mapping[str, bytes],
    refused: Collection[int],
    since_ms: int,
    *,
    compacted: bool = False,
    gaps_allowed: bool = False,
    empty: int = 0,
) -> Settled:
    """Judge the records from the passage's next offset up to `upto`; `facts` are all of them.

    Offsets without a record are normal in a compacted topic; elsewhere so many are `empty` by what
    transactions left behind. The others are unchecked when the auditor left them out itself or retention
    removed them (`gaps_allowed`), else they do not balance.
    """
    results: dict[Fate, int] = dict.fromkeys(Fate, 0)
    lost: list[Fact] = []
    for fact in facts:
        one = fate(fact, trace, memory, fact.offset in refused, since_ms)
        results[one] += 1
        if one is Fate.LOST:
            lost.append(fact)
    absent = upto - passage.next_offset - len(facts)
    hollow = absent if compacted else min(absent, empty)
    after = replace(
        passage,
        next_offset=upto,
        applied=passage.applied + results[Fate.APPLIED],
        repeated=passage.repeated + results[Fate.REPEATED],
        refused=passage.refused + results[Fate.REFUSED],
        unchecked=passage.unchecked
        + results[Fate.UNCHECKED]
        + (absent - hollow if gaps_allowed else 0),
        lost=passage.lost + results[Fate.LOST],
        compacted=passage.compacted + hollow,
    )
    return Settled(after, lost)


@dataclass(frozen=True, slots=True)
class Balance:
    """One hop over all its partitions. `waiting`: in flight and not yet passed by the reader."""

    service: str
    topic: str
    records_in: int
    applied: int
    repeated: int
    refused: int
    unchecked: int
    in_flight: int
    waiting: int
    lost: int
    difference: int

    @property
    def unexplained(self) -> int:
        """What is missing and cannot even be named."""
        return self.difference - self.lost


def balances(passages: Iterable[Passage]) -> list[Balance]:
    """The books of every hop, by service and topic."""
    hops: dict[tuple[str, str], list[Passage]] = {}
    for passage in passages:
        hops.setdefault((passage.service, passage.topic), []).append(passage)
    return [_balance(service, topic, hops[service, topic]) for service, topic in sorted(hops)]


@dataclass(frozen=True, slots=True)
class AlarmBalance:
    """What became of the alarms of one status: alarms in = in alerts + aside + difference.

    `aside` by disposition: inhibited, held, silenced and the like. `difference`: on their way, or lost.
    """

    status: Status
    alarms_in: int
    in_alerts: int
    aside: Mapping[str, int]

    @property
    def difference(self) -> int:
        """What is neither in an alert nor put aside."""
        return self.alarms_in - self.in_alerts - sum(self.aside.values())


def alarm_balances(told: Mapping[Status, int], evidence: Iterable[Evidence]) -> list[AlarmBalance]:
    """By status; `told` are the alarms on the topic, by first versions."""
    evidences = list(evidence)
    results = []
    for status in Status:
        mine = [evidence for evidence in evidences if evidence.status is status]
        if not mine and status not in told:
            continue
        out = sum(evidence.accounted for evidence in mine if evidence.disposition in IN_ALERTS)
        aside = {
            evidence.disposition: evidence.alarms
            for evidence in mine
            if evidence.disposition not in IN_ALERTS
        }
        results.append(AlarmBalance(status, told.get(status, 0), out, aside))
    return results


def _balance(service: str, topic: str, passages: list[Passage]) -> Balance:
    # The end was read after the reader's place: no partition ends before it is passed.
    records_in = sum(max(p.end, p.next_offset) - p.first_offset - p.compacted for p in passages)
    in_flight = sum(max(0, p.end - p.next_offset) for p in passages)
    applied, repeated, refused, unchecked = (
        sum(getattr(passage, name) for passage in passages)
        for name in ("applied", "repeated", "refused", "unchecked")
    )
    return Balance(
        service,
        topic,
        records_in,
        applied,
        repeated,
        refused,
        unchecked,
        in_flight,
        sum(max(0, p.end - p.stored) for p in passages),
        sum(p.lost for p in passages),
        records_in - applied - repeated - refused - unchecked - in_flight,
    )
