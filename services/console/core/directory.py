"""The roster by address: officers by phone number and channel, and the staffed units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.contracts.fields import Language, Post, Tier
from shared.contracts.pages import Channel, RosterSlot, unit_and_post
from shared.contracts.units import ancestor_at, lineage
from shared.domain.roster.post_holders import PostHolder, Roster


class Directory:
    """The newest slot of each post. People may share a phone, and may hold several posts."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, Post], set[tuple[Channel | None, str]]] = {}
        self._officers: dict[tuple[Channel | None, str], dict[tuple[str, Post], str]] = {}
        self._on_duty: dict[str, set[Post]] = {}
        self._newest: dict[tuple[str, Post], RosterSlot] = {}

    def apply(self, slot: RosterSlot) -> None:
        """Apply one slot of the roster."""
        holder = (slot.unit, slot.post)
        self._vacate(holder)
        self._newest[holder] = slot
        officer = slot.officer
        if officer is None:
            return
        self._on_duty.setdefault(slot.unit, set()).add(slot.post)
        addresses: set[tuple[Channel | None, str]] = set(officer.addresses.items())
        if officer.phone is not None:
            addresses.add((None, phone_digits(officer.phone)))
        for address in addresses:
            self._officers.setdefault(address, {})[holder] = officer.officer_id
        self._slots[holder] = addresses

    def remove(self, key: str) -> None:
        """Remove the slot of a deleted record; the key is `unit:post`."""
        if (holder := unit_and_post(key)) is not None:
            self._vacate(holder)
            self._newest.pop(holder, None)

    def language(self, officer_ids: Iterable[str]) -> Language:
        """Return the language of these officers; Chinese for officers who are not in the roster."""
        ids = set(officer_ids)
        officers = (slot.officer for slot in self._newest.values())
        result = (officer.language for officer in officers if officer and officer.officer_id in ids)
        return next(result, Language.ZH)

    def names_of(self, officer_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of those of these officers who hold a post."""
        ids = set(officer_ids)
        officers = (slot.officer for slot in self._newest.values())
        return {
            officer.officer_id: officer.name
            for officer in officers
            if officer is not None and officer.officer_id in ids
        }

    def slots(self) -> Iterable[RosterSlot]:
        """Return every post of the roster, filled or empty."""
        return self._newest.values()

    def slots_of(self, units: Iterable[str]) -> list[RosterSlot]:
        """Return the posts of these units, filled or empty, in calling order."""
        keys = [(unit, post) for unit in units for post in Post]
        return [self._newest[key] for key in keys if key in self._newest]

    def holders(self, unit: str) -> list[PostHolder]:
        """Return the post holders of a unit in calling order, each once."""
        return Roster(self.slots_of((unit,))).holders(unit)

    def calling_order(self, unit: str) -> Iterator[RosterSlot]:
        """Yield the filled posts of a unit and of the units above, as they are called."""
        for place in lineage(unit):
            for post in Post:
                slot = self._newest.get((place, post))
                if slot is not None and slot.officer is not None:
                    yield slot

    def is_staffed(self, unit: str) -> bool:
        """Return True when an officer holds a post of the unit now."""
        return bool(self._on_duty.get(unit))

    def desk_of(self, unit: str) -> RosterSlot | None:
        """Return the first filled post of a unit, for a grid that of its village; else None."""
        desk = ancestor_at(unit, Tier.VILLAGE) if "/grid/" in unit else unit
        slots = (self._newest.get((desk, post)) for post in Post) if desk is not None else ()
        return next((slot for slot in slots if slot is not None and slot.officer is not None), None)

    def officers_at(self, channel: Channel, address: str) -> set[str]:
        """Return the officers whom this channel reaches at this address."""
        own = self._officers.get((channel, address), {})
        return {*own.values(), *self.officers_by_phone(address)}

    def officers_by_phone(self, phone: str) -> set[str]:
        """Return the officers with this telephone number."""
        return {*self._officers.get((None, phone_digits(phone)), {}).values()}

    def _vacate(self, holder: tuple[str, Post]) -> None:
        """Forget the addresses of the officer who held the post."""
        unit, post = holder
        for address in self._slots.pop(holder, set()):
            self._officers[address].pop(holder, None)
        self._on_duty.get(unit, set()).discard(post)


def phone_digits(phone: str) -> str:
    """Return a number without spaces and without the country code of China."""
    plain = "".join(char for char in phone if char.isdigit())
    return plain.removeprefix("86") if len(plain) == 13 else plain
