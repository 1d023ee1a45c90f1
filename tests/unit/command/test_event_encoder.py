"""Records printed in pieces are, byte for byte, what their contract prints."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.command.core.assignments.events import assignment_event, assignment_template
from services.command.core.assignments.model import Assignment
from services.command.core.assignments.states import State
from services.command.core.cause import Cause
from services.command.core.supervision.events import supervision_event
from services.command.core.supervision.firing import SupervisionCall
from services.command.fastpath.event_encoder import CallEncoder, EventEncoder
from shared.contracts.assignments import AssignmentEvent, AssignmentRole
from shared.contracts.fields import Post
from shared.contracts.ids import assignment_id
from shared.contracts.supervision import SupervisionKind
from shared.contracts.units import parent_of, tier_of
from shared.definitions.response_plans.orders import Brief
from tests.unit.command.builders import CITY, NOW, a_command, after, an_assignment

UNITS = (
    *(CITY, "500118000000", "500118000000/water", "500118118000", "500118118201"),
    *("500118118201/grid/001", "500118118201/grid/001/02"),
)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
TRAPS = st.sampled_from(
    (r"\u0000id", r'"\u0000id"', '"0001-01-01T00:00:00Z"', '"unit":"x"', "“”\\", "9 % %b %%")
)
ZONES = (UTC, timezone(timedelta(hours=8)))


class Change(NamedTuple):
    """One record to be printed: whose, in which state, by whom and when."""

    unit: str
    version: int
    state: State
    actor: str | None
    by: str
    moment: int
    zone: timezone
    reason: str


CHANGES = st.builds(
    Change,
    st.sampled_from(UNITS),
    st.integers(1, 3),
    st.sampled_from((State.DELIVERED, State.SIGNED, State.REPORTED)),
    st.sampled_from((None, "officer-1", "officer-2")),
    st.sampled_from(UNITS),
    st.sampled_from((0, 1, 1_500_000)),
    st.sampled_from(ZONES),
    st.just("") | TEXTS | TRAPS,
)


def assignment(change: Change) -> Assignment:
    return an_assignment(
        assignment_id=assignment_id("cmd-1", change.unit),
        unit=change.unit,
        unit_tier=tier_of(change.unit),
        parent_unit=parent_of(change.unit),
        synthetic="/grid/" in change.unit,
        version=change.version,
        state=change.state,
        signed_at=None if change.state is State.DELIVERED else after(3),
        actor=change.actor,
        reason=change.reason,
    )


def cause(change: Change) -> Cause:
    moment = (NOW + timedelta(microseconds=change.moment)).astimezone(change.zone)
    return Cause(f"ack-{change.version}", moment, change.by, change.actor)


@given(st.lists(CHANGES, min_size=1, max_size=12), (TEXTS | TRAPS).filter(bool))
def test_pieces_and_contract_print_the_same(changes: list[Change], title: str) -> None:
    command = a_command(briefs=(Brief(title, "转移", AssignmentRole.ASSIST, line="support"),))
    template = assignment_template(command, assignment(changes[0]), NOW)
    assert (template.title, template.role, template.line) == (
        title,
        AssignmentRole.ASSIST,
        "support",
    )
    printer = EventEncoder(template)
    # Thrice: a kind is cut when its second record comes.
    for change in changes * 3:
        subject = assignment(change)
        event = assignment_event(template, subject, cause(change))
        assert printer.encode(subject, cause(change)) == (event.id, event.to_wire())


def test_a_printed_record_is_read_back_by_its_contract() -> None:
    template = assignment_template(a_command(), an_assignment(), NOW)
    printer = EventEncoder(template)
    for unit in (*UNITS, *UNITS):
        change = Change(unit, 2, State.SIGNED, "officer-1", unit, 0, UTC, "")
        _, value = printer.encode(assignment(change), cause(change))
        event_read = AssignmentEvent.model_validate_json(value)
        assert (event_read.unit, event_read.parent_unit, event_read.origin_unit) == (
            unit,
            parent_of(unit),
            unit,
        )


CALLS = st.builds(
    SupervisionCall,
    kind=st.sampled_from(SupervisionKind),
    clock=st.sampled_from(("sign", "finish")),
    rung=st.integers(0, 2),
    number=st.integers(0, 2),
    target=st.tuples(st.sampled_from(UNITS), st.sampled_from(Post)),
    due_at=st.sampled_from((NOW, after(1))),
    late_by_s=st.sampled_from((0.0, 1.25)),
    skipped=st.sampled_from(((), (1,), (1, 2))),
)


@given(st.lists(st.tuples(CHANGES, CALLS), min_size=1, max_size=8), TEXTS | TRAPS)
def test_calls_in_pieces_and_by_contract_are_the_same(
    event_read: list[tuple[Change, SupervisionCall]], title: str
) -> None:
    command = a_command(title=title or "转移")
    printer = CallEncoder(command, NOW)
    for change, call in event_read * 3:
        subject = assignment(change)
        event = supervision_event(command, subject, call, NOW)
        assert printer.encode(subject, call) == (event.id, event.to_wire())
