"""The balance of each hop, and of the alarms of each status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.audit.core.conservation.progress import ReaderProgress
from shared.contracts.fields import Status

IN_ALERTS = frozenset({"opened", "joined"})
"""Dispositions of alarms that went into an alert; each other disposition names a reason why not."""


@dataclass(frozen=True, slots=True)
class HopBalance:
    """A hop over all its partitions. `backlog`: in flight and not yet passed by the reader."""

    service: str
    topic: str
    records_in: int
    applied: int
    repeated: int
    refused: int
    unchecked: int
    in_flight: int
    backlog: int
    lost: int
    difference: int

    @property
    def unexplained(self) -> int:
        """The part of the difference for which no record can be named."""
        return self.difference - self.lost


def balances(progress: Iterable[ReaderProgress]) -> list[HopBalance]:
    """Return the balance of every hop, ordered by service and topic."""
    hops: dict[tuple[str, str], list[ReaderProgress]] = {}
    for reader in progress:
        hops.setdefault((reader.service, reader.topic), []).append(reader)
    return [_balance(service, topic, hops[service, topic]) for service, topic in sorted(hops)]


def _balance(service: str, topic: str, readers: list[ReaderProgress]) -> HopBalance:
    # The end was read after the reader's offset: no partition ends before it is passed.
    records_in = sum(
        max(reader.end_offset, reader.next_offset) - reader.first_offset - reader.compacted
        for reader in readers
    )
    in_flight = sum(max(0, reader.end_offset - reader.next_offset) for reader in readers)
    applied, repeated, refused, unchecked = (
        sum(getattr(reader, name) for reader in readers)
        for name in ("applied", "repeated", "refused", "unchecked")
    )
    return HopBalance(
        service,
        topic,
        records_in,
        applied,
        repeated,
        refused,
        unchecked,
        in_flight,
        sum(max(0, reader.end_offset - reader.stored_offset) for reader in readers),
        sum(reader.lost for reader in readers),
        records_in - applied - repeated - refused - unchecked - in_flight,
    )


@dataclass(frozen=True, slots=True)
class DispositionCount:
    """Alarms of a status and a disposition at alerting.

    `without_alert` counts alarms without an alert although their disposition is in `IN_ALERTS`.
    """

    status: Status
    disposition: str
    alarms: int
    without_alert: int = 0

    @property
    def accounted(self) -> int:
        """The number of alarms with a known outcome."""
        return self.alarms - self.without_alert


@dataclass(frozen=True, slots=True)
class AlarmBalance:
    """The outcome of the alarms of a status: alarms in = in alerts + set aside + difference.

    `aside` counts alarms by disposition: inhibited, held, silenced and others. The difference
    counts alarms in flight and lost alarms.
    """

    status: Status
    alarms_in: int
    in_alerts: int
    aside: Mapping[str, int]

    @property
    def difference(self) -> int:
        """The number of alarms without an alert and without a reason for being set aside."""
        return self.alarms_in - self.in_alerts - sum(self.aside.values())


def alarm_balances(
    published: Mapping[Status, int], dispositions: Iterable[DispositionCount]
) -> list[AlarmBalance]:
    """Return a balance per status; `published` counts first versions of alarms on the topic."""
    counts = list(dispositions)
    results = []
    for status in Status:
        of_status = [count for count in counts if count.status is status]
        if not of_status and status not in published:
            continue
        in_alerts = sum(count.accounted for count in of_status if count.disposition in IN_ALERTS)
        aside = {
            count.disposition: count.alarms
            for count in of_status
            if count.disposition not in IN_ALERTS
        }
        results.append(AlarmBalance(status, published.get(status, 0), in_alerts, aside))
    return results
