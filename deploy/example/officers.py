"""A generated duty roster and the accounts that go with it. Every person is invented."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from deploy.example.departments import departments
from deploy.example.units import divisions
from shared.contracts.catalog import UnitEntry
from shared.contracts.fields import Post, Tier
from shared.contracts.ids import content_id
from shared.contracts.pages import Channel, Officer, RosterSlot
from shared.contracts.units import department_of

EMPTY_SLOT = ("500118111000", Post.A)
"""Nobody holds this post (来苏镇, A岗): an escalation must skip it at once."""
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
_FIRST_NAMES = "安平宁远明德志成建国春生晓峰文博雨辰思源海涛立新永康"


@dataclass(frozen=True)
class Account:
    """A person who may enter the console for `unit`; a token is added when it is created."""

    officer_id: str
    name: str
    unit: str
    post: Post
    on_roster: bool = True


@cache
def accounts() -> tuple[Account, ...]:
    """B, A and commander from city to town and in the district's departments, B and commander in
    villages and in the towns' blocks, a grid lead per village.

    The grid lead (网格长) acts for the village's grids and micro-grids and is not on the roster.
    """
    results = []
    for unit in _staffed():
        results += [
            Account(officer_id(unit.unit, post), _name(unit, post), unit.unit, post)
            for post in _posts(unit)
            if (unit.unit, post) != EMPTY_SLOT
        ]
        if unit.tier is Tier.VILLAGE:
            lead = officer_id(unit.unit, "grid")
            results.append(Account(lead, _name(unit, "grid"), unit.unit, Post.A, on_roster=False))
    return tuple(results)


def slots(now: datetime) -> list[RosterSlot]:
    """The roster as messages, the empty slot included."""
    holders = {(account.unit, account.post): account for account in accounts() if account.on_roster}
    return [
        _slot(unit, post, holders.get((unit.unit, post)), now)
        for unit in _staffed()
        for post in _posts(unit)
    ]


def officer_id(unit: str, post: str) -> str:
    """The id of the person on a unit's post (`grid` = the village's grid lead)."""
    return f"o-{unit.replace('/', '.')}-{post.lower()}"


def _posts(unit: UnitEntry) -> tuple[Post, ...]:
    small = unit.tier is Tier.VILLAGE or (unit.tier is Tier.TOWN and department_of(unit.unit))
    return (Post.B, Post.COMMANDER) if small else tuple(Post)


def _staffed() -> tuple[UnitEntry, ...]:
    return (*divisions(), *departments())


def _name(unit: UnitEntry, post: str) -> str:
    digest = int(content_id("x", unit.unit, post).rpartition("-")[2], 16)
    return _SURNAMES[digest % len(_SURNAMES)] + _FIRST_NAMES[digest // 97 % len(_FIRST_NAMES)]


def _slot(unit: UnitEntry, post: Post, holder: Account | None, now: datetime) -> RosterSlot:
    officer = Officer(officer_id=holder.officer_id, name=holder.name) if holder else None
    channels: tuple[Channel, ...] = (Channel.CONSOLE,)
    if unit.tier is not Tier.VILLAGE:
        channels = (Channel.CONSOLE, Channel.WEBHOOK)
    return RosterSlot(
        id=content_id("ros", unit.unit, post, holder.officer_id if holder else ""),
        occurred_at=now,
        sent_at=now,
        origin_unit=unit.unit,
        tier=unit.tier,
        unit=unit.unit,
        post=post,
        officer=officer,
        channels=channels,
        synthetic=True,
    )
