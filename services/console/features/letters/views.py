"""Dead letters and their counts, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from services.console.core.record import Json
from services.console.features.letters.letter_window import LetterExcerpt, LetterWindow
from shared.contracts.letter_acts import LetterVerb
from shared.domain.letters.escaping import escaped
from shared.domain.letters.history import REPLAYABLE, LetterState, PlaceHistory
from shared.domain.letters.places import RefusedPlace, place_of
from shared.domain.letters.selection import bytes_of

_GROUP = ("topic", "service", "reason", "state")


def allowed_verbs(state: LetterState) -> list[LetterVerb]:
    """Return the acts of the screen on a record in this state."""
    if state is LetterState.REPLAYED:
        return []
    verbs = [] if state in REPLAYABLE - {LetterState.OPEN} else [LetterVerb.ASK]
    return verbs if state is LetterState.SET_ASIDE else [*verbs, LetterVerb.SET_ASIDE]


def groups(window: LetterWindow) -> list[Json]:
    """Return the counts by topic, service, reason and state, the largest first."""
    results: dict[tuple[str, ...], Json] = {}
    for entry in window.letters:
        letter = entry.letter
        state = window.history.state(place_of(letter))
        key = (letter.topic, letter.service, letter.reason.value, state.value)
        at = letter.refused_at
        group = results.setdefault(
            key, {**dict(zip(_GROUP, key, strict=True)), "count": 0, "first": at, "last": at}
        )
        group["count"] += 1
        group["first"], group["last"] = min(group["first"], at), max(group["last"], at)
    return sorted(results.values(), key=lambda group: (-group["count"], group["topic"]))


def letters(window: LetterWindow, state: LetterState | None, limit: int) -> list[Json]:
    """Return the newest letters, of one state or of all."""
    entries = [
        entry
        for entry in window.letters
        if state is None or window.history.state(place_of(entry.letter)) is state
    ]
    entries.sort(key=lambda entry: (entry.letter.refused_at, entry.letter.id), reverse=True)
    return [_letter(entry, window) for entry in entries[:limit]]


def entries_at(window: LetterWindow, place: RefusedPlace) -> Sequence[LetterExcerpt]:
    """Return the letters of one refused record."""
    return [entry for entry in window.letters if place_of(entry.letter) == place]


def _letter(entry: LetterExcerpt, window: LetterWindow) -> Json:
    letter = entry.letter
    place = place_of(letter)
    state = window.history.state(place)
    past = window.history.of(place)
    return {
        "id": letter.id,
        "place": str(place),
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "service": escaped(letter.service.encode()),
        "reason": letter.reason,
        "detail": escaped(letter.detail.encode()),
        "sender": escaped(entry.sender.encode("utf-8", "backslashreplace")),
        "key": escaped(bytes_of(letter.key_b64), 200),
        "body": escaped(entry.body),
        "size": entry.size,
        "cut": list(letter.cut),
        "refused_at": letter.refused_at,
        "state": state,
        "act": None if past is None else _act(past),
        "may": allowed_verbs(state),
    }


def _act(past: PlaceHistory) -> Json:
    act = past.act
    return {"verb": act.verb, "actor": act.actor, "reason": act.reason, "at": act.at}
