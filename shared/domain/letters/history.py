"""The state of each refused record, which follows from the acts on it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.domain.letters.places import RefusedPlace


class LetterState(StrEnum):
    """The state of a refused record."""

    OPEN = "open"
    REQUESTED = "requested"
    """An officer has asked for a replay."""
    FIXED = "fixed"
    """A corrected body waits for its replay."""
    REPLAYING = "replaying"
    """A replay has begun and was not confirmed: a further replay completes it."""
    REPLAYED = "replayed"
    SET_ASIDE = "set_aside"


REPLAYABLE = frozenset(
    {LetterState.OPEN, LetterState.REQUESTED, LetterState.FIXED, LetterState.REPLAYING}
)
"""States in which a replay sends a record; in each other state it changes nothing."""

_STATE_AFTER = {
    LetterVerb.ASK: LetterState.REQUESTED,
    LetterVerb.FIX: LetterState.FIXED,
    LetterVerb.REPLAY: LetterState.REPLAYING,
    LetterVerb.SENT: LetterState.REPLAYED,
    LetterVerb.SET_ASIDE: LetterState.SET_ASIDE,
}


class ActSummary(NamedTuple):
    """An act without its offsets and body; many records share it."""

    verb: LetterVerb
    actor: str
    reason: str
    at: datetime


class PlaceHistory(NamedTuple):
    """The newest act on a record, and the offset of the act that holds its corrected body."""

    act: ActSummary
    fix_offset: int | None = None
    target: tuple[int, int] | None = None
    """Partition and offset of the replayed record."""
    has_begun: bool = False
    """A replay has begun: the topic may have the record a second time, so its body stays."""

    @property
    def state(self) -> LetterState:
        """Return the state after the newest act."""
        return _STATE_AFTER[self.act.verb]


class LetterHistory:
    """The newest act by refused record, in the order of the topic of acts.

    A replayed record keeps its state: an act on it that comes later changes nothing. Once a replay
    has begun, no correction counts: the topic may have the record with the earlier body.
    """

    def __init__(self) -> None:
        self._partitions: dict[tuple[str, int], dict[int, PlaceHistory]] = {}

    def note(self, act: LetterAct, act_offset: int) -> None:
        """Note an act and its offset in the topic of acts."""
        summary = ActSummary(act.verb, act.actor, act.reason, act.occurred_at)
        histories = self._partitions.setdefault((act.topic, act.partition), {})
        for number, offset in enumerate(act.offsets):
            previous = histories.get(offset)
            has_begun = previous is not None and previous.has_begun
            is_replayed = previous is not None and previous.state is LetterState.REPLAYED
            if is_replayed or (has_begun and act.verb is LetterVerb.FIX):
                continue
            fix_offset = None if previous is None else previous.fix_offset
            if act.verb is LetterVerb.FIX:
                fix_offset = act_offset
            target = None
            if act.to_partition is not None:
                target = (act.to_partition, act.to_offsets[number])
            histories[offset] = PlaceHistory(
                summary, fix_offset, target, has_begun or act.verb is LetterVerb.REPLAY
            )

    def of(self, place: RefusedPlace) -> PlaceHistory | None:
        """Return the newest act on a record, None for a record without any."""
        return self._partitions.get((place.topic, place.partition), {}).get(place.offset)

    def state(self, place: RefusedPlace) -> LetterState:
        """Return the state of a refused record."""
        history = self.of(place)
        return LetterState.OPEN if history is None else history.state
