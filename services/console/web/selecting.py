"""Selections of officers and the reached units, for the preview and the command."""

from __future__ import annotations

from typing import Annotated

from services.console.core.access import Viewer, may_issue
from services.console.web.contract_bodies import by_contract
from services.console.web.deps import ConsoleDeps
from services.console.web.problems import ApiProblem
from shared.contracts.selections import Selection
from shared.domain.selection.reach import FreeReach, free_reach, root_of

_MOST_NAMED = 5


SelectionBody = Annotated[Selection, by_contract(Selection)]


def reached(
    console: ConsoleDeps, viewer: Viewer, selection: Selection, assist: Selection | None = None
) -> tuple[Viewer, FreeReach]:
    """Return the viewer as of the commanding unit, and the reach. Raises RequestRefused."""
    result = free_reach(console.names.tree, selection, viewer.unit, assist)
    if result.unknown:
        raise ApiProblem(
            422,
            "Not in the catalogue",
            ", ".join(result.unknown[:_MOST_NAMED]),
            reason="unknown_units",
        )
    reach = {
        unit: free_reach(console.names.tree, selection, unit, assist) for unit in viewer.commanding
    }
    acting = console.acting(
        viewer, lambda item: may_issue(item, reach[item.unit].units), root_of(result.units)
    )
    return acting, reach[acting.unit]
