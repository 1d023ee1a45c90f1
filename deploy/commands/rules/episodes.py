"""Alarms as episodes, and two histories of them compared: the same, moved, added, removed.

An episode ends with its clearing. Two episodes of one rule at one sensor are the same alarm when
they overlap or lie within `near_s` of each other. A final episode is settled at once, so memory
holds open episodes only.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.commands.rules.engine import place_of
from shared.contracts.alarms import AlarmEvent, AlarmTransition
from shared.contracts.fields import LEVEL_ORDER, Level
from shared.definitions.yaml_files.screen import day

Key = tuple[str, str]
"""Rule and sensor."""
SORTS = ("same", "moved", "added", "removed")
MOST_LISTED = 2_000
MOST_SENSORS = 100_000
_EVER = float("inf")
_REMEMBERED = 10_000
_MOST_WAITING = 5_000


@dataclass(slots=True)
class Episode:
    """An alarm from its raising to its end, in seconds since 1970; None = still open."""

    rule_id: str
    sensor_id: str
    alarm_id: str
    began: float
    level: Level
    ended: float | None = None
    retrospective: bool = False

    @property
    def end(self) -> float:
        """Return the end; infinity for an open episode."""
        return _EVER if self.ended is None else self.ended


@dataclass(slots=True)
class Change:
    """The difference of an alarm. `before` None = added, `after` None = removed."""

    sort: str
    rule_id: str
    sensor_id: str
    before: Episode | None
    after: Episode | None

    @property
    def began(self) -> float:
        """Return the earlier of both beginnings."""
        return min(episode.began for episode in (self.before, self.after) if episode is not None)


class Side:
    """Episodes of one history, put together from alarm events."""

    def __init__(self, alias: Mapping[str, str] | None = None) -> None:
        """`alias` renames rules: a shadow stands under the name of its live rule."""
        self.by_key: dict[Key, list[Episode]] = defaultdict(list)
        self._open: dict[str, Episode] = {}
        self._over: OrderedDict[str, Episode] = OrderedDict()
        self._alias = alias or {}

    def take(self, event: AlarmEvent) -> Episode:
        """Note a change of an alarm and return its episode. A withdrawn alarm never existed."""
        at = event.occurred_at.timestamp()
        episode = self._open.get(event.alarm_id)
        if episode is None and event.transition is not AlarmTransition.RAISED:
            episode = self._over.pop(event.alarm_id, None)  # its end, told again
        if episode is None:
            name = self._alias.get(event.rule_id, event.rule_id)
            episode = Episode(name, place_of(event), event.alarm_id, at, event.level)
            self.by_key[name, episode.sensor_id].append(episode)
        if LEVEL_ORDER[event.level] > LEVEL_ORDER[episode.level]:
            episode.level = event.level
        episode.retrospective = event.retrospective
        if event.transition is not AlarmTransition.CLEARED:
            episode.ended = None
            self._open[event.alarm_id] = episode
            return episode
        self._open.pop(event.alarm_id, None)
        episode.ended = max(at, episode.began)
        if event.withdrawn:
            episodes = self.by_key[episode.rule_id, episode.sensor_id]
            if episode in episodes:
                episodes.remove(episode)
            return episode
        self._over[event.alarm_id] = episode
        if len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)
        return episode


@dataclass
class Comparison:
    """Counts in total, per rule, sensor and day, and the first changes."""

    total: Counter[str] = field(default_factory=Counter)
    by_rule: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_sensor: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_day: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_level: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    listed: list[Change] = field(default_factory=list)

    def note(self, change: Change) -> None:
        """Count an alarm; list the alarm unless both sides agree."""
        sort = change.sort
        self.total[sort] += 1
        self.by_rule[change.rule_id][sort] += 1
        if change.sensor_id in self.by_sensor or len(self.by_sensor) < MOST_SENSORS:
            self.by_sensor[change.sensor_id][sort] += 1
        self.by_day[day(change.began)][sort] += 1
        newest = change.after or change.before
        assert newest is not None
        self.by_level[newest.level.value][sort] += 1
        if sort != "same" and len(self.listed) < MOST_LISTED:
            self.listed.append(change)


def settle(
    before: Side, after: Side, into: Comparison, near_s: float, until: float = _EVER
) -> None:
    """Compare and drop every episode that no event after `until` can change.

    A rule that flaps thousands of times during one long alarm of the other side is not waited for.
    """
    for key in {*before.by_key, *after.by_key}:
        olds, news = before.by_key.get(key, []), after.by_key.get(key, [])
        ends = [old.end for old in (*olds[-1:], *news[-1:])]
        keep = 0
        if until != _EVER and any(end + near_s >= until for end in ends):
            if len(olds) + len(news) < _MOST_WAITING:
                continue
            keep = 1
        for change in pair(key, olds[: len(olds) - keep], news[: len(news) - keep], near_s):
            into.note(change)
        for side, episodes in ((before, olds), (after, news)):
            if keep and episodes:
                side.by_key[key] = episodes[-keep:]
            else:
                side.by_key.pop(key, None)


def pair(key: Key, olds: Iterable[Episode], news: Iterable[Episode], near_s: float) -> list[Change]:
    """Pair the alarms of both histories for one rule at one sensor, in order of time."""
    episodes = sorted(olds, key=lambda old: old.began)
    right = sorted(news, key=lambda news: news.began)
    changes: list[Change] = []
    i = j = 0
    while i < len(episodes) or j < len(right):
        old = episodes[i] if i < len(episodes) else None
        new = right[j] if j < len(right) else None
        if old is not None and new is not None and _meet(old, new, near_s):
            changes.append(Change("same" if _is_unchanged(old, new) else "moved", *key, old, new))
            i, j = i + 1, j + 1
        elif new is None or (old is not None and old.began <= new.began):
            changes.append(Change("removed", *key, old, None))
            i += 1
        else:
            changes.append(Change("added", *key, None, new))
            j += 1
    return changes


def _meet(old: Episode, new: Episode, near_s: float) -> bool:
    return old.began <= new.end + near_s and new.began <= old.end + near_s


def _is_unchanged(old: Episode, new: Episode) -> bool:
    return (old.began, old.end, old.level) == (new.began, new.end, new.level)
