"""Registered and removed browsers, as records."""

from __future__ import annotations

from datetime import datetime

from services.console.core.access import Viewer
from services.console.core.action_record import ActionRecord, head
from shared.contracts.fields import Status
from shared.contracts.ids import content_id
from shared.contracts.push_devices import DeviceEnd, PushDevice, PushSubscription
from shared.contracts.topics import PUSH_DEVICES


def device_id_of(endpoint: str) -> str:
    """Return the id of the browser with this address at its push service."""
    return content_id("dev", endpoint)


def register(
    viewer: Viewer, subscription: PushSubscription, name: str, now: datetime
) -> ActionRecord:
    """Return the record that makes a browser the officer's."""
    return _record(viewer, device_id_of(subscription.endpoint), name, subscription, now)


def remove(viewer: Viewer, device: PushDevice, now: datetime) -> ActionRecord:
    """Return the record that removes a browser of the officer."""
    return _record(viewer, device.device_id, device.name, None, now)


def _record(
    viewer: Viewer,
    device_id: str,
    name: str,
    subscription: PushSubscription | None,
    now: datetime,
) -> ActionRecord:
    record_id = content_id("pdv", device_id, viewer.officer_id, now.isoformat())
    common = head(viewer, {"status": Status.ACTUAL, "trace_id": record_id}, (), (), now)
    device = PushDevice(
        id=record_id,
        device_id=device_id,
        officer_id=viewer.officer_id,
        name=name,
        subscription=subscription,
        ended=None if subscription is not None else DeviceEnd.REMOVED,
        **common,
    )
    return ActionRecord(PUSH_DEVICES, device_id, device, viewer.officer_id)
