"""The registered browsers and the key of web push, as parts of a console process."""

from __future__ import annotations

from shared.contracts.push_devices import PushDevice
from shared.runtime.push_key import PushKey


class PushParts:
    """The newest record of each browser; `key` is None while pushes are switched off."""

    def __init__(self, key: PushKey | None) -> None:
        self.key = key
        self._devices: dict[str, PushDevice] = {}

    @property
    def public_key(self) -> str | None:
        """The key that browsers subscribe with."""
        return None if self.key is None else self.key.public

    def apply(self, device: PushDevice) -> None:
        """Replace the record of a browser."""
        self._devices[device.device_id] = device

    def remove(self, device_id: str) -> None:
        """Forget a browser."""
        self._devices.pop(device_id, None)

    def device(self, device_id: str) -> PushDevice | None:
        """Return the newest record of a browser."""
        return self._devices.get(device_id)

    def of(self, officer_id: str) -> list[PushDevice]:
        """Return the browsers of an officer, the newest first."""
        return sorted(
            (device for device in self._devices.values() if device.officer_id == officer_id),
            key=lambda device: device.sent_at,
            reverse=True,
        )
