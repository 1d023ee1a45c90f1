"""Wiring of catalog: requests and what set-up wrote come in, entries and tombstones go out."""

from __future__ import annotations

from functools import partial

from faststream.asgi import AsgiFastStream

from services.catalog.core.topic_rows import TopicRows
from services.catalog.handlers import requests
from services.catalog.loops.adoption import Adoption
from services.catalog.metrics import CatalogMetrics
from services.catalog.settings import Settings
from services.catalog.store.decisions import delete_old_decisions
from services.catalog.unit_of_work import UnitOfWork
from shared.contracts.topics import CATALOG
from shared.runtime.stateful_platform import StatefulPlatform

_MOST_REQUESTS = 16
"""In one transaction: each request names up to 500 entries, and the ledger is locked meanwhile."""


def build(settings: Settings) -> AsgiFastStream:
    """Return the ASGI application; nothing is connected before its lifespan starts."""
    platform = StatefulPlatform("catalog", settings)
    metrics = CatalogMetrics(platform.registry)
    platform.include(
        partial(UnitOfWork, metrics=metrics), requests.router, max_records=_MOST_REQUESTS
    )
    rows = TopicRows()
    platform.table(CATALOG, rows.put, rows.remove)
    adoption = Adoption(platform.database, rows, metrics)
    platform.run_in_background("adoption", adoption.run)
    platform.delete_when_old(delete_old_decisions())
    platform.produces(CATALOG)
    return platform.asgi()
