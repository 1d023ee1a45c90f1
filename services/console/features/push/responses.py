"""Models of the responses about registered browsers and answers from notifications."""

from __future__ import annotations

from datetime import datetime

from services.console.web.response_models import ResponseModel
from shared.contracts.push_devices import DeviceEnd


class DeviceView(ResponseModel):
    """A browser that receives pushes for the officer, or has ended."""

    contract = "PushDevice"

    device_id: str
    name: str
    since: datetime
    ended: DeviceEnd | None


class DeviceList(ResponseModel):
    """The browsers of the officer. Without a `key` pushes are switched off."""

    key: str | None
    devices: list[DeviceView]


class RecordedAnswer(ResponseModel):
    """Kafka has the answer or the receipt from a notification."""

    repeated: bool
