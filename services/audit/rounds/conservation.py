"""Conservation, one round: read new records and check those that readers have passed.

Only the topics and the tables are read. The order matters: the stored offsets of the readers are
read first, the dead letters after them (a reader writes a letter before it moves), the inboxes
last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.core.conservation.audited_record import Partition
from services.audit.core.conservation.balances import HopBalance, balances
from services.audit.core.conservation.in_flight import PreviousRound, unsettled_services
from services.audit.core.conservation.provenance import SuspectGroup, SuspectRecord
from services.audit.core.findings.clocks import ClockComparison
from services.audit.core.findings.detection import NAMED_SUSPECTS, READER_GRACE
from services.audit.core.findings.snapshot import ClockDifference, LetterRate, ReaderPosition
from services.audit.rounds.origins import check_origins, review_suspects
from services.audit.rounds.readers import SCORING, advance_readers
from services.audit.rounds.windows import LogReading, LogWindows
from services.audit.store import dead_letters, findings, progress, suspects, trail
from services.audit.store.kafka_log import KafkaLog
from services.audit.store.service_tables import readers
from shared.runtime.database import Database, Transaction

TRACE_RETENTION = timedelta(minutes=50)
"""A table may have deleted the trace of a record that is older when it is first read."""


@dataclass(frozen=True, slots=True)
class RoundResult:
    """The result of a round. `unsettled` is None in the first round of a process."""

    unsettled: frozenset[str] | None
    stopped_readers: tuple[ReaderPosition, ...]
    suspects: tuple[SuspectRecord, ...]
    suspect_groups: tuple[SuspectGroup, ...]
    balances: tuple[HopBalance, ...]
    unreadable: Mapping[Partition, str]
    letter_rates: tuple[LetterRate, ...] = ()
    clock_difference: ClockDifference | None = None


class ConservationCheck:
    """Checks the conservation of records on every hop, round by round."""

    def __init__(self, database: Database, log: KafkaLog) -> None:
        self._database = database
        self._log = log
        self._windows = LogWindows(log)
        self._previous: PreviousRound | None = None
        self._end_offsets: dict[Partition, int] = {}
        self._ends_after: datetime | None = None
        """The time of the database before these ends were asked."""
        self._clocks = ClockComparison()

    async def run(self) -> RoundResult | None:
        """Make one round; return None if another process makes it. Raises Transient."""
        async with self._database.transaction() as transaction:
            await transaction.connection.execute("SET TRANSACTION READ ONLY")
            stored = await readers.load_stored_offsets(transaction)
            unpublished = await readers.load_oldest_outbox_rows(transaction)
            progress_of = await progress.load(transaction)
            checked = await progress.load_checked_offsets(transaction)
            asked_at = transaction.now
        ends = await self._log.end_offsets()
        committed = await self._log.committed_offsets(f"fenghuo-{SCORING}")
        stored |= {(SCORING, partition): offset for partition, offset in committed.items()}
        # A topic that was removed from the table of topics has no end, and no hop.
        stored = {key: offset for key, offset in stored.items() if key[1] in ends}
        unsettled = None
        if self._previous is not None:
            unsettled = unsettled_services(stored, unpublished, self._previous)
        unread = {key[1] for key, offset in stored.items() if offset < ends[key[1]]}
        reading = LogReading(
            stored, ends, await self._log.offsets_at(unread, asked_at - READER_GRACE)
        )
        self._windows.delete_passed(progress_of, checked)
        self._windows.open(ends, progress_of, checked)
        await self._windows.read_letters(reading, checked)
        await self._windows.read_records(reading)
        async with self._database.transaction() as transaction:
            if not await findings.try_lock(transaction):
                return None
            self._compare_clocks(transaction.now)
            result = await self._check(transaction, reading, checked, unsettled)
        self._end_offsets, self._ends_after = ends, asked_at
        return result

    def end_round(self, at: datetime) -> None:
        """Note that the round has read all tables at `at`, by the clock of the database."""
        self._previous = PreviousRound(self._end_offsets, at)

    async def _check(
        self,
        transaction: Transaction,
        reading: LogReading,
        checked: Mapping[Partition, int],
        unsettled: frozenset[str] | None,
    ) -> RoundResult:
        since_ms = int((transaction.now - TRACE_RETENTION).timestamp() * 1000)
        new_letters = await dead_letters.save(transaction, reading.letters)
        await dead_letters.count(
            transaction,
            [(key, reading.letters[key].reason, reading.letters[key].at) for key in new_letters],
        )
        drafts = [reading.letters[letter].entry for letter in new_letters]
        await trail.append_new(transaction, [draft for draft in drafts if draft is not None])
        await check_origins(transaction, self._windows, checked, since_ms)
        await progress.save_checked_offsets(
            transaction,
            {partition: offset for partition, offset in reading.letter_offsets.items() if offset},
        )
        await review_suspects(transaction, self._windows, SCORING)
        progress_of = await advance_readers(transaction, self._windows, reading, since_ms)
        stopped_readers = tuple(
            ReaderPosition(
                service,
                partition,
                offset,
                reading.end_offsets[partition],
                offset < reading.late_offsets.get(partition, 0),
            )
            for (service, partition), offset in sorted(reading.stored_offsets.items())
            if self._has_unread_records(partition, offset, reading.end_offsets[partition])
        )
        suspect_records, groups = await suspects.load_oldest(transaction, NAMED_SUSPECTS)
        hops = tuple(balances(progress_of.values()))
        rates = await dead_letters.load_rates(transaction)
        return RoundResult(
            unsettled,
            stopped_readers,
            suspect_records,
            groups,
            hops,
            reading.unreadable,
            rates,
            self._clocks.difference(),
        )

    def _compare_clocks(self, before: datetime) -> None:
        """Compare by the records beyond the ends of the previous round."""
        if self._ends_after is None:
            return
        newest_ms: dict[Partition, int] = {}
        for partition, window in self._windows.items():
            if records := window.between(self._end_offsets[partition], window.end):
                newest_ms[partition] = records[-1].accepted_ms
        self._clocks.compare(newest_ms, self._ends_after, before)

    def _has_unread_records(self, partition: Partition, stored_offset: int, end: int) -> bool:
        """Return True if a reader has a record to read; the end mark of a transaction is none."""
        window = self._windows.get(partition)
        if stored_offset >= end or window is None or window.end < end:
            return stored_offset < end
        return bool(window.between(stored_offset, end))
