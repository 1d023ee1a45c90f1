"""Authority over alert levels, as data: alerting decides by this table, screens offer by it.

Source: 渝府发〔2011〕31号, under which a district issues blue and yellow, the city orange and red
(docs/sources.md S2; the sign-off articles of its successor of 2026, docs/sources.md S3, were not
read). Two signatures for red and the authority for 提示 (notice, the kind below the four levels) are
our own rules (docs/sources.md S40).
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.fields import Level, Post, Tier


@dataclass(frozen=True, slots=True)
class Authority:
    """The tier that issues a level, and how many of its officers have to sign."""

    tier: Tier
    approvals: int


AUTHORITY: dict[Level, Authority] = {
    Level.NOTICE: Authority(Tier.DISTRICT, 1),
    Level.BLUE: Authority(Tier.DISTRICT, 1),
    Level.YELLOW: Authority(Tier.DISTRICT, 1),
    Level.ORANGE: Authority(Tier.CITY, 1),
    Level.RED: Authority(Tier.CITY, 2),
}

HUMAN_VERIFIED: frozenset[Level] = frozenset({Level.ORANGE, Level.RED})
"""Levels that are issued only after a person has verified the evidence."""

EMERGENCY_TIERS: dict[Tier, tuple[Tier, ...]] = {
    Tier.CITY: (Tier.DISTRICT, Tier.TOWN),
    Tier.DISTRICT: (Tier.TOWN,),
}
"""紧急授权: for the tier of each gate, the tiers below that may issue at once and owe its signatures.

This is our own rule: the form exists, the terms are not public (docs/sources.md S2).
"""

EMERGENCY_POSTS: frozenset[Post] = frozenset({Post.A, Post.COMMANDER})

SILENCED_UP_TO: dict[Tier, Level] = {
    Tier.CITY: Level.RED,
    Tier.DISTRICT: Level.ORANGE,
    Tier.TOWN: Level.YELLOW,
    Tier.VILLAGE: Level.BLUE,
}
"""The gravest level that a silence of a tier hides; only the city, its authority, silences red.

A tier without an entry may not silence. This is our own rule.
"""
