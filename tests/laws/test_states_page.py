"""The diagrams in the documentation are those of the tables."""

from __future__ import annotations

from pathlib import Path

from docs.make_state_diagrams import MACHINES, PAGE, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m docs.make_state_diagrams"


def test_every_machine_is_drawn() -> None:
    results = {
        path.stem
        for path in (ROOT / "shared/contracts/lifecycles").glob("*.py")
        if "\nTRANSITIONS: " in path.read_text(encoding="utf-8")
    }
    assert set(MACHINES) == results


def test_no_table_stands_beside_the_lifecycles() -> None:
    own = [
        path
        for path in (ROOT / "services").rglob("*.py")
        if "\nTRANSITIONS: " in path.read_text(encoding="utf-8")
    ]
    assert not own
