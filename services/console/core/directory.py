"""The roster: whose address it is, by phone number and by channel, and which units are staffed."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.fields import Language, Post
from shared.contracts.pages import Channel, RosterSlot


class Directory:
    """The newest slot of each post; several people may share a phone, one may hold several posts."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, Post], set[tuple[Channel | None, str]]] = {}
        self._officers: dict[tuple[Channel | None, str], dict[tuple[str, Post], str]] = {}
        self._on_duty: dict[str, set[Post]] = {}
        self._newest: dict[tuple[str, Post], RosterSlot] = {}

    def take(self, slot: RosterSlot) -> None:
        """Apply one slot of the roster."""
        seat = (slot.unit, slot.post)
        self._newest[seat] = slot
        for known in self._slots.pop(seat, set()):
            self._officers[known].pop(seat, None)
        officer = slot.officer
        if officer is None:
            self._on_duty.get(slot.unit, set()).discard(slot.post)
            return
        self._on_duty.setdefault(slot.unit, set()).add(slot.post)
        results: set[tuple[Channel | None, str]] = set(officer.addresses.items())
        if officer.phone is not None:
            results.add((None, _digits(officer.phone)))
        for result in results:
            self._officers.setdefault(result, {})[seat] = officer.officer_id
        self._slots[seat] = results

    def language(self, officer_ids: Iterable[str]) -> Language:
        """The language in which these people are spoken to; Chinese for whom the roster does not have."""
        wanted = set(officer_ids)
        officers = (slot.officer for slot in self._newest.values())
        result = (
            officer.language for officer in officers if officer and officer.officer_id in wanted
        )
        return next(result, Language.ZH)

    def slots(self) -> Iterable[RosterSlot]:
        """Every post that the roster knows, filled or empty."""
        return self._newest.values()

    def is_staffed(self, unit: str) -> bool:
        """Whether somebody holds a post of the unit now."""
        return bool(self._on_duty.get(unit))

    def officers_at(self, channel: Channel, address: str) -> set[str]:
        """The officers whom this channel reaches at this address."""
        own = self._officers.get((channel, address), {})
        by_phone = self._officers.get((None, _digits(address)), {})
        return {*own.values(), *by_phone.values()}


def _digits(phone: str) -> str:
    """A number without spaces and without the country code of China, as carriers write it."""
    plain = "".join(char for char in phone if char.isdigit())
    return plain.removeprefix("86") if len(plain) == 13 else plain
