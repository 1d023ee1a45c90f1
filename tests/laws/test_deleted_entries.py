"""A deleted unit, sensor, group or post is gone from every service that has read of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Post, Tier
from shared.contracts.pages import Channel
from shared.contracts.record_keys import RECORD_KEYS
from shared.contracts.topics import (
    CATALOG,
    LIMITS,
    PLANS,
    PUSH_DEVICES,
    REACHABILITY,
    RESPONSE_MODES,
    ROSTER,
    RULES,
    TopicSpec,
)
from shared.domain.response_modes.effective import UNDECIDED, Modes
from shared.domain.roster.escalation_chain import FilledPosts
from shared.domain.roster.post_holders import Roster
from tests.component.ingest.harness import a_sensor
from tests.contract.update import golden_records
from tests.support.scoring import Feed, a_rule, a_threshold_rule
from tests.support.services import SERVICES, built_platform
from tests.unit.notify.builders import a_mode, a_slot

UNIT = "500118118000"
FOREIGN_KEYS = ("", UNIT, f"{UNIT}:C", "500118119000:B", f"unit:{UNIT}")


CONTENTS: dict[str, dict[TopicSpec, Callable[[Any], object]]] = {
    "ingest": {CATALOG: lambda intake: (set(intake._sensors), len(intake.admission.sources))},
    "scoring": {
        CATALOG: lambda registry: registry.sensors,
        RULES: len,
        RESPONSE_MODES: lambda registry: registry._modes._own.copy(),
    },
    "alerting": {RESPONSE_MODES: lambda modes: modes._own.copy()},
    "command": {
        CATALOG: lambda tree: (len(tree), tree.groups),
        PLANS: len,
        LIMITS: len,
        ROSTER: lambda posts: posts._filled.copy(),
    },
    "catalog": {CATALOG: lambda rows: set(rows.records())},
    "notify": {
        CATALOG: lambda tree: (len(tree), tree.groups),
        ROSTER: lambda roster: roster.filled(),
        RESPONSE_MODES: lambda modes: modes._own.copy(),
        REACHABILITY: lambda health: health._channels.copy(),
        PUSH_DEVICES: lambda roster: roster._devices.copy(),
    },
    "console": {
        CATALOG: lambda readers: (
            readers[0]._sensors.copy(),
            len(readers[0].tree),
            readers[0].tree.groups,
            readers[1]._sources.copy(),
        ),
        ROSTER: lambda readers: (list(readers[0].slots()), readers[1]._filled.copy()),
        LIMITS: len,
        RULES: lambda definitions: definitions.rules.copy(),
        PLANS: lambda definitions: definitions.plans.copy(),
        PUSH_DEVICES: lambda push: push._devices.copy(),
    },
    "audit": {CATALOG: lambda top: top._units.copy()},
}
"""Every table on a compacted topic, and a view of its content."""


def messages_of(spec: TopicSpec) -> list[Any]:
    golden = golden_records()[spec.name].values()
    messages = [spec.model.validate_json(json.dumps(value)) for value in golden]
    if spec is RULES:
        messages.append(a_rule(a_threshold_rule(("red", 216, 215))))
    if spec is CATALOG:
        [entry] = [message for message in messages if isinstance(message.entry, UnitEntry)]
        town = UnitEntry(unit=UNIT, tier=Tier.TOWN, name="town")
        messages.append(entry.model_copy(update={"entry": town}))
    return messages


def _reader(delete: Any) -> Any:
    """Return what a deletion changes; a table of several parts of the console has several."""
    if not isinstance(delete, partial):
        return delete.__self__
    if "registry" in delete.keywords:
        return delete.keywords["registry"]
    return [function.__self__ for function in delete.args[0]]


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_deleted_is_gone_from_every_table(service: str, tmp_path: Path) -> None:
    tables = built_platform(service, tmp_path).tables
    contents = CONTENTS.get(service, {})
    assert set(tables) == {spec.name for spec in contents}
    for spec, content in contents.items():
        delete: Any = tables[spec.name]._on_delete
        reader = _reader(delete)
        empty = content(reader)
        keys = set()
        for message in messages_of(spec):
            tables[spec.name].apply(message)
            keys.add(RECORD_KEYS[spec.name](message))
        filled = content(reader)
        assert filled != empty, (service, spec.name)
        for key in ("", "nobody", "unit:nobody", "Actual:nobody", "nobody:A", "x:y:z"):
            delete(key)
        assert content(reader) == filled, (service, spec.name)
        for key in keys:
            delete(key)
        assert content(reader) == empty, (service, spec.name)


def test_the_mode_of_a_deleted_record_holds_no_more() -> None:
    modes, event = Modes(), a_mode()
    modes.put(event)
    assert modes.effective(event.status, event.unit).version == event.version
    modes.remove(f"{event.status}:{event.unit}")
    assert modes.effective(event.status, event.unit) == UNDECIDED
    modes.put(event)
    assert modes.effective(event.status, event.unit).version == event.version


def test_an_alarm_of_a_deleted_rule_is_cleared_and_the_rule_may_return() -> None:
    rule = a_rule(a_threshold_rule(("red", 216, 215)), version=3)
    feed = Feed(rule)
    feed.read(217, 0)
    registry = feed.engine.registry
    registry.remove_rule(rule.rule_id)
    feed.read(217, 60)
    registry.add_rule(rule.model_copy(update={"version": 1}))
    feed.read(217, 120)
    assert [event.transition for event in feed.alarms] == ["raised", "cleared", "raised"]


def test_a_deleted_post_is_called_no_more() -> None:
    roster, posts, directory = Roster(), FilledPosts(), Directory()
    for post in (Post.A, Post.B):
        slot = a_slot(UNIT, post, f"o-{post}")
        roster.add(slot)
        posts.update(slot)
        directory.apply(slot)
    for key in FOREIGN_KEYS:
        for table in (roster, posts, directory):
            table.remove(key)
    assert [holder.post for holder in roster.holders(UNIT)] == [Post.B, Post.A]
    assert posts.chain_from(UNIT)[:2] == ((UNIT, Post.B), (UNIT, Post.A))
    for table in (roster, posts, directory):
        table.remove(f"{UNIT}:B")
    assert [holder.post for holder in roster.holders(UNIT)] == [Post.A]
    assert posts.chain_from(UNIT)[0] == (UNIT, Post.A)
    assert directory.is_staffed(UNIT)
    directory.remove(f"{UNIT}:A")
    assert not directory.is_staffed(UNIT)
    assert list(directory.slots()) == []
    assert directory.officers_at(Channel.CONSOLE, "o-A") == set()


def test_the_console_shows_no_deleted_sensor() -> None:
    names = UnitNames()
    names.apply(a_sensor("zhutuo-3", "water_level", "m", None))
    for key in ("unit:zhutuo-3", "sensor:", "zhutuo-3"):
        names.remove(key)
    assert names.sensor_entry("zhutuo-3") is not None
    names.remove("sensor:zhutuo-3")
    assert names.sensor_entry("zhutuo-3") is None
