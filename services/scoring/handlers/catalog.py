"""`catalog.resources.v1`: sensors enter and leave the rule registry."""

from __future__ import annotations

from services.scoring.core.rules.rule_registry import RuleRegistry
from shared.contracts.catalog import CatalogEntry, SensorEntry, kind_and_id


def handle_catalog_entry(entry: CatalogEntry, registry: RuleRegistry) -> None:
    """Add a sensor or replace the facts; entries of further kinds do not concern scoring."""
    if isinstance(entry.entry, SensorEntry):
        registry.add_sensor(entry.entry)


def handle_deleted_entry(key: str, registry: RuleRegistry) -> None:
    """Remove the sensor of a deleted entry; the key is `sensor:ID`."""
    kind, sensor_id = kind_and_id(key)
    if kind == "sensor":
        registry.remove_sensor(sensor_id)
