"""Conservation, one round: read on, judge what has been passed, and say where every reader stands.

Only the topics and the tables are asked. The order matters: where the readers stand is read first, the
dead letters after it (a reader writes them before it moves), the inboxes last.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.audit.core.acts import refused
from services.audit.core.conservation import (
    Balance,
    Fact,
    Passage,
    Place,
    Trace,
    balances,
    settle,
)
from services.audit.core.flight import Before, moving
from services.audit.core.liveness import NAMED
from services.audit.core.provenance import Crowd, Flaw, Origin, Suspect, explained, flaw, origin
from services.audit.core.snapshot import Stand
from services.audit.core.trail import Act
from services.audit.core.window import Window
from services.audit.store import findings, passages
from services.audit.store.books import enter_new
from services.audit.store.topics import Raw, Topics
from shared.contracts.dead_letter import DeadLetter
from shared.contracts.topics import CATALOG, DEAD_LETTER, READINGS, ROSTER, TOPICS, TRAIL
from shared.runtime.database import Database, Transaction
from shared.runtime.decoding import MAX_LETTER_BYTES, decode_value
from shared.runtime.errors import Reject
from shared.runtime.inbound_messages import body_digest

LIMIT = 5_000
"""Most records read, and most judged per reader, in one round."""
REVIEWED = 200
"""Most suspects looked at again in one round, those first that were not for the longest time."""
MEMORY = timedelta(minutes=50)
"""What a table may have forgotten is not looked for: records that are older when they are first read."""
SAMPLED = frozenset({READINGS.name})
"""Topics too fast to decode every record of: when more than LIMIT behind, the newest are taken."""
SCORING = "scoring"
_NO_INBOX = frozenset({READINGS.name, CATALOG.name, ROSTER.name, TRAIL.name})
_BREATH = 200
"""Records decoded before other tasks of the process get a turn."""


@dataclass(frozen=True, slots=True)
class Books:
    """What one round saw. `moving`: see core/flight.py; None in a process's first round."""

    moving: frozenset[str] | None
    stands: tuple[Stand, ...]
    suspects: tuple[Suspect, ...]
    crowds: tuple[Crowd, ...]
    balances: tuple[Balance, ...]
    unreadable: Mapping[Place, str]


@dataclass(slots=True)
class _Seen:
    """Kafka's side of a round and the places of the readers before it."""

    stored: dict[tuple[str, Place], int]
    ends: dict[Place, int]
    letters: dict[passages.Letter, Act | None] = field(default_factory=dict)
    """Dead letters, with the trail's entry of those that refuse a person's act."""
    reached: dict[Place, int] = field(default_factory=dict)
    """Of the dead-letter topics."""
    unreadable: dict[Place, str] = field(default_factory=dict)
    """Why the auditor itself cannot read on there."""


class Ledger:
    """Keeps the books of every hop. `look` raises Transient."""

    def __init__(self, database: Database, topics: Topics) -> None:
        self._database = database
        self._topics = topics
        self._windows: dict[Place, Window] = {}
        self._stale: set[Place] = set()
        self._before: Before | None = None
        self._ends: dict[Place, int] = {}

    async def look(self) -> Books | None:
        """One round; None when another process has the turn."""
        async with self._database.transaction() as work:
            await work.connection.execute("SET TRANSACTION READ ONLY")
            stored = await passages.stored_offsets(work)
            unpublished = await passages.unpublished(work)
            known = await passages.load(work)
            followed = await passages.followed(work)
        ends = await self._topics.ends()
        committed = await self._topics.committed(f"fenghuo-{SCORING}")
        stored |= {(SCORING, place): at for place, at in committed.items()}
        # A topic that is no longer in the table has no end, and no hop.
        stored = {key: at for key, at in stored.items() if key[1] in ends}
        seen = _Seen(stored, ends)
        flying = None if self._before is None else moving(stored, unpublished, self._before)
        self._open_windows(ends, known, followed)
        await self._read_letters(seen, followed)
        await self._read_on(seen)
        async with self._database.transaction() as work:
            if not await findings.take_turn(work):
                return None
            books = await self._judge(work, seen, followed, flying)
        self._ends = ends
        return books

    def shown(self, at: datetime) -> None:
        """The round's look at the tables, after `look`, was over at this time of the database."""
        self._before = Before(self._ends, at)

    def _open_windows(
        self,
        ends: Mapping[Place, int],
        known: Mapping[tuple[str, Place], Passage],
        followed: Mapping[Place, int],
    ) -> None:
        needed: dict[Place, int] = {}
        for (_, place), passage in known.items():
            needed[place] = min(passage.next_offset, needed.get(place, passage.next_offset))
        for place, end in ends.items():
            if _dead(place):
                continue
            window = self._windows.get(place)
            if window is None or place in self._stale:
                start = min(followed.get(place, 0), needed.get(place, followed.get(place, 0)))
                window = self._windows[place] = Window(start)
            if place[0] in SAMPLED and end - window.reached > LIMIT:
                self._windows[place] = Window(end - LIMIT // READINGS.partitions)
        self._stale.clear()

    async def _read_letters(self, seen: _Seen, followed: Mapping[Place, int]) -> None:
        cursors = {end: followed.get(end, 0) for end in seen.ends if _dead(end)}
        batch = await self._topics.read(cursors, seen.ends, LIMIT)
        seen.reached = {cursor: cursors[cursor] for cursor in cursors} | batch.reached
        seen.unreadable |= batch.unreadable
        for place, records in batch.records.items():
            for record in records:
                try:
                    letter = decode_value(DEAD_LETTER, record.value, MAX_LETTER_BYTES)
                except Reject:
                    continue  # a dead letter that is none names no record: the record stays a suspect
                spec = TOPICS.get(letter.topic)
                if spec is None or (spec.dlq, letter.partition) != place:
                    continue  # nobody of ours refuses a record elsewhere
                name = (letter.topic, letter.partition, letter.offset, letter.service)
                seen.letters[name] = _refused(letter)

    async def _read_on(self, seen: _Seen) -> None:
        cursors = {window: w.reached for window, w in self._windows.items() if not w.full}
        slow = {cursor: at for cursor, at in cursors.items() if cursor[0] not in SAMPLED}
        fast = {cursor: at for cursor, at in cursors.items() if cursor[0] in SAMPLED}
        for part in (slow, fast):
            batch = await self._topics.read(part, seen.ends, LIMIT)
            seen.unreadable |= batch.unreadable
            for place, reached in batch.reached.items():
                window, records = self._windows[place], batch.records.get(place, [])
                if reached - window.reached > len(records) and not _compacted(place):
                    window.aged = (await self._topics.begins([place]))[place]
                facts = await _facts(place[0], records)
                window.take(facts, reached, batch.without.get(place, 0))

    async def _judge(
        self,
        work: Transaction,
        seen: _Seen,
        followed: Mapping[Place, int],
        flying: frozenset[str] | None,
    ) -> Books:
        since_ms = passages.settled_since(work, MEMORY)
        fresh = await passages.keep_letters(work, seen.letters)
        await enter_new(work, [act for one in fresh if (act := seen.letters[one]) is not None])
        await self._judge_origins(work, followed, since_ms)
        await passages.follow(work, {p: at for p, at in seen.reached.items() if at})
        await self._review(work)
        known = await self._settle(work, seen, since_ms)
        for place, window in self._windows.items():
            nexts = [passage.next_offset for (_, at), passage in known.items() if at == place]
            window.forget(min([window.reached, *nexts]))
        stands = tuple(
            Stand(service, place, offset, seen.ends[place])
            for (service, place), offset in sorted(seen.stored.items())
            if self._waits(place, offset, seen.ends[place])
        )
        suspects, crowds = await passages.suspects(work, NAMED)
        hops = tuple(balances(known.values()))
        return Books(flying, stands, suspects, crowds, hops, seen.unreadable)

    def _waits(self, place: Place, stored: int, end: int) -> bool:
        """Whether a record lies before a reader; the end mark of a transaction is none."""
        window = self._windows.get(place)
        if stored >= end or window is None or window.reached < end:
            return stored < end
        return bool(window.between(stored, end))

    async def _judge_origins(
        self, work: Transaction, followed: Mapping[Place, int], since_ms: int
    ) -> None:
        fresh = {
            place: window.between(followed.get(place, 0), window.reached)
            for place, window in self._windows.items()
            if window.reached > followed.get(place, 0)
        }
        ids: dict[Origin, list[str]] = {origin: [] for origin in Origin}
        for place, facts in fresh.items():
            ids[origin(place[0])] += [fact.event_id for fact in facts if fact.event_id is not None]
        acts = await passages.acts(work, ids[Origin.ACTS])
        known = await passages.remembered(work, "audit", ids[Origin.OUTBOX])
        for place, facts in fresh.items():
            wrong: dict[Flaw, list[Fact]] = {}
            for fact in facts:
                if _compacted(place) and not fact.wire:
                    continue  # a deletion
                result = flaw(fact, origin(place[0]), acts, known.get(place[0], {}), since_ms)
                if fact.event_id is None and place[0] in (CATALOG.name, ROSTER.name):
                    result = Flaw.UNREFUSED
                if result is not None:
                    wrong.setdefault(result, []).append(fact)
            for one, suspected in wrong.items():
                await passages.suspect(work, place, TOPICS[place[0]].owner, one, suspected)
        await passages.follow(work, {place: self._windows[place].reached for place in fresh})

    async def _review(self, work: Transaction) -> None:
        """Clear suspects that have been put right, or whose record has left its topic."""
        places = await passages.suspected(work)
        if not places:
            return
        begins = await work.wait_for(self._topics.begins(places))
        await passages.clear_before(work, begins)
        suspected = await passages.due_for_review(work, REVIEWED)
        refused = await passages.refused(work, suspected)
        readers = {one.service for one in suspected if one.flaw is Flaw.LOST} - {SCORING}
        ids = [one.event_id for one in suspected if one.event_id is not None]
        known = {reader: await passages.remembered(work, reader, ids) for reader in readers}
        acts = await passages.acts(work, ids)
        cleared = [
            one
            for one in suspected
            if explained(
                one,
                refused.get((one.place, one.offset), set()),
                known.get(one.service, {}).get(one.place[0], {}),
                acts,
            )
        ]
        await passages.clear(work, cleared)

    async def _settle(
        self, work: Transaction, seen: _Seen, since_ms: int
    ) -> dict[tuple[str, Place], Passage]:
        known = await passages.load(work)
        todo: dict[str, list[tuple[Passage, Passage, list[Fact]]]] = {}
        for (service, place), stored in sorted(seen.stored.items()):
            window, dead = self._windows.get(place), (TOPICS[place[0]].dlq, place[1])
            if window is None or seen.reached.get(dead, 0) < seen.ends.get(dead, 0):
                continue
            before = known.get((service, place)) or Passage(
                service, *place, window.start, window.start, stored, seen.ends[place]
            )
            if before.next_offset < window.start and place[0] not in SAMPLED:
                self._stale.add(place)  # another process had the turn: read again from there
                continue
            moved = replace(before, stored=stored, end=seen.ends[place])
            upto = max(before.next_offset, min(stored, window.reached))
            facts = window.between(before.next_offset, upto)
            spent = sum(len(facts) for _, _, facts in todo.get(service, []))
            if len(facts) > LIMIT - spent:
                facts = facts[: max(0, LIMIT - spent)]
                upto = facts[-1].offset + 1 if facts else before.next_offset
            todo.setdefault(service, []).append((before, replace(moved, next_offset=upto), facts))
        changed: list[Passage] = []
        for service, rows in todo.items():
            changed += await self._settle_service(work, service, rows, since_ms, known)
        await passages.save(work, changed)
        return known

    async def _settle_service(
        self,
        work: Transaction,
        service: str,
        rows: Sequence[tuple[Passage, Passage, list[Fact]]],
        since_ms: int,
        known: dict[tuple[str, Place], Passage],
    ) -> list[Passage]:
        trace = Trace.LETTERS if service == SCORING else Trace.INBOX
        ids = [fact.event_id for *_, facts in rows for fact in facts if fact.event_id is not None]
        memory = (
            await passages.remembered(work, service, ids) if ids and trace is Trace.INBOX else {}
        )
        ranges = {
            before.place: (before.next_offset, after.next_offset)
            for before, after, facts in rows
            if facts
        }
        refused = await passages.letters(work, ranges)
        changed = []
        for before, after, facts in rows:
            window = self._windows[before.place]
            settled = settle(
                replace(after, next_offset=before.next_offset),
                facts,
                after.next_offset,
                trace,
                memory.get(before.topic, {}),
                refused.get((service, before.place), set()),
                since_ms,
                compacted=_compacted(before.place),
                gaps_allowed=before.topic in SAMPLED or before.next_offset < window.aged,
                empty=window.empty(before.next_offset, after.next_offset),
            )
            await passages.suspect(work, before.place, service, Flaw.LOST, settled.lost)
            if settled.passage != known.get((service, before.place)):
                changed.append(settled.passage)
            known[service, before.place] = settled.passage
        return changed


def _dead(place: Place) -> bool:
    return place[0] not in TOPICS


def _compacted(place: Place) -> bool:
    return TOPICS[place[0]].cleanup == "compact"


def _refused(letter: DeadLetter) -> Act | None:
    """What a dead letter enters in the trail, if it refuses a person's act."""
    spec = TOPICS.get(letter.topic)
    if spec is None or spec.contract is None or letter.value_b64 is None:
        return None
    try:
        message = decode_value(spec.model, base64.b64decode(letter.value_b64))
    except (Reject, ValueError):
        return None  # altered since, or never one of ours
    return refused(letter, message)


async def _facts(topic: str, records: Sequence[Raw]) -> list[Fact]:
    """What the auditor makes of records, by the topic's contract."""
    model, hashed = TOPICS[topic].model, topic not in _NO_INBOX
    facts: list[Fact] = []
    for number, record in enumerate(records):
        if number % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
        wire = hashlib.sha256(record.value).digest() if record.value else b""
        try:
            message = decode_value(model, record.value)
        except Reject:
            facts.append(Fact(record.offset, record.accepted_ms, None, b"", wire))
            continue
        digest = body_digest(message) if hashed else b""
        facts.append(Fact(record.offset, record.accepted_ms, message.id, digest, wire))
    return facts
