"""Versions of rules and plans as records of an officer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.console.core.access import Viewer, covers
from services.console.core.action_record import ActionRecord
from services.console.features.definitions.shelves import Shelf
from shared.contracts.authors import Author
from shared.contracts.ids import content_id
from shared.contracts.rules import RuleDefinition
from shared.contracts.units import is_within, lineage, tier_of
from shared.definitions.publication import name_of
from shared.domain.selection.reach import root_of


def version_record(
    shelf: Shelf, definition: Any, acting: Viewer, reason: str, now: datetime
) -> ActionRecord:
    """Return the record of a version; two officers who publish one version have one id."""
    name = name_of(shelf.kind, definition)
    message = definition.model_copy(
        update={
            "id": content_id(shelf.kind.prefix, "version", name, str(definition.version)),
            "occurred_at": now,
            "sent_at": now,
            "origin_unit": acting.unit,
            "tier": tier_of(acting.unit),
            "author": Author(officer_id=acting.officer_id, post=acting.post, reason=reason),
        }
    )
    return ActionRecord(shelf.topic, name, message, acting.officer_id)


def scope_of(definition: Any, places: dict[str, str], top: str) -> str:
    """Return the unit whose subtree a definition concerns.

    A rule for sensors by id concerns the lowest unit above their `places`, everything else the
    topmost unit `top`.
    """
    if isinstance(definition, RuleDefinition) and definition.sensor_ids:
        units = [places.get(sensor_id, top) for sensor_id in definition.sensor_ids]
        root = root_of(units)
        return root if root is not None and is_within(root, top) else top
    return top


def administrator(viewer: Viewer, unit: str) -> Viewer:
    """Return the officer as of the nearest unit at or above `unit` that the officer administers."""
    granted = [place for place in viewer.administering if covers((place,), unit)]
    return replace(viewer, unit=max(granted, key=lambda place: len(lineage(place))))
