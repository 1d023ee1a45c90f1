"""The holders of the posts now: the newest roster slot for each unit and post."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.contracts.fields import Language, Post, Tier
from shared.contracts.pages import Channel, Officer, RosterSlot, unit_and_post
from shared.contracts.push_devices import PushDevice
from shared.contracts.units import ancestor_at, is_within, lineage


@dataclass(frozen=True, slots=True)
class PostHolder:
    """An officer on a post, and the channels of the post (the console is always among them)."""

    unit: str
    post: Post
    officer_id: str
    channels: tuple[Channel, ...] = (Channel.CONSOLE,)


class Roster:
    """The filled posts of all units, and the browsers of officers that receive pushes.

    An empty slot is the same as no slot. An officer with such a browser has the channel of pushes
    on every post, whatever the slot names.
    """

    def __init__(self, slots: Iterable[RosterSlot] = ()) -> None:
        self._holders: dict[tuple[str, Post], PostHolder] = {}
        self._officers: dict[str, Officer] = {}
        self._devices: dict[str, PushDevice] = {}
        self._devices_of: dict[str, dict[str, PushDevice]] = {}
        for slot in slots:
            self.add(slot)

    def add(self, slot: RosterSlot) -> None:
        """Add a slot; it replaces the previous slot of this unit and post."""
        key = (slot.unit, slot.post)
        if slot.officer is None:
            self._holders.pop(key, None)
            return
        self._officers[slot.officer.officer_id] = slot.officer
        channels = tuple(dict.fromkeys((Channel.CONSOLE, *slot.channels)))
        self._holders[key] = PostHolder(slot.unit, slot.post, slot.officer.officer_id, channels)

    def remove(self, key: str) -> None:
        """Remove the holder of a deleted record; the key is `unit:post`."""
        if (post := unit_and_post(key)) is not None:
            self._holders.pop(post, None)

    def holder(self, unit: str, post: Post) -> PostHolder | None:
        """Return the holder of the post, None for an empty post."""
        holder = self._holders.get((unit, post))
        if holder is None or not self._devices_of.get(holder.officer_id):
            return holder
        return replace(holder, channels=tuple(dict.fromkeys((*holder.channels, Channel.WEB_PUSH))))

    def set_device(self, device: PushDevice) -> None:
        """Replace the record of a browser; a record without a subscription ends it."""
        self.remove_device(device.device_id)
        if device.subscription is not None:
            self._devices[device.device_id] = device
            self._devices_of.setdefault(device.officer_id, {})[device.device_id] = device

    def remove_device(self, device_id: str) -> None:
        """Remove a browser."""
        previous = self._devices.pop(device_id, None)
        if previous is not None:
            self._devices_of[previous.officer_id].pop(device_id)

    def devices(self, officer_id: str) -> list[PushDevice]:
        """Return the browsers that receive pushes for an officer."""
        return list(self._devices_of.get(officer_id, {}).values())

    def address(self, officer_id: str, channel: Channel) -> str | None:
        """Return the officer's address on a channel, or else the phone number.

        Officers who have left the roster are included: a queued page is still delivered to the
        officer whom it names.
        """
        officer = self._officers.get(officer_id)
        return None if officer is None else officer.addresses.get(channel) or officer.phone

    def officer(self, officer_id: str) -> Officer | None:
        """Return name, number and language; officers who have left the roster are included."""
        return self._officers.get(officer_id)

    def language(self, officer_id: str) -> Language:
        """Return the language of an officer's pages; Chinese for an unknown officer."""
        officer = self._officers.get(officer_id)
        return Language.ZH if officer is None else officer.language

    def post_of(self, officer_id: str) -> PostHolder | None:
        """Return a post that an officer holds now."""
        posts = (
            self.holder(holder.unit, holder.post)
            for holder in self._holders.values()
            if holder.officer_id == officer_id
        )
        return next(posts, None)

    def holders(self, unit: str) -> list[PostHolder]:
        """Return the post holders of a unit in calling order (B, A, commander), each once."""
        by_officer: dict[str, PostHolder] = {}
        for post in Post:
            holder = self.holder(unit, post)
            if holder is not None:
                by_officer.setdefault(holder.officer_id, holder)
        return list(by_officer.values())

    def filled(self) -> list[tuple[str, Post]]:
        """Return all filled posts, in the order of the units."""
        return sorted(self._holders)

    def units_within(self, root: str) -> list[str]:
        """Return the units with a filled post at or below `root`, in the order of their ids."""
        return sorted({unit for unit, _ in self._holders if is_within(unit, root)})

    def __len__(self) -> int:
        return len(self._holders)


def first_unit(roster: Roster, place: str) -> str:
    """Return the unit that is called first about a place: the nearest rostered from the town up."""
    town = ancestor_at(place, Tier.TOWN) or place
    return next((unit for unit in lineage(town) if roster.holders(unit)), town)
