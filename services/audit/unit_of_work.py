"""A transaction of the auditor: counts, statuses, versions and entries of the trail."""

from __future__ import annotations

from collections import Counter

from services.audit.core.records.labels import labels_of
from services.audit.core.records.subjects import is_public_drill, subjects_of
from services.audit.core.records.versions import SubjectVersion, version_of
from services.audit.core.trail.chain import EntryDraft
from services.audit.core.trail.drafts import draft_of
from services.audit.metrics import AuditMetrics
from services.audit.store import counters, trail, versions
from services.audit.store.counters import FanoutCount, RecordLabel, RecordLeak
from shared.contracts.assignments import AssignmentEvent
from shared.contracts.commands import CommandEvent
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Status
from shared.runtime.database import Transaction
from shared.runtime.inbound_messages import InboundMessage


class UnitOfWork:
    """The changes of a transaction; each kind of change is a single statement at the end."""

    def __init__(self, transaction: Transaction, *, metrics: AuditMetrics) -> None:
        self._transaction = transaction
        self._metrics = metrics
        self._first_statuses: dict[str, str] = {}
        self._statuses: dict[str, str] = {}
        self._counts: Counter[RecordLabel] = Counter()
        self._fanout: dict[str, FanoutCount] = {}
        self._versions: dict[tuple[str, str], SubjectVersion] = {}
        self._leaks: list[RecordLeak] = []
        self._drafts: list[EntryDraft] = []

    def need_statuses(self, message: Envelope) -> None:
        """Name the subjects of a record; the first record of a subject decides the status."""
        for subject_id in subjects_of(message):
            self._first_statuses.setdefault(subject_id, message.status)

    async def lock(self) -> None:
        """Lock nothing: the auditor has no timers."""

    async def load(self) -> None:
        """Store the statuses of new subjects, and read the statuses of all named subjects."""
        self._statuses = await counters.add_subject_statuses(
            self._transaction, self._first_statuses
        )

    def count(self, record: InboundMessage) -> None:
        """Count a record under its labels, and compare the statuses of record and subjects."""
        message = record.message
        status = str(message.status)
        for label in labels_of(message):
            self._counts[record.topic, status, label] += 1
        for subject_id in subjects_of(message):
            expected = self._statuses[subject_id]
            if status != expected:
                leak = RecordLeak(message.id, subject_id, record.topic, status, expected)
                self._leaks.append(leak)
        if is_public_drill(message):
            leak = RecordLeak(message.id, "public", record.topic, status, str(Status.ACTUAL))
            self._leaks.append(leak)

    def save_version(self, message: Envelope) -> None:
        """Remember the newest version of an alert, command, assignment or page."""
        version = version_of(message)
        if version is None:
            return
        key = (version.kind, version.subject_id)
        newest = self._versions.get(key)
        if newest is None or newest.version < version.version:
            self._versions[key] = version

    def count_recipients(self, event: CommandEvent | AssignmentEvent) -> None:
        """Count the first version of a command or assignment towards the command's fan-out."""
        if event.version != 1:
            return
        count = self._fanout.setdefault(event.command_id, FanoutCount(event.status))
        if isinstance(event, CommandEvent):
            count.recipients = event.recipients + event.given_on
        else:
            count.assignments += 1

    def enter(self, message: Envelope) -> None:
        """Add the entry of the trail for the record, if the record calls for an entry."""
        draft = draft_of(message)
        if draft is not None:
            self._drafts.append(draft)

    async def save(self) -> None:
        """Write all changes."""
        await counters.add_record_counts(self._transaction, self._counts)
        await counters.add_fanout(self._transaction, self._fanout)
        await versions.save(self._transaction, list(self._versions.values()))
        await counters.add_leaks(self._transaction, self._leaks)
        self._metrics.entries.inc(await trail.append(self._transaction, self._drafts))
