"""The timeline of a post: tables for precedence and daylight saving, properties of all plans."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.duty.core.coverage import evaluate
from shared.contracts.duty import DutyRule, Leave, Override, Rotation, Shift, Swap
from shared.contracts.fields import Post, ResponseMode
from shared.domain.roster.day_calendar import ORDINARY_WEEKS
from shared.domain.roster.timeline import Plan, gaps, holder, plan_of, timeline
from shared.domain.roster.turns import Turn, turns
from tests.unit.duty.plans import T0, TOWN, a_rotation, an_entry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEIJING = ZoneInfo("Asia/Shanghai")


def at(hours: float) -> datetime:
    return T0 + hours * HOUR


def a_plan(*rules: DutyRule) -> Plan:
    return plan_of(an_entry(rule) for rule in rules)


def on(plan: Plan, hours: float, post: Post = Post.B) -> str | None:
    return holder(plan, post, at(hours))


def test_members_take_turns_by_days_and_hand_over_at_the_hour() -> None:
    plan = a_plan(a_rotation("li", "ma", "wu", turn_days=2))
    assert [on(plan, h) for h in (0, 47.9, 48, 96, 144)] == ["li", "li", "ma", "wu", "li"]
    assert on(plan, -0.1) is None


def test_day_and_night_shifts() -> None:
    plan = a_plan(a_rotation("li", "ma", "wu", turn_hours=12))
    assert [on(plan, h) for h in (0, 11.9, 12, 24, 36)] == ["li", "li", "ma", "wu", "li"]


def test_a_rotation_ends_on_its_day() -> None:
    plan = a_plan(a_rotation("li", "ma", ends=date(2026, 7, 3), turn_days=7))
    assert (on(plan, 47), on(plan, 48)) == ("li", None)


def test_the_order_of_precedence() -> None:
    plan = a_plan(
        Override(post=Post.B, begin=at(6), end=at(7), officer_id="boss", reason="检查"),
        Leave(officer_id="zhou", begin=at(8), end=at(9)),
        Swap(
            officer_id="li",
            other_id="ma",
            begin=at(2),
            end=at(4),
            other_begin=at(26),
            other_end=at(27),
        ),
        Shift(post=Post.B, begin=at(5), end=at(10), officer_id="zhou"),
        a_rotation("li", "ma"),
    )
    expected = {0: "li", 2: "ma", 4: "li", 5: "zhou", 6: "boss", 7: "zhou", 8: None, 9: "zhou"}
    assert {h: on(plan, h) for h in expected} == expected
    assert [on(plan, h) for h in (25, 26, 27)] == ["ma", "li", "ma"]
    assert on(plan, 0, Post.A) is None


def test_an_override_with_nobody_is_a_gap_and_the_newest_override_holds() -> None:
    plan = a_plan(
        a_rotation("li"),
        Override(post=Post.B, begin=at(1), end=at(5)),
        Override(post=Post.B, begin=at(2), end=at(3), officer_id="ma"),
    )
    assert [(t.begin, t.end, t.officer_id) for t in timeline(plan, Post.B, at(0), at(6))] == [
        (at(0), at(1), "li"),
        (at(1), at(2), None),
        (at(2), at(3), "ma"),
        (at(3), at(5), None),
        (at(5), at(6), "li"),
    ]
    assert [(t.begin, t.end) for t in gaps(plan, Post.B, at(0), at(6))] == [
        (at(1), at(2)),
        (at(3), at(5)),
    ]


def test_the_partner_of_a_swap_may_be_on_leave() -> None:
    plan = a_plan(
        a_rotation("li"),
        Swap(
            officer_id="li",
            other_id="ma",
            begin=at(0),
            end=at(4),
            other_begin=at(50),
            other_end=at(51),
        ),
        Leave(officer_id="ma", begin=at(2), end=at(3)),
    )
    assert [on(plan, h) for h in (1, 2, 3)] == ["ma", None, "ma"]


CRISIS = (ResponseMode.STANDBY, ResponseMode.EMERGENCY)


def test_the_modes_own_roster_goes_before_every_shift_and_rotation_of_all_modes() -> None:
    entries = [
        an_entry(rule)
        for rule in (
            Shift(post=Post.B, begin=at(3), end=at(4), officer_id="chen", modes=CRISIS),
            a_rotation("wu", ends=date(2026, 7, 2), modes=CRISIS),
            Override(post=Post.B, begin=at(6), end=at(7), officer_id="boss"),
            Shift(post=Post.B, begin=at(1), end=at(30), officer_id="zhou"),
            a_rotation("li"),
        )
    ]
    hours = (0, 2, 3, 5, 6, 8, 26, 31)

    def holders(mode: ResponseMode) -> list[str | None]:
        return [holder(plan_of(entries, mode), Post.B, at(h)) for h in hours]

    ordinary = ["li", "zhou", "zhou", "zhou", "boss", "zhou", "zhou", "li"]
    assert holders(ResponseMode.NORMAL) == holders(ResponseMode.RECOVERY) == ordinary
    # Where the roster of the mode has ended, the ordinary roster holds.
    crisis = ["wu", "wu", "chen", "wu", "boss", "wu", "zhou", "li"]
    assert holders(ResponseMode.STANDBY) == holders(ResponseMode.EMERGENCY) == crisis


def test_a_cancelled_entry_has_no_effect() -> None:
    cancelled = an_entry(
        Override(post=Post.B, begin=at(0), end=at(9), officer_id="x"), cancelled=True
    )
    assert holder(plan_of([an_entry(a_rotation("li")), cancelled]), Post.B, at(1)) == "li"


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("day", "handover", "begins"),
    [
        # 2026-03-29 02:00 -> 03:00, 2026-10-25 03:00 -> 02:00 in Berlin.
        (date(2026, 3, 28), time(8), "2026-03-28T07:00"),
        (date(2026, 3, 29), time(8), "2026-03-29T06:00"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29T01:30"),
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),
        (date(2026, 10, 26), time(8), "2026-10-26T07:00"),
    ],
)
def test_handovers_keep_their_wall_time_over_daylight_saving(
    day: date, handover: time, begins: str
) -> None:
    rotation = a_rotation("li", "ma", starts=day, handover=handover, zone=BERLIN)
    first = next(iter(turns(rotation, datetime(2026, 1, 1, tzinfo=UTC), T0 + 365 * DAY)))
    assert first.begin == datetime.fromisoformat(begins + "+00:00")


def test_the_days_of_the_change_have_23_and_25_hours() -> None:
    rotation = a_rotation("li", "ma", starts=date(2026, 3, 1), zone=BERLIN)
    days = list(
        turns(rotation, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    )
    hours = {(t.end - t.begin) / HOUR for t in days}
    assert hours == {23, 24, 25}
    assert [(t.end - t.begin) / HOUR for t in days].count(24) == len(days) - 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Asia/Chongqing_"},
        {"ends": date(2026, 7, 1)},
        {"turn_hours": 12, "turn_days": 2},
        {"turn_hours": 7},
        {"members": ()},
        {"handover": time(8, tzinfo=UTC)},
    ],
)
def test_an_impossible_rotation_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_rotation("li", **wrong)


OFFICERS = ("li", "ma", "wu", "zhou")
spans = st.tuples(st.integers(-30, 200), st.integers(1, 60)).map(
    lambda item: {"begin": at(item[0] / 2), "end": at((item[0] + item[1]) / 2)}
)
posts = st.sampled_from([Post.B, Post.A])
names = st.sampled_from(OFFICERS)


@st.composite
def swaps(draw: st.DrawFn) -> Swap:
    first, second = draw(st.permutations(OFFICERS))[:2]
    row, exchange = draw(spans), draw(spans)
    return Swap(
        officer_id=first,
        other_id=second,
        begin=row["begin"],
        end=row["end"],
        other_begin=exchange["begin"],
        other_end=exchange["end"],
    )


rotations = st.builds(
    lambda post, members, days, hours, zone, offset: Rotation(
        post=post,
        members=tuple(members),
        starts=date(2026, 6, 30) + offset * DAY,
        turn_days=1 if hours else days,
        turn_hours=hours,
        zone=zone,
    ),
    posts,
    st.lists(names, min_size=1, max_size=5),
    st.integers(1, 5),
    st.sampled_from([None, 6, 8, 12]),
    st.sampled_from(["Asia/Shanghai", BERLIN, "America/St_Johns", "Australia/Lord_Howe"]),
    st.integers(0, 3),
)
modes = st.one_of(st.just(()), st.lists(st.sampled_from(ResponseMode), unique=True).map(tuple))
rules = st.one_of(
    st.builds(lambda rotation, only: rotation.model_copy(update={"modes": only}), rotations, modes),
    st.builds(
        lambda p, o, s, only: Shift(post=p, officer_id=o, modes=only, **s),
        posts,
        names,
        spans,
        modes,
    ),
    st.builds(lambda p, o, s: Override(post=p, officer_id=o, **s), posts, st.none() | names, spans),
    st.builds(lambda o, s: Leave(officer_id=o, **s), names, spans),
    swaps(),
)


@given(st.lists(rules, max_size=8), st.integers(-20, 150), st.integers(1, 120))
def test_a_timeline_has_no_holes_and_agrees_with_the_holder_at_each_moment(
    plan_rules: list[DutyRule], first: int, length: int
) -> None:
    plan, begin, end = a_plan(*plan_rules), at(first), at(first + length).astimezone(BEIJING)
    for post in (Post.B, Post.A):
        pieces = timeline(plan, post, begin, end)
        assert {edge.tzinfo for piece in pieces for edge in (piece.begin, piece.end)} <= {UTC}
        if post not in plan.posts:
            assert pieces == []
            continue
        assert (pieces[0].begin, pieces[-1].end) == (begin, end)
        for piece, following in pairwise(pieces):
            assert piece.end == following.begin
            assert piece.officer_id != following.officer_id
        for piece in pieces:
            middle = piece.begin + (piece.end - piece.begin) / 2
            for moment in (piece.begin, middle, piece.end - piece.end.resolution):
                assert holder(plan, post, moment) == piece.officer_id


@given(st.lists(rules, max_size=8), st.sampled_from(ResponseMode))
def test_entries_of_other_modes_change_nothing(
    plan_rules: list[DutyRule], mode: ResponseMode
) -> None:
    entries = [an_entry(rule) for rule in plan_rules]
    duty_entries = [
        entry for entry in entries if mode in (getattr(entry.rule, "modes", ()) or (mode,))
    ]
    for post in Post:
        turns = timeline(plan_of(entries, mode), post, at(-20), at(150))
        assert turns == timeline(plan_of(duty_entries, mode), post, at(-20), at(150))


@given(rotations, st.integers(-50, 400), st.integers(1, 400))
def test_turns_of_a_rotation_follow_each_other_without_a_hole(
    rotation: Rotation, first: int, length: int
) -> None:
    span_turns: list[Turn] = list(turns(rotation, at(first), at(first + length)))
    for turn, following in pairwise(span_turns):
        assert turn.begin < turn.end == following.begin
    all_turns = list(turns(rotation, at(-5_000), at(5_000)))
    assert [
        turn for turn in all_turns if turn.end > at(first) and turn.begin < at(first + length)
    ] == span_turns


@given(st.lists(rules, max_size=6))
def test_an_officer_on_leave_is_on_duty_only_by_an_override(plan_rules: list[DutyRule]) -> None:
    plan = a_plan(*plan_rules)
    for piece in timeline(plan, Post.B, at(0), at(96)):
        away = any(
            leave.officer_id == piece.officer_id and leave.begin <= piece.begin < leave.end
            for leave in plan.leaves
        )
        overridden = any(
            override.post is Post.B and override.begin <= piece.begin < override.end
            for override in plan.overrides
        )
        assert not away or overridden


@given(
    st.sampled_from([date(2000, 1, 1), date(2026, 12, 1), date(2199, 12, 31)]),
    st.sampled_from([None, date(2026, 12, 2), date(2199, 12, 31)]),
    st.sampled_from(["Etc/GMT+12", "Pacific/Kiritimati", "Asia/Shanghai"]),
    st.sampled_from([1, 31]),
    st.sampled_from([datetime(2000, 1, 1, tzinfo=UTC), T0, datetime(2199, 6, 1, tzinfo=UTC)]),
)
def test_a_rotation_of_any_year_of_the_contract_can_be_evaluated(
    starts: date, ends: date | None, zone: str, turn_days: int, now: datetime
) -> None:
    if ends is not None and ends <= starts:
        return
    rule = a_rotation("li", "ma", starts=starts, ends=ends, zone=zone, turn_days=turn_days)
    status = evaluate(TOWN, [an_entry(rule)], ResponseMode.NORMAL, ORDINARY_WEEKS, {}, now, "evt-1")
    assert [post.post for post in status.posts] == [Post.B]
