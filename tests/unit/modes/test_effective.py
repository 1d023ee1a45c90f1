"""Inheritance: never looser below, origin named, worlds and subtrees apart, for random trees."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.fields import Post, ResponseMode, Status
from shared.contracts.units import is_within, lineage, parent_of
from shared.domain.response_modes.effective import UNDECIDED, Effective, Modes
from shared.domain.response_modes.effects import EFFECTS
from shared.domain.response_modes.order import STRICTNESS, looser

CITY, DISTRICT, SECOND_DISTRICT = "500000000000", "500118000000", "500112000000"
TOWN, VILLAGE = "500118118000", "500118118201"

_DIGITS = st.sampled_from(["001", "002"])


@st.composite
def units(draw: st.DrawFn) -> str:
    """A unit of any tier, or a department, from a tree in which relatives are likely."""
    district = draw(st.sampled_from(["500112", "500118"]))
    town, village = draw(_DIGITS), draw(_DIGITS)
    code = f"{district}{town}{village}"
    return draw(
        st.sampled_from(
            [
                CITY,
                f"{district}000000",
                f"{district}000000/water",
                f"{district}{town}000",
                code,
                f"{code}/grid/001",
                f"{code}/grid/001/02",
            ]
        )
    )


_TREES = st.sets(units(), min_size=1, max_size=12)
_DECISIONS = st.lists(
    st.tuples(st.sampled_from(Status), units(), st.sampled_from(ResponseMode)), max_size=15
)


def decided(decisions: list[tuple[Status, str, ResponseMode]]) -> Modes:
    modes = Modes()
    for status, unit, mode in decisions:
        version = modes.own(status, unit).version + 1
        modes.decide(status, Effective(mode, version, unit))
    return modes


@given(tree=_TREES, decisions=_DECISIONS, status=st.sampled_from(Status))
def test_no_unit_is_looser_than_its_parent(
    tree: set[str], decisions: list[tuple[Status, str, ResponseMode]], status: Status
) -> None:
    modes = decided(decisions)
    for unit in tree:
        for name in lineage(unit):
            parent = parent_of(name)
            if parent is not None:
                above = modes.effective(status, parent)
                assert not looser(modes.effective(status, name).mode, above.mode)


@given(tree=_TREES, decisions=_DECISIONS, status=st.sampled_from(Status))
def test_a_mode_is_the_strictest_of_the_line_and_names_its_decision(
    tree: set[str], decisions: list[tuple[Status, str, ResponseMode]], status: Status
) -> None:
    modes = decided(decisions)
    for unit in tree:
        result = modes.effective(status, unit)
        line = [modes.own(status, name) for name in lineage(unit)]
        assert STRICTNESS[result.mode] == max(STRICTNESS[effective.mode] for effective in line)
        if result.unit is None:
            assert result == UNDECIDED
            assert all(effective == UNDECIDED for effective in line)
        else:
            assert result == modes.own(status, result.unit)
            assert is_within(unit, result.unit)


@given(
    tree=_TREES,
    decisions=_DECISIONS,
    status=st.sampled_from(Status),
    decider=units(),
    mode=st.sampled_from(ResponseMode),
)
def test_flipping_a_mode_changes_nothing_outside_its_subtree_and_its_world(
    tree: set[str],
    decisions: list[tuple[Status, str, ResponseMode]],
    status: Status,
    decider: str,
    mode: ResponseMode,
) -> None:
    modes = decided(decisions)
    before = {(status, unit): modes.effective(status, unit) for status in Status for unit in tree}
    modes.decide(status, Effective(mode, modes.own(status, decider).version + 1, decider))
    for (world, unit), effective in before.items():
        if world is not status or not is_within(unit, decider):
            assert modes.effective(world, unit) == effective


@given(decisions=_DECISIONS, status=st.sampled_from(Status), unit=units())
def test_the_newest_decision_holds_whatever_the_order_of_arrival(
    decisions: list[tuple[Status, str, ResponseMode]], status: Status, unit: str
) -> None:
    modes, decided = Modes(), []
    for world, decider, mode in decisions:
        decision = Effective(mode, modes.own(world, decider).version + 1, decider)
        modes.decide(world, decision)
        decided.append((world, decision))
    assert Modes(reversed(decided)).effective(status, unit) == modes.effective(status, unit)


def test_a_lower_unit_may_be_stricter_and_a_looser_decision_has_no_effect() -> None:
    actual = Status.ACTUAL
    modes = decided(
        [
            (actual, DISTRICT, ResponseMode.STANDBY),
            (actual, TOWN, ResponseMode.EMERGENCY),
            (actual, VILLAGE, ResponseMode.RECOVERY),
        ]
    )
    assert modes.effective(actual, VILLAGE) == Effective(ResponseMode.EMERGENCY, 1, TOWN)
    assert modes.effective(actual, f"{DISTRICT}/water").mode is ResponseMode.STANDBY
    assert modes.effective(actual, SECOND_DISTRICT) == UNDECIDED == modes.effective(actual, CITY)
    modes.decide(actual, Effective(ResponseMode.NORMAL, 2, TOWN))
    assert modes.effective(actual, VILLAGE) == Effective(ResponseMode.STANDBY, 1, DISTRICT)
    assert modes.own(actual, VILLAGE) == Effective(ResponseMode.RECOVERY, 1, VILLAGE)


def test_effects_never_relax_from_a_mode_to_a_stricter_mode() -> None:
    in_order = [EFFECTS[mode] for mode in sorted(EFFECTS, key=STRICTNESS.__getitem__)]
    assert set(EFFECTS) == set(STRICTNESS) == set(ResponseMode)
    for laxer, stricter in itertools.pairwise(in_order):
        for share in ("deadline", "step", "wait", "repeat"):
            assert 0 < getattr(stricter, share) <= getattr(laxer, share) <= 1
        assert set(stricter.crew) >= set(laxer.crew)
        assert set(stricter.channels) >= set(laxer.channels)
        assert stricter.calls >= laxer.calls >= 1
    assert EFFECTS[ResponseMode.EMERGENCY].crew == (Post.B, Post.A)
    normal, emergency = EFFECTS[ResponseMode.NORMAL], EFFECTS[ResponseMode.EMERGENCY]
    assert emergency.deadline < normal.deadline
    assert emergency.repeat < EFFECTS[ResponseMode.STANDBY].repeat < normal.repeat
