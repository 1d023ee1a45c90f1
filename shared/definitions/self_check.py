"""The check before an office goes live 上线自检: the lacks of an installation, in words for people.

The check judges one moment and changes nothing. An item has a number and the first names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.authority import AUTHORITY
from shared.contracts.catalog import SensorEntry
from shared.contracts.fields import Level, Post, ResponseMode, Tier
from shared.contracts.pages import RosterSlot
from shared.contracts.plans import PlanDefinition
from shared.contracts.rules import AbsenceRule, RangeRule, RuleDefinition, StuckRule
from shared.contracts.selections import Anchor, Selection
from shared.contracts.units import lineage, nearest_at, parent_of
from shared.definitions.response_plans.book import PlanBook, in_force
from shared.definitions.rules.checks import fits
from shared.definitions.rules.trees import levels_of
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.event_words import event
from shared.domain.selection.labels import label
from shared.domain.selection.resolve import AlertScope, resolve
from shared.domain.selection.tree import UnitTree
from shared.domain.wording import LEVELS, POSTS

MOST_NAMED = 5
"""The most units, sensors, officers or events that an item names."""
STAFFED_TIERS = (Tier.CITY, Tier.DISTRICT, Tier.TOWN, Tier.VILLAGE)
"""Tiers with officers on duty; grids are called through their village."""
_OF_PLACE = frozenset({Anchor.PLACE, Anchor.VILLAGES, Anchor.TOWN, Anchor.TOWNS})
_OF_DISTRICT = frozenset({Anchor.DISTRICT, Anchor.DISTRICTS})
_OF_HEALTH = (AbsenceRule, StuckRule, RangeRule)
"""Rules about a sensor, which judge no danger."""


class MissingKind(StrEnum):
    """The kinds of lacks, in the order in which an office is set up."""

    UNITS = "units"
    POSTS = "posts"
    SIGNERS = "signers"
    CHANNELS = "channels"
    SENSORS = "sensors"
    READINGS = "readings"
    RULES = "rules"
    RULES_FOR_SENSORS = "rules_for_sensors"
    PLANS = "plans"
    PLANS_FOR_EVENTS = "plans_for_events"
    PLANS_FOR_UNITS = "plans_for_units"
    TEST_ALARM = "test_alarm"


@dataclass(frozen=True, slots=True)
class MissingItem:
    """A lack of `count` units, sensors, posts or events; `ids` are the first of these."""

    kind: MissingKind
    text: Bilingual
    count: int = 1
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installation:
    """The definitions of an office and what has been proved so far.

    `root` is the top of the judged subtree. `proven` are the officers with a page that has arrived
    on at least one channel. `has_readings`: a reading has arrived. `is_tested`: a unit has signed
    an order of a drill.
    """

    root: str
    tree: UnitTree
    slots: Sequence[RosterSlot] = ()
    sensors: Sequence[SensorEntry] = ()
    rules: Sequence[RuleDefinition] = ()
    plans: Sequence[PlanDefinition] = ()
    proven: Collection[str] = frozenset()
    has_readings: bool = False
    is_tested: bool = False


def missing_items(office: Installation) -> list[MissingItem]:
    """Return all lacks, in the order of setting up; empty: ready."""
    checks: tuple[Callable[[Installation], Iterable[MissingItem]], ...] = (
        _units,
        _people,
        _sensors,
        _rules,
        _plans,
        _test_alarm,
    )
    return [item for check in checks for item in check(office)]


def _units(office: Installation) -> Iterator[MissingItem]:
    if office.root not in office.tree:
        text = Bilingual("编目中还没有单位", "The catalogue has no units yet")
        yield MissingItem(MissingKind.UNITS, text)


def _people(office: Installation) -> Iterator[MissingItem]:
    officers: dict[str, set[str]] = {}
    unproven: list[str] = []
    for slot in office.slots:
        if slot.officer is not None:
            officers.setdefault(slot.unit, set()).add(slot.officer.officer_id)
            if slot.officer.officer_id not in office.proven:
                unproven.append(f"{slot.unit}:{slot.post}")
    empty = sorted(office.tree.subtree(office.root, STAFFED_TIERS) - officers.keys())
    if empty:
        yield _item(
            MissingKind.POSTS,
            Bilingual("无人值班的单位", "Units with nobody on duty"),
            empty,
            lambda unit: label(office.tree, unit),
        )
    signers, needed = officers.get(office.root, set()), AUTHORITY[Level.RED].approvals
    above = parent_of(office.root)
    is_topmost = above is None or above not in office.tree
    if is_topmost and signers and len(signers) < needed:
        name = label(office.tree, office.root)
        text = Bilingual(
            f"红色预警需要 {needed} 名不同人员签发，{name.zh}只有 {len(signers)} 名",
            f"A red alert needs the signatures of {needed} officers, {name.en} has {len(signers)}",
        )
        yield MissingItem(MissingKind.SIGNERS, text, needed - len(signers), (office.root,))
    if unproven:
        yield _item(
            MissingKind.CHANNELS,
            Bilingual("尚未收到过通知的岗位", "Posts that no page has reached yet"),
            sorted(unproven),
            lambda key: _post(office.tree, key),
        )


def _sensors(office: Installation) -> Iterator[MissingItem]:
    if not office.sensors:
        text = Bilingual("编目中还没有传感器", "The catalogue has no sensors yet")
        yield MissingItem(MissingKind.SENSORS, text)
    if not office.has_readings:
        text = Bilingual("还没有数据来源报送读数", "No source has sent a reading yet")
        yield MissingItem(MissingKind.READINGS, text)


def _rules(office: Installation) -> Iterator[MissingItem]:
    rules = [
        rule for rule in _rules_in_force(office.rules) if not isinstance(rule.body, _OF_HEALTH)
    ]
    if not rules:
        text = Bilingual("还没有生效的规则", "No rule is in force yet")
        yield MissingItem(MissingKind.RULES, text)
        return
    by_kind: dict[str, list[RuleDefinition]] = {}
    by_sensor: dict[str, list[RuleDefinition]] = {}
    of_places: dict[str, list[RuleDefinition]] = {}
    for rule in rules:
        for sensor_id in rule.sensor_ids:
            by_sensor.setdefault(sensor_id, []).append(rule)
        if rule.sensor_kind is not None and not rule.sensor_ids:
            # Inside geofences it is the position of each sensor that counts.
            group = of_places if rule.geofences else by_kind
            group.setdefault(rule.sensor_kind, []).append(rule)
    judged_kinds: dict[tuple[object, ...], bool] = {}
    names: dict[str, str] = {}
    for sensor in office.sensors:
        if any(fits(rule, sensor) for rule in by_sensor.get(sensor.sensor_id, ())):
            continue
        kind = (sensor.sensor_kind, sensor.metric, sensor.unit, sensor.datum)
        if kind not in judged_kinds:
            of_kind = by_kind.get(sensor.sensor_kind, ())
            judged_kinds[kind] = any(fits(rule, sensor) for rule in of_kind)
        if not judged_kinds[kind] and not any(
            fits(rule, sensor) for rule in of_places.get(sensor.sensor_kind, ())
        ):
            names[sensor.sensor_id] = sensor.name
    if names:
        yield _item(
            MissingKind.RULES_FOR_SENSORS,
            Bilingual("没有适用规则的传感器", "Sensors without a rule"),
            sorted(names),
            lambda sensor_id: bilingual_of(names[sensor_id]),
        )


def _plans(office: Installation) -> Iterator[MissingItem]:
    plans = [plan for plan in office.plans if in_force(plan)]
    if not plans:
        text = Bilingual("还没有生效的预案", "No plan is in force yet")
        yield MissingItem(MissingKind.PLANS, text)
        return
    book = PlanBook(plans)
    unplanned = sorted(
        {
            (rule.event_type, level)
            for rule in _rules_in_force(office.rules)
            if rule.role == "alarm"
            for level in levels_of(rule)
            if level is not Level.NOTICE
            and book.choose(rule.event_type, level, ResponseMode.NORMAL) is None
        }
    )
    if unplanned:
        yield _item(
            MissingKind.PLANS_FOR_EVENTS,
            Bilingual("没有预案的事件与级别", "Events and levels without a plan"),
            [f"{event_type} {level}" for event_type, level in unplanned],
            _event_and_level,
        )
    reach = _Reach(office.tree, [line.who for plan in plans for line in plan.orders])
    towns = office.tree.subtree(office.root, (Tier.TOWN,))
    unreached = sorted(town for town in towns if not reach.has(town))
    if unreached:
        yield _item(
            MissingKind.PLANS_FOR_UNITS,
            Bilingual("没有预案下达任务的镇街", "Towns that get no order from any plan"),
            unreached,
            lambda unit: label(office.tree, unit),
        )


def _test_alarm(office: Installation) -> Iterator[MissingItem]:
    if not office.is_tested:
        text = Bilingual(
            "还没有一次演练走完全程：下达指令并有单位签收",
            "No drill has gone the whole way yet: a command, signed by a unit",
        )
        yield MissingItem(MissingKind.TEST_ALARM, text)


def _rules_in_force(rules: Iterable[RuleDefinition]) -> list[RuleDefinition]:
    return [rule for rule in rules if rule.enabled and rule.shadow_of is None]


class _Reach:
    """The selections with a unit for a place; equal answers are computed once."""

    def __init__(self, tree: UnitTree, selections: Sequence[Selection]) -> None:
        self._tree = tree
        self._selections = selections
        self._answers: dict[tuple[int, str], bool] = {}

    def has(self, place: str) -> bool:
        return any(self._selects(number, place) for number in range(len(self._selections)))

    def _selects(self, number: int, place: str) -> bool:
        selection = self._selections[number]
        key = number, _anchor(selection, place)
        if key not in self._answers:
            self._answers[key] = bool(resolve(self._tree, selection, AlertScope(place)).units)
        return self._answers[key]


def _anchor(selection: Selection, place: str) -> str:
    """Return the unit on which a selection depends: the place, the district or the city."""
    anchors = {getattr(part, "of", None) for part in (*selection.include, *selection.exclude)}
    if anchors & _OF_PLACE:
        return place
    district = nearest_at(place, Tier.DISTRICT) if anchors & _OF_DISTRICT else None
    return district or lineage(place)[-1]


def _post(tree: UnitTree, key: str) -> Bilingual:
    unit, _, post = key.rpartition(":")
    name, word = label(tree, unit), POSTS[Post(post)]
    return Bilingual(f"{name.zh} {word.zh}", f"{name.en} {word.en}")


def _event_and_level(key: str) -> Bilingual:
    event_type, _, level = key.partition(" ")
    return Bilingual(
        f"{event(event_type).zh}{LEVELS[Level(level)].zh}",
        f"{event(event_type).en} {LEVELS[Level(level)].en}",
    )


def _item(
    kind: MissingKind, words: Bilingual, keys: Sequence[str], name: Callable[[str], Bilingual]
) -> MissingItem:
    """Return an item with the number of the keys and the names of the first."""
    names = [name(key) for key in keys[:MOST_NAMED]]
    more = len(keys) > MOST_NAMED
    zh = "、".join(part.zh for part in names) + ("等" if more else "")
    en = ", ".join(part.en for part in names) + (", …" if more else "")
    text = Bilingual(f"{words.zh}：{len(keys)}（{zh}）", f"{words.en}: {len(keys)} ({en})")
    return MissingItem(kind, text, len(keys), tuple(keys[:MOST_NAMED]))
