"""Wiring of scoring: catalogue and rules as tables, readings as the one input, the changelog as state."""

from __future__ import annotations

import gc

from faststream.asgi import AsgiFastStream

from services.scoring.consumer import ScoringWorker
from services.scoring.core.book import RuleBook
from services.scoring.metrics import Metrics
from services.scoring.settings import Settings
from services.scoring.tables import KafkaTables
from shared.contracts.topics import ALARMS, HEALTH, READINGS
from shared.fastpath.fast_records import fast_reader
from shared.runtime.broker import PARTITIONS_AT_ONCE
from shared.runtime.platform import Platform


def build(settings: Settings) -> AsgiFastStream:
    """The service as an ASGI application."""
    # Records come by the thousand and die young; a search for cycles every 700 of them finds none, and
    # a search through 50,000 held an alarm up for 8 ms.
    gc.set_threshold(10_000, 20, 50)
    platform = Platform("scoring", settings)
    book = RuleBook(settings.lateness_s)
    tables = KafkaTables(settings.kafka_bootstrap, settings.lateness_s, book)
    worker = ScoringWorker(platform, settings, book, tables, Metrics(platform.registry))
    tables.follow(platform, worker.at_boundary)
    records = settings.batch_records
    consumer = platform.consume(
        [READINGS], worker, max_records=records, reader=fast_reader(records // PARTITIONS_AT_ONCE)
    )
    consumer.on_lost, worker.confirm = worker.forget, consumer.confirm
    platform.produces(ALARMS, HEALTH)
    platform.run_in_background("store when idle", worker.store_when_idle)
    return platform.asgi()
