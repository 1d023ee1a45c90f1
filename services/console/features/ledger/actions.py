"""Requests of officers to change the ledger, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.catalog import catalog_key
from shared.contracts.catalog_requests import (
    CatalogAct,
    CatalogRequest,
    MergeUnits,
    MoveEntries,
    PutEntries,
    RetireEntries,
)
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.topics import CATALOG_REQUESTS


def keys_of(act: CatalogAct) -> tuple[str, ...]:
    """Return the keys of the entries that an act names."""
    match act:
        case PutEntries(puts=puts):
            return tuple(catalog_key(put.entry) for put in puts)
        case RetireEntries(keys=keys) | MoveEntries(keys=keys):
            return keys
        case MergeUnits(unit=unit, into=into):
            return (f"unit:{unit}", f"unit:{into}")


def catalog_request(
    viewer: Viewer,
    unit: str,
    act: CatalogAct,
    reason: str,
    versions: Mapping[str, int],
    now: datetime,
    *,
    trial: bool,
) -> ActionRecord:
    """Return the record of a request with the ledger rights of `unit`.

    The same act on the same `versions` is one request; a trial is repeated each time.
    """
    acting = replace(viewer, unit=unit)
    since = now.isoformat() if trial else " ".join(f"{key}={versions[key]}" for key in versions)
    cause = {"status": Status.ACTUAL, "trace_id": None}
    request = CatalogRequest(
        id=content_id("crq", viewer.officer_id, unit, act.model_dump_json(), reason, trial, since),
        act=act,
        reason=reason,
        officer_id=viewer.officer_id,
        post=viewer.post,
        trial=trial,
        **head(acting, cause, (unit,), (), now),
    )
    return ActionRecord(CATALOG_REQUESTS, viewer.officer_id, request, viewer.officer_id)
