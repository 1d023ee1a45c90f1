"""What belongs together: regions, scopes, and subtrees as ranges of unit ids.

A region is a district (or a place above the districts). Everything over several sources is decided
within one region and one status, so that one lock per pair is enough; nothing crosses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from services.alerting.core.alarms.snapshot import Fact
from shared.contracts.conditions import Scope
from shared.contracts.fields import Status, Tier
from shared.contracts.units import ancestor_at, is_within, tier_of

TIERS: dict[str, Tier] = {
    "village": Tier.VILLAGE,
    "town": Tier.TOWN,
    "district": Tier.DISTRICT,
}
_DIGITS = {Tier.CITY: 2, Tier.DISTRICT: 6, Tier.TOWN: 9}


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """Where and under which status something is decided."""

    status: Status
    unit: str

    @property
    def span(self) -> tuple[str, str]:
        """Its places as a range of ids: a district's subtree; above the districts just the place."""
        if tier_of(self.unit) is Tier.DISTRICT and "/" not in self.unit:
            return span_of(self.unit)
        return self.unit, self.unit + "\x01"


@lru_cache(maxsize=65_536)
def unit_at(place: str, tier: Tier) -> str | None:
    """The unit of a tier to which a place belongs; None above it. Asked for every alarm, so kept."""
    return ancestor_at(place, tier)


def units_of(places: Iterable[str]) -> set[str]:
    """The villages, towns and districts to which places belong."""
    found = {unit_at(place, tier) for place in places for tier in TIERS.values()}
    return {unit for unit in found if unit is not None}


def region_of(status: Status, place: str) -> Region:
    """The district of a place, else the place itself."""
    return Region(status, unit_at(place, Tier.DISTRICT) or place)


def scope_key(scope: Scope, fact: Fact) -> str | None:
    """What an alarm belongs to in this kind of scope; None = it lies above it.

    An alarm without a site stands alone: its sensor is its site, else its place.
    """
    if scope == "site":
        return site_key(fact)
    return unit_at(fact.place, TIERS[scope])


def is_scope_of(scope: Scope | Tier, key: str) -> bool:
    """Whether a key is of this kind; an older version of a rule may have had another."""
    if scope == "site":
        return ":" in key
    return ":" not in key and tier_of(key) is TIERS.get(scope, scope)


def site_key(fact: Fact) -> str:
    """The site of an alarm, as one text."""
    if fact.site is not None:
        return f"site:{fact.site}"
    return f"place:{fact.place}" if fact.sensor_id is None else f"sensor:{fact.sensor_id}"


def scope_keys(fact: Fact) -> set[str]:
    """Every scope an alarm belongs to; the kinds of scope never share a key."""
    return {site_key(fact), *units_of((fact.place,))}


def covers(area: str, unit: str) -> bool:
    """Whether something about `area` concerns `unit`: one lies within the other."""
    return is_within(area, unit) or is_within(unit, area)


def span_of(unit: str) -> tuple[str, str]:
    """A unit's subtree as a range of ids in code-point order: low <= id < high."""
    code, _, rest = unit.partition("/")
    if rest and not rest.startswith("grid/"):
        return unit, unit + "\x01"
    low = unit if rest else code[: _DIGITS.get(tier_of(unit), 12)]
    return low, low[:-1] + chr(ord(low[-1]) + 1)
