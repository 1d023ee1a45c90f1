"""Deleted entries of the catalogue and of the roster: gone at once, by the key of the tombstone."""

from __future__ import annotations

from services.command.core.supervision.escalation import FilledPosts
from services.console.core.directory import Directory
from services.console.core.names import UnitNames
from services.notify.core.roster.roster import Roster
from shared.contracts.catalog import GroupEntry, UnitEntry
from shared.contracts.fields import Post, Tier
from shared.contracts.pages import Channel
from shared.domain.selection.tree import UnitTree
from tests.unit.notify.builders import TOWN, VILLAGE, a_slot


def a_tree() -> UnitTree:
    """A town, a village of it, a department of the town, and a group."""
    tree = UnitTree()
    tree.put(UnitEntry(unit=TOWN, tier=Tier.TOWN, name="town"))
    tree.put(
        UnitEntry(unit=VILLAGE, tier=Tier.VILLAGE, name="village", parent=TOWN, roles=("bank",))
    )
    tree.put(UnitEntry(unit=f"{TOWN}/water", tier=Tier.TOWN, name="water", parent=TOWN))
    tree.put(GroupEntry(group="flood", name="flood", owner=TOWN, members=(VILLAGE,)))
    return tree


def test_a_deleted_unit_is_in_no_subtree_and_has_no_role() -> None:
    tree = a_tree()
    assert tree.subtree(TOWN, {Tier.VILLAGE}) == {VILLAGE}
    tree.remove(f"unit:{VILLAGE}")
    tree.remove(f"unit:{VILLAGE}")
    assert tree.subtree(TOWN, {Tier.VILLAGE}) == set()
    assert tree.with_role(TOWN, {"bank"}) == set()
    assert VILLAGE not in tree
    assert tree.directly_below(TOWN) == [f"{TOWN}/water"]
    tree.remove(f"unit:{TOWN}/water")
    assert tree.directly_below(TOWN) == []


def test_a_deleted_group_is_no_group() -> None:
    tree = a_tree()
    tree.remove("group:flood")
    tree.remove("sensor:flood")
    assert tree.group("flood") is None
    assert len(tree) == 3


def test_the_console_forgets_a_deleted_unit() -> None:
    names = UnitNames()
    names.tree = a_tree()
    names.remove(f"unit:{VILLAGE}")
    assert names.unit(VILLAGE) == VILLAGE


def test_a_deleted_slot_has_no_holder() -> None:
    slot = a_slot(VILLAGE, Post.B, "li", (Channel.CONSOLE,))
    key = f"{VILLAGE}:{Post.B}"
    roster, directory, posts = Roster([slot]), Directory(), FilledPosts()
    directory.apply(slot)
    posts.update(slot)
    assert roster.holder(VILLAGE, Post.B)
    assert directory.is_staffed(VILLAGE)
    roster.remove(key)
    directory.remove(key)
    posts.remove(key)
    assert roster.holder(VILLAGE, Post.B) is None
    assert not directory.is_staffed(VILLAGE)
    assert list(directory.slots()) == []
    assert (VILLAGE, Post.B) not in posts._posts(VILLAGE)
    for table in (roster, directory, posts):
        table.remove("nonsense")
