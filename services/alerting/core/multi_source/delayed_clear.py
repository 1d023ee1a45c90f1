"""Delayed fall of a composite: a level ends when its tree has not rank for `clear_for_s` seconds.

The delay prolongs an alarm and raises none: unlike `linger_s` it leaves what the tree reads as it
is. Time counts from the change that ended the condition, in event time, and the clock of the region
ends the delay.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.alerting.core.multi_source.episode import RuleEpisode, RuleEvaluation
from shared.contracts.conditions import CompositeRule
from shared.contracts.fields import LEVEL_ORDER
from shared.domain.measures import no_longer


def delay_fall(
    rule: CompositeRule,
    episode: RuleEpisode | None,
    evaluation: RuleEvaluation,
    ceased_at: datetime,
    clock: datetime,
) -> RuleEvaluation:
    """Return the evaluation with the levels that have not ceased for long enough.

    `ceased_at` is the event time of the change behind the evaluation: a level of the open episode
    that no longer holds has ceased then, unless the episode states an earlier time.
    """
    clear_for_s = rule.clear_for_s
    if not clear_for_s or episode is None or not episode.is_open or episode.result is None:
        return evaluation
    published, result = episode.result, evaluation.result
    rank = -1 if result is None else LEVEL_ORDER[result.level]
    if rank >= LEVEL_ORDER[published.level]:
        return evaluation
    since = dict(episode.falling)
    falling = {
        level: since.get(level, min(max(ceased_at, published.started_at), clock))
        for level in {*(rung.level for rung in rule.ladder), published.level}
        if rank < LEVEL_ORDER[level] <= LEVEL_ORDER[published.level]
    }
    delay = timedelta(seconds=clear_for_s)
    lasting = [level for level, moment in falling.items() if clock < moment + delay]
    if not lasting:
        return replace(evaluation, note=no_longer(clear_for_s).joined())
    level = max(lasting, key=LEVEL_ORDER.__getitem__)
    ends = [falling[item] + delay for item in lasting]
    if evaluation.expires_at is not None:
        ends.append(evaluation.expires_at)
    return RuleEvaluation(
        replace(published, level=level),
        min(ends),
        no_longer(clear_for_s).joined() if level is not published.level else "",
        tuple(sorted((item, falling[item]) for item in lasting)),
    )
