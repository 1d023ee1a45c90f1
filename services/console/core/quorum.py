"""The officers who have answered a call of several, and those who are still asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.console.core.record import OutgoingRecord
from shared.contracts.fields import Post
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import AnswerVerb, PageState
from shared.domain.quorum import QuorumCount, count_of, quorum_of
from shared.domain.roster.post_holders import PostHolder

_STAYS = frozenset({AnswerVerb.COMING, AnswerVerb.NEED_HELP})


@dataclass(frozen=True, slots=True)
class QuorumProgress:
    """Officers of a call of several: how many have to answer, how many have, and who."""

    total: QuorumCount
    answered: Sequence[OutgoingRecord]
    waiting: Sequence[OutgoingRecord]


def progress(
    calls: Sequence[OutgoingRecord], holders_of: Callable[[str], Iterable[PostHolder]]
) -> QuorumProgress:
    """Return the progress of an escalation with a quorum, by its calls in order and the roster.

    `holders_of` returns the holders of the posts of a unit, each officer once.
    """
    by_officer: dict[str, list[OutgoingRecord]] = defaultdict(list)
    for call in calls:
        by_officer[call["officer_id"]].append(call)
    answered, waiting, coming = [], [], []
    for own in by_officer.values():
        present = _latest_round(own)
        answer = _answer(own, present)
        if answer is None:
            waiting += present[:1] if any(call["state"] in WAITING for call in present) else []
        elif answer["verb"] in _STAYS:
            answered.append(answer)
            coming += [
                PostHolder(call["unit"], Post(call["post"]), call["officer_id"]) for call in own
            ]
    # A call plan may change while officers are called: the newest call has the words that hold.
    quorum = quorum_of(calls[-1]["quorum"])
    unit = _first_unit(calls)
    return QuorumProgress(count_of(quorum, coming, holders_of(unit), unit), answered, waiting)


def _first_unit(calls: Sequence[OutgoingRecord]) -> str:
    """Return the unit where the calls began; for older records, which do not name it, a guess."""
    first = min(calls, key=lambda call: call["rung"])
    unit: str = first["start_unit"] or first["unit"]
    return unit


def _latest_round(calls: Sequence[OutgoingRecord]) -> list[OutgoingRecord]:
    latest = max(call["round"] for call in calls)
    return [call for call in calls if call["round"] == latest]


def _answer(
    calls: Sequence[OutgoingRecord], present: Sequence[OutgoingRecord]
) -> OutgoingRecord | None:
    """Return the last call that an officer has answered; None when they were called again since.

    An answer to an earlier call answers the present one too, and the present one says so.
    """
    verbs = [call for call in calls if call["verb"]]
    if not verbs:
        return None
    last = max(verbs, key=lambda call: call["answered_at"])
    is_present = any(call["verb"] or call["state"] == PageState.ANSWERED for call in present)
    called_at = max((call["called_at"] for call in present if call["called_at"]), default=None)
    is_later = called_at is not None and last["answered_at"] >= called_at
    return last if is_present or is_later else None
