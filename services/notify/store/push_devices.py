"""The end of an officer's browser, as the push service has said it."""

from __future__ import annotations

import structlog

from shared.contracts.ids import content_id
from shared.contracts.push_devices import DeviceEnd, PushDevice
from shared.contracts.topics import PUSH_DEVICES
from shared.runtime.database import Transaction

log = structlog.get_logger("fenghuo.notify")


def publish_end(transaction: Transaction, device: PushDevice) -> None:
    """Publish that a device has ended; the console says so to its officer."""
    record = device.model_copy(
        update={
            "id": content_id("evt", device.id, DeviceEnd.EXPIRED),
            "occurred_at": transaction.now,
            "sent_at": transaction.now,
            "references": (device.id,),
            "subscription": None,
            "ended": DeviceEnd.EXPIRED,
        }
    )
    transaction.publish(PUSH_DEVICES, record.device_id, record, record.id)
    log.warning("push_device_ended", device=device.device_id, officer=device.officer_id)
