"""Browsers that receive pushes for an officer 推送设备, as officers register them on the console."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.envelope import RealWorld
from shared.contracts.fields import Contract, Identifier, Line

_KEY = r"^[A-Za-z0-9_-]+={0,2}$"


class PushSubscription(Contract):
    """The address and the keys of a browser at its push service (RFC 8030, RFC 8291)."""

    endpoint: Annotated[
        str,
        Field(
            pattern=r"^https?://[^\s/]+/[^\s]*$",
            max_length=1_000,
            json_schema_extra={"pii": True},
        ),
    ]
    p256dh: Annotated[str, Field(pattern=_KEY, min_length=80, max_length=100)]
    auth: Annotated[str, Field(pattern=_KEY, min_length=20, max_length=30)]


class DeviceEnd(StrEnum):
    """The end of a device: its officer removed it, or its push service has ended it."""

    REMOVED = "removed"
    EXPIRED = "expired"


class PushDevice(RealWorld):
    """A browser of an officer; the newest record of a device holds.

    The id of a device follows from its endpoint: a shared browser belongs to the officer who has
    registered it last. A device that has ended has no `subscription`.
    """

    type: Literal["push_device"] = "push_device"
    device_id: Identifier
    officer_id: Identifier
    name: Line
    subscription: PushSubscription | None = None
    ended: DeviceEnd | None = None
