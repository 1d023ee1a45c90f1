"""Wiring of scoring: catalogue and rules as tables, readings as the one input, the changelog as state."""

from __future__ import annotations

from faststream.asgi import AsgiFastStream

from services.scoring.consumer import ScoringWorker
from services.scoring.core.book import RuleBook
from services.scoring.metrics import Metrics
from services.scoring.settings import Settings
from shared.contracts.topics import ALARMS, CATALOG, HEALTH, MODES, READINGS, RULES
from shared.runtime.platform import Platform


def build(settings: Settings) -> AsgiFastStream:
    """The service as an ASGI application."""
    platform = Platform("scoring", settings)
    book = RuleBook(settings.lateness_s)
    worker = ScoringWorker(platform, settings, book, Metrics(platform.registry))
    # The catalogue before the rules: they are checked against it.
    platform.table(CATALOG, worker.on_catalog, worker.on_catalog_deleted)
    platform.table(RULES, worker.on_rule)
    platform.table(MODES, book.put_mode)
    platform.consume([READINGS], worker, max_records=settings.batch_records)
    platform.produces(ALARMS, HEALTH)
    platform.loops.append(worker.store_when_idle)
    return platform.asgi()
