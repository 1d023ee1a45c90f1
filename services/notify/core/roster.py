"""Who holds which post now: the newest roster slot per unit and post."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.fields import Language, Post
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.units import is_within


@dataclass(frozen=True, slots=True)
class Seat:
    """A filled post: who is called there, and by which channels (console is always one)."""

    unit: str
    post: Post
    officer_id: str
    channels: tuple[Channel, ...] = (Channel.CONSOLE,)


class Roster:
    """The filled posts of all units. An empty slot is the same as none."""

    def __init__(self, slots: Iterable[RosterSlot] = ()) -> None:
        self._seats: dict[tuple[str, Post], Seat] = {}
        self._officers: dict[str, Officer] = {}
        for slot in slots:
            self.put(slot)

    def put(self, slot: RosterSlot) -> None:
        """Take in a slot; it replaces what was known of this unit and post."""
        key = (slot.unit, slot.post)
        if slot.officer is None:
            self._seats.pop(key, None)
            return
        self._officers[slot.officer.officer_id] = slot.officer
        channels = tuple(dict.fromkeys((Channel.CONSOLE, *slot.channels)))
        self._seats[key] = Seat(slot.unit, slot.post, slot.officer.officer_id, channels)

    def seat(self, unit: str, post: Post) -> Seat | None:
        """Who holds the post, None if nobody does."""
        return self._seats.get((unit, post))

    def address(self, officer_id: str, channel: Channel) -> str | None:
        """Where a channel finds an officer: his address there, else his phone number.

        Whoever has left the roster is still found: a page that waits is delivered to whom it names.
        """
        officer = self._officers.get(officer_id)
        return None if officer is None else officer.addresses.get(channel) or officer.phone

    def officer(self, officer_id: str) -> Officer | None:
        """Name, number and language; whoever has left the roster is still found."""
        return self._officers.get(officer_id)

    def language(self, officer_id: str) -> Language:
        """The language in which an officer is paged; Chinese for whom the roster does not have."""
        officer = self._officers.get(officer_id)
        return Language.ZH if officer is None else officer.language

    def held_by(self, officer_id: str) -> Seat | None:
        """A post that an officer holds now."""
        generator = (seat for seat in self._seats.values() if seat.officer_id == officer_id)
        return next(generator, None)

    def seats(self, unit: str) -> list[Seat]:
        """The filled posts of a unit in calling order (B, A, commander), each person once."""
        found: dict[str, Seat] = {}
        for post in Post:
            seat = self.seat(unit, post)
            if seat is not None:
                found.setdefault(seat.officer_id, seat)
        return list(found.values())

    def filled(self) -> list[tuple[str, Post]]:
        """Every post that somebody holds, in order of the units."""
        return sorted(self._seats)

    def units_within(self, root: str) -> list[str]:
        """Units with a filled post at or below `root`, in order of their ids."""
        return sorted({unit for unit, _ in self._seats if is_within(unit, root)})

    def __len__(self) -> int:
        return len(self._seats)
