"""What units, people and times are called in a page: never by code where a name is known."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from services.notify.core.roster import Roster, Seat
from shared.contracts.fields import Post
from shared.contracts.units import lineage
from shared.domain import local_time
from shared.domain.bilingual import Both
from shared.domain.selection.labels import label
from shared.domain.selection.tree import UnitTree
from shared.domain.wording import POSTS

BEIJING = ZoneInfo(local_time.ZONE)


class Names:
    """The catalogue's names, the roster's people, the deployment's wall clock."""

    def __init__(self, tree: UnitTree, roster: Roster, zone: ZoneInfo = BEIJING) -> None:
        self.tree = tree
        self._roster = roster
        self._zone = zone

    def unit(self, unit: str) -> Both:
        """A unit, with its town where that tells it apart."""
        return label(self.tree, unit)

    def person(self, unit: str, post: Post, officer_id: str) -> Both:
        """`朱沱镇 B岗 张三（电话 138…）`: unit, post, name and number of an officer."""
        where, what, who = self.unit(unit), POSTS[post], self._who(officer_id)
        return Both(f"{where.zh} {what[0]} {who.zh}", f"{where.en}, {what[1]}, {who.en}")

    def officer(self, officer_id: str) -> Both:
        """An officer by the post that he holds now, else by name alone."""
        seat = self._roster.held_by(officer_id)
        return self._who(officer_id) if seat is None else self.person(*_place(seat))

    def contact(self, unit: str, caller: str) -> Both | None:
        """Whom `caller` can call about a unit: the nearest post that is filled below him, None if none is."""
        for upper in lineage(unit):
            if upper == caller:
                return None
            seats = self._roster.seats(upper)
            if seats:
                return self.person(*_place(seats[0]))
        return None

    def moment(self, at: datetime, now: datetime) -> Both:
        """A time on the wall clock."""
        return local_time.spoken(at, self._zone, now)

    def span(self, begin: datetime, end: datetime, now: datetime) -> Both:
        """From one time to another."""
        return local_time.until(begin, end, self._zone, now)

    def _who(self, officer_id: str) -> Both:
        officer = self._roster.officer(officer_id)
        if officer is None:
            return Both(f"（工号 {officer_id}）", f"(officer id {officer_id})")
        if officer.phone is None:
            return Both(officer.name, officer.name)
        return Both(
            f"{officer.name}（电话 {officer.phone}）", f"{officer.name} (phone {officer.phone})"
        )


def _place(seat: Seat) -> tuple[str, Post, str]:
    return seat.unit, seat.post, seat.officer_id
