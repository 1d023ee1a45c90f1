"""Authority, stated a second time: a table of roles, acts and places, written from words, not code.

A cell is a role (a unit, a post, the rights granted) x an act x a place. Units, their parents and
what they are to each other are spelled out here; so is each act's rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

IDS = {
    "city": "500000000000",
    "district": "500118000000",
    "other_district": "500119000000",
    "water": "500118000000/water",
    "town": "500118118000",
    "sibling_town": "500118107000",
    "safety": "500118118000/safety",
    "village": "500118118201",
    "sibling_village": "500118118202",
    "grid": "500118118201/grid/001",
    "sibling_grid": "500118118201/grid/002",
    "microgrid": "500118118201/grid/001/02",
}
PARENT = {
    "district": "city",
    "other_district": "city",
    "water": "district",
    "town": "district",
    "sibling_town": "district",
    "safety": "town",
    "village": "town",
    "sibling_village": "town",
    "grid": "village",
    "sibling_grid": "village",
    "microgrid": "grid",
}
DEPARTMENTS = ("water", "safety")
COMMANDING = (
    "city",
    "district",
    "other_district",
    "town",
    "sibling_town",
    "village",
    "sibling_village",
)
PLACES = ("district", "water", "town", "safety", "village", "grid", "microgrid")
POSTS = ("B", "A", "commander")
APPROVER, AUTHORITY, DEBTOR = "city", "district", "city"
"""Whose an alert's proposal, its level in force and its debt are, in every place."""
ISSUER = "town"
"""Who issued every command."""


@dataclass(frozen=True)
class Role:
    """An officer of the matrix; `rights` are the rights over the own unit."""

    unit: str
    post: str
    rights: tuple[str, ...] = ("see", "command")

    @property
    def officer_id(self) -> str:
        return f"o-{self.unit}-{self.post.lower()}-{'-'.join(self.rights) or 'none'}"


@dataclass(frozen=True)
class Rule:
    """A rule.

    `relations`: lines of "relation(s) to subject". An act with need of sight is refused without.
    """

    relations: tuple[str, ...]
    posts: tuple[str, ...] = POSTS
    needs: tuple[str, ...] = ("command",)
    tiers: tuple[str, ...] = tuple(IDS)
    """Units that come into question at all."""


LINE = ("own above place",)
UNIT = ("own village place",)
ISSUERS = ("own above issuer",)

RULES: dict[str, Rule] = {
    **{
        f"decide {verb}": Rule(LINE, needs=("command", "see"))
        for verb in ("verify", "assess", "dismiss", "adjust", "lift", "merge", "unmerge", "split")
    },
    "decide position": Rule(("own above place", "department place")),
    "decide approve": Rule(("own approver",), needs=("command", "see")),
    "decide reject": Rule(("own approver",), needs=("command", "see")),
    "decide recall": Rule(("own authority",), needs=("command", "see")),
    "decide ratify": Rule(("own debtor",), needs=("command", "see")),
    "decide annul": Rule(("own debtor",), needs=("command", "see")),
    "decide authorise_emergency": Rule(
        ("own above place, below approver",),
        posts=("A", "commander"),
        needs=("command", "see"),
        tiers=("district", "town"),
    ),
    **{
        f"step {step}": Rule(UNIT)
        for step in ("sign", "accept", "handle", "report", "return", "ask_suspend", "ask_extend")
    },
    **{
        f"step {step}": Rule(ISSUERS)
        for step in (
            "check",
            "send_back",
            "close",
            "suspend",
            "extend",
            "refuse",
            "waive",
            "recall",
        )
    },
    "step resume": Rule((*UNIT, *ISSUERS)),
    **{f"command {verb}": Rule(ISSUERS) for verb in ("check", "close", "revoke")},
    "issue": Rule(("commanding above place",)),
    "silence": Rule(("commanding above place", "commanding own place")),
    "mode propose": Rule(LINE),
    "mode reject": Rule(LINE, posts=("A", "commander"), needs=("command", "see")),
    "duty put": Rule(LINE),
    "duty export": Rule(LINE),
    "duty test": Rule(LINE),
    "report": Rule(("own place",)),
    **{
        f"read {subject}": Rule(LINE, needs=("see",))
        for subject in ("alert", "assignment", "duty", "reachability", "mode", "list")
    },
}


def roles() -> list[Role]:
    """Return every unit with every post and the usual rights, and some with one right or none."""
    results = [Role(unit, post) for unit in IDS for post in POSTS]
    for unit in ("district", "town", "village", "water"):
        results += [Role(unit, "A", rights) for rights in (("see",), ("command",), ())]
    return results


def cells() -> Iterator[tuple[Role, str, str]]:
    """Return every role x act x place."""
    for role in roles():
        for act in RULES:
            for place in PLACES:
                yield role, act, place


def may(role: Role, act: str, place: str) -> bool:
    """Return the table's answer for a cell."""
    rule = RULES[act]
    if (
        role.post not in rule.posts
        or role.unit not in rule.tiers
        or not set(rule.needs) <= set(role.rights)
    ):
        return False
    return any(_holds(line, role.unit, place) for line in rule.relations)


def sees(role: Role, unit: str) -> bool:
    """Return whether a unit lies in the role's sight."""
    return "see" in role.rights and (role.unit == unit or role.unit in above(unit))


def above(unit: str) -> list[str]:
    """Return the units above, the nearest first."""
    results = []
    while unit in PARENT:
        unit = PARENT[unit]
        results.append(unit)
    return results


def _holds(line: str, unit: str, place: str) -> bool:
    relations, _, limit = line.partition(", ")
    *words, reference = relations.split()
    of = {
        "place": place,
        "approver": APPROVER,
        "authority": AUTHORITY,
        "debtor": DEBTOR,
        "issuer": ISSUER,
    }[reference]
    if limit == "below approver" and APPROVER not in above(unit):
        return False
    if "commanding" in words and unit not in COMMANDING:
        return False
    return any(_is(word, unit, of) for word in words)


def _is(relation: str, unit: str, of: str) -> bool:
    line = [of, *above(of)]
    return {
        "own": unit == of,
        "above": unit in line[1:],
        "village": unit == "village" and of in ("grid", "microgrid", "sibling_grid"),
        "department": unit in DEPARTMENTS and PARENT[unit] in line,
        "commanding": False,
    }[relation]
