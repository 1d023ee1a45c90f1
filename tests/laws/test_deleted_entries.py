"""A deleted unit, sensor, group or post is gone from every service that has read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.command.core.supervision.escalation import FilledPosts
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.notify.core.roster.roster import Roster
from shared.contracts.fields import Post
from shared.contracts.pages import Channel
from shared.contracts.topics import CATALOG, ROSTER
from tests.component.ingest.harness import a_sensor
from tests.support.services import SERVICES, built_platform
from tests.unit.notify.builders import a_slot

UNIT = "500118118000"
FOREIGN_KEYS = ("", UNIT, f"{UNIT}:C", "500118119000:B", f"unit:{UNIT}")


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_of_units_or_posts_deletes(service: str, tmp_path: Path) -> None:
    tables = built_platform(service, tmp_path).tables
    for spec in (CATALOG, ROSTER):
        if spec.name in tables:
            assert tables[spec.name]._on_delete is not None, (service, spec.name)


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
