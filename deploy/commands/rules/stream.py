"""Readings for backtest and plot, from files or from the topic."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from deploy.commands.rules.catalog import Catalog, load_catalog
from deploy.commands.rules.kafka import bootstrap_of, partition_of, read_catalog, records, run
from deploy.commands.rules.sources import Record, Recording, RowCounts, from_bytes
from services.scoring.readings_partition import readings_partition
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Status
from shared.contracts.readings import Reading, Tick
from shared.contracts.topics import READINGS
from shared.definitions.yaml_files.screen import Screen
from shared.runtime.errors import SetupError

_STEP = 2_000
Take = Callable[[Record], None]
Start = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Source:
    """Files, or the topic of the Kafka at `bootstrap`."""

    options: argparse.Namespace
    sensors: Catalog
    bootstrap: str | None


def source_of(options: argparse.Namespace) -> Source:
    """Return the source that the command line names, with the catalogue. Raises SetupError."""
    if options.topic:
        bootstrap = bootstrap_of(options.kafka, options.endpoints)
        sensors = (
            load_catalog(options.catalog, None) if options.catalog else read_catalog(bootstrap)
        )
        return Source(options, sensors or {}, bootstrap)
    if not options.readings and not options.evidence:
        raise SetupError("nothing to play: name --readings FILE, --evidence FILE or --topic.")
    sensors = load_catalog(options.catalog, options.kafka)
    if sensors is None:
        raise SetupError(
            "recorded readings need the catalogue: "
            "name it with --catalog FILE or --kafka HOST:PORT."
        )
    return Source(options, sensors, None)


def play(
    source: Source, screen: Screen, take: Take, start: Start, only: str | None = None
) -> RowCounts:
    """Hand every record to `take`, in order of arrival; `start` comes before each further
    partition.

    `only` = readings of one sensor. Raises SetupError.
    """
    if source.bootstrap is None:
        return _play_files(source, screen, take, only)
    return run(_play_topic(source, screen, take, start, only), source.bootstrap)


def _play_files(source: Source, screen: Screen, take: Take, only: str | None) -> RowCounts:
    namespace = source.options
    recording = Recording(namespace.readings or (), source.sensors, namespace.status, only)
    with screen.progress("readings", recording.size) as bar:
        for number, record in enumerate(_within(recording, namespace.since, namespace.until)):
            take(record)
            if number % _STEP == 0:
                bar.at(recording.progress(), f"{recording.counts.readings:,}")
    return recording.counts


def _within(records: Recording, since: float | None, until: float | None) -> Iterator[Record]:
    for record in records:
        if since is not None and record.arrives < since:
            continue
        if until is not None and record.arrives >= until:
            return
        yield record


async def _play_topic(
    source: Source, screen: Screen, take: Take, start: Start, only: str | None
) -> RowCounts:
    assert source.bootstrap is not None
    namespace, counts = source.options, RowCounts()
    numbers = range(READINGS.partitions) if only is None else [partition_of(READINGS, only)]
    with screen.progress("readings", len(numbers)) as bar:
        for place, number in enumerate(numbers):
            if place:
                start()
            async for record, share in records(
                source.bootstrap, READINGS, number, namespace.since, namespace.until
            ):
                result = _record(record, source.sensors, counts, namespace)
                if result is not None and (only is None or _of(result, only)):
                    take(result)
                if record.offset % _STEP == 0:
                    bar.at(place + share, f"partition {number}, {counts.readings:,}")
    return counts


def _record(
    record: ConsumerRecord,
    sensors: Mapping[str, SensorEntry],
    counts: RowCounts,
    options: argparse.Namespace,
) -> Record | None:
    place = f"partition {record.partition}, offset {record.offset}"
    message = from_bytes(record.value) if record.value else None
    if message is None:
        counts.add_bad_row(place, "no reading and no tick")
        return None
    if isinstance(message, Reading):
        status: Status = options.status
        if message.status is not status:
            counts.other_status += 1
            return None
        if message.sensor_id not in sensors:
            counts.add_unknown_sensor(message.sensor_id)
            return None
        if record.key != message.sensor_id.encode():
            counts.add_bad_row(place, "its key is not the sensor's id")
            return None
        if record.partition != readings_partition(message.sensor_id):
            counts.add_bad_row(
                place,
                f"{message.sensor_id} belongs in partition {readings_partition(message.sensor_id)}",
            )
            return None
        counts.readings += 1
    return Record(message, record.timestamp / 1000)


def _of(record: Record, sensor_id: str) -> bool:
    return isinstance(record.message, Tick) or record.message.sensor_id == sensor_id
