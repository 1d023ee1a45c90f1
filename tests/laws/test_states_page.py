"""The diagrams in the documentation are those of the tables."""

from __future__ import annotations

from docs.make_state_diagrams import PAGE, SERVICES, page
from tests.laws.test_state_machines import MACHINES


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m docs.make_state_diagrams"


def test_every_machine_is_drawn() -> None:
    assert tuple(f"services.{name}.core.states" for name in SERVICES) == MACHINES
