"""A fan-out printed in pieces is, byte for byte, what each record's contract prints."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.command.core.model import Assignment
from services.command.core.printing import print_new
from services.command.core.records import Cause, assignment_event, assignment_template
from shared.contracts.commands import AssignmentEvent
from shared.contracts.ids import assignment_id
from shared.contracts.units import parent_of, tier_of
from tests.unit.command.builders import NOW, a_command, after, an_assignment

UNITS = st.sampled_from(
    (
        "500000000000",
        "500118000000",
        "500118000000/water",
        "500118118000",
        "500118118201",
        "500118118201/grid/001",
        "500118118201/grid/001/02",
    )
)
TITLES = st.text(min_size=1, max_size=40).filter(
    lambda text: "\x00" not in text and text.isprintable()
) | st.sampled_from((r"\u0000id", r'"\u0000id"', r"\u0000unit", '"unit":"x"', "引号“”\\"))


def recipient(command: str, unit: str, seconds: int) -> Assignment:
    return replace(
        an_assignment(),
        assignment_id=assignment_id(command, unit),
        command_id=command,
        unit=unit,
        unit_tier=tier_of(unit),
        parent_unit=parent_of(unit),
        synthetic="/grid/" in unit,
        sign_by=after(seconds),
    )


@given(st.lists(st.tuples(UNITS, st.integers(1, 3)), min_size=1, max_size=12), TITLES)
def test_pieces_and_contract_print_the_same(chosen: list[tuple[str, int]], title: str) -> None:
    command = replace(a_command(), title=title)
    cause = Cause("request-1", NOW, command.issuer_unit, "officer-1")
    assignments = [recipient(command.command_id, unit, seconds) for unit, seconds in chosen]
    template = assignment_template(command, assignments[0], NOW)
    printed = list(print_new(template, assignments, cause))
    plain = [assignment_event(template, one, cause) for one in assignments]
    assert printed == [(event.id, event.unit, event.to_wire()) for event in plain]
    for (_, unit, value), one in zip(printed, assignments, strict=True):
        told = AssignmentEvent.model_validate_json(value)
        assert (told.unit, told.parent_unit, told.title) == (unit, one.parent_unit, title)
