"""Composite rules: a boolean tree over the alarms of other rules in one scope.

Whether the tree holds is a function of the newest state of these alarms and of the region's clock,
so that the order in which the alarms came never matters for what is open in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.alerting.core.episode import Finding, Standing
from services.alerting.core.facts import Fact
from services.alerting.core.leaves import NONE, Leaves
from shared.contracts.conditions import CompositeRule, holds
from shared.contracts.fields import DataGrade, Level, highest_grade

_LEVELS = tuple(Level)


def judge(
    body: CompositeRule,
    scope: str,
    leaves: Mapping[str, Leaves],
    clock: datetime,
    trigger: Fact | None = None,
    told: Standing | None = None,
) -> Finding:
    """Whether the tree holds at `clock`. `leaves` are the alarms in `scope` by rule.

    `trigger` is the alarm whose change is looked at, `told` what is open already. The episode starts
    with the newest change among the alarms that count and the trigger: the same whatever the order in
    which they came.
    """
    linger = timedelta(seconds=body.linger_s)
    ends = [(end, fact) for leaf in leaves.values() for end, fact in leaf.ends(linger)]
    expires_at = min((end for end, _ in ends if end > clock), default=None)
    if not holds(body.when, _levels(leaves, clock, linger, doubtful=True)):
        return Finding(None, expires_at)
    doubtful = not holds(body.when, _levels(leaves, clock, linger, doubtful=False))
    if told is not None and told.level is body.level and (doubtful or not told.retrospective):
        return Finding(told, expires_at)
    counted = [fact for leaf in leaves.values() for fact in leaf.counted(clock, linger)]
    # At the end of a lingering that is what is looked at.
    began = [fact for end, fact in ends if end == clock]
    if trigger is not None:
        began.append(trigger)
    first = max((*counted, *began), key=lambda item: (item.changed_at, item.event_id))
    newest = sorted(counted, key=lambda item: (item.changed_at, item.event_id), reverse=True)
    at_a_site = body.scope == "site"
    standing = Standing(
        level=body.level,
        metric="conditions",
        value=float(len(counted)),
        limit=1.0,
        start=first.event_id,
        at=first.changed_at,
        place=first.place if at_a_site else scope,
        site=first.site if at_a_site else None,
        references=tuple(fact.event_id for fact in newest),
        retrospective=doubtful,
        synthetic=any(fact.synthetic for fact in counted),
        grade=highest_grade(DataGrade.GENERAL, *(fact.grade for fact in counted)),
    )
    return Finding(standing, expires_at)


def _levels(
    leaves: Mapping[str, Leaves], clock: datetime, linger: timedelta, *, doubtful: bool
) -> set[tuple[str, Level]]:
    """The (rule, level) pairs that count as open: an alarm stands for the lower levels, too."""
    results: set[tuple[str, Level]] = set()
    for rule_id, leaf in leaves.items():
        rank = leaf.rank(clock, linger, doubtful=doubtful)
        if rank > NONE:
            results.update((rule_id, level) for level in _LEVELS[: rank + 1])
    return results
