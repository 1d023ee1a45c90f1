"""Composite rules: boolean trees over the alarms of other rules in one scope, one per level.

The result is a function of the newest state of these alarms and of the region's clock. Therefore
the order in which the alarms came never matters for the alarms that are open in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.alerting.core.alarms.snapshot import AlarmSnapshot
from services.alerting.core.multi_source.active_alarms import NO_RANK, ActiveAlarms
from services.alerting.core.multi_source.episode import RuleEvaluation, RuleResult
from shared.contracts.conditions import CompositeRule, highest_level
from shared.contracts.fields import LEVEL_ORDER, DataGrade, Level, highest_grade

_LEVELS = tuple(Level)


def evaluate_composite(
    rule: CompositeRule,
    scope: str,
    alarms_by_rule: Mapping[str, ActiveAlarms],
    clock: datetime,
    trigger: AlarmSnapshot | None = None,
    published: RuleResult | None = None,
) -> RuleEvaluation:
    """Evaluate the trees at `clock` over the alarms in `scope`, which are given by rule id.

    `trigger` is the alarm whose change caused the evaluation, `published` the result that is open
    already. An episode starts with the newest change among the counted alarms and the trigger: the
    result is equal for every order in which the alarms came.
    """
    linger = timedelta(seconds=rule.linger_s)
    ends = [
        (end, alarm)
        for alarms in alarms_by_rule.values()
        for end, alarm in alarms.linger_ends(linger)
    ]
    expires_at = min((end for end, _ in ends if end > clock), default=None)
    level = highest_level(rule, _levels(alarms_by_rule, clock, linger, with_doubtful=True))
    if level is None:
        return RuleEvaluation(None, expires_at)
    certain = highest_level(rule, _levels(alarms_by_rule, clock, linger, with_doubtful=False))
    doubtful = certain is None
    if certain is not None:  # A level that only a backlog shows does not hide a certain one.
        level = min(level, certain, key=LEVEL_ORDER.__getitem__)
    if (
        published is not None
        and published.level is level
        and (doubtful or not published.retrospective)
    ):
        return RuleEvaluation(published, expires_at)
    counted = [
        alarm for alarms in alarms_by_rule.values() for alarm in alarms.counted_at(clock, linger)
    ]
    # At the end of a lingering time the alarm that stops to count is the trigger.
    triggers = [alarm for end, alarm in ends if end == clock]
    if trigger is not None:
        triggers.append(trigger)
    first = max((*counted, *triggers), key=_by_change)
    newest_first = sorted(counted, key=_by_change, reverse=True)
    is_at_site = rule.scope == "site"
    result = RuleResult(
        level=level,
        metric="conditions",
        value=float(len(counted)),
        limit=1.0,
        start_event_id=first.event_id,
        started_at=first.changed_at,
        place=first.place if is_at_site else scope,
        site=first.site if is_at_site else None,
        references=tuple(alarm.event_id for alarm in newest_first),
        retrospective=doubtful,
        synthetic=any(alarm.synthetic for alarm in counted),
        grade=highest_grade(DataGrade.GENERAL, *(alarm.grade for alarm in counted)),
    )
    return RuleEvaluation(result, expires_at)


def _by_change(alarm: AlarmSnapshot) -> tuple[datetime, str]:
    return alarm.changed_at, alarm.event_id


def _levels(
    alarms_by_rule: Mapping[str, ActiveAlarms],
    clock: datetime,
    linger: timedelta,
    *,
    with_doubtful: bool,
) -> set[tuple[str, Level]]:
    """Return the open (rule id, level) pairs; an alarm counts for all lower levels too."""
    pairs: set[tuple[str, Level]] = set()
    for rule_id, alarms in alarms_by_rule.items():
        rank = alarms.highest_rank(clock, linger, with_doubtful=with_doubtful)
        if rank > NO_RANK:
            pairs.update((rule_id, level) for level in _LEVELS[: rank + 1])
    return pairs
