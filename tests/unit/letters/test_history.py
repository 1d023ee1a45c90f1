"""The state of a refused record follows from the acts on it, in their order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.contracts.fields import Tier
from shared.contracts.letter_acts import LetterAct, LetterVerb
from shared.contracts.topics import REPORTS
from shared.domain.letters.history import REPLAYABLE, LetterHistory, LetterState
from shared.domain.letters.places import RefusedPlace, parse_place

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
CITY = "500000000000"
ASK, FIX, REPLAY, SENT, SET_ASIDE = LetterVerb


def an_act(verb: LetterVerb, *offsets: int) -> LetterAct:
    """Return an act on records of partition 0."""
    is_sent = verb is SENT
    return LetterAct(
        id=f"lta-{verb}-{offsets[0]}",
        occurred_at=NOW,
        sent_at=NOW,
        origin_unit=CITY,
        tier=Tier.CITY,
        verb=verb,
        actor="op-1",
        reason="a reason",
        topic=REPORTS.name,
        partition=0,
        offsets=offsets,
        value_b64="e30=" if verb is FIX else None,
        to_partition=0 if is_sent else None,
        to_offsets=tuple(offset + 100 for offset in offsets) if is_sent else (),
    )


@pytest.mark.parametrize(
    ("verbs", "state", "fix_offset"),
    [
        ((), LetterState.OPEN, None),
        ((ASK,), LetterState.REQUESTED, None),
        ((FIX, ASK), LetterState.REQUESTED, 0),
        ((FIX, FIX), LetterState.FIXED, 1),
        ((FIX, REPLAY, FIX), LetterState.REPLAYING, 0),
        ((REPLAY, SET_ASIDE, ASK, FIX), LetterState.REQUESTED, None),
        ((REPLAY, SENT, SET_ASIDE), LetterState.REPLAYED, None),
        ((SET_ASIDE,), LetterState.SET_ASIDE, None),
    ],
)
def test_the_newest_act_counts_but_none_after_a_replay(
    verbs: tuple[LetterVerb, ...], state: LetterState, fix_offset: int | None
) -> None:
    history, place = LetterHistory(), RefusedPlace(REPORTS.name, 0, 7)
    for offset, verb in enumerate(verbs):
        history.note(an_act(verb, 7), offset)
    past = history.of(place)
    assert history.state(place) is state
    assert (past.fix_offset if past else None) == fix_offset
    assert history.state(place._replace(offset=8)) is LetterState.OPEN


def test_a_sent_act_names_the_new_place_of_each_record() -> None:
    history = LetterHistory()
    history.note(an_act(REPLAY, 3, 9), 0)
    history.note(an_act(SENT, 3, 9), 1)
    past = history.of(RefusedPlace(REPORTS.name, 0, 9))
    assert past is not None
    assert past.target == (0, 109)
    assert past.state not in REPLAYABLE


def test_a_place_is_parsed_from_its_own_text_only() -> None:
    place = RefusedPlace("alarm.events.v1", 3, 1418)
    assert parse_place(str(place)) == place
    for text in ("alarm.events.v1/3", "a b/3@1", "a/3@-1", "a/3@1\n", f"a/3@{'9' * 19}"):
        assert parse_place(text) is None
