"""The officers who have answered a call of several, and those who are still asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.console.core.record import OutgoingRecord
from shared.contracts.lifecycles.page import WAITING
from shared.contracts.pages import AnswerVerb

_STAYS = frozenset({AnswerVerb.COMING, AnswerVerb.NEED_HELP})


@dataclass(frozen=True, slots=True)
class QuorumProgress:
    """Officers of a call of several: how many have to answer, how many have, and who.

    `count` may be smaller than the number of `answered`: with posts, not every officer counts.
    """

    needed: int
    count: int
    answered: Sequence[OutgoingRecord]
    waiting: Sequence[OutgoingRecord]


def progress(words: str, calls: Sequence[OutgoingRecord]) -> QuorumProgress:
    """Return the progress of an escalation with a quorum in `words`, by its calls.

    Officers count as notify counts them: with posts, those on one of these posts of the first unit,
    and every officer of a unit above, who stands in for any of them.
    """
    first_unit = min(calls, key=lambda call: call["rung"])["unit"]
    by_officer: dict[str, list[OutgoingRecord]] = defaultdict(list)
    for call in calls:
        by_officer[call["officer_id"]].append(call)
    answered, waiting = [], []
    for own in by_officer.values():
        latest = max(call["round"] for call in own)
        present = [call for call in own if call["round"] == latest]
        is_asked = any(call["state"] in WAITING for call in present)
        verbs = [call for call in (present if is_asked else own) if call["verb"]]
        if verbs:
            last = max(verbs, key=lambda call: call["answered_at"])
            answered += [last] if last["verb"] in _STAYS else []
        elif is_asked:
            waiting.append(present[0])
    crew = [own[0] for own in by_officer.values() if own[0]["unit"] == first_unit]
    if words.isdecimal():
        needed, counted = int(words), answered
    elif words == "all":
        needed, counted = len(crew), answered
    else:
        posts = set(words.split())
        needed = len({call["post"] for call in crew} & posts)
        counted = [call for call in answered if call["unit"] != first_unit or call["post"] in posts]
    return QuorumProgress(max(needed, 1), len(counted), answered, waiting)
