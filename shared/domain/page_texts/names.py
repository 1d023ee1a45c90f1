"""The names of units, officers and times in a page: a code only where no name is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.contracts.fields import Post
from shared.contracts.units import lineage
from shared.domain import local_time
from shared.domain.bilingual import Bilingual, bilingual_of
from shared.domain.page_texts.lines import joined_text
from shared.domain.roster.post_holders import PostHolder, Roster
from shared.domain.selection.labels import label
from shared.domain.selection.tree import UnitTree
from shared.domain.wording import POSTS

BEIJING = ZoneInfo(local_time.ZONE)


class Names:
    """The names of the catalogue's units and the roster's officers, and times of one time zone."""

    def __init__(self, units: UnitTree, roster: Roster, zone: ZoneInfo = BEIJING) -> None:
        self._units = units
        self._roster = roster
        self._zone = zone

    def unit(self, unit: str) -> Bilingual:
        """Return the name of a unit, with its town where the name alone is ambiguous."""
        return label(self._units, unit)

    def person(self, unit: str, post: Post, officer_id: str) -> Bilingual:
        """Return unit, post, name and number of an officer: `朱沱镇 B岗 张三（电话 138…）`."""
        unit_name, post_name, officer = self.unit(unit), POSTS[post], self._officer(officer_id)
        return Bilingual(
            f"{unit_name.zh} {post_name[0]} {officer.zh}",
            f"{unit_name.en}, {post_name[1]}, {officer.en}",
        )

    def officer(self, officer_id: str) -> Bilingual:
        """Return an officer with the present post, or the name alone."""
        return self.on_duty(officer_id) or self._officer(officer_id)

    def on_duty(self, officer_id: str) -> Bilingual | None:
        """Return an officer with the present post; None for an officer without one."""
        holder = self._roster.post_of(officer_id)
        return None if holder is None else self.holder(holder)

    def responsible(self, unit: str, caller: str) -> list[PostHolder]:
        """Return the officers whom `caller` can ask about a unit, in calling order.

        They hold the posts of the nearest rostered unit from the unit up, below the caller; nobody
        does if all of these posts are empty.
        """
        for upper in lineage(unit):
            if upper == caller:
                return []
            if holders := self._roster.holders(upper):
                return holders
        return []

    def contact(self, place: str, caller: str, called: Collection[str]) -> Bilingual:
        """Return whom to call: an officer at the place, else the duty post above the caller."""
        candidates = self.responsible(place, caller)
        for unit in lineage(caller)[1:]:
            candidates += self._roster.holders(unit)
        person = next((item for item in candidates if item.officer_id not in called), None)
        return contacts([] if person is None else [self.holder(person)])

    def issuer(self, unit: str) -> Bilingual:
        """Return a unit with its officer who is called first, or the unit alone."""
        holders = self._roster.holders(unit)
        return self.holder(holders[0]) if holders else self.unit(unit)

    def holder(self, holder: PostHolder) -> Bilingual:
        """Return unit, post, name and number of a post holder."""
        return self.person(holder.unit, holder.post, holder.officer_id)

    def moment(self, at: datetime, now: datetime) -> Bilingual:
        """Return a time on the wall clock."""
        return local_time.spoken(at, self._zone, now)

    def clock(self, at: datetime) -> str:
        """Return the hour and minute of a time on the wall clock."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def span(self, begin: datetime, end: datetime, now: datetime) -> Bilingual:
        """Return the time from `begin` to `end`."""
        return local_time.until(begin, end, self._zone, now)

    def _officer(self, officer_id: str) -> Bilingual:
        officer = self._roster.officer(officer_id)
        if officer is None:
            return Bilingual(f"（工号 {officer_id}）", f"(officer id {officer_id})")
        if officer.phone is None:
            return Bilingual(officer.name, officer.name)
        return Bilingual(
            f"{officer.name}（电话 {officer.phone}）", f"{officer.name} (phone {officer.phone})"
        )


def contacts(people: Sequence[Bilingual]) -> Bilingual:
    """Return the line with the people whom to call; an empty line without any."""
    if not people:
        return Bilingual("", "")
    zh = "；".join(person.zh for person in people)
    en = "; ".join(person.en for person in people)
    return Bilingual(f"联系人：{zh}", f"Whom to call: {en}")


def with_contact(text: str, contact: Bilingual) -> str:
    """Return the text of a call with the people whom to call after it."""
    return joined_text(bilingual_of(text), contact) if contact.zh else text
