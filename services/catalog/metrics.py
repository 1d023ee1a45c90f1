"""The series that catalog exports beside the runtime's."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from services.catalog.core.versions import EntryVersion


class CatalogMetrics:
    """Counted per version of an entry; every label has a closed set of values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.changes = Counter(
            "fenghuo_catalog_changes_total",
            "Versions of entries of the ledger, by kind and by who made them",
            ["kind", "change"],
            registry=registry,
        )
        self.restated = Counter(
            "fenghuo_catalog_restated_total",
            "Entries published again because the topic held another",
            registry=registry,
        )

    def count(self, versions: Iterable[EntryVersion]) -> None:
        """Count new versions."""
        for version in versions:
            change = "retired" if version.retired else "put"
            self.changes.labels(
                version.record.entry.kind, "adopted" if version.by_set_up else change
            ).inc()
